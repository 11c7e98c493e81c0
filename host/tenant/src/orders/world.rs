//! What the core may read of the world, as this host knows it at one instant.

use super::desk::Desk;
use crate::gate::Refusal;
use crate::instruments::InstrumentList;
use crate::store::Health;
use ::orders::{Facts, LineFacts, Listed, RefusalCode, StoreHealth};
use market::{Price, Symbol, Timestamp, Venue};
use std::sync::Arc;

/// The world as one desk sees it.
pub(super) struct World<'a> {
    desk: &'a Desk,
    now: Timestamp,
    list: Option<Arc<InstrumentList>>,
}

impl<'a> World<'a> {
    pub(super) fn of(desk: &'a Desk, now: Timestamp) -> Self {
        Self { desk, now, list: desk.host.instruments_today() }
    }
}

impl Facts for World<'_> {
    fn price(&self, symbol: &Symbol) -> Option<Price> {
        let token = self.list.as_ref()?.by_symbol(symbol)?.token;
        self.desk.marks.fresh_price(token, self.now, self.desk.host.config.limits.price_max_age_s)
    }

    fn listed(&self, symbol: &Symbol) -> Listed<'_> {
        match &self.list {
            None => Listed::Unread,
            Some(list) => list.by_symbol(symbol).map_or(Listed::Missing, Listed::Here),
        }
    }

    fn is_open(&self, venue: Venue, at: Timestamp) -> bool {
        self.desk.host.config.calendar.is_open_at(venue, at)
    }

    fn line(&self) -> LineFacts {
        let session = self.desk.line.session().map(|session| session.number());
        LineFacts { state: self.desk.line.standing(), session }
    }

    fn store(&self) -> StoreHealth {
        match self.desk.host.store.health() {
            Health::Good => StoreHealth::Good,
            Health::Full => StoreHealth::Full,
            Health::Failed => StoreHealth::Failed,
        }
    }

    fn hindrance(&self) -> Option<Refusal> {
        let why = self.desk.prover.standing().hindrance()?;
        Some(Refusal::new(RefusalCode::WayOut, why))
    }
}
