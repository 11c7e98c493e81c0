//! One day's figures and positions, as they are written down and read.

use super::{DailyStats, Whose};
use ledger::{Curve, Day, Part};
use market::{Timestamp, TradingDate};

/// One day's figures and positions, of the account and of its parts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DayRows {
    pub(crate) date: TradingDate,
    pub(crate) as_of: Timestamp,
    pub(crate) is_final: bool,
    pub(crate) stats: Vec<DailyStats>,
    pub(crate) positions: Vec<(Whose, ledger::Position)>,
}

pub(super) fn rows(day: &Day, as_of: Timestamp, is_final: bool) -> DayRows {
    let account = figures(&day.stats(), Whose::Account, as_of, is_final);
    let parts = day.by_part();
    let parts = parts.iter().map(|(part, stats)| figures(stats, whose(part), as_of, is_final));
    let books = std::iter::once((Whose::Account, day.book()))
        .chain(day.parts().map(|(part, book)| (whose(part), book)));
    let positions = books.flat_map(|(whose, book)| {
        book.positions().into_iter().map(move |position| (whose.clone(), position))
    });
    DayRows {
        date: day.date(),
        as_of,
        is_final,
        stats: std::iter::once(account).chain(parts).collect(),
        positions: positions.collect(),
    }
}

fn whose(part: &Part) -> Whose {
    part.clone().map_or(Whose::Hand, Whose::Strategy)
}

pub(super) fn end_of(date: TradingDate) -> Timestamp {
    date.next().midnight().plus_micros(-1)
}

pub(super) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn figures(s: &ledger::DailyStats, whose: Whose, as_of: Timestamp, is_final: bool) -> DailyStats {
    let Curve { max, min, drawdown } = s.curve;
    DailyStats {
        date: s.date,
        whose,
        gross: s.gross,
        charges: s.charges,
        realised: s.realised,
        unrealised: s.unrealised,
        unpriced: s.unpriced,
        trades: count(s.trades),
        wins: count(s.wins),
        losses: count(s.losses),
        turnover: s.turnover,
        max_drawdown: drawdown,
        max_mtm: max.map(|extreme| extreme.amount),
        max_mtm_at: max.map(|extreme| extreme.at),
        min_mtm: min.map(|extreme| extreme.amount),
        min_mtm_at: min.map(|extreme| extreme.at),
        as_of,
        is_final,
    }
}
