//! Who is connected, the newest board, and the way of order updates to every connection of their user.

use exchange::{Exchange, Quote};
use market::InstrumentToken;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

/// What goes wrong with the next order updates.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OrderFault {
    /// This many are lost.
    #[serde(default)]
    pub(crate) drop: u32,
    /// Then this many come twice.
    #[serde(default)]
    pub(crate) duplicate: u32,
}

/// One connection's end of the hub; leaving it frees the place.
#[derive(Debug)]
pub(crate) struct Place {
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
}

impl Default for Hub {
    fn default() -> Self {
        Self { board: watch::Sender::new(Arc::default()), state: Arc::default() }
    }
}

impl Hub {
    /// A place for a new connection; none when the key holds its three already.
    pub(crate) fn join(&self, api_key: &str, user_id: &str) -> Option<Place> {
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
        };
        state.links.insert(id, link);
        Some(Place { board: self.board.subscribe(), updates, cut, id, state: Arc::clone(&self.state) })
    }

    /// The first board.
    pub(crate) fn publish_all(&self, exchange: &Exchange) {
        let all: Vec<_> = exchange.listings().iter().map(|listing| listing.instrument.token).collect();
        self.publish(exchange, &all);
    }

    /// A new board on which these instruments have moved.
    pub(crate) fn publish(&self, exchange: &Exchange, moved: &[InstrumentToken]) {
        if moved.is_empty() {
            return;
        }
        let mut board = Board::clone(&self.board.borrow());
        for token in moved {
            if let Some(quote) = exchange.quote(*token) {
                board.insert(*token, Arc::new(quote));
            }
        }
        self.board.send_replace(Arc::new(board));
    }

    /// Sends an order update to every connection of a user, whatever app it belongs to.
    pub(crate) fn push_order(&self, user_id: &str, text: &str) {
        let mut state = lock(&self.state);
        let copies = state.order_fault.copies();
        for link in state.links.values().filter(|link| link.user_id == user_id) {
            for _ in 0..copies {
                if link.updates.try_send(text.to_owned()).is_err() {
                    tracing::warn!(user_id, "a ticker connection did not read its order updates and is cut");
                    link.cut.cancel();
                }
            }
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

    /// How many connections there are.
    pub(crate) fn connections(&self) -> usize {
        lock(&self.state).links.len()
    }
}

impl Place {
    /// How long this connection must still say nothing.
    pub(crate) fn silence(&self) -> Option<Duration> {
        let until = lock(&self.state).links.get(&self.id)?.silent_until?;
        until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.state).links.remove(&self.id);
    }
}

impl Link {
    fn is_of(&self, api_key: Option<&str>) -> bool {
        api_key.is_none_or(|key| key == self.api_key)
    }
}

impl OrderFault {
    fn copies(&mut self) -> usize {
        if self.drop > 0 {
            self.drop -= 1;
            0
        } else if self.duplicate > 0 {
            self.duplicate -= 1;
            2
        } else {
            1
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
