//! One task a tenant that spreads the tenant's ticks over the shards where its runs live.
//!
//! Where a shard lags, an instrument's newest tick takes the place of the older one. Knows feeds and shards, no run.

use super::shard::{Command, ShardHandle, TICK_BATCHES_MAX, Ticks};
use super::told::{Ask, Counters, Slot};
use market::{InstrumentToken, Tick};
use sandbox::{Event, NoticeKind};
use std::collections::{HashMap, HashSet};
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
    listeners: HashMap<Slot, Listener>,
    wanted: HashMap<InstrumentToken, usize>,
}

struct Listener {
    shard: usize,
    tokens: HashSet<InstrumentToken>,
    counters: Arc<Counters>,
}

/// Ticks that a shard had no room for, newest per instrument, by shard.
type Held = HashMap<usize, HashMap<InstrumentToken, Tick>>;

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
        counters: Arc<Counters>,
    ) -> Seat {
        let opened = {
            let mut heard = self.heard();
            for &token in &tokens {
                *heard.wanted.entry(token).or_default() += 1;
            }
            // Under the lock, so that a neighbour who leaves takes nothing away that is wanted here.
            self.feed.subscribe(&tokens);
            let listener = Listener { shard, tokens: tokens.iter().copied().collect(), counters };
            heard.listeners.insert(slot, listener);
            heard.outlets[shard].is_none().then(|| {
                let (outlet, ticks) = mpsc::channel(TICK_BATCHES_MAX);
                heard.outlets[shard] = Some(outlet);
                ticks
            })
        };
        if let Some(ticks) = opened {
            self.shards[shard].tell(Command::Feed { feed: self.number, ticks }).await;
        }
        Seat { feed: Arc::clone(self), slot, tokens }
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Offers ticks to every shard. What a full shard does not take is held, newest per instrument, and so is all that
    /// comes after it: nothing overtakes.
    fn offer(&self, ticks: &[Tick], held: &mut Held) {
        let heard = self.heard();
        let batch: Ticks = ticks.into();
        for (shard, outlet) in heard.outlets.iter().enumerate() {
            let Some(outlet) = outlet else { continue };
            if let Some(waiting) = held.get_mut(&shard) {
                heard.hold(shard, &batch, waiting);
                let mut late: Vec<Tick> = waiting.values().copied().collect();
                late.sort_by_key(|tick| tick.time);
                if !is_full(outlet, late.into()) {
                    held.remove(&shard);
                }
            } else if !batch.is_empty() && is_full(outlet, Arc::clone(&batch)) {
                heard.hold(shard, &batch, held.entry(shard).or_default());
            }
            self.shards[shard].wake();
        }
    }

    async fn notice(&self, event: &Event) {
        let listeners: Vec<_> =
            self.heard().listeners.iter().map(|(slot, listener)| (*slot, listener.shard)).collect();
        for (slot, shard) in listeners {
            self.shards[shard].tell(Command::Ask(slot, Ask::Deliver(event.clone()))).await;
        }
    }
}

impl Heard {
    /// Keeps the newest of each instrument; what gives way is counted for every run that would have heard it.
    fn hold(&self, shard: usize, ticks: &[Tick], waiting: &mut HashMap<InstrumentToken, Tick>) {
        for tick in ticks {
            if waiting.insert(tick.token, *tick).is_none() {
                continue;
            }
            let listeners = self.listeners.values().filter(|listener| listener.shard == shard);
            let deaf = listeners.filter(|listener| listener.tokens.contains(&tick.token));
            deaf.for_each(|listener| listener.counters.dropped(1));
        }
    }
}

/// True when there was no room. A shard that has ended takes everything.
fn is_full(outlet: &mpsc::Sender<Ticks>, batch: Ticks) -> bool {
    matches!(outlet.try_send(batch), Err(mpsc::error::TrySendError::Full(_)))
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
        // Under the lock: between the count and this nobody may ask for the same instrument anew.
        self.feed.feed.unsubscribe(&given_up);
    }
}

/// Ends when the last run has left. A held feed would keep the task alive, so it is taken up anew for each event.
async fn spread(feed: Weak<TenantFeed>, clock: Clock) {
    let mut held = Held::new();
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

#[cfg(test)]
mod tests {
    use super::*;
    use market::{Price, Timestamp};

    fn tick(token: u32, second: i64) -> Tick {
        Tick::at(token, Timestamp::from_seconds(second), Price::from_rupees(second))
    }

    fn listener(shard: usize, tokens: &[u32]) -> (Listener, Arc<Counters>) {
        let counters = Arc::new(Counters::default());
        let tokens = tokens.iter().copied().collect();
        (Listener { shard, tokens, counters: Arc::clone(&counters) }, counters)
    }

    #[test]
    fn what_gives_way_before_a_full_shard_is_counted_for_those_who_miss_it() {
        let (here, missed_here) = listener(0, &[1, 2]);
        let (deaf, missed_deaf) = listener(0, &[3]);
        let (elsewhere, missed_elsewhere) = listener(1, &[1]);
        let listeners = HashMap::from([(1, here), (2, deaf), (3, elsewhere)]);
        let heard = Heard { listeners, ..Heard::default() };
        let mut waiting = HashMap::new();
        heard.hold(0, &[tick(1, 1), tick(2, 1)], &mut waiting);
        heard.hold(0, &[tick(1, 2), tick(1, 3)], &mut waiting);
        assert_eq!((waiting[&1].time.seconds(), waiting[&2].time.seconds()), (3, 1));
        let missed = [missed_here, missed_deaf, missed_elsewhere].map(|counters| counters.dropped_ticks());
        assert_eq!(missed, [2, 0, 0]);
    }
}
