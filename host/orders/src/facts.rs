//! What a decision may read of the world beside the core's own state: asked for at the instant of the decision.

use crate::gate::Refusal;
use crate::line::BrokerState;
use market::{Instrument, Price, Symbol, Timestamp, Venue};
use std::time::Duration;

/// The instant of a step, on both clocks. The wall tells dates and hours; how long something took, the other one tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// What time it is. It may jump.
    pub wall: Timestamp,
    /// How long this host has run. It never goes backwards.
    pub since_boot: Duration,
}

/// How the line to the broker stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFacts {
    /// In words.
    pub state: BrokerState,
    /// The number of the session in use, counting up from one with each login; none where the broker has ended it.
    pub session: Option<u64>,
}

/// What the day's instrument list says of a symbol.
#[derive(Debug, Clone, Copy)]
pub enum Listed<'a> {
    /// The list has not been read yet.
    Unread,
    /// It does not name the symbol.
    Missing,
    /// It does.
    Here(&'a Instrument),
}

/// Whether rows can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreHealth {
    /// They can.
    Good,
    /// The disk is full.
    Full,
    /// The disk failed.
    Failed,
}

/// What a step reads of the world. The same answers give the same step.
pub trait Facts {
    /// The newest price of a symbol, unless it is too old to trade by.
    fn price(&self, symbol: &Symbol) -> Option<Price>;

    /// What the day's instrument list says of a symbol.
    fn listed(&self, symbol: &Symbol) -> Listed<'_>;

    /// True during continuous trading of the venue.
    fn is_open(&self, venue: Venue, at: Timestamp) -> bool;

    /// How the line to the broker stands.
    fn line(&self) -> LineFacts;

    /// Whether rows can be written.
    fn store(&self) -> StoreHealth {
        StoreHealth::Good
    }

    /// What else keeps new orders here, such as an address that is not the account's.
    fn hindrance(&self) -> Option<Refusal> {
        None
    }
}

impl LineFacts {
    /// The session to send an order on, or how the line stands where nothing can be sent.
    ///
    /// # Errors
    /// How the line stands.
    pub fn sending_session(&self, now: Timestamp) -> Result<u64, BrokerState> {
        match (self.session, &self.state) {
            (Some(session), BrokerState::Live) => Ok(session),
            (None, BrokerState::Live) => Err(BrokerState::Expired { since: now }),
            (_, down) => Err(down.clone()),
        }
    }

    /// True when orders can be sent under this session.
    pub fn is_live_under(&self, session: u64) -> bool {
        self.session == Some(session) && self.state == BrokerState::Live
    }
}
