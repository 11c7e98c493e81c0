//! Who is connected, the newest board, and the way of order updates to every connection of their user.

use crate::turns::lock;
use exchange::{Exchange, Quote};
use market::InstrumentToken;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// How many ticker connections one api key may hold.
pub(crate) const CONNECTION_LIMIT: usize = 3;
/// How many order updates may wait for one connection before it is cut.
const UPDATE_QUEUE: usize = 1_024;

/// The newest quote of every instrument.
pub(crate) type Board = HashMap<InstrumentToken, Arc<Quote>>;

/// All ticker connections.
#[derive(Debug)]
pub(crate) struct Hub {
    board: watch::Sender<Arc<Board>>,
    state: Arc<Mutex<State>>,
}

/// What goes wrong with the next order updates that somebody hears.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OrderFault {
    /// Only on the connections of this app.
    #[serde(default)]
    pub(crate) api_key: Option<String>,
    /// This many are lost.
    #[serde(default)]
    pub(crate) drop: u32,
    /// Then this many come twice.
    #[serde(default)]
    pub(crate) duplicate: u32,
    /// Then this many come after the one that follows them.
    #[serde(default)]
    pub(crate) delay: u32,
}

/// What happens to one update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoiling {
    /// It is lost.
    Lost,
    /// It comes twice.
    Doubled,
    /// It comes after the next one.
    Delayed,
    /// It comes.
    None,
}

/// One connection's end of the hub; leaving it frees the seat.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) board: watch::Receiver<Arc<Board>>,
    pub(crate) updates: mpsc::Receiver<String>,
    pub(crate) cut: CancellationToken,
    id: u64,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    links: HashMap<u64, Link>,
    last_id: u64,
    order_fault: OrderFault,
}

#[derive(Debug)]
struct Link {
    api_key: String,
    user_id: String,
    updates: mpsc::Sender<String>,
    cut: CancellationToken,
    silent_until: Option<Instant>,
    /// An update that waits for the next one to go before it.
    delayed: Option<String>,
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
        let (sender, updates) = mpsc::channel(UPDATE_QUEUE);
        let cut = CancellationToken::new();
        state.last_id += 1;
        let id = state.last_id;
        let link = Link {
            api_key: api_key.to_owned(),
            user_id: user_id.to_owned(),
            updates: sender,
            cut: cut.clone(),
            silent_until: None,
            delayed: None,
        };
        state.links.insert(id, link);
        Some(Seat { board: self.board.subscribe(), updates, cut, id, state: Arc::clone(&self.state) })
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
                Some(quote) => board.insert(token, Arc::new(quote)),
                // It has expired since it moved.
                None => board.remove(&token),
            };
        }
        self.board.send_replace(Arc::new(board));
    }

    /// Sends an order update to every connection of a user, whatever app it belongs to.
    pub(crate) fn push_order(&self, user_id: &str, text: &str) {
        let mut state = lock(&self.state);
        let State { links, order_fault, .. } = &mut *state;
        let spoilt = |link: &Link| link.user_id == user_id && link.is_of(order_fault.api_key.as_deref());
        // A fault is spent on an update that somebody would have heard.
        let spoiling = if links.values().any(spoilt) { order_fault.spend() } else { Spoiling::None };
        for link in links.values_mut().filter(|link| link.user_id == user_id) {
            let own = if link.is_of(order_fault.api_key.as_deref()) { spoiling } else { Spoiling::None };
            link.hear(text, own);
        }
    }

    /// Spoils the next order updates.
    pub(crate) fn set_order_fault(&self, fault: OrderFault) {
        lock(&self.state).order_fault = fault;
    }

    /// Cuts the connections of an app, or all; how many there were.
    pub(crate) fn disconnect(&self, api_key: Option<&str>) -> usize {
        let state = lock(&self.state);
        let doomed = state.links.values().filter(|link| link.is_of(api_key));
        doomed.map(|link| link.cut.cancel()).count()
    }

    /// Stops every frame, heartbeats too, to the connections of an app, or all, for a while.
    pub(crate) fn silence(&self, api_key: Option<&str>, span: Duration) -> usize {
        let until = Instant::now().checked_add(span);
        let mut state = lock(&self.state);
        let silenced = state.links.values_mut().filter(|link| link.is_of(api_key));
        silenced.map(|link| link.silent_until = until).count()
    }

    /// What still waits for order updates.
    pub(crate) fn order_fault(&self) -> OrderFault {
        lock(&self.state).order_fault.clone()
    }

    /// How many connections there are.
    pub(crate) fn connections(&self) -> usize {
        lock(&self.state).links.len()
    }
}

impl Seat {
    /// How long this connection must still say nothing.
    pub(crate) fn silence(&self) -> Option<Duration> {
        let until = lock(&self.state).links.get(&self.id)?.silent_until?;
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

    fn hear(&mut self, text: &str, spoiling: Spoiling) {
        let now: &[&str] = match spoiling {
            Spoiling::Lost => &[],
            Spoiling::Delayed => {
                if let Some(earlier) = self.delayed.replace(text.to_owned()) {
                    self.send(earlier);
                }
                return;
            }
            Spoiling::Doubled => &[text, text],
            Spoiling::None => &[text],
        };
        for text in now {
            self.send((*text).to_owned());
        }
        if let Some(delayed) = self.delayed.take_if(|_| !now.is_empty()) {
            self.send(delayed);
        }
    }

    fn send(&self, text: String) {
        if self.updates.try_send(text).is_err() {
            tracing::warn!(
                user_id = %self.user_id,
                "a ticker connection did not read its order updates and is cut"
            );
            self.cut.cancel();
        }
    }
}

impl OrderFault {
    const fn spend(&mut self) -> Spoiling {
        let (left, spoiling) = if self.drop > 0 {
            (&mut self.drop, Spoiling::Lost)
        } else if self.duplicate > 0 {
            (&mut self.duplicate, Spoiling::Doubled)
        } else if self.delay > 0 {
            (&mut self.delay, Spoiling::Delayed)
        } else {
            return Spoiling::None;
        };
        *left -= 1;
        spoiling
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_lets_its_updates_pile_up_is_cut() {
        let hub = Hub::default();
        let seat = hub.join("key", "user").unwrap();
        for _ in 0..UPDATE_QUEUE {
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

    #[test]
    fn a_delayed_update_comes_after_the_one_that_follows_it() {
        let hub = Hub::default();
        let mut seat = hub.join("key", "user").unwrap();
        hub.set_order_fault(OrderFault { delay: 1, ..OrderFault::default() });
        for text in ["first", "second", "third"] {
            hub.push_order("user", text);
        }
        let heard: Vec<_> = std::iter::from_fn(|| seat.updates.try_recv().ok()).collect();
        assert_eq!(heard, ["second", "first", "third"]);
    }
}
