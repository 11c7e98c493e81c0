//! The host as far as the order core sees it: what it reads of the world, its budget at the broker, and the last look.

use super::broker::{Broker, lot};
use crate::{BrokerState, Core, Event, Facts, LineFacts, Listed, StoreHealth, Switches};
use market::{Instrument, InstrumentKind, Price, Symbol, Timestamp, Venue};
use std::collections::VecDeque;

/// Calls of ours within any second, any minute.
const PER_SECOND: usize = 10;
const PER_MINUTE: usize = 400;
const MINUTE_MICROS: i64 = 60_000_000;

/// One life of the host.
pub(super) struct Process {
    pub(super) core: Core,
    /// Counts the lives.
    pub(super) life: u32,
    pub(super) line: LineFacts,
    /// The tokens of the sessions, the first being session 1.
    pub(super) tokens: Vec<u32>,
    /// The kill switches as the senders see them, before and after the core has heard of it.
    pub(super) killed: Switches,
    /// The account is halted, as the senders know it.
    pub(super) is_halted: bool,
    pub(super) sends: VecDeque<Timestamp>,
    /// What waits while a write is under way, and what it asked for is not done: a machine that sleeps makes that long.
    pub(super) inbox: VecDeque<Event>,
    pub(super) is_busy: bool,
    /// Only the newest appointment with the core counts.
    pub(super) appointment: u64,
}

/// What the core may read of the world.
pub(super) struct Glance<'a> {
    pub(super) line: &'a LineFacts,
    pub(super) prices: Option<&'a [(Symbol, i64)]>,
    pub(super) instruments: &'a [Instrument],
    pub(super) health: StoreHealth,
}

/// Why a call may not leave now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoRoom {
    ThisSecond,
    ThisMinute,
}

impl Facts for Glance<'_> {
    fn price(&self, symbol: &Symbol) -> Option<Price> {
        let prices = self.prices?;
        prices.iter().find(|(known, _)| known == symbol).map(|(_, units)| Price::from_units(*units))
    }

    fn listed(&self, symbol: &Symbol) -> Listed<'_> {
        self.instruments.iter().find(|listed| listed.symbol == *symbol).map_or(Listed::Missing, Listed::Here)
    }

    fn is_open(&self, _venue: Venue, at: Timestamp) -> bool {
        Broker::is_open(at)
    }

    fn line(&self) -> LineFacts {
        self.line.clone()
    }

    fn store(&self) -> StoreHealth {
        self.health
    }
}

impl Process {
    /// The token of one of its sessions.
    pub(super) fn token_of(&self, session: u64) -> Option<u32> {
        let index = usize::try_from(session).ok()?.checked_sub(1)?;
        self.tokens.get(index).copied()
    }

    /// A login brought a token.
    pub(super) fn signed_in(&mut self, token: u32) {
        self.tokens.push(token);
        let session = Some(self.tokens.len() as u64);
        self.line = LineFacts { state: BrokerState::Live, session };
    }

    /// The broker says that this session is dead. False where it is not the one in use.
    pub(super) fn session_died(&mut self, session: u64, since: Timestamp) -> bool {
        let is_in_use = self.line.session == Some(session);
        if is_in_use {
            self.line = LineFacts { state: BrokerState::Expired { since }, session: None };
        }
        is_in_use
    }

    /// Takes room for one call in the account's budget, as the client of the broker's wire does.
    pub(super) fn take_room(&mut self, now: Timestamp) -> Result<(), NoRoom> {
        while self.sends.front().is_some_and(|first| now.micros_since(*first) >= MINUTE_MICROS) {
            self.sends.pop_front();
        }
        let in_second =
            self.sends.iter().rev().take_while(|sent| now.micros_since(**sent) < 1_000_000).count();
        if in_second >= PER_SECOND {
            return Err(NoRoom::ThisSecond);
        }
        if self.sends.len() >= PER_MINUTE {
            return Err(NoRoom::ThisMinute);
        }
        self.sends.push_back(now);
        Ok(())
    }
}

/// The day's list: what the simulated broker trades.
pub(super) fn instruments(broker: &Broker) -> Vec<Instrument> {
    let instrument = |(token, (symbol, _)): (usize, &(Symbol, i64))| Instrument {
        token: u32::try_from(token).unwrap_or(0) + 1,
        symbol: symbol.clone(),
        name: symbol.name().to_owned(),
        kind: if symbol.venue().is_derivatives() { InstrumentKind::Future } else { InstrumentKind::Equity },
        tick_size: Price::from_paise(5),
        lot_size: lot(symbol.venue()),
        expiry: None,
        strike: Price::ZERO,
    };
    broker.prices.iter().enumerate().map(instrument).collect()
}
