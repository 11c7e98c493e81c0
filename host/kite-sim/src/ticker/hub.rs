//! Who is connected, the newest board, and the way of order updates to every connection of their user.

use crate::spoiling::{Behind, Spoiler, Spoiling, UpdateFault};
use crate::ticker::frame::{Mode, packet};
use crate::turns::lock;
use axum::extract::ws::Message;
use bytes::Bytes;
use exchange::{Exchange, Quote};
use market::InstrumentToken;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// How many ticker connections one api key may hold.
pub(crate) const CONNECTION_LIMIT: usize = 3;
/// How many frames other than ticks may wait for one connection before it is cut.
const FRAME_QUEUE: usize = 1_024;

/// The newest quote of every instrument.
pub(crate) type Board = HashMap<InstrumentToken, Arc<Shown>>;

/// A quote with its packets: each is made when the first connection wants it, and shared by all.
#[derive(Debug)]
pub(crate) struct Shown {
    quote: Quote,
    packets: [OnceLock<Bytes>; 3],
}

/// All ticker connections.
#[derive(Debug)]
pub(crate) struct Hub {
    board: watch::Sender<Arc<Board>>,
    state: Arc<Mutex<State>>,
}

/// What goes out to a connection beside ticks and heartbeats.
#[derive(Debug, Clone)]
pub(crate) enum Frame {
    /// An order update.
    Update(String),
    /// Something that no ticker sends.
    Malformed(Message),
}

/// A kind of frames that a connection is not to be sent for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Withheld {
    /// Everything, heartbeats too.
    All,
    /// Ticks: what moves meanwhile is missed.
    Ticks,
    /// Heartbeats.
    Heartbeats,
}

/// One connection's end of the hub; leaving it frees the seat.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) board: watch::Receiver<Arc<Board>>,
    pub(crate) frames: mpsc::Receiver<Frame>,
    pub(crate) cut: CancellationToken,
    id: u64,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    links: HashMap<u64, Link>,
    last_id: u64,
    spoiler: Spoiler,
}

#[derive(Debug)]
struct Link {
    api_key: String,
    user_id: String,
    frames: mpsc::Sender<Frame>,
    cut: CancellationToken,
    /// Until when each kind of frames is withheld.
    withheld: [Option<Instant>; 3],
    behind: Behind<String>,
}

impl Shown {
    pub(crate) fn new(quote: Quote) -> Self {
        Self { quote, packets: Default::default() }
    }

    /// Its packet in a mode.
    pub(crate) fn packet(&self, mode: Mode) -> &Bytes {
        self.packets[mode as usize].get_or_init(|| packet(&self.quote, mode).into())
    }
}

impl Default for Hub {
    fn default() -> Self {
        Self { board: watch::Sender::new(Arc::default()), state: Arc::default() }
    }
}

impl Hub {
    /// A seat for a new connection; none when the key holds its three already.
    pub(crate) fn join(&self, api_key: &str, user_id: &str) -> Option<Seat> {
        let mut state = lock(&self.state);
        if state.links.values().filter(|link| link.api_key == api_key).count() >= CONNECTION_LIMIT {
            return None;
        }
        let (sender, frames) = mpsc::channel(FRAME_QUEUE);
        let cut = CancellationToken::new();
        state.last_id += 1;
        let id = state.last_id;
        let link = Link {
            api_key: api_key.to_owned(),
            user_id: user_id.to_owned(),
            frames: sender,
            cut: cut.clone(),
            withheld: [None; 3],
            behind: Behind::default(),
        };
        state.links.insert(id, link);
        Some(Seat { board: self.board.subscribe(), frames, cut, id, state: Arc::clone(&self.state) })
    }

    /// The first board.
    pub(crate) fn publish_all(&self, exchange: &Exchange) {
        self.publish(exchange, exchange.listings().map(|listing| listing.instrument.token).collect());
    }

    /// A new board on which these instruments have moved.
    pub(crate) fn publish(&self, exchange: &Exchange, moved: BTreeSet<InstrumentToken>) {
        if moved.is_empty() {
            return;
        }
        let mut board = Board::clone(&self.board.borrow());
        for token in moved {
            match exchange.quote(token) {
                Some(quote) => board.insert(token, Arc::new(Shown::new(quote))),
                // It has expired since it moved.
                None => board.remove(&token),
            };
        }
        self.board.send_replace(Arc::new(board));
    }

    /// Sends an order update to every connection of a user, whatever app it belongs to.
    pub(crate) fn push_order(&self, user_id: &str, text: &str) {
        let mut state = lock(&self.state);
        let State { links, spoiler, .. } = &mut *state;
        let spoilt = |link: &Link| link.user_id == user_id && spoiler.concerns(&link.api_key);
        // A fault is spent on an update that somebody would have heard.
        let spoiling = if links.values().any(spoilt) { spoiler.next() } else { Spoiling::None };
        for link in links.values_mut().filter(|link| link.user_id == user_id) {
            let own = if spoiler.concerns(&link.api_key) { spoiling } else { Spoiling::None };
            for text in link.behind.pass(text.to_owned(), own) {
                link.send(Frame::Update(text));
            }
        }
    }

    /// Spoils the next order updates.
    pub(crate) fn set_update_fault(&self, fault: UpdateFault) {
        lock(&self.state).spoiler = Spoiler::new(fault);
    }

    /// Sends what no ticker sends to the connections of an app, or all; how many there were.
    pub(crate) fn send_malformed(&self, api_key: Option<&str>, message: &Message) -> usize {
        let state = lock(&self.state);
        let addressed = state.links.values().filter(|link| link.is_of(api_key));
        addressed.map(|link| link.send(Frame::Malformed(message.clone()))).count()
    }

    /// Cuts the connections of an app, or all; how many there were.
    pub(crate) fn disconnect(&self, api_key: Option<&str>) -> usize {
        let state = lock(&self.state);
        let doomed = state.links.values().filter(|link| link.is_of(api_key));
        doomed.map(|link| link.cut.cancel()).count()
    }

    /// Withholds a kind of frames from the connections of an app, or all, for a while; how many there were.
    pub(crate) fn withhold(&self, what: Withheld, api_key: Option<&str>, span: Duration) -> usize {
        let until = Instant::now().checked_add(span);
        let mut state = lock(&self.state);
        let concerned = state.links.values_mut().filter(|link| link.is_of(api_key));
        concerned.map(|link| link.withheld[what as usize] = until).count()
    }

    /// What still waits for order updates.
    pub(crate) fn update_fault(&self) -> UpdateFault {
        lock(&self.state).spoiler.fault().clone()
    }

    /// Takes every fault back: nothing is spoilt or withheld from here on.
    pub(crate) fn heal(&self) {
        let mut state = lock(&self.state);
        state.spoiler = Spoiler::default();
        state.links.values_mut().for_each(|link| link.withheld = [None; 3]);
    }

    /// How many connections there are.
    pub(crate) fn connections(&self) -> usize {
        lock(&self.state).links.len()
    }
}

impl Seat {
    /// How long a kind of frames must still not be sent here.
    pub(crate) fn withheld(&self, what: Withheld) -> Option<Duration> {
        let until = lock(&self.state).links.get(&self.id)?.withheld[what as usize]?;
        until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        lock(&self.state).links.remove(&self.id);
    }
}

impl Link {
    fn is_of(&self, api_key: Option<&str>) -> bool {
        api_key.is_none_or(|key| key == self.api_key)
    }

    fn send(&self, frame: Frame) {
        if self.frames.try_send(frame).is_err() {
            tracing::warn!(
                user_id = %self.user_id,
                "a ticker connection did not read its order updates and is cut"
            );
            self.cut.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_lets_its_updates_pile_up_is_cut() {
        let hub = Hub::default();
        let seat = hub.join("key", "user").unwrap();
        for _ in 0..FRAME_QUEUE {
            hub.push_order("user", "text");
        }
        assert!(!seat.cut.is_cancelled());
        hub.push_order("user", "text");
        assert!(seat.cut.is_cancelled());
    }

    #[test]
    fn a_key_holds_three_connections_and_a_seat_that_is_left_is_free() {
        let hub = Hub::default();
        let mut seats: Vec<_> = (0..CONNECTION_LIMIT).map(|_| hub.join("key", "user").unwrap()).collect();
        assert!(hub.join("key", "user").is_none() && hub.join("other", "user").is_some());
        seats.pop();
        assert!(hub.join("key", "user").is_some());
    }
}
