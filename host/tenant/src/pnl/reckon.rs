//! What the ledger makes of a tenant's trades: days in order, each beginning with what the day before left open.

use super::{DailyStats, DatePnl, PnlReport, PositionRecord, RunFigures, StrategyPnl};
use crate::orders::TradeRecord;
use ledger::{Carried, Charges, Day, RateTable};
use market::{Money, Price, Symbol, Timestamp, TradingDate};
use std::collections::{BTreeMap, BTreeSet};

/// Prices to value what is open at.
pub(crate) type Prices = BTreeMap<Symbol, Price>;

/// Every day from the first trade on, oldest first. `trades` are all of the tenant's live trades, oldest first.
pub(crate) fn days(trades: &[TradeRecord], prices: &Prices, now: Timestamp) -> BTreeMap<TradingDate, Day> {
    let mut dates: BTreeSet<TradingDate> = trades.iter().map(|trade| trade.trade.date()).collect();
    dates.insert(now.date());
    let mut days: BTreeMap<TradingDate, Day> = BTreeMap::new();
    let strategies: BTreeSet<&String> =
        trades.iter().filter_map(|trade| trade.strategy_id.as_ref()).collect();
    for date in dates {
        let before = days.last_key_value().map(|(_, day)| day);
        let mut day = Day::open(date, before.map(|day| day.book().carry_over()).unwrap_or_default());
        for strategy in &strategies {
            let carried: Vec<Carried> = before
                .and_then(|day| day.strategy_book(strategy))
                .map(ledger::Book::carry_over)
                .unwrap_or_default();
            if !carried.is_empty() {
                day.open_strategy(strategy, carried);
            }
        }
        for trade in trades.iter().filter(|trade| trade.trade.date() == date) {
            day.trade(trade.strategy_id.as_deref(), &trade.trade);
        }
        if date == now.date() {
            let prices: Vec<(Symbol, Price)> = prices.iter().map(|(s, p)| (s.clone(), *p)).collect();
            day.mark(now, &prices);
        }
        days.insert(date, day);
    }
    days
}

/// One day's figures as they are kept.
pub(crate) fn stats(day: &Day, rates: &RateTable) -> DailyStats {
    let s = day.stats(rates);
    DailyStats {
        date: s.date,
        gross: s.gross,
        charges: s.charges,
        net: s.net,
        realised: s.realised,
        unrealised: s.unrealised,
        trades: count(s.trades),
        wins: count(s.wins),
        losses: count(s.losses),
        turnover: s.turnover,
        max_drawdown: s.max_drawdown,
        max_mtm: s.max_mtm.map(|extreme| extreme.amount).unwrap_or_default(),
        max_mtm_at: s.max_mtm.map(|extreme| extreme.at),
        min_mtm: s.min_mtm.map(|extreme| extreme.amount).unwrap_or_default(),
        min_mtm_at: s.min_mtm.map(|extreme| extreme.at),
    }
}

/// The extremes of a day that was watched before a restart stay: they were seen.
pub(crate) fn with_extremes_of(mut stats: DailyStats, kept: &DailyStats) -> DailyStats {
    if kept.max_mtm_at.is_some() && (stats.max_mtm_at.is_none() || kept.max_mtm > stats.max_mtm) {
        (stats.max_mtm, stats.max_mtm_at) = (kept.max_mtm, kept.max_mtm_at);
    }
    if kept.min_mtm_at.is_some() && (stats.min_mtm_at.is_none() || kept.min_mtm < stats.min_mtm) {
        (stats.min_mtm, stats.min_mtm_at) = (kept.min_mtm, kept.min_mtm_at);
    }
    // The highest result of before lies before now, so today's result has fallen from it by the difference.
    let fallen = kept.max_mtm.max(Money::ZERO) - stats.gross;
    stats.max_drawdown = stats.max_drawdown.max(kept.max_drawdown).max(fallen);
    stats
}

/// The positions of a book.
pub(crate) fn positions(book: &ledger::Book, strategy_id: Option<&str>) -> Vec<PositionRecord> {
    let record = |p: ledger::Position| PositionRecord {
        symbol: p.symbol,
        product: p.product,
        quantity: p.quantity,
        average_price: p.average_cost,
        last_price: p.last_price.unwrap_or_default(),
        buy_quantity: p.buy_quantity,
        buy_value: p.buy_value,
        sell_quantity: p.sell_quantity,
        sell_value: p.sell_value,
        realised: p.realised,
        unrealised: p.unrealised.unwrap_or_default(),
        pnl: p.realised + p.unrealised.unwrap_or_default(),
        strategy_id: strategy_id.map(str::to_owned),
    };
    book.positions().into_iter().map(record).collect()
}

/// P&L from one day to another. Realised of all days; unrealised as the last day leaves it.
pub(crate) fn report(
    days: &BTreeMap<TradingDate, Day>,
    from: TradingDate,
    to: TradingDate,
    names: &BTreeMap<String, String>,
    rates: &RateTable,
) -> PnlReport {
    let mut report = empty(from, to);
    let mut parts: BTreeMap<Option<String>, StrategyPnl> = BTreeMap::new();
    let within = days.iter().filter(|(date, _)| **date >= from && **date <= to);
    for (date, day) in within {
        let total = day.stats(rates);
        report.realised += total.realised;
        report.unrealised = total.unrealised;
        report.charges += total.charges;
        report.by_date.push(DatePnl {
            date: *date,
            realised: total.realised,
            unrealised: total.unrealised,
            gross: total.gross,
            charges: total.charges,
            net: total.net,
            trades: count(total.trades),
        });
        let mut by_hand = total;
        for (strategy, stats) in day.by_strategy(rates) {
            by_hand.realised -= stats.realised;
            by_hand.unrealised -= stats.unrealised;
            by_hand.charges -= stats.charges;
            by_hand.trades = by_hand.trades.saturating_sub(stats.trades);
            add_part(&mut parts, Some(strategy), &stats, names);
        }
        let nothing = by_hand.trades == 0 && by_hand.realised.is_zero() && by_hand.unrealised.is_zero();
        if !nothing {
            add_part(&mut parts, None, &by_hand, names);
        }
    }
    report.gross = report.realised + report.unrealised;
    report.net = report.gross - report.charges;
    report.by_strategy = parts.into_values().collect();
    report
}

/// One run's figures from its own trades.
pub(crate) fn run_figures(
    trades: &[TradeRecord],
    prices: &Prices,
    rates: &RateTable,
    now: Timestamp,
) -> RunFigures {
    let mut figures = RunFigures { trades: count(trades.len()), ..RunFigures::default() };
    for day in days(trades, prices, now).values() {
        let totals = day.book().totals();
        figures.realised += totals.realised;
        figures.unrealised = totals.unrealised;
        figures.charges += Charges::of_book(day.book(), rates).total();
    }
    figures.net = figures.realised + figures.unrealised - figures.charges;
    figures
}

fn add_part(
    parts: &mut BTreeMap<Option<String>, StrategyPnl>,
    strategy_id: Option<String>,
    stats: &ledger::DailyStats,
    names: &BTreeMap<String, String>,
) {
    let part = parts.entry(strategy_id.clone()).or_insert_with(|| StrategyPnl {
        name: strategy_id
            .as_ref()
            .and_then(|id| names.get(id))
            .cloned()
            .unwrap_or_else(|| "by hand".to_owned()),
        strategy_id,
        realised: Money::ZERO,
        unrealised: Money::ZERO,
        gross: Money::ZERO,
        charges: Money::ZERO,
        net: Money::ZERO,
        trades: 0,
    });
    part.realised += stats.realised;
    part.unrealised = stats.unrealised;
    part.charges += stats.charges;
    part.trades += count(stats.trades);
    part.gross = part.realised + part.unrealised;
    part.net = part.gross - part.charges;
}

fn empty(from: TradingDate, to: TradingDate) -> PnlReport {
    PnlReport {
        from,
        to,
        realised: Money::ZERO,
        unrealised: Money::ZERO,
        gross: Money::ZERO,
        charges: Money::ZERO,
        net: Money::ZERO,
        by_strategy: Vec::new(),
        by_date: Vec::new(),
        records: Vec::new(),
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
