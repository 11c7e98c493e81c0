//! Rows of the broker's book that have been dealt with: finished orders and other people's. Pure.
//!
//! Each reading brings the whole day again; without this every finished order would be looked up every few seconds.

use super::merge::Seen;
use market::TradingDate;
use std::collections::HashMap;

/// Rows that are remembered; twice the broker's own limit of a day. With more, all are looked at again.
const APPLIED_ROWS_MAX: usize = 10_000;

/// What was seen last of each, by the broker's number, on one day.
#[derive(Debug, Default)]
pub(super) struct Applied {
    date: Option<TradingDate>,
    rows: HashMap<String, Seen>,
}

impl Applied {
    /// True when exactly this was dealt with on this day.
    pub(super) fn knows(&self, date: TradingDate, seen: &Seen) -> bool {
        self.date == Some(date) && self.rows.get(&seen.broker_order_id) == Some(seen)
    }

    pub(super) fn note(&mut self, date: TradingDate, seen: Seen) {
        if self.date != Some(date) || self.rows.len() >= APPLIED_ROWS_MAX {
            self.date = Some(date);
            self.rows.clear();
        }
        self.rows.insert(seen.broker_order_id.clone(), seen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::RefusalCode;
    use market::{OrderState, Price};

    fn seen(number: usize, filled: u32) -> Seen {
        Seen {
            broker_order_id: number.to_string(),
            state: OrderState::Open,
            filled,
            average_price: Price::ZERO,
            terms: None,
            changed_at: None,
            refusal: RefusalCode::None,
            message: String::new(),
        }
    }

    #[test]
    fn a_row_is_known_until_it_changes_or_the_day_does_and_the_memory_is_bounded() {
        let today: TradingDate = "2026-11-23".parse().unwrap();
        let mut applied = Applied::default();
        applied.note(today, seen(1, 0));
        assert!(applied.knows(today, &seen(1, 0)));
        assert!(!applied.knows(today, &seen(1, 5)) && !applied.knows(today.next(), &seen(1, 0)));
        (0..APPLIED_ROWS_MAX + 5).for_each(|number| applied.note(today, seen(number, 0)));
        assert!(applied.rows.len() <= APPLIED_ROWS_MAX);
        applied.note(today.next(), seen(1, 0));
        assert_eq!(applied.rows.len(), 1);
    }
}
