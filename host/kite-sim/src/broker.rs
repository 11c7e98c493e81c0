//! The one shared state behind every route: exchange, clock, sessions, counters, faults, ticker hub.
//!
//! Each part has a lock of its own, held briefly and never across an await. What the exchange reports goes out
//! to the tickers, and what changed in it to the journal, under the exchange's lock: in the order it happened.

use crate::clock::{self, Clock};
use crate::config::{SimAccount, SimConfig, StartError};
use crate::consents::Consents;
use crate::faults::{Faults, Plan};
use crate::journal::{Journal, Market};
use crate::limits::{CallKind, Limits};
use crate::postback::{Outbox, Post};
use crate::received::ReceivedLog;
use crate::reply::Refusal;
use crate::sessions::Sessions;
use crate::ticker::Hub;
use crate::turns::{Turns, lock};
use crate::veil::Veil;
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
    veil: Mutex<Veil>,
    hub: Hub,
    outbox: Outbox,
}

/// The exchange, and where it is written down.
#[derive(Debug)]
struct Books {
    exchange: Exchange,
    journal: Option<Journal>,
    /// What has moved since a board was last published.
    moved: BTreeSet<InstrumentToken>,
}

impl Broker {
    pub(crate) fn new(config: &SimConfig, outbox: Outbox) -> Result<Self, StartError> {
        let mut clock = Clock::start(config.clock)?;
        let books = Books::open(config, &mut clock)?;
        let entropy = entropy(config.seed, &clock);
        let broker = Self(Arc::new(Inner {
            accounts: config.accounts.clone(),
            rate_limits: config.rate_limits,
            clock: Mutex::new(clock),
            books: Turns::new(books),
            sessions: Mutex::new(Sessions::new(config.accounts.clone(), entropy)),
            limits: Mutex::new(Limits::default()),
            faults: Mutex::new(Faults::default()),
            received: Mutex::new(ReceivedLog::default()),
            consents: Mutex::new(Consents::default()),
            veil: Mutex::new(Veil::default()),
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

    /// What an app may do: as it was put on the control API, or as its account says.
    pub(crate) fn plan(&self, api_key: &str) -> Plan {
        let of_account = || self.0.accounts.iter().find(|account| account.api_key == api_key);
        let put = self.faults(|faults| faults.plan(api_key));
        put.or_else(|| of_account().map(|account| account.plan)).unwrap_or_default()
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

    /// What lies over the books while a fault is in force. Never held while the exchange is asked.
    pub(crate) fn veil<T>(&self, work: impl FnOnce(&mut Veil) -> T) -> T {
        work(&mut lock(&self.0.veil))
    }

    /// Where postbacks wait.
    pub(crate) fn outbox(&self) -> &Outbox {
        &self.0.outbox
    }

    /// Works on the exchange, then publishes and writes down what that made of it.
    pub(crate) fn exchange<T>(&self, work: impl FnOnce(&mut Exchange) -> T) -> T {
        self.0.books.take(|books| {
            let answer = work(&mut books.exchange);
            let events = books.exchange.take_events();
            books.write_down();
            self.tell(books, &events);
            self.publish(books);
            answer
        })
    }

    /// Moves the exchange to the clock's time, a step at a time so that callers get in between.
    ///
    /// Who moves a standing clock by hand gets one board for each move, however busy the machine is: the same moves then
    /// give the same frames.
    pub(crate) fn advance(&self) {
        let (target, stands) = self.clock(|clock| (clock.now(), clock.speed() == 0.0));
        let mut there = false;
        while !there {
            there = self.0.books.take(|books| {
                let to = target.min(books.exchange.now().plus_micros(STEP_MICROS));
                let events = books.exchange.advance(to);
                books.write_down();
                self.tell(books, &events);
                if !stands || books.exchange.now() >= self.now() {
                    self.publish(books);
                }
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
        let app = self.0.accounts.iter().position(|other| other.api_key == account.api_key).unwrap_or(index);
        let app_id = FIRST_APP_ID + u32::try_from(app).unwrap_or(0);
        if let Some(body) = view::order::postback(order, app_id, &account.api_secret) {
            self.0.outbox.add(&self.0.accounts[index].api_key, Post { url, body });
        }
    }

    /// Tells of orders, and notes what moved.
    fn tell(&self, books: &mut Books, events: &[Event]) {
        for event in events {
            match event {
                Event::Tick(tick) => {
                    books.moved.insert(tick.token);
                }
                Event::Order { user, order } => {
                    self.0.hub.push_order(user, &view::order::update_text(order));
                    self.post_back(user, order);
                }
                Event::Trade { .. } => {}
            }
        }
    }

    /// Shows the tickers what has moved.
    fn publish(&self, books: &mut Books) {
        let exchange = &books.exchange;
        self.0.hub.publish(exchange, std::mem::take(&mut books.moved));
        self.veil(|veil| veil.record(exchange.now(), |user, list| view::book(exchange, user, list)));
    }
}

impl Books {
    /// A new exchange, or the one that the journal knows, moved on to the clock's time.
    fn open(config: &SimConfig, clock: &mut Clock) -> Result<Self, StartError> {
        let calendar = if config.always_open {
            Calendar::always_open()
        } else {
            config.calendar.clone().unwrap_or_else(|| Calendar::nse([]))
        };
        let accounts = config.accounts.iter().map(account_setup).collect();
        // A virtual clock that runs has moved a little by now; the market begins where it was told to.
        let now = clock.start_of_virtual().unwrap_or_else(|| clock.now());
        let setup = Setup { seed: config.seed, now, calendar, accounts };
        let Some(folder) = &config.data_dir else {
            let exchange = Exchange::new(setup);
            check_holdings(&exchange, config)?;
            return Ok(Self { exchange, journal: None, moved: BTreeSet::new() });
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
        Ok(Self { exchange, journal: Some(journal), moved: BTreeSet::new() })
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

/// What tokens are drawn from. A clock of the simulator's own makes them a function of the seed and of where it starts; by
/// the machine's clock they differ from start to start, so that no token outlives its simulator.
fn entropy(seed: u64, clock: &Clock) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    match clock.start_of_virtual() {
        Some(start) => hash.update(start.micros().to_le_bytes()),
        None => {
            hash.update(std::process::id().to_le_bytes());
            hash.update(clock::wall().micros().to_le_bytes());
            hash.update(std::ptr::from_ref(&hash).addr().to_le_bytes());
        }
    }
    hash.finalize().into()
}
