//! Shards with real machines: who hears what, who goes on when a neighbour falls, and what is never dropped.

use super::bars::Bars;
use super::cell::Opening;
use super::shard::{Command, ShardHandle, TICK_BATCHES_MAX, Ticks};
use super::told::{Ask, Counters, Tail, Told};
use market::{
    Instrument, InstrumentKind, Interval, Money, OrderKind, Price, Product, Side, Tick, Timestamp, Validity,
};
use sandbox::journal::{Beginning, Entry, Reader, Recorder};
use sandbox::{Engine, Event, GuestOrderStatus, Limits, OrderUpdate, OrderView, RefusalCode, Start, Trace};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tenant::Clock;
use tokio::sync::mpsc;

const TOKEN: u32 = 408_065;
const OTHER_TOKEN: u32 = 1;
const FEED: u64 = 7;

struct Bench {
    engine: Engine,
    shard: ShardHandle,
    feed: mpsc::Sender<Ticks>,
    slots: u64,
}

struct Run {
    slot: u64,
    told: mpsc::Receiver<Told>,
    counters: Arc<Counters>,
    journal: Reader,
}

impl Bench {
    async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    async fn with(limits: Limits) -> Self {
        let limits = Limits { machines: 8, ..limits };
        let (shard, _) = ShardHandle::start(0, Clock::wall()).unwrap();
        let (feed, ticks) = mpsc::channel(TICK_BATCHES_MAX);
        shard.tell(Command::Feed { feed: FEED, ticks }).await;
        Self { engine: Engine::new(limits).unwrap(), shard, feed, slots: 0 }
    }

    /// A run whose task may lag by so many messages.
    async fn open(&mut self, component: &[u8], params: Value, outlet_max: usize) -> Run {
        self.open_with(component, params, outlet_max, |_| ()).await
    }

    async fn open_with(
        &mut self,
        component: &[u8],
        params: Value,
        outlet_max: usize,
        change: impl FnOnce(&mut Opening),
    ) -> Run {
        let program = self.engine.compile_in_process(component).unwrap();
        let given: Map<_, _> = params.as_object().cloned().unwrap_or_default();
        let params = program.manifest().bind(given).unwrap();
        let beginning = Beginning::new(&program, start(params));
        let mut recorder = Recorder::default();
        recorder.start(&beginning);
        let mut journal = Reader::new(1);
        assert_eq!(journal.entries(&recorder.take().bytes).count(), 1);
        let (machine, _) = program.start(beginning.start).unwrap();
        let (outlet, told) = mpsc::channel(outlet_max);
        self.slots += 1;
        let counters = Arc::new(Counters::default());
        let mut opening = Opening {
            slot: self.slots,
            feed: FEED,
            tokens: vec![TOKEN],
            machine,
            heard_at: Timestamp::from_seconds(1_795_400_000),
            bars: Bars::new(vec![Interval::Minute]),
            timers: BTreeMap::new(),
            recorder,
            counters: Arc::clone(&counters),
            outlet,
            first: Vec::new(),
        };
        change(&mut opening);
        self.shard.tell(Command::Open(Box::new(opening))).await;
        Run { slot: self.slots, told, counters, journal }
    }

    async fn tick(&self, token: u32, second: i64) {
        let time = Timestamp::from_seconds(1_795_400_000 + second);
        let tick = Tick::at(token, time, Price::from_rupees(1_500));
        self.feed.send(vec![tick].into()).await.unwrap();
        self.shard.wake();
    }

    async fn deliver(&self, run: &Run, event: Event) {
        self.shard.tell(Command::Ask(run.slot, Ask::Deliver(event))).await;
    }
}

impl Run {
    async fn next(&mut self) -> Told {
        let next = tokio::time::timeout(Duration::from_secs(20), self.told.recv()).await;
        next.expect("the shard says something").expect("the shard is there")
    }

    async fn traces(&mut self) -> Vec<Trace> {
        loop {
            match self.next().await {
                // The journal alone, because its time had come.
                Told::Step { step, .. } if step.traces.is_empty() => {}
                Told::Step { step, .. } => return step.traces,
                other => panic!("{other:?}"),
            }
        }
    }

    /// What a stretch of the journal says that the run was given, and what it answered.
    fn heard(&mut self, tail: &Tail) -> Vec<Entry> {
        let entries = self.journal.entries(&tail.recorded.bytes);
        entries.map(|entry| entry.unwrap().1).collect()
    }
}

fn start(params: sandbox::Params) -> Start {
    let instrument = Instrument {
        token: TOKEN,
        symbol: "NSE:INFY".parse().unwrap(),
        name: "INFOSYS".into(),
        kind: InstrumentKind::Equity,
        tick_size: Price::from_paise(5),
        lot_size: 1,
        expiry: None,
        strike: Price::ZERO,
    };
    Start {
        params,
        instruments: vec![instrument],
        now: Timestamp::from_seconds(1_795_400_000),
        session: None,
        cash: Money::from_rupees(100_000),
        positions: Vec::new(),
        orders: Vec::new(),
        next_order_id: 1,
        state: BTreeMap::new(),
        warm_up: Vec::new(),
        seed: 1,
        today_realised: Money::ZERO,
    }
}

fn update(filled: u32) -> Event {
    let order = OrderView {
        id: 1,
        symbol: "NSE:INFY".parse().unwrap(),
        side: Side::Buy,
        kind: OrderKind::Market,
        product: Product::Mis,
        status: GuestOrderStatus::Partial,
        quantity: 1_000,
        filled,
        price: Price::ZERO,
        trigger: Price::ZERO,
        average_price: Price::from_rupees(1_500),
        refusal: RefusalCode::None,
        message: String::new(),
        validity: Validity::Day,
        market_protection: -1,
        placed_at: Timestamp::from_seconds(1_795_400_000),
    };
    let time = Timestamp::from_seconds(1_795_400_001);
    Event::Order(OrderUpdate { order, time, fill_quantity: 1, fill_price: Price::from_rupees(1_500) })
}

#[tokio::test]
async fn a_run_hears_its_instruments_and_every_order_has_one_cause() {
    let mut bench = Bench::new().await;
    let mut run = bench.open(guests::SCALPER, json!({ "every": 1 }), 64).await;
    for second in 0..5 {
        bench.tick(OTHER_TOKEN, second).await;
        bench.tick(TOKEN, second).await;
    }
    for second in 0..5 {
        let Told::Step { step, tail } = run.next().await else { panic!("a step") };
        let intents = step.traces.iter().filter(|trace| matches!(trace, Trace::Intent(_))).count();
        assert_eq!((intents, step.cause.seconds()), (1, 1_795_400_000 + second));
        let number = u64::try_from(second).unwrap() + 2;
        assert_eq!((tail.recorded.first_seq, tail.recorded.last_seq), (number, number));
        let [Entry::Ticks(ticks), Entry::Traces(traces)] = &run.heard(&tail)[..] else {
            panic!("the cause and what came of it")
        };
        assert_eq!((ticks.len(), ticks[0].time, traces), (1, step.cause, &step.traces));
    }
    assert_eq!(run.counters.ticks(), 5);
}

#[tokio::test]
async fn a_run_that_comes_back_hears_what_it_missed_before_its_overdue_timers_and_the_market() {
    let mut bench = Bench::new().await;
    let now = Timestamp::from_seconds(1_795_400_002);
    let notice =
        Event::Notice { kind: sandbox::NoticeKind::HostRestarted, now, text: "it was down".to_owned() };
    let missed = [update(1), update(2), notice];
    let mut run = bench
        .open_with(guests::ECHO, json!({}), 64, |opening| {
            opening.timers.insert(9, Timestamp::from_seconds(1_795_400_001));
            opening.first = missed.to_vec();
        })
        .await;
    let mut heard = Vec::new();
    while !heard.iter().any(|entry| matches!(entry, Entry::Ticks(_))) {
        bench.tick(TOKEN, 3).await;
        let Told::Step { tail, .. } = run.next().await else { panic!("a step") };
        heard.extend(run.heard(&tail).into_iter().filter(|entry| !matches!(entry, Entry::Traces(_))));
    }
    let (first, rest) = heard.split_at(missed.len());
    assert_eq!(first, missed.map(Entry::Event));
    assert!(matches!(rest, [Entry::Event(Event::Timer { id: 9, .. }), Entry::Ticks(_), ..]), "{rest:?}");
}

#[tokio::test]
async fn a_run_that_falls_takes_nobody_with_it() {
    let mut bench = Bench::new().await;
    let mut falling = bench.open(guests::TRAP, json!({}), 64).await;
    let mut spinning = bench.open(guests::SPIN, json!({}), 64).await;
    let mut healthy = bench.open(guests::SCALPER, json!({ "every": 1 }), 64).await;
    for second in 0..3 {
        bench.tick(TOKEN, second).await;
    }
    for run in [&mut falling, &mut spinning] {
        while let Told::Step { .. } = run.next().await {}
        assert!(run.told.recv().await.is_none(), "a machine that failed is never called again");
    }
    for _ in 0..3 {
        assert!(!healthy.traces().await.is_empty());
    }
}

#[tokio::test]
async fn order_updates_wait_and_ticks_give_way_when_the_task_lags() {
    let mut bench = Bench::new().await;
    let mut run = bench.open(guests::SCALPER, json!({ "every": 1_000_000 }), 3).await;
    for filled in 1..=100 {
        bench.deliver(&run, update(filled)).await;
    }
    for second in 0..600 {
        bench.tick(TOKEN, second).await;
    }
    let begun = Instant::now();
    while run.counters.dropped_ticks() <= 300 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{} dropped", run.counters.dropped_ticks());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for filled in 1..=100 {
        let traces = run.traces().await;
        let Some(Trace::Log { text, .. }) = traces.first() else { panic!("{traces:?}") };
        assert!(text.contains(&format!("{filled} of 1000")), "{text}");
    }
}

#[tokio::test]
async fn a_run_that_is_asked_to_stop_has_the_last_word() {
    let mut bench = Bench::new().await;
    let mut run = bench.open(guests::SCALPER, json!({}), 64).await;
    let stop = Event::Stop { now: Timestamp::from_seconds(1_795_400_009) };
    bench.deliver(&run, stop.clone()).await;
    let mut heard = Vec::new();
    loop {
        match run.next().await {
            Told::Step { tail, .. } => heard.extend(run.heard(&tail)),
            Told::Waits => {}
            Told::Stopped { outcome, tail, .. } => {
                outcome.unwrap();
                heard.extend(run.heard(&tail));
                break;
            }
            Told::Failed { why, .. } => panic!("{why}"),
            Told::Dropped { .. } => panic!("it was not dropped"),
        }
    }
    assert!(heard.contains(&Entry::Event(stop)), "the stop itself is in the journal: {heard:?}");
}

#[tokio::test]
async fn a_run_that_has_used_up_its_share_waits_and_can_still_be_stopped() {
    // A share so small that the start alone uses up more than its window holds.
    let mut bench = Bench::with(Limits { cpu_share_percent: 1, cpu_window_ms: 1, ..Limits::default() }).await;
    let mut run = bench.open(guests::SCALPER, json!({}), 64).await;
    let begun = Instant::now();
    'waits: for second in 0.. {
        assert!(begun.elapsed() < Duration::from_secs(20), "it was never made to wait");
        bench.tick(TOKEN, second).await;
        while let Ok(said) = run.told.try_recv() {
            match said {
                Told::Waits => break 'waits,
                Told::Step { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        tokio::task::yield_now().await;
    }
    bench.deliver(&run, Event::Stop { now: Timestamp::from_seconds(1_795_400_009) }).await;
    loop {
        match run.next().await {
            Told::Step { .. } => {}
            Told::Stopped { outcome, .. } => break outcome.unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_run_that_fails_hands_over_the_events_that_led_to_it() {
    let mut bench = Bench::new().await;
    let mut run = bench.open(guests::TRAP, json!({}), 64).await;
    let mut seen = Vec::new();
    for second in 0..40 {
        bench.tick(TOKEN, second).await;
    }
    loop {
        match run.next().await {
            Told::Step { tail, .. } => seen.extend(run.heard(&tail)),
            Told::Failed { tail, .. } => {
                seen.extend(run.heard(&tail));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(seen[..], [Entry::Ticks(_), ..]), "{seen:?}");
    assert!(matches!(seen.last(), Some(Entry::Ticks(_))), "the event it failed at has no answer: {seen:?}");
}

#[tokio::test]
async fn a_run_that_is_put_down_hands_over_what_it_did_and_heard_although_its_task_lags() {
    let mut bench = Bench::new().await;
    let mut run = bench.open(guests::SCALPER, json!({ "every": 1 }), 3).await;
    for second in 0..10 {
        bench.tick(TOKEN, second).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    bench.shard.tell(Command::Ask(run.slot, Ask::Drop)).await;
    let (mut steps, mut events) = (0, 0);
    loop {
        let (tail, is_last) = match run.next().await {
            Told::Step { tail, .. } => (tail, false),
            Told::Dropped { tail } => (tail, true),
            other => panic!("{other:?}"),
        };
        events += run.heard(&tail).iter().map(Entry::events).sum::<u64>();
        steps += 1;
        if is_last {
            break;
        }
    }
    assert!(steps >= 2 && events >= 1, "{steps} steps, {events} events");
    assert!(run.told.recv().await.is_none());
    assert_eq!(events, run.counters.ticks(), "every tick given is in the journal, and no other");
}

#[tokio::test]
async fn a_fault_of_the_host_ends_the_run_it_happened_in_and_no_other() {
    let mut bench = Bench::new().await;
    let mut falling = bench.open(guests::SCALPER, json!({ "every": 1 }), 64).await;
    let mut healthy = bench.open(guests::SCALPER, json!({ "every": 1 }), 64).await;
    bench.shard.tell(Command::Ask(falling.slot, Ask::Panic)).await;
    let Told::Failed { why, .. } = falling.next().await else { panic!("it fails") };
    assert!(why.contains("fault of the host"), "{why}");
    bench.tick(TOKEN, 0).await;
    assert!(!healthy.traces().await.is_empty());
    assert!(bench.shard.is_alive());
}
