//! One tenant's live ticks: one ticker, many listeners, bounded, newest per instrument wins.
//!
//! Order updates that come over the ticker go to the order path and are never heard here.

use crate::broker::{Line, LineSession};
use crate::broker_id::BrokerId;
use crate::marks::Marks;
use crate::orders::Desk;
use kite::TickerEvent;
use market::{InstrumentToken, Tick};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// How long to wait before asking a dead line for a new session again, when nobody tells of one.
const SESSION_WAIT: Duration = Duration::from_secs(5);

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
pub struct Feed {
    hub: Arc<Hub>,
    number: u64,
    mailbox: Arc<Mailbox>,
}

/// The tenant's ticker and its listeners.
pub(crate) struct Hub {
    id: BrokerId,
    line: Arc<Line>,
    marks: Arc<Marks>,
    ticks_max: usize,
    listeners: Mutex<BTreeMap<u64, Listener>>,
    next_number: AtomicU64,
    /// The union of subscriptions changed, or a session came.
    changed: Notify,
}

struct Listener {
    tokens: BTreeSet<InstrumentToken>,
    /// None where only the newest prices are wanted.
    mailbox: Option<Arc<Mailbox>>,
}

/// Instruments whose newest price is kept without anybody hearing of each tick. Ends when it is dropped.
pub(crate) struct Watch {
    hub: Arc<Hub>,
    number: u64,
}

/// What waits for one listener.
#[derive(Default)]
struct Mailbox {
    waiting: Mutex<Waiting>,
    wake: Notify,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    ticks: VecDeque<Tick>,
    /// Lost and back, in order; heard before the ticks that wait.
    turns: VecDeque<FeedEvent>,
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Feed({} {})", self.hub.id, self.number)
    }
}

impl Feed {
    /// Asks for these instruments as well, with full depth.
    pub fn subscribe(&self, tokens: &[InstrumentToken]) {
        self.hub.edit(self.number, |wanted| wanted.extend(tokens));
    }

    /// Gives these instruments up.
    pub fn unsubscribe(&self, tokens: &[InstrumentToken]) {
        self.hub.edit(self.number, |wanted| wanted.retain(|token| !tokens.contains(token)));
    }

    /// The next thing heard. Pends until there is one; cancel-safe.
    pub async fn next(&self) -> FeedEvent {
        loop {
            if let Some(event) = self.mailbox.take() {
                return event;
            }
            self.mailbox.wake.notified().await;
        }
    }

    /// Ticks that were left out because this listener lagged.
    pub fn dropped(&self) -> u64 {
        self.mailbox.dropped.load(Ordering::Relaxed)
    }
}

impl Watch {
    /// Keeps the newest price of exactly these instruments from now on.
    pub(crate) fn want(&self, tokens: impl IntoIterator<Item = InstrumentToken>) {
        let tokens: BTreeSet<InstrumentToken> = tokens.into_iter().collect();
        let is_new = self.hub.lock().get(&self.number).is_some_and(|listener| listener.tokens != tokens);
        if is_new {
            self.hub.edit(self.number, |wanted| *wanted = tokens);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.hub.lock().remove(&self.number);
        self.hub.changed.notify_one();
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.hub.lock().remove(&self.number);
        self.hub.changed.notify_one();
    }
}

impl Hub {
    pub(crate) fn new(id: BrokerId, line: Arc<Line>, marks: Arc<Marks>, ticks_max: usize) -> Arc<Self> {
        let (listeners, changed) = (Mutex::default(), Notify::new());
        Arc::new(Self { id, line, marks, ticks_max, listeners, next_number: AtomicU64::new(1), changed })
    }

    pub(crate) fn listen(self: &Arc<Self>) -> Feed {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let mailbox = Arc::new(Mailbox::default());
        let listener = Listener { tokens: BTreeSet::new(), mailbox: Some(Arc::clone(&mailbox)) };
        self.lock().insert(number, listener);
        Feed { hub: Arc::clone(self), number, mailbox }
    }

    pub(crate) fn watch(self: &Arc<Self>) -> Watch {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(number, Listener { tokens: BTreeSet::new(), mailbox: None });
        Watch { hub: Arc::clone(self), number }
    }

    /// Runs the ticker while anybody listens and there is a session, until the host stops.
    pub(crate) async fn run(self: Arc<Self>, desk: Arc<Desk>) {
        loop {
            let session = self.line.session().filter(|_| !self.union().is_empty());
            let Some(session) = session else {
                let _ = tokio::time::timeout(SESSION_WAIT, self.changed.notified()).await;
                continue;
            };
            self.follow(&session, &desk).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// A login brought a new session: the ticker must use it.
    pub(crate) fn renew(&self) {
        self.changed.notify_one();
    }

    /// One ticker's life. Ends when nobody listens or the broker refuses it for good.
    async fn follow(&self, session: &LineSession, desk: &Desk) {
        let (ticker, mut events) = session.kite.ticker();
        let mut wanted = BTreeSet::new();
        loop {
            let union = self.union();
            if union.is_empty() {
                return;
            }
            let more: Vec<InstrumentToken> = union.difference(&wanted).copied().collect();
            let less: Vec<InstrumentToken> = wanted.difference(&union).copied().collect();
            if !more.is_empty()
                && let Err(error) = ticker.subscribe(&more, kite::Mode::Full)
            {
                tracing::warn!(broker_id = %self.id, "ticker: {error:#}");
            }
            if !less.is_empty() {
                ticker.unsubscribe(&less);
            }
            wanted = union;
            tokio::select! {
                () = self.changed.notified() => {
                    let replaced = self.line.session().is_some_and(|newest| !newest.is_same(session));
                    if replaced {
                        return;
                    }
                }
                event = events.recv() => match event {
                    Some(event) => if !self.hear(event, desk).await { return },
                    None => return,
                },
            }
        }
    }

    /// False when the ticker is of no more use.
    async fn hear(&self, event: TickerEvent, desk: &Desk) -> bool {
        match event {
            TickerEvent::Connected => {
                desk.read_order_book();
                self.turn(&FeedEvent::Back);
            }
            TickerEvent::Ticks(ticks) => {
                self.marks.note(&ticks);
                self.deal(&ticks);
            }
            TickerEvent::Order(row) => {
                if let Err(error) = desk.heard_order(&row).await {
                    tracing::error!(broker_id = %self.id, "order update not written: {error:#}");
                    desk.read_order_book();
                }
            }
            TickerEvent::Message(text) => tracing::debug!(broker_id = %self.id, "ticker says: {text}"),
            TickerEvent::Lost { reason } => self.turn(&FeedEvent::Lost { reason }),
            TickerEvent::Refused { status } => {
                desk.read_order_book();
                self.turn(&FeedEvent::Lost {
                    reason: format!("the broker refused the feed (HTTP {status})"),
                });
                return false;
            }
        }
        true
    }

    fn edit(&self, number: u64, change: impl FnOnce(&mut BTreeSet<InstrumentToken>)) {
        if let Some(listener) = self.lock().get_mut(&number) {
            change(&mut listener.tokens);
        }
        self.changed.notify_one();
    }

    fn union(&self) -> BTreeSet<InstrumentToken> {
        self.lock().values().flat_map(|listener| listener.tokens.iter().copied()).collect()
    }

    fn deal(&self, ticks: &[Tick]) {
        for listener in self.lock().values() {
            let Some(mailbox) = &listener.mailbox else { continue };
            let theirs = ticks.iter().filter(|tick| listener.tokens.contains(&tick.token));
            mailbox.put(theirs, self.ticks_max);
        }
    }

    fn turn(&self, event: &FeedEvent) {
        for mailbox in self.lock().values().filter_map(|listener| listener.mailbox.as_ref()) {
            mailbox.turn(event.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Listener>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailbox {
    fn put<'a>(&self, ticks: impl Iterator<Item = &'a Tick>, ticks_max: usize) {
        let mut waiting = self.lock();
        for tick in ticks {
            if waiting.ticks.len() < ticks_max.max(1) {
                waiting.ticks.push_back(*tick);
                continue;
            }
            self.dropped.fetch_add(1, Ordering::Relaxed);
            let older = waiting.ticks.iter().position(|old| old.token == tick.token).unwrap_or(0);
            waiting.ticks.remove(older);
            waiting.ticks.push_back(*tick);
        }
        drop(waiting);
        self.wake.notify_one();
    }

    fn turn(&self, event: FeedEvent) {
        self.lock().turns.push_back(event);
        self.wake.notify_one();
    }

    fn take(&self) -> Option<FeedEvent> {
        let mut waiting = self.lock();
        if let Some(turn) = waiting.turns.pop_front() {
            return Some(turn);
        }
        (!waiting.ticks.is_empty()).then(|| FeedEvent::Ticks(waiting.ticks.drain(..).collect()))
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::{Price, Timestamp};

    #[test]
    fn a_lagging_listener_keeps_the_newest_of_each_instrument_and_counts_the_rest() {
        let mailbox = Mailbox::default();
        let tick = |token, rupees| Tick::at(token, Timestamp::EPOCH, Price::from_rupees(rupees));
        let ticks = [tick(1, 10), tick(2, 20), tick(1, 11), tick(1, 12), tick(2, 21)];
        mailbox.put(ticks.iter(), 2);
        assert_eq!(mailbox.take(), Some(FeedEvent::Ticks(vec![tick(1, 12), tick(2, 21)])));
        assert_eq!(mailbox.dropped.load(Ordering::Relaxed), 3);
        assert_eq!(mailbox.take(), None);
    }
}
