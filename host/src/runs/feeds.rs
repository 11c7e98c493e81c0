//! One task a tenant that spreads the tenant's ticks over the shards where its runs live.
//!
//! Where a shard lags, an instrument's newest tick takes the place of the older one. Knows feeds and shards, no run.

use super::shard::{Command, ShardHandle, TICK_BATCHES_MAX, Ticks};
use super::told::{Ask, Slot};
use market::{InstrumentToken, Tick};
use sandbox::{Event, NoticeKind};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tenant::{Clock, Feed, FeedEvent, Tenant};
use tokio::sync::mpsc;

/// How soon ticks that a shard had no room for are offered again.
const HELD_RETRY: Duration = Duration::from_millis(5);

/// The feeds of every tenant that has a run.
pub(super) struct Feeds {
    shards: Arc<[ShardHandle]>,
    clock: Clock,
    numbers: AtomicU64,
    by_tenant: Mutex<HashMap<String, Weak<TenantFeed>>>,
}

/// One tenant's feed, for as long as somebody hears it.
pub(super) struct TenantFeed {
    number: u64,
    feed: Feed,
    shards: Arc<[ShardHandle]>,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    outlets: Vec<Option<mpsc::Sender<Ticks>>>,
    listeners: HashMap<Slot, usize>,
    wanted: HashMap<InstrumentToken, usize>,
}

/// A run's place in its tenant's feed; given up when dropped.
pub(super) struct Seat {
    feed: Arc<TenantFeed>,
    slot: Slot,
    tokens: Vec<InstrumentToken>,
}

impl Feeds {
    pub(super) fn new(shards: Arc<[ShardHandle]>, clock: Clock) -> Self {
        Self { shards, clock, numbers: AtomicU64::new(1), by_tenant: Mutex::default() }
    }

    /// The tenant's feed; begins with its first run.
    pub(super) fn of(&self, tenant: &Tenant) -> Arc<TenantFeed> {
        let mut by_tenant = self.by_tenant.lock().unwrap_or_else(PoisonError::into_inner);
        let name = tenant.broker_id().to_string();
        if let Some(feed) = by_tenant.get(&name).and_then(Weak::upgrade) {
            return feed;
        }
        by_tenant.retain(|_, feed| feed.strong_count() > 0);
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let heard = Heard { outlets: vec![None; self.shards.len()], ..Heard::default() };
        let shards = Arc::clone(&self.shards);
        let feed = Arc::new(TenantFeed { number, feed: tenant.feed(), shards, heard: Mutex::new(heard) });
        by_tenant.insert(name, Arc::downgrade(&feed));
        tokio::spawn(spread(Arc::downgrade(&feed), self.clock.clone()));
        feed
    }
}

impl TenantFeed {
    /// The number by which shards know it.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Gives a run on a shard its place. To be called before the run moves in.
    pub(super) async fn seat(
        self: &Arc<Self>,
        slot: Slot,
        shard: usize,
        tokens: Vec<InstrumentToken>,
    ) -> Seat {
        let opened = {
            let mut heard = self.heard();
            for &token in &tokens {
                *heard.wanted.entry(token).or_default() += 1;
            }
            heard.listeners.insert(slot, shard);
            heard.outlets[shard].is_none().then(|| {
                let (outlet, ticks) = mpsc::channel(TICK_BATCHES_MAX);
                heard.outlets[shard] = Some(outlet);
                ticks
            })
        };
        if let Some(ticks) = opened {
            self.shards[shard].tell(Command::Feed { feed: self.number, ticks }).await;
        }
        self.feed.subscribe(&tokens);
        Seat { feed: Arc::clone(self), slot, tokens }
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Offers ticks to every shard; what a full shard does not take is held, newest per instrument.
    fn offer(&self, ticks: &[Tick], held: &mut HashMap<usize, HashMap<InstrumentToken, Tick>>) {
        let heard = self.heard();
        let batch: Ticks = ticks.into();
        for (shard, outlet) in heard.outlets.iter().enumerate() {
            let Some(outlet) = outlet else { continue };
            let late = held.remove(&shard).map(|late| {
                let mut late: Vec<Tick> = late.into_values().collect();
                late.sort_by_key(|tick| tick.time);
                Ticks::from(late)
            });
            for batch in late.into_iter().chain((!batch.is_empty()).then(|| Arc::clone(&batch))) {
                if let Err(mpsc::error::TrySendError::Full(batch)) = outlet.try_send(batch) {
                    let waiting = held.entry(shard).or_default();
                    waiting.extend(batch.iter().map(|tick| (tick.token, *tick)));
                }
            }
            self.shards[shard].wake();
        }
    }

    async fn notice(&self, event: &Event) {
        let listeners: Vec<_> = self.heard().listeners.iter().map(|(slot, shard)| (*slot, *shard)).collect();
        for (slot, shard) in listeners {
            self.shards[shard].tell(Command::Ask(slot, Ask::Deliver(event.clone()))).await;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut heard = self.feed.heard();
        heard.listeners.remove(&self.slot);
        let mut given_up = Vec::new();
        for token in &self.tokens {
            if let Some(count) = heard.wanted.get_mut(token) {
                *count -= 1;
                if *count == 0 {
                    heard.wanted.remove(token);
                    given_up.push(*token);
                }
            }
        }
        drop(heard);
        self.feed.feed.unsubscribe(&given_up);
    }
}

/// Ends when the last run has left. A held feed would keep the task alive, so it is taken up anew for each event.
async fn spread(feed: Weak<TenantFeed>, clock: Clock) {
    let mut held = HashMap::new();
    loop {
        let Some(feed) = feed.upgrade() else { return };
        let wait = if held.is_empty() { Duration::from_secs(1) } else { HELD_RETRY };
        match tokio::time::timeout(wait, feed.feed.next()).await {
            Ok(FeedEvent::Ticks(ticks)) => feed.offer(&ticks, &mut held),
            Ok(FeedEvent::Lost { reason }) => {
                let now = clock.now();
                feed.notice(&Event::Notice { kind: NoticeKind::FeedLost, now, text: reason }).await;
            }
            Ok(FeedEvent::Back) => {
                let (now, text) = (clock.now(), "the feed is back".to_owned());
                feed.notice(&Event::Notice { kind: NoticeKind::FeedBack, now, text }).await;
            }
            Ok(FeedEvent::LeftOut { tokens }) => {
                let now = clock.now();
                let (kind, text) = match tokens.len() {
                    0 => (NoticeKind::FeedBack, "all instruments tick again".to_owned()),
                    more => (
                        NoticeKind::FeedLost,
                        format!("{more} instruments do not fit into the feed and do not tick"),
                    ),
                };
                feed.notice(&Event::Notice { kind, now, text }).await;
            }
            Err(_) => feed.offer(&[], &mut held),
        }
    }
}
