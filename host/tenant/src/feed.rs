//! One tenant's live ticks: one ticker, many listeners, bounded, newest per instrument wins.
//!
//! Order updates that come over the ticker go to the order path and are never heard here.

mod mailbox;
mod refusals;

use crate::broker::{Line, LineSession};
use crate::broker_id::BrokerId;
use crate::log::{Level, TenantLog};
use crate::marks::Marks;
use crate::orders::Desk;
use kite::{OrderRow, TickerEvent};
use mailbox::Mailbox;
use market::{InstrumentToken, Tick};
use refusals::Refusals;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

/// How long to wait before asking a dead line for a new session again, when nobody tells of one.
const SESSION_WAIT: Duration = Duration::from_secs(5);
/// How long to wait before a ticker that ended by itself is begun again.
const RESTART_WAIT: Duration = Duration::from_secs(1);
/// Order updates that may wait for the order path. What finds no room is read from the order book instead.
const ORDER_UPDATES_MAX: usize = 256;

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
    /// These of the listener's instruments do not fit into the feed and will not tick; none, once all of them do.
    LeftOut {
        /// Which ones, from now on.
        tokens: Vec<InstrumentToken>,
    },
}

/// One listener. Its subscriptions end when it is dropped.
pub struct Feed {
    place: Place,
    mailbox: Arc<Mailbox>,
}

/// Instruments whose newest price is kept without anybody hearing of each tick. Ends when it is dropped.
pub struct Watch {
    place: Place,
}

/// A place among those who want something of the ticker.
struct Place {
    hub: Arc<Hub>,
    number: u64,
}

/// The tenant's ticker and its listeners.
pub(crate) struct Hub {
    id: BrokerId,
    line: Arc<Line>,
    log: TenantLog,
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

/// Why a ticker's life ended.
enum End {
    /// Nobody listens any more, or a login brought another session.
    Needless,
    /// It ended by itself.
    Gone,
    /// The broker refuses this session the feed.
    Refused { status: u16 },
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Feed({} {})", self.place.hub.id, self.place.number)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watch({} {})", self.place.hub.id, self.place.number)
    }
}

impl Feed {
    /// Asks for these instruments as well, with full depth.
    pub fn subscribe(&self, tokens: &[InstrumentToken]) {
        self.place.edit(|wanted| wanted.extend(tokens));
    }

    /// Gives these instruments up.
    pub fn unsubscribe(&self, tokens: &[InstrumentToken]) {
        self.place.edit(|wanted| wanted.retain(|token| !tokens.contains(token)));
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
        self.mailbox.dropped()
    }
}

impl Watch {
    /// Keeps the newest price of exactly these instruments from now on.
    pub fn want(&self, tokens: impl IntoIterator<Item = InstrumentToken>) {
        self.place.edit(|wanted| *wanted = tokens.into_iter().collect());
    }
}

impl Place {
    /// The ticker hears of it only where something changed.
    fn edit(&self, change: impl FnOnce(&mut BTreeSet<InstrumentToken>)) {
        let mut listeners = self.hub.lock();
        let Some(listener) = listeners.get_mut(&self.number) else { return };
        let before = listener.tokens.clone();
        change(&mut listener.tokens);
        if listener.tokens != before {
            self.hub.changed.notify_one();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.hub.lock().remove(&self.number);
        self.hub.changed.notify_one();
    }
}

impl Hub {
    pub(crate) fn new(
        id: BrokerId,
        line: Arc<Line>,
        log: TenantLog,
        marks: Arc<Marks>,
        ticks_max: usize,
    ) -> Arc<Self> {
        let (listeners, changed) = (Mutex::default(), Notify::new());
        let next_number = AtomicU64::new(1);
        Arc::new(Self { id, line, log, marks, ticks_max, listeners, next_number, changed })
    }

    pub(crate) fn listen(self: &Arc<Self>) -> Feed {
        let mailbox = Arc::new(Mailbox::default());
        Feed { place: self.place(Some(Arc::clone(&mailbox))), mailbox }
    }

    pub(crate) fn watch(self: &Arc<Self>) -> Watch {
        Watch { place: self.place(None) }
    }

    /// Runs the ticker while anybody listens and there is a session, until the host stops. Order updates are written down
    /// beside it: however long that takes, the ticks go on.
    pub(crate) async fn run(self: Arc<Self>, desk: Arc<Desk>) {
        let (orders, heard) = mpsc::channel(ORDER_UPDATES_MAX);
        tokio::join!(self.keep(&desk, orders), self.write_down(&desk, heard));
    }

    /// A login brought a new session: the ticker must use it.
    pub(crate) fn renew(&self) {
        self.changed.notify_one();
    }

    async fn write_down(&self, desk: &Arc<Desk>, mut heard: mpsc::Receiver<Box<OrderRow>>) {
        while let Some(row) = heard.recv().await {
            if let Err(error) = desk.heard_order(&row).await {
                tracing::error!(broker_id = %self.id, "order update not written: {error:#}");
                desk.read_order_book();
            }
        }
    }

    async fn keep(&self, desk: &Arc<Desk>, orders: mpsc::Sender<Box<OrderRow>>) {
        let mut refusals = Refusals::new(self.id.as_str());
        loop {
            let session = self.line.session().filter(|_| !self.union().is_empty());
            let Some(session) = session else {
                let _ = tokio::time::timeout(SESSION_WAIT, self.changed.notified()).await;
                continue;
            };
            match self.follow(&session, desk, &orders, &mut refusals).await {
                End::Needless => {}
                End::Gone => tokio::time::sleep(RESTART_WAIT).await,
                End::Refused { status } => {
                    let (wait, told) = refusals.another(status);
                    if let Some(reason) = told {
                        desk.read_order_book();
                        self.log.write(Level::Error, None, &reason);
                        self.each(|mailbox| mailbox.lost(&reason));
                    }
                    if self.outlives(&session, wait).await {
                        refusals.forget();
                    }
                }
            }
        }
    }

    /// Waits, but no longer than the session lives. True when another took its place.
    async fn outlives(&self, session: &LineSession, wait: Duration) -> bool {
        let until = Instant::now() + wait;
        loop {
            if self.is_replaced(session) {
                return true;
            }
            if tokio::time::timeout_at(until, self.changed.notified()).await.is_err() {
                return false;
            }
        }
    }

    fn is_replaced(&self, session: &LineSession) -> bool {
        self.line.session().is_some_and(|newest| !newest.is_same(session))
    }

    /// One ticker's life.
    async fn follow(
        &self,
        session: &LineSession,
        desk: &Arc<Desk>,
        orders: &mpsc::Sender<Box<OrderRow>>,
        refusals: &mut Refusals,
    ) -> End {
        let (ticker, mut events) = session.kite.ticker();
        loop {
            let union = self.union();
            if union.is_empty() || self.is_replaced(session) {
                return End::Needless;
            }
            self.tell_left_out(&union, ticker.want(&union, kite::Mode::Full));
            loop {
                let event = tokio::select! {
                    () = self.changed.notified() => break,
                    event = events.recv() => event,
                };
                match event {
                    None => return End::Gone,
                    Some(TickerEvent::Refused { status }) => return End::Refused { status },
                    Some(TickerEvent::Connected) => {
                        refusals.forget();
                        desk.read_order_book();
                        self.each(Mailbox::back);
                    }
                    Some(event) => self.hear(event, desk, orders),
                }
            }
        }
    }

    fn hear(&self, event: TickerEvent, desk: &Arc<Desk>, orders: &mpsc::Sender<Box<OrderRow>>) {
        match event {
            TickerEvent::Ticks(ticks) => {
                self.marks.note(&ticks);
                self.deal(&ticks);
            }
            TickerEvent::Order(row) => {
                if orders.try_send(row).is_err() {
                    desk.read_order_book();
                }
            }
            TickerEvent::OrderUnreadable(row) => {
                let number = row.order_id.as_deref().unwrap_or("without a number");
                let text = format!(
                    "an update of order {number} cannot be read ({}): reading the order book",
                    row.reason
                );
                self.log.write(Level::Warn, None, &text);
                desk.read_order_book();
            }
            TickerEvent::Message(text) => {
                self.log.write(Level::Info, None, &format!("the broker says: {text}"))
            }
            TickerEvent::Missed(gap) => {
                let (seconds, count) = (gap.until.micros_since(gap.since) / 1_000_000, gap.instruments);
                let text = format!(
                    "the live feed of {count} instruments is back after {seconds} s without a word from it"
                );
                self.log.write(Level::Warn, None, &text);
            }
            TickerEvent::Lost { reason } => self.each(|mailbox| mailbox.lost(&reason)),
            // Both were taken by whoever holds the ticker.
            TickerEvent::Connected | TickerEvent::Refused { .. } => {}
        }
    }

    /// Who wants something that has no place must know: a strategy without ticks trades blind.
    fn tell_left_out(&self, union: &BTreeSet<InstrumentToken>, left_out: Vec<InstrumentToken>) {
        let mut news = false;
        for listener in self.lock().values() {
            let theirs = left_out.iter().filter(|token| listener.tokens.contains(token)).copied().collect();
            news |= listener.mailbox.as_ref().is_some_and(|mailbox| mailbox.left_out(theirs));
        }
        if news && !left_out.is_empty() {
            let (out, all) = (left_out.len(), union.len());
            let text = format!(
                "{out} of {all} instruments get no ticks: one feed carries {} at most. Stop a run, or let strategies name fewer",
                kite::MAX_INSTRUMENTS
            );
            self.log.write(Level::Error, None, &text);
        }
    }

    fn place(self: &Arc<Self>, mailbox: Option<Arc<Mailbox>>) -> Place {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(number, Listener { tokens: BTreeSet::new(), mailbox });
        Place { hub: Arc::clone(self), number }
    }

    fn union(&self) -> BTreeSet<InstrumentToken> {
        self.lock().values().flat_map(|listener| listener.tokens.iter().copied()).collect()
    }

    fn deal(&self, ticks: &[Tick]) {
        for listener in self.lock().values() {
            let Some(mailbox) = &listener.mailbox else { continue };
            mailbox.put(ticks.iter().filter(|tick| listener.tokens.contains(&tick.token)), self.ticks_max);
        }
    }

    fn each(&self, tell: impl Fn(&Mailbox)) {
        self.lock().values().filter_map(|listener| listener.mailbox.as_deref()).for_each(tell);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Listener>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
