//! One tenant's live ticks: one ticker, many listeners, bounded, newest per instrument wins.

use market::{InstrumentToken, Tick};

/// What a listener hears.
#[derive(Debug, Clone, PartialEq)]
pub enum FeedEvent {
    /// Ticks in the order they came; where the listener lagged, older ones of an instrument are left out.
    Ticks(Vec<Tick>),
    /// The ticker lost its connection and is trying again.
    Lost {
        /// What went wrong.
        reason: String,
    },
    /// The ticker is connected (again).
    Back,
}

/// One listener. Its subscriptions end when it is dropped.
#[derive(Debug)]
pub struct Feed {}

impl Feed {
    /// Asks for these instruments as well, with full depth.
    pub fn subscribe(&self, tokens: &[InstrumentToken]) {
        let _ = tokens;
        unimplemented!()
    }

    /// Gives these instruments up.
    pub fn unsubscribe(&self, tokens: &[InstrumentToken]) {
        let _ = tokens;
        unimplemented!()
    }

    /// The next thing heard. Pends until there is one; cancel-safe.
    pub async fn next(&self) -> FeedEvent {
        unimplemented!()
    }

    /// Ticks that were left out because this listener lagged.
    pub fn dropped(&self) -> u64 {
        unimplemented!()
    }
}
