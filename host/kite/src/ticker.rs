//! The live feed: ticks of the instruments asked for, and updates of all the trader's orders.
//!
//! One task owns the socket. It connects, tells the broker what is wanted, hands everything upward, and when the line
//! is lost it connects again and asks again. What is wanted lives outside the socket, so a lost line loses no wish.

mod link;
mod task;
mod text;
mod wanted;

use crate::egress::Egress;
use crate::endpoints::Endpoints;
use crate::rows::order::OrderRow;
use crate::secret::Secret;
use market::{InstrumentToken, Tick};
use tokio::sync::{mpsc, watch};
use wanted::Wanted;

/// Instruments on one connection; Kite takes no more.
pub const MAX_INSTRUMENTS: usize = 3_000;
/// Events waiting for the consumer. When it is full the socket is not read, and the broker conflates.
const EVENTS: usize = 1_024;

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

/// More instruments than one connection may have; nothing was subscribed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{wanted} instruments on one ticker connection: at most {MAX_INSTRUMENTS} are allowed, unsubscribe some first"
)]
pub struct TooManyInstruments {
    /// How many it would have been.
    pub wanted: usize,
}

/// What the feed reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TickerEvent {
    /// The line stands and everything wanted was asked for. What happened while it did not is lost: read the order book.
    Connected,
    /// Snapshots, in the order sent.
    Ticks(Vec<Tick>),
    /// One of the trader's orders changed. A hint: it may be late, repeated or out of order.
    Order(Box<OrderRow>),
    /// Something the broker wants the trader to know, or an order update that could not be read.
    Message(String),
    /// The line is gone; it is being connected again.
    Lost {
        /// Why.
        reason: String,
    },
    /// The broker refuses this session (HTTP 400, 401 or 403). Final: nothing more will come.
    Refused {
        /// The HTTP status.
        status: u16,
    },
}

/// The handle of a feed. Dropping it closes the line.
#[derive(Debug)]
pub struct Ticker {
    wanted: watch::Sender<Wanted>,
}

impl Ticker {
    /// Starts a feed. Must be called within a tokio runtime; the first event says how connecting went.
    pub fn connect(
        endpoints: &Endpoints,
        egress: &Egress,
        api_key: &str,
        access_token: Secret,
    ) -> (Self, mpsc::Receiver<TickerEvent>) {
        let (wanted, wishes) = watch::channel(Wanted::default());
        let (events, receiver) = mpsc::channel(EVENTS);
        let link = link::Link::new(endpoints.ticker.clone(), egress.clone(), api_key, access_token);
        tokio::spawn(task::run(link, wishes, events));
        (Self { wanted }, receiver)
    }

    /// Asks for these instruments in this mode, now and after every reconnect. The last mode asked for counts.
    ///
    /// # Errors
    /// When it would be more than [`MAX_INSTRUMENTS`].
    pub fn subscribe(&self, tokens: &[InstrumentToken], mode: Mode) -> Result<(), TooManyInstruments> {
        let mut outcome = Ok(());
        self.wanted.send_if_modified(|wanted| {
            outcome = wanted.add(tokens, mode);
            outcome.is_ok()
        });
        outcome
    }

    /// Asks for these instruments no longer.
    pub fn unsubscribe(&self, tokens: &[InstrumentToken]) {
        self.wanted.send_modify(|wanted| wanted.remove(tokens));
    }
}
