//! A strategy in its machine, for benchmarks that need real intents. Knows neither tenants nor the broker.

use market::{Intent, Price, RunOrderId, Tick, Timestamp};
use sandbox::{
    Engine, Event, GuestOrderStatus, Limits, Machine, OrderUpdate, OrderView, RefusalCode, Start, Trace,
};
use serde_json::{Map, json};
use std::collections::BTreeMap;
use tenant::Cause;

const SYMBOL: &str = "NSE:INFY";

/// A strategy that orders at every tick.
pub(crate) struct Guest {
    machine: Machine,
    token: u32,
    seq: u64,
    ordered: Option<RunOrderId>,
}

impl Guest {
    pub(crate) fn start(instrument: market::Instrument) -> Self {
        let engine = Engine::new(Limits { machines: 4, ..Limits::default() }).unwrap();
        let program = engine.compile_in_process(guests::SCALPER).unwrap();
        let given = Map::from_iter([("every".to_owned(), json!(1))]);
        let token = instrument.token;
        let start = Start {
            params: program.manifest().bind(given).unwrap(),
            instruments: vec![instrument],
            now: at(0),
            session: None,
            cash: market::Money::from_rupees(1_000_000),
            positions: Vec::new(),
            orders: Vec::new(),
            next_order_id: 1,
            state: BTreeMap::new(),
            warm_up: Vec::new(),
            seed: 1,
            today_realised: market::Money::ZERO,
        };
        let (machine, _) = program.start(start).unwrap();
        Self { machine, token, seq: 0, ordered: None }
    }

    /// A tick, after the last order is told to be complete: what the machine knows stays of one size. The same one until it
    /// is taken.
    pub(crate) fn next_tick(&mut self) -> (Tick, u64) {
        if let Some(id) = self.ordered.take() {
            self.machine.deliver(complete(id, at(self.seq))).unwrap();
        }
        let seq = self.seq + 1;
        (Tick { token: self.token, ..tick(seq) }, seq)
    }

    pub(crate) fn take(&mut self, tick: &Tick, seq: u64) -> (Cause, Vec<Intent>) {
        let given = Tick { token: self.token, ..*tick };
        self.seq = seq;
        let (_, step) = self.machine.ticks(std::slice::from_ref(&given)).unwrap();
        let intents = step.traces.into_iter().filter_map(|trace| match trace {
            Trace::Intent(intent) => Some(intent),
            _ => None,
        });
        let intents: Vec<_> = intents.collect();
        self.ordered = intents.first().map(|intent| match intent {
            Intent::Place { id, .. } | Intent::Modify { id, .. } | Intent::Cancel { id } => *id,
        });
        let journal = format!("{{\"seq\":{seq},\"tick\":{:?}}}\n", given.last_price).into_bytes();
        (Cause { first_seq: seq, event_seq: seq, time: given.time, begins: false, journal }, intents)
    }
}

fn at(seq: u64) -> Timestamp {
    Timestamp::from_seconds(1_795_400_000 + i64::try_from(seq).unwrap())
}

pub(crate) fn tick(seq: u64) -> Tick {
    Tick::at(0, at(seq), Price::from_rupees(1_500))
}

fn complete(id: RunOrderId, time: Timestamp) -> Event {
    let price = Price::from_rupees(1_500);
    let order = OrderView {
        id,
        symbol: SYMBOL.parse().unwrap(),
        side: market::Side::Buy,
        kind: market::OrderKind::Market,
        product: market::Product::Mis,
        status: GuestOrderStatus::Complete,
        quantity: 1,
        filled: 1,
        price: Price::ZERO,
        trigger: Price::ZERO,
        average_price: price,
        refusal: RefusalCode::None,
        message: String::new(),
        validity: market::Validity::Day,
        market_protection: -1,
        placed_at: time,
    };
    Event::Order(OrderUpdate { order, time, fill_quantity: 1, fill_price: price })
}
