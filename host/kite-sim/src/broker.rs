//! The one shared state behind every route: exchange, clock, sessions, counters, faults, ticker hub.
//!
//! Each part has a lock of its own, held briefly and never across an await. What the exchange reports goes out
//! to the tickers, and what changed in it to the journal, under the exchange's lock: in the order it happened.

use crate::clock::{self, Clock};
use crate::config::{SimAccount, SimConfig, StartError};
use crate::consents::Consents;
use crate::faults::Faults;
use crate::journal::{Journal, Market};
use crate::limits::{CallKind, Limits};
use crate::postback::{Outbox, Post};
use crate::received::ReceivedLog;
use crate::reply::Refusal;
use crate::sessions::Sessions;
use crate::ticker::Hub;
use crate::turns::{Turns, lock};
use crate::view;
use exchange::{AccountSetup, Event, Exchange, HoldingSetup, Order, Setup};
use market::{Calendar, InstrumentToken, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// How far the exchange moves in one turn, in microseconds of its own time: some hundred ticks.
const STEP_MICROS: i64 = 1_000_000;

/// The number of the first account's app in postbacks; the others follow.
const FIRST_APP_ID: u32 = 1_001;

/// A cheap handle on the simulator's state.
#[derive(Clone, Debug)]
pub(crate) struct Broker(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    accounts: Vec<SimAccount>,
    rate_limits: bool,
    clock: Mutex<Clock>,
    books: Turns<Books>,
    sessions: Mutex<Sessions>,
    limits: Mutex<Limits>,
    faults: Mutex<Faults>,
    received: Mutex<ReceivedLog>,
    consents: Mutex<Consents>,
    hub: Hub,
    outbox: Outbox,
}

/// The exchange, and where it is written down.
#[derive(Debug)]
struct Books {
    exchange: Exchange,
    journal: Option<Journal>,
}

impl Broker {
    pub(crate) fn new(config: &SimConfig, outbox: Outbox) -> Result<Self, StartError> {
        let mut clock = Clock::start(config.clock)?;
        let books = Books::open(config, &mut clock)?;
        let broker = Self(Arc::new(Inner {
            accounts: config.accounts.clone(),
            rate_limits: config.rate_limits,
            clock: Mutex::new(clock),
            books: Turns::new(books),
            sessions: Mutex::new(Sessions::new(config.accounts.clone(), entropy(config.seed))),
            limits: Mutex::new(Limits::default()),
            faults: Mutex::new(Faults::default()),
            received: Mutex::new(ReceivedLog::default()),
            consents: Mutex::new(Consents::default()),
            hub: Hub::default(),
            outbox,
        }));
        broker.exchange(|exchange| {
            for account in broker.accounts() {
                exchange.set_standing_consent(&account.user_id, account.demat_consent);
            }
            broker.0.hub.publish_all(exchange);
        });
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

    pub(crate) fn consents<T>(&self, work: impl FnOnce(&mut Consents) -> T) -> T {
        work(&mut lock(&self.0.consents))
    }

    /// Works on the exchange, then publishes and writes down what that made of it.
    pub(crate) fn exchange<T>(&self, work: impl FnOnce(&mut Exchange) -> T) -> T {
        self.0.books.take(|books| {
            let answer = work(&mut books.exchange);
            let events = books.exchange.take_events();
            books.write_down();
            self.publish(&books.exchange, &events);
            answer
        })
    }

    /// Moves the exchange to the clock's time, a step at a time so that callers get in between.
    pub(crate) fn advance(&self) {
        let target = self.now();
        let mut there = false;
        while !there {
            there = self.0.books.take(|books| {
                let to = target.min(books.exchange.now().plus_micros(STEP_MICROS));
                let events = books.exchange.advance(to);
                books.write_down();
                self.publish(&books.exchange, &events);
                to >= target
            });
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

    /// Apps have one trader each here, so the trader's app is the one that placed the order.
    fn post_back(&self, user: &str, order: &Order) {
        let of_user = |(_, account): &(usize, &SimAccount)| account.user_id == user;
        let Some((index, account)) = self.0.accounts.iter().enumerate().find(of_user) else { return };
        let Some(url) = account.postback_url.clone() else { return };
        let app_id = FIRST_APP_ID + u32::try_from(index).unwrap_or(0);
        if let Some(body) = view::order::postback(order, app_id, &account.api_secret) {
            self.0.outbox.add(Post { url, body });
        }
    }

    fn publish(&self, exchange: &Exchange, events: &[Event]) {
        let mut moved = BTreeSet::<InstrumentToken>::new();
        for event in events {
            match event {
                Event::Tick(tick) => {
                    moved.insert(tick.token);
                }
                Event::Order { user, order } => {
                    self.0.hub.push_order(user, &view::order::update_text(order));
                    self.post_back(user, order);
                }
                Event::Trade { .. } => {}
            }
        }
        self.0.hub.publish(exchange, moved);
    }
}

impl Books {
    /// A new exchange, or the one that the journal knows, moved on to the clock's time.
    fn open(config: &SimConfig, clock: &mut Clock) -> Result<Self, StartError> {
        let calendar = if config.always_open { Calendar::always_open() } else { Calendar::nse([]) };
        let accounts = config.accounts.iter().map(account_setup).collect();
        let setup = Setup { seed: config.seed, now: clock.now(), calendar, accounts };
        let Some(folder) = &config.data_dir else {
            let exchange = Exchange::new(setup);
            check_holdings(&exchange, config)?;
            return Ok(Self { exchange, journal: None });
        };
        let market = Market { seed: config.seed, always_open: config.always_open };
        let (mut journal, state) = Journal::open(folder, market)?;
        let mut exchange = match state {
            None => Exchange::new(setup),
            Some(state) => {
                if clock.go_on_from(state.now) {
                    let then = state.now.ist_text();
                    tracing::warn!(
                        "the simulator's books were left at {then}, which is yet to come: its clock begins there"
                    );
                }
                let mut exchange = Exchange::restore(setup, state);
                // What a ticker would have told nobody was there to hear.
                exchange.jump(clock.now());
                exchange
            }
        };
        check_holdings(&exchange, config)?;
        journal.begin(&exchange.take_state())?;
        Ok(Self { exchange, journal: Some(journal) })
    }

    /// Hands what changed to the journal. A simulator that cannot write goes on, and says so.
    fn write_down(&mut self) {
        let Some(journal) = &mut self.journal else { return };
        let Some(mut changes) = self.exchange.take_changes() else { return };
        if journal.wants_whole() {
            changes = self.exchange.take_state();
        }
        if let Err(error) = journal.write(&changes) {
            tracing::error!(
                "the simulator's journal cannot be written, so its books will not outlive it: {error:#}"
            );
        }
    }
}

/// The exchange leaves out what it does not list; a typing error should not cost a holding.
fn check_holdings(exchange: &Exchange, config: &SimConfig) -> Result<(), StartError> {
    let mut held = config.accounts.iter().flat_map(|account| &account.holdings);
    match held.find(|holding| exchange.find(&holding.symbol).is_none()) {
        None => Ok(()),
        Some(HoldingSetup { symbol, .. }) => {
            Err(StartError::Accounts(format!("{symbol} is held and not listed: see GET /sim/instruments")))
        }
    }
}

/// The machine's clock, in milliseconds since the epoch.
pub(crate) fn wall_ms() -> u64 {
    u64::try_from(clock::wall().micros() / 1_000).unwrap_or(0)
}

fn account_setup(account: &SimAccount) -> AccountSetup {
    AccountSetup {
        user_id: account.user_id.clone(),
        user_name: account.user_name.clone(),
        cash: account.cash,
        holdings: account.holdings.clone(),
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
