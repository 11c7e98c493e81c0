//! From the tenant's records to the JSON of the API. One function a record; no decision is made here.

use crate::web::view::When;
use crate::web::view::account::{BrokerSession, BrokerView};
use crate::web::view::books::{
    Amounts, ChargesView, DatePnl, DayView, LogLineView, OrderView, PnlLabelView, PnlRecordView, PnlView,
    PositionView, StrategyPnl, TradeView, WhoseView,
};
use crate::web::view::runs::{RunFigures, RunMode, RunStateView, RunView};
use crate::web::view::strategies::{StrategyView, VersionView};
use market::Timestamp;
use tenant::log::LogLine;
use tenant::{
    BrokerState, Charges, DailyStats, Mode, OrderRecord, PnlLabel, PnlRecord, PnlReport, PnlSum,
    PositionRecord, RefusalCode, RunRecord, RunState, Strategy, Tenant, TradeRecord, Version, Whose,
};

pub(crate) fn broker_session(tenant: &Tenant) -> BrokerSession {
    match &*tenant.broker_state().borrow() {
        BrokerState::Live => BrokerSession::Live,
        BrokerState::Expired { .. } => BrokerSession::Expired,
        BrokerState::Unreachable { .. } => BrokerSession::Unreachable,
    }
}

/// The same with its reason, for people.
pub(crate) fn broker(tenant: &Tenant) -> BrokerView {
    let state = tenant.broker_state().borrow().clone();
    let since = match &state {
        BrokerState::Live => None,
        BrokerState::Expired { since } | BrokerState::Unreachable { since, .. } => Some(When(*since)),
    };
    BrokerView { broker_session: broker_session(tenant), detail: state.to_string(), since }
}

fn mode(mode: Mode) -> RunMode {
    match mode {
        Mode::Live => RunMode::Live,
        Mode::Paper => RunMode::Paper,
    }
}

pub(crate) fn mode_of(mode: RunMode) -> Mode {
    match mode {
        RunMode::Live => Mode::Live,
        RunMode::Paper => Mode::Paper,
    }
}

pub(crate) fn run(record: RunRecord, figures: RunFigures, open_orders: u32, open_positions: u32) -> RunView {
    let state = match record.state {
        RunState::Starting => RunStateView::Starting,
        RunState::WaitingForBroker => RunStateView::WaitingForBroker,
        RunState::Running => RunStateView::Running,
        RunState::Stopping => RunStateView::Stopping,
        RunState::Stopped => RunStateView::Stopped,
        RunState::Failed => RunStateView::Failed,
        RunState::Quarantined => RunStateView::Quarantined,
    };
    RunView {
        id: record.id,
        strategy_id: record.strategy_id,
        strategy_name: record.strategy_name,
        version: record.version,
        mode: mode(record.mode),
        params: record.params,
        state,
        reason: record.reason,
        started_at: record.started_at.into(),
        stopped_at: record.stopped_at.map(When),
        restarts: record.restarts,
        open_orders,
        open_positions,
        figures,
    }
}

pub(crate) fn strategy(strategy: &Strategy) -> StrategyView {
    let versions: Vec<VersionView> = strategy.versions().iter().map(version).collect();
    let newest = strategy.versions().last();
    StrategyView {
        id: strategy.id().to_owned(),
        name: strategy.name().to_owned(),
        created_at: strategy.created_at().into(),
        version: newest.map_or(0, |newest| newest.number),
        sha256: newest.map(|newest| newest.sha256.clone()).unwrap_or_default(),
        size_bytes: newest.map_or(0, |newest| newest.size_bytes),
        manifest: newest.map(|newest| newest.manifest.clone()).unwrap_or_default(),
        versions,
    }
}

fn version(version: &Version) -> VersionView {
    VersionView {
        version: version.number,
        sha256: version.sha256.clone(),
        size_bytes: version.size_bytes,
        uploaded_at: version.uploaded_at.into(),
        manifest: version.manifest.clone(),
    }
}

pub(crate) fn log_line(line: &LogLine) -> LogLineView {
    LogLineView {
        time: line.time.into(),
        level: line.level.as_str().to_ascii_lowercase(),
        run: line.run.clone(),
        text: line.text.clone(),
    }
}

pub(crate) fn order(order: OrderRecord) -> OrderView {
    let refused = order.refusal != RefusalCode::None;
    OrderView {
        id: format!("{}-{}", order.run_id, order.run_order_id),
        run_id: order.run_id,
        strategy_id: order.strategy_id,
        run_order_id: order.run_order_id,
        tag: order.tag,
        broker_order_id: order.broker_order_id,
        symbol: order.symbol.to_string(),
        side: order.side.to_string(),
        kind: order.kind.to_string(),
        product: order.product.to_string(),
        quantity: order.quantity,
        filled: order.filled,
        price: order.price,
        trigger: order.trigger,
        average_price: order.average_price,
        state: order.state.to_string(),
        refusal: refused.then(|| order.refusal.to_string()),
        message: Some(order.message).filter(|message| !message.is_empty()),
        mode: mode(order.mode),
        created_at: order.created_at.into(),
        updated_at: order.updated_at.into(),
    }
}

pub(crate) fn trade(record: TradeRecord) -> TradeView {
    let trade = record.trade;
    TradeView {
        trade_id: trade.trade_id,
        order_id: trade.order_id,
        run_id: record.run_id,
        strategy_id: record.strategy_id,
        symbol: trade.symbol.to_string(),
        side: trade.side.to_string(),
        product: trade.product.to_string(),
        quantity: trade.quantity,
        price: trade.price,
        mode: mode(record.mode),
        time: trade.time.into(),
    }
}

pub(crate) fn position(position: PositionRecord, unknown_since: Option<Timestamp>) -> PositionView {
    PositionView {
        symbol: position.symbol.to_string(),
        product: position.product.to_string(),
        quantity: position.quantity,
        overnight_quantity: position.overnight_quantity,
        multiplier: position.multiplier,
        average_price: position.average_price,
        average_cost: position.average_cost,
        close_price: position.close_price,
        last_price: position.last_price,
        as_of: position.last_price_at.map(When),
        unknown_since: unknown_since.map(When),
        value: position.value,
        pnl: position.pnl,
        m2m: position.m2m,
        buy_quantity: position.buy_quantity,
        buy_price: position.buy_price,
        buy_value: position.buy_value,
        sell_quantity: position.sell_quantity,
        sell_price: position.sell_price,
        sell_value: position.sell_value,
        day_buy_quantity: position.day_buy_quantity,
        day_buy_value: position.day_buy_value,
        day_sell_quantity: position.day_sell_quantity,
        day_sell_value: position.day_sell_value,
        realised: position.realised,
        unrealised: position.unrealised,
        strategy_id: position.strategy_id,
    }
}

pub(crate) fn day(day: DailyStats) -> DayView {
    let amounts = Amounts {
        realised: day.realised,
        unrealised_change: day.unrealised_change(),
        unrealised: day.open_profit(),
        gross: day.gross,
        charges: day.charges.total(),
        net: day.net(),
        unpriced: day.unpriced,
        unrated: day.charges.unrated,
    };
    let (whose, strategy_id) = whose(day.whose);
    DayView {
        date: day.date.to_string(),
        whose,
        strategy_id,
        amounts,
        charge_items: charges(&day.charges),
        trades: day.trades,
        wins: day.wins,
        losses: day.losses,
        turnover: day.turnover,
        max_drawdown: day.max_drawdown,
        max_mtm: day.max_mtm,
        max_mtm_at: day.max_mtm_at.map(When),
        min_mtm: day.min_mtm,
        min_mtm_at: day.min_mtm_at.map(When),
        as_of: day.as_of.into(),
        is_final: day.is_final,
    }
}

fn whose(whose: Whose) -> (WhoseView, Option<String>) {
    match whose {
        Whose::Account => (WhoseView::Account, None),
        Whose::Strategy(id) => (WhoseView::Strategy, Some(id)),
        Whose::Hand => (WhoseView::ByHand, None),
        Whose::Netting => (WhoseView::Netting, None),
    }
}

fn charges(charges: &Charges) -> ChargesView {
    ChargesView {
        brokerage: charges.brokerage,
        transaction_tax: charges.transaction_tax,
        exchange: charges.exchange,
        sebi: charges.sebi,
        stamp_duty: charges.stamp_duty,
        gst: charges.gst,
        depository: charges.depository,
    }
}

pub(crate) fn pnl_record(record: PnlRecord) -> PnlRecordView {
    PnlRecordView {
        time: record.time.into(),
        run_id: record.run_id,
        strategy_id: record.strategy_id,
        label: record.label,
        amount: record.amount,
    }
}

fn amounts(sum: &PnlSum) -> Amounts {
    Amounts {
        realised: sum.realised,
        unrealised_change: sum.unrealised_change,
        unrealised: sum.open_profit(),
        gross: sum.gross,
        charges: sum.charges.total(),
        net: sum.net(),
        unpriced: sum.unpriced,
        unrated: sum.charges.unrated,
    }
}

fn pnl_label(label: PnlLabel) -> PnlLabelView {
    PnlLabelView {
        strategy_id: label.strategy_id,
        label: label.label,
        amount: label.amount,
        count: label.count,
        time: label.last_at.into(),
    }
}

pub(crate) fn pnl(report: PnlReport) -> PnlView {
    let by_strategy = report.by_strategy.into_iter().map(|part| {
        let (whose, strategy_id) = whose(part.whose);
        let amounts = amounts(&part.result);
        StrategyPnl { whose, strategy_id, name: part.name, amounts, trades: part.result.trades }
    });
    let by_date = report.by_date.into_iter().map(|part| DatePnl {
        date: part.date.to_string(),
        amounts: amounts(&part.result),
        trades: part.result.trades,
    });
    PnlView {
        from: report.from.to_string(),
        to: report.to.to_string(),
        total: amounts(&report.total),
        charge_items: charges(&report.total.charges),
        by_strategy: by_strategy.collect(),
        by_date: by_date.collect(),
        records: report.records.into_iter().map(pnl_label).collect(),
        as_of: report.as_of.into(),
        unknown_since: report.unknown_since.map(When),
    }
}
