//! The live feed: ticks of the instruments asked for, and updates of all the trader's orders.
//!
//! One task owns the socket. It connects, tells the broker what is wanted, hands everything upward, and when the line
//! is lost it connects again and asks again. What is wanted lives outside the socket, so a lost line loses no wish.

mod limits;
mod link;
mod task;
pub(crate) mod text;
mod wanted;

pub use limits::TickerLimits;

use crate::egress::Egress;
use crate::endpoints::Endpoints;
use crate::rows::book::UnreadableRow;
use crate::rows::order::OrderRow;
use crate::secret::Secret;
use market::{InstrumentToken, Tick, Timestamp};
use std::collections::BTreeSet;
use tokio::sync::{mpsc, watch};
use wanted::Wanted;

/// Instruments on one connection; Kite takes no more.
pub const MAX_INSTRUMENTS: usize = 3_000;

/// How much a tick carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// The last price.
    Ltp,
    /// And volume, day's prices and totals.
    Quote,
    /// And depth, open interest and the exchange's time.
    Full,
}

/// What nobody heard: between these two times the broker may have said anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// When the line that was lost was last heard.
    pub since: Timestamp,
    /// When everything wanted was asked for again.
    pub until: Timestamp,
    /// How many instruments were wanted at that time.
    pub instruments: usize,
}

/// What the feed reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TickerEvent {
    /// The line stands and everything wanted was asked for. What happened while it did not is lost: read the order book.
    Connected,
    /// Follows on `Connected` when an earlier line was lost: what was missed.
    Missed(Gap),
    /// Snapshots, in the order sent.
    Ticks(Vec<Tick>),
    /// One of the trader's orders changed. A hint: it may be late, repeated or out of order.
    Order(Box<OrderRow>),
    /// An order update that cannot be read: something changed, and only the order book tells what.
    OrderUnreadable(UnreadableRow),
    /// Something the broker wants the trader to know.
    Message(String),
    /// The line is gone; it is being connected again.
    Lost {
        /// Why.
        reason: String,
    },
    /// The broker refuses this session the feed (HTTP 400, 401 or 403): it is dead, or its plan has no live data. Final:
    /// nothing more will come.
    Refused {
        /// The HTTP status.
        status: u16,
    },
}

/// The handle of a feed. Dropping it closes the line.
#[derive(Debug)]
pub struct Ticker {
    wanted: watch::Sender<Wanted>,
    instruments_max: usize,
}

impl Ticker {
    /// Starts a feed with the default limits.
    pub fn connect(
        endpoints: &Endpoints,
        egress: &Egress,
        api_key: &str,
        access_token: Secret,
    ) -> (Self, mpsc::Receiver<TickerEvent>) {
        Self::connect_with(endpoints, egress, api_key, access_token, TickerLimits::default())
    }

    /// Starts a feed. Must be called within a tokio runtime; the first event says how connecting went.
    pub fn connect_with(
        endpoints: &Endpoints,
        egress: &Egress,
        api_key: &str,
        access_token: Secret,
        limits: TickerLimits,
    ) -> (Self, mpsc::Receiver<TickerEvent>) {
        let (wanted, wishes) = watch::channel(Wanted::default());
        let (events, receiver) = mpsc::channel(limits.events.max(1));
        let link = link::Link::new(endpoints.ticker.clone(), egress.clone(), api_key, access_token, limits);
        tokio::spawn(task::run(link, wishes, events));
        (Self { wanted, instruments_max: limits.instruments }, receiver)
    }

    /// Asks for exactly these instruments in this mode, now and after every reconnect, and gives up all others.
    ///
    /// Those that do not fit on one connection are handed back; what ticks already goes before what is new. The broker is
    /// told what is given up before what is asked for.
    pub fn want(&self, tokens: &BTreeSet<InstrumentToken>, mode: Mode) -> Vec<InstrumentToken> {
        let mut left_out = Vec::new();
        self.wanted.send_if_modified(|wanted| {
            let next = wanted.next(tokens, mode, self.instruments_max);
            left_out = tokens.iter().copied().filter(|token| !next.has(*token)).collect();
            let changed = next != *wanted;
            *wanted = next;
            changed
        });
        left_out
    }
}
