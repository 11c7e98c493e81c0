//! The rules of the order path, one a test: what happened, what was written, what left.

mod booked;
mod changed;
mod found;
mod paper;
mod sent;
mod settled;
mod stopped;

use super::{Core, Opened};
use crate::answer::{Answer, Why};
use crate::book::{BookOrder, Listing, Reading};
use crate::effect::{Effect, PlaceCall};
use crate::event::{AskedFor, Event, Exit, Intents, RunRef};
use crate::facts::{Facts, LineFacts, Listed, Now, StoreHealth};
use crate::line::BrokerState;
use crate::loaded::Loaded;
use crate::mode::Mode;
use crate::record::{OrderRecord, RefusalCode};
use crate::settings::Settings;
use crate::stored::StoredOrder;
use crate::tag::Prefix;
use crate::write::Write;
use market::{
    Instrument, InstrumentKind, Intent, OrderKind, OrderRequest, OrderState, Price, Side, Symbol, Timestamp,
    Venue,
};
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

const NOON: Timestamp = Timestamp::from_seconds(1_795_415_400);

/// A world that is calm unless a test says otherwise.
struct Calm {
    instrument: Instrument,
    price: Option<Price>,
    line: LineFacts,
    store: StoreHealth,
    /// When the market is open, in hours of the day.
    hours: Range<i64>,
}

impl Facts for Calm {
    fn price(&self, _: &Symbol) -> Option<Price> {
        self.price
    }

    fn listed(&self, symbol: &Symbol) -> Listed<'_> {
        if *symbol == self.instrument.symbol { Listed::Here(&self.instrument) } else { Listed::Missing }
    }

    fn is_open(&self, _: Venue, at: Timestamp) -> bool {
        self.hours.contains(&(at.micros_of_day() / 3_600_000_000))
    }

    fn line(&self) -> LineFacts {
        self.line.clone()
    }

    fn store(&self) -> StoreHealth {
        self.store
    }
}

/// A core, its world and its two clocks; every step is kept unless a test says otherwise.
struct Bench {
    core: Core,
    world: Calm,
    now: Now,
    tags: u8,
    writes: Vec<Write>,
}

impl Bench {
    /// With a session that nothing was compared under yet.
    fn fresh(loaded: Loaded) -> Self {
        let now = Now { wall: NOON, since_boot: Duration::ZERO };
        let Opened { core, writes, .. } = Core::open(settings(), loaded, now);
        let symbol: Symbol = "NSE:INFY".parse().unwrap();
        let instrument = Instrument {
            token: 1,
            symbol,
            name: "Infosys".into(),
            kind: InstrumentKind::Equity,
            tick_size: Price::from_paise(5),
            lot_size: 1,
            expiry: None,
            strike: Price::ZERO,
        };
        let line = LineFacts { state: BrokerState::Live, session: Some(1) };
        let world = Calm {
            instrument,
            price: Some(Price::from_rupees(100)),
            line,
            store: StoreHealth::Good,
            hours: 0..24,
        };
        Self { core, world, now, tags: 0, writes }
    }

    /// With the gate open.
    fn open() -> Self {
        Self::open_with(Loaded::default())
    }

    fn open_with(loaded: Loaded) -> Self {
        let mut bench = Self::fresh(loaded);
        bench.pass(Duration::from_secs(1));
        bench.read(vec![]);
        bench.pass(Duration::from_secs(1));
        bench
    }

    fn pass(&mut self, time: Duration) {
        self.now.since_boot += time;
        self.now.wall = self.now.wall.plus_micros(i64::try_from(time.as_micros()).unwrap());
    }

    fn feed(&mut self, event: Event) -> Vec<Effect> {
        let step = self.core.step(self.now, &self.world, event);
        self.writes = step.writes().to_vec();
        step.confirm()
    }

    /// The step could not be written.
    fn lose(&mut self, event: Event) {
        self.core.step(self.now, &self.world, event).discard();
    }

    fn ask(&mut self, intents: Vec<Intent>) -> Vec<Effect> {
        let event = Event::Intents(self.intents(intents));
        self.feed(event)
    }

    fn intents(&mut self, intents: Vec<Intent>) -> Intents {
        let asked = intents.into_iter().map(|intent| AskedFor::of(intent, || self.tag())).collect();
        Intents { run: run(Mode::Live), asked, prices: BTreeMap::new() }
    }

    fn tag(&mut self) -> String {
        self.tags += 1;
        settings().prefix.tag([self.tags; 17])
    }

    /// A whole reading that began now, under the session in use.
    fn reading(&self, orders: Vec<BookOrder>) -> Reading {
        Reading {
            began: self.now,
            session: self.world.line.session.unwrap_or(0),
            orders: Listing::whole(orders),
            trades: Listing::whole(vec![]),
            positions: None,
        }
    }

    /// The same, come back a millisecond later.
    fn read(&mut self, orders: Vec<BookOrder>) -> Vec<Effect> {
        let reading = self.reading(orders);
        self.pass(Duration::from_millis(1));
        self.feed(Event::Reading(Box::new(reading)))
    }

    fn state(&self, id: i64) -> OrderState {
        self.core.order(id).unwrap().record.state
    }

    fn record(&self, id: i64) -> OrderRecord {
        self.core.order(id).unwrap().record.clone()
    }

    fn accepted(&mut self, id: i64, number: &str) -> Vec<Effect> {
        self.feed(Event::Placed { id, answer: Answer::Accepted { number: number.into() } })
    }

    /// Order 1, resting at the broker under `B1`.
    fn resting(&mut self) -> BookOrder {
        self.ask(vec![limit(1)]);
        self.accepted(1, "B1");
        self.pass(Duration::from_secs(1));
        let row = row(&self.record(1), "B1", OrderState::Open, 0);
        self.read(vec![row.clone()]);
        self.pass(Duration::from_secs(1));
        row
    }
}

fn settings() -> Settings {
    Settings { account: "UK9394".into(), prefix: Prefix::drawn([1, 2]), ..Settings::default() }
}

fn run(mode: Mode) -> RunRef {
    RunRef { id: "run".into(), strategy_id: "strategy".into(), mode }
}

fn buy(id: u64) -> Intent {
    Intent::Place { id, request: OrderRequest::market("NSE:INFY".parse().unwrap(), Side::Buy, 10) }
}

fn limit(id: u64) -> Intent {
    let market = OrderRequest::market("NSE:INFY".parse().unwrap(), Side::Buy, 10);
    Intent::Place {
        id,
        request: OrderRequest { kind: OrderKind::Limit, price: Price::from_rupees(99), ..market },
    }
}

fn exit(tag: String) -> Event {
    let request = OrderRequest::market("NSE:INFY".parse().unwrap(), Side::Sell, 10);
    Event::Exit(Exit { run: run(Mode::Live), run_order_id: 90, request, tag })
}

/// An order as the broker's book has it.
fn row(order: &OrderRecord, number: &str, state: OrderState, filled: u32) -> BookOrder {
    BookOrder {
        number: number.into(),
        account: Some("UK9394".into()),
        tags: vec![order.tag.clone()],
        symbol: Some(order.symbol.clone()),
        side: Some(order.side),
        state,
        status: state.as_str().to_uppercase(),
        is_word_known: true,
        message: String::new(),
        quantity: order.quantity,
        filled,
        average_price: Price::from_rupees(100),
        kind: Some(order.kind),
        price: order.price,
        trigger: order.trigger,
        is_modified: false,
        placed_at: Some(order.created_at),
        changed_at: None,
    }
}

/// An order whose send nobody heard the end of.
fn lost() -> Bench {
    let mut bench = Bench::open();
    bench.ask(vec![limit(1)]);
    bench.feed(Event::Placed { id: 1, answer: unknown() });
    bench
}

fn unknown() -> Answer {
    Answer::Unknown(Why { text: "no answer".into(), ..Why::default() })
}

fn places(effects: &[Effect]) -> Vec<&PlaceCall> {
    let place = |effect: &'_ Effect| matches!(effect, Effect::Place(_));
    effects
        .iter()
        .filter(|effect| place(effect))
        .map(|effect| match effect {
            Effect::Place(call) => call,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn cancels(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Cancel(_))).count()
}

fn said(effects: &[Effect], text: &str) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Say(said) if said.text.contains(text)))
}

/// The reasons of the orders that were refused.
fn refusals(effects: &[Effect]) -> Vec<RefusalCode> {
    let refused = effects.iter().filter_map(|effect| match effect {
        Effect::Tell(update) if update.order.state == OrderState::Refused => Some(update.order.refusal),
        _ => None,
    });
    refused.collect()
}

/// An order of the rows, as it stood when the host went down.
fn stored(id: i64, state: OrderState, change: impl FnOnce(OrderRecord) -> OrderRecord) -> StoredOrder {
    let tag = settings().prefix.tag([200 + u8::try_from(id).unwrap(); 17]);
    let record =
        OrderRecord { id, run_order_id: id.unsigned_abs(), tag, state, ..crate::paper::test_order(10) };
    let record = OrderRecord { date: NOON.date(), created_at: NOON, ..record };
    StoredOrder::new(change(record), -1, Some(NOON))
}
