//! What a run has left in the market, as data and in words. Knows no desk.

use market::{Product, Symbol};
use std::fmt;

/// Positions that are named; the rest are counted.
const POSITIONS_NAMED_MAX: usize = 5;

/// What a run has left in the market.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Leftover {
    /// Orders that may still trade.
    pub orders: usize,
    /// Orders of which nobody can tell whether they reached the exchange.
    pub unknown: usize,
    /// True while fills were heard of whose trades are not booked: what it holds is not known to the end.
    pub unsettled: bool,
    /// What its trades add up to.
    pub positions: Vec<OpenPosition>,
    /// What keeps it from being withdrawn and closed, where that was tried.
    pub why: Option<Hindrance>,
}

/// Units held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPosition {
    /// Of what.
    pub symbol: Symbol,
    /// How.
    pub product: Product,
    /// Negative when short.
    pub quantity: i64,
}

/// What keeps a run in the market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hindrance {
    /// It passes: a further look may do more.
    Waiting(String),
    /// Nothing more can be done from here.
    Final(String),
}

impl Leftover {
    /// True when the run has nothing in the market that is known of.
    pub fn is_flat(&self) -> bool {
        self.orders == 0 && self.positions.is_empty() && !self.unsettled
    }

    /// True when a further look can change nothing.
    pub fn is_final(&self) -> bool {
        self.is_flat() || matches!(self.why, Some(Hindrance::Final(_)))
    }

    /// The same with the reason; what is gone needs none.
    #[must_use]
    pub(super) fn because(self, why: Hindrance) -> Self {
        let why = (!self.is_flat()).then_some(why);
        Self { why, ..self }
    }

    /// In words; nothing where there is nothing to say.
    pub fn words(&self) -> Option<String> {
        let mut parts = Vec::new();
        match self.orders {
            0 => {}
            1 => parts.push("1 order stands".to_owned()),
            more => parts.push(format!("{more} orders stand")),
        }
        if !self.positions.is_empty() {
            parts.push(format!("{} open", self.positions_in_words()));
        }
        if self.unsettled {
            parts.push("fills are still being booked".to_owned());
        }
        match self.unknown {
            0 => {}
            1 => parts.push("the fate of 1 order is unknown: look at Kite, then settle it".to_owned()),
            more => {
                parts.push(format!("the fate of {more} orders is unknown: look at Kite, then settle them"))
            }
        }
        if let Some(Hindrance::Waiting(why) | Hindrance::Final(why)) = &self.why {
            parts.push(why.clone());
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    fn positions_in_words(&self) -> String {
        let named = self.positions.iter().take(POSITIONS_NAMED_MAX).map(ToString::to_string);
        let mut named: Vec<_> = named.collect();
        let more = self.positions.len().saturating_sub(POSITIONS_NAMED_MAX);
        if more > 0 {
            named.push(format!("{more} more"));
        }
        named.join(", ")
    }
}

impl fmt::Display for OpenPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.quantity, self.symbol, self.product)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(quantity: i64) -> OpenPosition {
        OpenPosition { symbol: "NSE:INFY".parse().unwrap(), product: Product::Mis, quantity }
    }

    #[test]
    fn it_says_what_is_left_and_why_and_nothing_when_nothing_is() {
        assert_eq!(Leftover::default().words(), None);
        let why = Hindrance::Waiting("the market is closed".to_owned());
        let left = Leftover { orders: 1, positions: vec![position(10)], ..Leftover::default() };
        let said = left.because(why.clone()).words().unwrap();
        assert_eq!(said, "1 order stands; 10 NSE:INFY (MIS) open; the market is closed");
        assert_eq!(Leftover::default().because(why).words(), None, "what is gone needs no reason");
    }

    #[test]
    fn only_what_is_flat_or_beyond_help_is_final() {
        let left = Leftover { positions: vec![position(-1)], ..Leftover::default() };
        assert!(!left.is_final() && Leftover::default().is_final());
        assert!(left.because(Hindrance::Final("refused".to_owned())).is_final());
    }
}
