//! The one shared state behind every route: exchange, clock, sessions, counters, faults, ticker hub.
//!
//! Each part has a lock of its own, held briefly and never across an await. What the exchange reports goes out
//! to the tickers under the exchange's lock, so that updates leave in the order they happened.

use crate::clock::{self, Clock};
use crate::config::{SimAccount, SimConfig, StartError};
use crate::faults::Faults;
use crate::limits::{CallKind, Limits};
use crate::received::ReceivedLog;
use crate::reply::Refusal;
use crate::sessions::Sessions;
use crate::ticker::Hub;
use crate::view;
use exchange::{AccountSetup, Event, Exchange, Setup};
use market::{Calendar, Timestamp};
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How far the exchange moves under one hold of its lock, in microseconds of its own time.
const STEP_MICROS: i64 = 60 * 1_000_000;

/// A cheap handle on the simulator's state.
#[derive(Clone, Debug)]
pub(crate) struct Broker(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    accounts: Vec<SimAccount>,
    rate_limits: bool,
    clock: Mutex<Clock>,
    exchange: Mutex<Exchange>,
    sessions: Mutex<Sessions>,
    limits: Mutex<Limits>,
    faults: Mutex<Faults>,
    received: Mutex<ReceivedLog>,
    hub: Hub,
}

impl Broker {
    pub(crate) fn new(config: &SimConfig) -> Result<Self, StartError> {
        config.check()?;
        let clock = Clock::start(config.clock)?;
        let calendar = if config.always_open { Calendar::always_open() } else { Calendar::nse([]) };
        let accounts = config.accounts.iter().map(account_setup).collect();
        let setup = Setup { seed: config.seed, now: clock.now(), calendar, accounts };
        let broker = Self(Arc::new(Inner {
            accounts: config.accounts.clone(),
            rate_limits: config.rate_limits,
            clock: Mutex::new(clock),
            exchange: Mutex::new(Exchange::new(setup)),
            sessions: Mutex::new(Sessions::new(config.accounts.clone(), entropy(config.seed))),
            limits: Mutex::new(Limits::default()),
            faults: Mutex::new(Faults::default()),
            received: Mutex::new(ReceivedLog::default()),
            hub: Hub::default(),
        }));
        broker.exchange(|exchange| broker.0.hub.publish_all(exchange));
        Ok(broker)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock(|clock| clock.now())
    }

    pub(crate) fn account(&self, user_id: &str) -> Option<&SimAccount> {
        self.0.accounts.iter().find(|account| account.user_id == user_id)
    }

    pub(crate) fn accounts(&self) -> &[SimAccount] {
        &self.0.accounts
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.0.hub
    }

    pub(crate) fn clock<T>(&self, work: impl FnOnce(&mut Clock) -> T) -> T {
        work(&mut lock(&self.0.clock))
    }

    pub(crate) fn sessions<T>(&self, work: impl FnOnce(&mut Sessions) -> T) -> T {
        work(&mut lock(&self.0.sessions))
    }

    pub(crate) fn faults<T>(&self, work: impl FnOnce(&mut Faults) -> T) -> T {
        work(&mut lock(&self.0.faults))
    }

    pub(crate) fn received<T>(&self, work: impl FnOnce(&mut ReceivedLog) -> T) -> T {
        work(&mut lock(&self.0.received))
    }

    /// Works on the exchange, then publishes what that made it report.
    pub(crate) fn exchange<T>(&self, work: impl FnOnce(&mut Exchange) -> T) -> T {
        let mut exchange = lock(&self.0.exchange);
        let answer = work(&mut exchange);
        let events = exchange.take_events();
        self.publish(&exchange, &events);
        answer
    }

    /// Moves the exchange to the clock's time, a step at a time so that callers get in between.
    pub(crate) fn advance(&self) {
        let target = self.now();
        loop {
            let mut exchange = lock(&self.0.exchange);
            let to = target.min(exchange.now().plus_micros(STEP_MICROS));
            let events = exchange.advance(to);
            self.publish(&exchange, &events);
            if to >= target {
                return;
            }
        }
    }

    /// Counts a call against Kite's limits, unless they are off.
    pub(crate) fn count(&self, kind: CallKind, api_key: &str, user_id: &str) -> Result<(), Refusal> {
        if !self.0.rate_limits {
            return Ok(());
        }
        let second = i64::try_from(wall_ms() / 1_000).unwrap_or(i64::MAX);
        let date = self.now().date();
        lock(&self.0.limits).count(kind, api_key, user_id, second, date)
    }

    fn publish(&self, exchange: &Exchange, events: &[Event]) {
        let mut moved = Vec::new();
        for event in events {
            match event {
                Event::Tick(tick) => moved.push(tick.token),
                Event::Order { user, order } => {
                    if order.status.is_settled() {
                        self.0.hub.push_order(user, &view::order::update_text(order));
                    }
                }
                Event::Trade { .. } => {}
            }
        }
        self.0.hub.publish(exchange, &moved);
    }
}

/// The machine's clock, in milliseconds since the epoch.
pub(crate) fn wall_ms() -> u64 {
    u64::try_from(clock::wall().micros() / 1_000).unwrap_or(0)
}

/// A panic under the lock would leave a whole value behind: every writer replaces, none tears.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn account_setup(account: &SimAccount) -> AccountSetup {
    AccountSetup {
        user_id: account.user_id.clone(),
        user_name: account.user_name.clone(),
        cash: account.cash,
        holdings: Vec::new(),
    }
}

/// Differs from start to start, so that no token outlives its simulator.
fn entropy(seed: u64) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(std::process::id().to_le_bytes());
    hash.update(clock::wall().micros().to_le_bytes());
    hash.update(std::ptr::from_ref(&hash).addr().to_le_bytes());
    hash.finalize().into()
}
