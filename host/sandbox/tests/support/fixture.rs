//! What the tests share: one engine, one instrument, a run of ticks.
#![allow(dead_code, reason = "each test binary uses its own part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up should stop")]

use market::{Candle, Instrument, InstrumentKind, InstrumentToken, Interval, Money, Price, Tick, Timestamp};
use sandbox::{Engine, Limits, Machine, Program, Start, Step};
use std::collections::BTreeMap;
use std::sync::OnceLock;

pub(crate) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(Limits { machines: 64, ..Limits::default() }).unwrap())
}

pub(crate) fn program(bytes: &[u8]) -> Program {
    engine().compile_in_process(bytes).unwrap()
}

pub(crate) const fn token() -> InstrumentToken {
    408_065
}

pub(crate) fn infy() -> Instrument {
    Instrument {
        token: token(),
        symbol: "NSE:INFY".parse().unwrap(),
        name: "INFOSYS".to_owned(),
        kind: InstrumentKind::Equity,
        tick_size: Price::from_paise(5),
        lot_size: 1,
        expiry: None,
        strike: Price::ZERO,
    }
}

/// 2026-11-23 09:15 IST.
pub(crate) fn open() -> Timestamp {
    Timestamp::parse_ist("2026-11-23 09:15:00").unwrap()
}

pub(crate) fn tick(number: i64) -> Tick {
    let price = Price::from_paise(150_000 + (number * 7 % 11) * 5);
    Tick::at(token(), open().plus_seconds(number), price)
}

pub(crate) fn ticks(count: i64) -> Vec<Tick> {
    (0..count).map(tick).collect()
}

fn warm_up() -> Vec<Candle> {
    let bar = |number: i64| {
        let [open, high, low, close] = [Price::from_rupees(1_500); 4];
        let start = self::open().plus_seconds((number - 20) * 60);
        Candle { token: token(), interval: Interval::Minute, start, open, high, low, close, volume: 1, oi: 0 }
    };
    (0..20).map(bar).collect()
}

pub(crate) fn start(program: &Program, params: serde_json::Value) -> Start {
    let serde_json::Value::Object(given) = params else { panic!("parameters are an object") };
    Start {
        params: program.manifest().bind(given).unwrap(),
        instruments: vec![infy()],
        now: open(),
        session: Some((open(), open().plus_seconds(22_500))),
        cash: Money::from_rupees(100_000),
        positions: Vec::new(),
        orders: Vec::new(),
        next_order_id: 1,
        state: BTreeMap::new(),
        warm_up: warm_up(),
        seed: 1,
        today_realised: Money::ZERO,
    }
}

/// Hands all of a batch over, as often as it takes.
pub(crate) fn run(machine: &mut Machine, mut batch: &[Tick]) -> Vec<Step> {
    let mut steps = Vec::new();
    while !batch.is_empty() {
        let (taken, step) = machine.ticks(batch).unwrap();
        steps.push(step);
        batch = &batch[taken..];
    }
    steps
}
