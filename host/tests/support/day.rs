//! A simulated trading day as runs would record it: the exchange's seeded market into machines, a paper venue that answers
//! their orders, everything journaled by the recorder of the host. No socket, no database, no clock.
#![allow(dead_code, reason = "each binary uses its own part of it")]
#![allow(clippy::unwrap_used, reason = "what cannot set up should stop")]

use exchange::{Exchange, Setup};
use host::replay::Venue;
use market::{Calendar, Instrument, InstrumentToken, Money, Tick, Timestamp, TradingDate};
use sandbox::journal::{Beginning, Recorder};
use sandbox::{Event, LogLevel, Machine, NoticeKind, Program, Start, Step, Trace};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tenant::{JournalPiece, Mode, Recorded, RunRecord, RunState};

/// Ticks that one call may take.
const BATCH: usize = 64;

/// Bytes of a piece before it is handed over.
const PIECE_BYTES: usize = 256 << 10;

/// When the day begins, in seconds after midnight: 09:15.
const OPEN_S: i64 = 33_300;

/// How large a day is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) seconds: i64,
    pub(crate) instruments: usize,
    pub(crate) runs: usize,
}

/// What runs ran that day.
pub(crate) struct Day {
    pub(crate) runs: Vec<DayRun>,
    pub(crate) ticks: u64,
}

/// One of them, as it was recorded.
pub(crate) struct DayRun {
    pub(crate) program: Program,
    pub(crate) recorded: Recorded,
    pub(crate) ticks: u64,
    pub(crate) intents: u64,
}

/// A run under way.
struct Live {
    name: String,
    program: Program,
    params: Value,
    machine: Machine,
    venue: Venue,
    recorder: Recorder,
    pieces: Vec<JournalPiece>,
    timers: BTreeMap<u64, Timestamp>,
    waiting: Vec<Tick>,
    now: Timestamp,
    tokens: BTreeSet<InstrumentToken>,
    ticks: u64,
    intents: u64,
}

impl Day {
    /// Lives through a day of a seed. `cast` gives each run its program and parameters, by its number and its instrument.
    pub(crate) fn live(seed: u64, size: Size, cast: impl Fn(usize, &str) -> (Program, Value)) -> Self {
        let open = TradingDate::new(2026, 11, 23).unwrap().at_seconds(OPEN_S);
        let calendar = Calendar::nse([]);
        let setup = Setup { seed, now: open.plus_seconds(-1), calendar, accounts: Vec::new() };
        let mut exchange = Exchange::new(setup);
        let listed: Vec<Instrument> = exchange.listings().map(|listing| listing.instrument.clone()).collect();
        let tradable = listed.into_iter().filter(|one| one.kind.is_tradable());
        let instruments: Vec<Instrument> = tradable.take(size.instruments).collect();
        assert_eq!(instruments.len(), size.instruments, "the market lists fewer");
        let mut runs: Vec<Live> = (0..size.runs)
            .map(|number| {
                let own = &instruments[number % instruments.len()];
                let (program, params) = cast(number, &own.symbol.to_string());
                let heard = heard(&program, &instruments, own);
                Live::start(number, program, params, &heard, open)
            })
            .collect();
        let mut ticks = 0;
        for second in 0..size.seconds {
            for event in exchange.advance(open.plus_seconds(second)) {
                let exchange::Event::Tick(tick) = event else { continue };
                ticks += u64::from(instruments.iter().any(|one| one.token == tick.token));
                runs.iter_mut().for_each(|run| run.hear(&tick));
            }
            runs.iter_mut().for_each(|run| run.turn(open.plus_seconds(second)));
        }
        let close = open.plus_seconds(size.seconds);
        Self { runs: runs.into_iter().map(|run| run.stop(close)).collect(), ticks }
    }
}

impl Live {
    fn start(
        number: usize,
        program: Program,
        params: Value,
        instruments: &[Instrument],
        open: Timestamp,
    ) -> Self {
        let given = params.as_object().cloned().unwrap_or_default();
        let start = Start {
            params: program.manifest().bind(given).unwrap(),
            instruments: instruments.to_vec(),
            now: open,
            session: Some((open, open.plus_seconds(22_500))),
            cash: Money::from_rupees(1_000_000),
            positions: Vec::new(),
            orders: Vec::new(),
            next_order_id: 1,
            state: BTreeMap::new(),
            warm_up: Vec::new(),
            seed: number as u64,
            today_realised: Money::ZERO,
        };
        let mut recorder = Recorder::default();
        recorder.start(&Beginning::new(&program, start.clone()));
        let (machine, step) =
            program.start(start).unwrap_or_else(|failure| panic!("run {number}: {failure}"));
        let mut venue = Venue::default();
        venue.list(instruments);
        venue.at(1, open);
        let mut live = Self {
            name: format!("run-{number}"),
            program,
            params,
            machine,
            venue,
            recorder,
            pieces: Vec::new(),
            timers: BTreeMap::new(),
            waiting: Vec::new(),
            now: open,
            tokens: instruments.iter().map(|one| one.token).collect(),
            ticks: 0,
            intents: 0,
        };
        live.absorb(step);
        live.answer();
        live
    }

    fn hear(&mut self, tick: &Tick) {
        if self.tokens.contains(&tick.token) {
            self.ticks += 1;
            self.waiting.push(*tick);
        }
    }

    /// Hears what waits, as a shard would let it.
    fn turn(&mut self, now: Timestamp) {
        while let Some((&id, _)) = self.timers.iter().find(|(_, at)| **at <= now) {
            self.timers.remove(&id);
            self.deliver(Event::Timer { id, now });
        }
        let waiting = std::mem::take(&mut self.waiting);
        let mut rest = &waiting[..];
        while !rest.is_empty() {
            let (taken, step) = self.machine.ticks(&rest[..rest.len().min(BATCH)]).unwrap();
            let (given, later) = rest.split_at(taken);
            self.recorder.ticks(given);
            self.now = given.iter().map(|tick| tick.time).fold(self.now, Timestamp::max);
            self.venue.at(self.recorder.seq(), self.now);
            given.iter().for_each(|tick| self.venue.mark(tick));
            self.absorb(step);
            given.iter().for_each(|tick| self.venue.trade(tick.token, self.now));
            self.answer();
            rest = later;
        }
        if self.recorder.bytes() >= PIECE_BYTES {
            self.hand_over();
        }
    }

    fn answer(&mut self) {
        while let Some(update) = self.venue.next_told() {
            self.deliver(Event::Order(update));
        }
    }

    fn deliver(&mut self, event: Event) {
        self.recorder.event(&event);
        let step = self.machine.deliver(event).unwrap();
        self.absorb(step);
    }

    fn absorb(&mut self, step: Step) {
        self.recorder.traces(&step.traces);
        for trace in &step.traces {
            match trace {
                Trace::Intent(intent) => {
                    self.intents += 1;
                    self.venue.take(intent, self.now);
                }
                Trace::TimerSet { id, at } => drop(self.timers.insert(*id, *at)),
                Trace::TimerCancel { id } => drop(self.timers.remove(id)),
                Trace::Log { level, text } => assert!(*level < LogLevel::Error, "{}: {text}", self.name),
                Trace::Pnl { .. } | Trace::StateSet { .. } | Trace::StateDelete { .. } => {}
            }
        }
    }

    fn stop(mut self, now: Timestamp) -> DayRun {
        self.deliver(Event::Notice { kind: NoticeKind::MarketClose, now, text: "the market closed".into() });
        self.answer();
        self.deliver(Event::Stop { now });
        self.hand_over();
        let Self { name, program, params, pieces, ticks, intents, now: ended, .. } = self;
        let run = RunRecord {
            id: name,
            strategy_id: "strategy".into(),
            strategy_name: program.manifest().name.clone(),
            version: 1,
            mode: Mode::Paper,
            params,
            state: RunState::Stopped,
            reason: None,
            started_at: ended,
            stopped_at: Some(ended),
            restarts: 0,
            square_off: false,
        };
        let sha256 = program.sha256_hex();
        let recorded = Recorded {
            tenant: "UK9394".into(),
            run,
            sha256,
            component: Vec::new(),
            journal: pieces,
            damage: None,
            orders: Vec::new(),
            trades: Vec::new(),
        };
        DayRun { program, recorded, ticks, intents }
    }

    fn hand_over(&mut self) {
        let piece = self.recorder.take();
        if piece.bytes.is_empty() {
            return;
        }
        self.pieces.push(JournalPiece {
            number: self.pieces.len() as u64 + 1,
            first_seq: piece.first_seq,
            event_seq: piece.last_seq,
            time: self.now,
            begins: piece.begins,
            bytes: piece.bytes,
            hash: [0; 32],
        });
    }
}

/// The guests of the tests hear the whole market. An example hears its own instrument, as its manifest says: on the prices of
/// fifty at once it would trade at every tick.
fn heard(program: &Program, all: &[Instrument], own: &Instrument) -> Vec<Instrument> {
    let is_example = example_strategies::GALLERY.iter().any(|it| it.name == program.manifest().name);
    if is_example { vec![own.clone()] } else { all.to_vec() }
}

/// Example strategies and guests of the tests in turn, each with parameters of its own.
pub(crate) struct Cast(Vec<Program>);

impl Cast {
    pub(crate) fn new(engine: &sandbox::Engine) -> Self {
        let guests = [guests::SCALPER, guests::ECHO];
        let all = example_strategies::GALLERY.iter().map(|it| it.bytes).chain(guests);
        Self(all.map(|bytes| engine.compile_in_process(bytes).unwrap()).collect())
    }

    pub(crate) fn of(&self, number: usize, symbol: &str) -> (Program, Value) {
        let program = self.0[number % self.0.len()].clone();
        let round = number / self.0.len() + 1;
        let mut params = json!({ "instrument": symbol });
        match program.manifest().name.as_str() {
            "scalper" => params["every"] = json!(40 * round),
            "echo" => {
                params["every"] = json!(900 * round);
                params["quiet"] = json!(true);
            }
            _ => {}
        }
        let known = |name: &String| program.manifest().parameters.iter().any(|it| it.name == *name);
        let given = params.as_object().unwrap().clone().into_iter().filter(|(name, _)| known(name));
        (program.clone(), Value::Object(given.collect()))
    }
}
