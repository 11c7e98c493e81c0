//! What the core may read of the world, as this host knows it at one instant.

use crate::gate::Refusal;
use crate::host::Host;
use crate::instruments::InstrumentList;
use crate::marks::Marks;
use crate::proof::Prover;
use crate::store::Health;
use ::orders::{Facts, LineFacts, Listed, RefusalCode, StoreHealth};
use market::{Price, Symbol, Timestamp, Venue};
use std::sync::Arc;

/// The world as one desk sees it.
pub(super) struct World<'a> {
    pub(super) host: &'a Host,
    /// Read once: a login or a session's end in the midst of a step is the next step's matter.
    pub(super) line: LineFacts,
    pub(super) marks: &'a Marks,
    pub(super) prover: &'a Prover,
    pub(super) now: Timestamp,
    /// The day's instruments.
    pub(super) list: Option<Arc<InstrumentList>>,
}

impl Facts for World<'_> {
    fn price(&self, symbol: &Symbol) -> Option<Price> {
        let token = self.list.as_ref()?.by_symbol(symbol)?.token;
        self.marks.fresh_price(token, self.now, self.host.config.limits.price_max_age_s)
    }

    fn listed(&self, symbol: &Symbol) -> Listed<'_> {
        match &self.list {
            None => Listed::Unread,
            Some(list) => list.by_symbol(symbol).map_or(Listed::Missing, Listed::Here),
        }
    }

    fn is_open(&self, venue: Venue, at: Timestamp) -> bool {
        self.host.config.calendar.is_open_at(venue, at)
    }

    fn line(&self) -> LineFacts {
        self.line.clone()
    }

    fn store(&self) -> StoreHealth {
        match self.host.store.health() {
            Health::Good => StoreHealth::Good,
            Health::Full => StoreHealth::Full,
            Health::Failed => StoreHealth::Failed,
        }
    }

    fn hindrance(&self) -> Option<Refusal> {
        let why = self.prover.standing().hindrance()?;
        Some(Refusal::new(RefusalCode::WayOut, why))
    }
}
