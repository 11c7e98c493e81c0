//! The ledger's figures in the words that people read.

use super::course::Course;
use super::{DailyStats, DatePnl, PnlReport, PositionRecord, RunFigures, StrategyPnl};
use market::{Money, TradingDate};
use std::collections::BTreeMap;

/// One day's figures as they are kept.
pub(crate) fn stats(s: &ledger::DailyStats) -> DailyStats {
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
    course: &Course,
    from: TradingDate,
    to: TradingDate,
    names: &BTreeMap<String, String>,
) -> PnlReport {
    let mut report = empty(from, to);
    let mut parts: BTreeMap<Option<String>, StrategyPnl> = BTreeMap::new();
    for (date, day) in course.days().filter(|(date, _)| (from..=to).contains(date)) {
        let total = day.total;
        report.realised += total.realised;
        report.unrealised = total.unrealised;
        report.charges += total.charges;
        report.by_date.push(DatePnl {
            date,
            realised: total.realised,
            unrealised: total.unrealised,
            gross: total.gross,
            charges: total.charges,
            net: total.net,
            trades: count(total.trades),
        });
        let mut by_hand = total;
        for (strategy, stats) in day.by_strategy {
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

/// One run's figures from the course of its own trades.
pub(crate) fn run_figures(course: &Course) -> RunFigures {
    let mut figures = RunFigures::default();
    for (_, day) in course.days() {
        figures.realised += day.total.realised;
        figures.unrealised = day.total.unrealised;
        figures.charges += day.total.charges;
        figures.trades = figures.trades.saturating_add(count(day.total.trades));
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
