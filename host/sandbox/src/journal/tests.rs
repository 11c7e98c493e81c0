//! Whatever is written is read back as it was, and foreign bytes end in an error.

use super::*;
use crate::event::{GuestOrderStatus, HeldPosition, NoticeKind, OrderUpdate, OrderView, RefusalCode, Start};
use crate::manifest::Value;
use crate::step::LogLevel;
use ::market::{
    Change, Depth, DepthLevel, Instrument, InstrumentKind, Intent, Interval, Money, OrderKind, OrderRequest,
    Price, Product, Side, Symbol, Timestamp, TradingDate, Validity, Variety, Venue,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Amounts as they come, and the ends of the range.
fn units() -> impl Strategy<Value = i64> {
    prop_oneof![8 => (0..400_000_i64).prop_map(|paise| paise * 100), 2 => any::<i64>(), 1 => select(vec![i64::MIN, i64::MAX])]
}

fn price() -> impl Strategy<Value = Price> {
    units().prop_map(Price::from_units)
}

fn time() -> impl Strategy<Value = Timestamp> {
    let seconds = (1_795_400_000..1_795_500_000_i64).prop_map(Timestamp::from_seconds);
    prop_oneof![6 => seconds, 2 => any::<i64>().prop_map(Timestamp::from_micros)]
}

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0..1_000_000_u64, 1 => any::<u64>()]
}

fn symbol() -> impl Strategy<Value = Symbol> {
    (select(Venue::ALL.to_vec()), "[A-Z0-9&-]{1,20}")
        .prop_map(|(venue, name)| Symbol::new(venue, &name).unwrap())
}

fn side() -> impl Strategy<Value = [DepthLevel; 5]> {
    let level = (price(), any::<u32>(), any::<u16>());
    let level = level.prop_map(|(price, quantity, orders)| DepthLevel { price, quantity, orders });
    vec(level, 5).prop_map(|levels| <[DepthLevel; 5]>::try_from(levels).unwrap())
}

fn depth() -> impl Strategy<Value = Depth> {
    (side(), side()).prop_map(|(buy, sell)| Depth { buy, sell })
}

prop_compose! {
    fn tick()(
        token in prop_oneof![4 => 1..4_u32, 1 => any::<u32>()], time in time(), prices in vec(price(), 6),
        last_quantity in any::<u32>(), counts in vec(count(), 4), depth in proptest::option::of(depth()),
    ) -> Tick {
        Tick {
            token, time, last_price: prices[0], last_quantity, average_price: prices[1], volume: counts[0],
            buy_quantity: counts[1], sell_quantity: counts[2], open: prices[2], high: prices[3], low: prices[4],
            close: prices[5], oi: counts[3], depth,
        }
    }
}

prop_compose! {
    fn candle()(
        token in 1..4_u32, interval in select(Interval::ALL.to_vec()), start in time(), prices in vec(price(), 4),
        volume in count(), oi in count(),
    ) -> Candle {
        let [open, high, low, close] = [prices[0], prices[1], prices[2], prices[3]];
        Candle { token, interval, start, open, high, low, close, volume, oi }
    }
}

prop_compose! {
    fn order()(
        id in any::<u64>(), symbol in symbol(), side in select(Side::ALL), kind in select(OrderKind::ALL),
        product in select(Product::ALL), status in select(vec![
            GuestOrderStatus::Pending, GuestOrderStatus::Refused, GuestOrderStatus::Partial, GuestOrderStatus::Abandoned,
        ]),
        quantities in any::<(u32, u32)>(), prices in vec(price(), 3),
        refusal in select(vec![RefusalCode::None, RefusalCode::KillSwitch, RefusalCode::Other]),
        message in ".{0,40}", validity in select(Validity::ALL),
        (market_protection, placed_at) in (any::<i32>(), time()),
    ) -> OrderView {
        let ((quantity, filled), [price, trigger, average_price]) = (quantities, [prices[0], prices[1], prices[2]]);
        OrderView {
            id, symbol, side, kind, product, status, quantity, filled, price,
            trigger, average_price, refusal, message, validity, market_protection, placed_at,
        }
    }
}

fn event() -> impl Strategy<Value = Event> {
    let update =
        (order(), time(), any::<u32>(), price()).prop_map(|(order, time, fill_quantity, fill_price)| {
            Event::Order(OrderUpdate { order, time, fill_quantity, fill_price })
        });
    let notice =
        (select(vec![NoticeKind::FeedLost, NoticeKind::HostRestarted, NoticeKind::Other]), time(), ".{0,40}");
    prop_oneof![
        update,
        (any::<u64>(), time()).prop_map(|(id, now)| Event::Timer { id, now }),
        notice.prop_map(|(kind, now, text)| Event::Notice { kind, now, text }),
        units().prop_map(|units| Event::Cash { amount: Money::from_units(units) }),
        (time(), proptest::option::of((time(), time())))
            .prop_map(|(now, hours)| Event::Session { now, hours }),
        time().prop_map(|now| Event::Stop { now }),
    ]
}

fn trace() -> impl Strategy<Value = Trace> {
    let request = order().prop_map(|order| OrderRequest {
        symbol: order.symbol,
        side: order.side,
        quantity: order.quantity,
        kind: order.kind,
        price: order.price,
        trigger: order.trigger,
        product: order.product,
        validity: order.validity,
        variety: Variety::Iceberg,
        market_protection: order.market_protection,
    });
    let change = (any::<Option<u32>>(), proptest::option::of(price())).prop_map(|(quantity, price)| Change {
        quantity,
        price,
        trigger: price,
        kind: Some(OrderKind::Stop),
        validity: None,
    });
    prop_oneof![
        (any::<u64>(), request).prop_map(|(id, request)| Trace::Intent(Intent::Place { id, request })),
        (any::<u64>(), change).prop_map(|(id, change)| Trace::Intent(Intent::Modify { id, change })),
        any::<u64>().prop_map(|id| Trace::Intent(Intent::Cancel { id })),
        ".{0,200}".prop_map(|text| Trace::Log { level: LogLevel::Warn, text }),
        (".{0,20}", units())
            .prop_map(|(label, units)| Trace::Pnl { label, amount: Money::from_units(units) }),
        (".{0,20}", vec(any::<u8>(), 0..3_000)).prop_map(|(key, value)| Trace::StateSet { key, value }),
        ".{0,20}".prop_map(|key| Trace::StateDelete { key }),
        (any::<u64>(), time()).prop_map(|(id, at)| Trace::TimerSet { id, at }),
        any::<u64>().prop_map(|id| Trace::TimerCancel { id }),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let number =
        any::<u64>().prop_map(f64::from_bits).prop_filter("equal to itself", |number| !number.is_nan());
    prop_oneof![
        any::<i64>().prop_map(Value::Integer),
        number.prop_map(Value::Number),
        price().prop_map(Value::Price),
        any::<bool>().prop_map(Value::Toggle),
        ".{0,20}".prop_map(Value::Text),
        select(Interval::ALL.to_vec()).prop_map(Value::Interval),
    ]
}

prop_compose! {
    fn start()(
        params in proptest::collection::btree_map("[a-z]{1,8}", value(), 0..4), symbol in symbol(), now in time(),
        expiry in proptest::option::of((1_990..2_100_i32, 1..13_u8, 1..29_u8)),
        session in proptest::option::of((time(), time())), orders in vec(order(), 0..3), amounts in vec(units(), 4),
        state in proptest::collection::btree_map("[a-z]{1,8}", vec(any::<u8>(), 0..5_000), 0..4),
        warm_up in vec(candle(), 0..40), (next_order_id, seed) in any::<(u64, u64)>(), price in price(),
    ) -> Start {
        let expiry = expiry.and_then(|(year, month, day)| TradingDate::new(year, month, day));
        let money = |at: usize| Money::from_units(amounts[at]);
        let instrument = Instrument {
            token: 7, symbol: symbol.clone(), name: "a name".to_owned(), kind: InstrumentKind::Put, tick_size: price,
            lot_size: 65, expiry, strike: price,
        };
        let held = HeldPosition {
            symbol, product: Product::Nrml, quantity: amounts[3], average_price: price, cost: money(0), realised: money(1),
        };
        Start {
            params, instruments: vec![instrument], now, session, cash: money(2), positions: vec![held], orders,
            next_order_id, state, warm_up, seed, today_realised: money(0),
        }
    }
}

fn beginning() -> impl Strategy<Value = Entry> {
    start().prop_map(|start| {
        let text = |what: &str| what.to_owned();
        let (component, engine, build) = (text("c"), text("e"), text("b"));
        Entry::Start(Box::new(Beginning { component, engine, build, architecture: text("a"), start }))
    })
}

/// What may follow a start. What was answered is never nothing.
fn entry() -> impl Strategy<Value = Entry> {
    prop_oneof![
        6 => vec(tick(), 1..40).prop_map(Entry::Ticks),
        2 => vec(candle(), 1..4).prop_map(Entry::Candles),
        2 => event().prop_map(Entry::Event),
        2 => vec(trace(), 1..4).prop_map(Entry::Traces),
        1 => beginning(),
    ]
}

/// Entries with whether a stretch ends behind each.
fn journal() -> impl Strategy<Value = Vec<(Entry, bool)>> {
    (beginning(), vec((entry(), any::<bool>()), 0..12)).prop_map(|(first, rest)| {
        let mut entries = vec![(first, false)];
        entries.extend(rest);
        // A beginning stands at the front of a stretch.
        for at in 1..entries.len() {
            let begins = matches!(entries[at].0, Entry::Start(_));
            entries[at - 1].1 |= begins;
        }
        entries
    })
}

fn write(recorder: &mut Recorder, entry: &Entry) {
    match entry {
        Entry::Start(beginning) => recorder.start(beginning),
        Entry::Ticks(ticks) => recorder.ticks(ticks),
        Entry::Candles(candles) => recorder.candles(candles),
        Entry::Event(event) => recorder.event(event),
        Entry::Traces(traces) => recorder.traces(traces),
    }
}

/// The stretches, and the numbers that belong to the entries.
fn recorded(entries: &[(Entry, bool)]) -> (Vec<Recorded>, Vec<u64>) {
    let (mut recorder, mut stretches, mut numbers) = (Recorder::default(), Vec::new(), Vec::new());
    for (at, (entry, ends)) in entries.iter().enumerate() {
        write(&mut recorder, entry);
        numbers.push(recorder.seq());
        if *ends || at + 1 == entries.len() {
            stretches.push(recorder.take());
        }
    }
    (stretches, numbers)
}

fn read(reader: &mut Reader, bytes: &[u8]) -> Vec<(u64, Entry)> {
    reader.entries(bytes).collect::<Result<_, _>>().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn everything_is_read_back_as_it_was_in_whatever_stretches_it_lies(entries in journal(), joined in any::<bool>()) {
        let (stretches, numbers) = recorded(&entries);
        let mut reader = Reader::new(1);
        let mut found = Vec::new();
        if joined {
            let bytes: Vec<u8> = stretches.iter().flat_map(|stretch| stretch.bytes.clone()).collect();
            found = read(&mut reader, &bytes);
        } else {
            for stretch in &stretches {
                prop_assert_eq!(stretch.first_seq, reader.seq() + 1);
                found.extend(read(&mut reader, &stretch.bytes));
                prop_assert_eq!(stretch.last_seq, reader.seq());
            }
        }
        let expected: Vec<_> = numbers.into_iter().zip(entries.into_iter().map(|(entry, _)| entry)).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn who_has_read_a_journal_writes_on_in_it(before in journal(), after in vec(entry(), 1..4)) {
        let (stretches, _) = recorded(&before);
        let mut reader = Reader::new(1);
        for stretch in &stretches {
            read(&mut reader, &stretch.bytes);
        }
        let mut recorder = reader.clone().into_recorder();
        for entry in &after {
            write(&mut recorder, entry);
            let stretch = recorder.take();
            prop_assert_eq!(stretch.begins, matches!(entry, Entry::Start(_)));
            let found = read(&mut reader, &stretch.bytes);
            prop_assert_eq!(&found[0].1, entry);
        }
    }

    #[test]
    fn foreign_bytes_end_in_an_error_and_in_no_panic(bytes in vec(any::<u8>(), 0..400), version in any::<bool>()) {
        let mut bytes = bytes;
        if version && !bytes.is_empty() {
            bytes[0] = 1;
        }
        let read: Result<Vec<_>, _> = Reader::new(1).entries(&bytes).collect();
        prop_assert!(read.is_err() || bytes.is_empty() || read.unwrap().is_empty());
    }

    #[test]
    fn a_journal_with_a_changed_byte_ends_in_no_panic(
        entries in journal(), at in any::<proptest::sample::Index>(), change in 1..=255_u8,
    ) {
        let (stretches, _) = recorded(&entries);
        let mut bytes: Vec<u8> = stretches.into_iter().flat_map(|stretch| stretch.bytes).collect();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        let _ = Reader::new(1).entries(&bytes).count();
        let _ = Reader::new(1).entries(&bytes[..at]).count();
        let _ = Reader::new(1).last_life(&bytes);
    }
}

#[test]
fn the_last_life_is_found_behind_others_and_its_events_keep_their_numbers() {
    let text = String::new;
    let start = || Beginning {
        component: text(),
        engine: text(),
        build: text(),
        architecture: text(),
        start: Start::nothing(),
    };
    let timer = |id| Event::Timer { id, now: Timestamp::EPOCH };
    let mut recorder = Recorder::behind(40);
    recorder.event(&timer(1));
    let mut bytes = recorder.take().bytes;
    for id in [2, 3] {
        recorder.start(&start());
        bytes.extend(recorder.take().bytes);
        recorder.event(&timer(id));
        bytes.extend(recorder.take().bytes);
    }
    let mut reader = Reader::new(41);
    let life = reader.last_life(&bytes).unwrap();
    let numbers: Vec<u64> = read(&mut reader, life).into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers, [44, 45]);
    let said = Reader::new(41).entries(&bytes).next().unwrap().unwrap_err().to_string();
    assert!(said.contains("does not begin with a start"), "{said}");
}

#[test]
fn the_lines_of_an_earlier_release_are_told_from_damage() {
    let said = Reader::new(1).entries(b"{\"start\":{}}\n").next().unwrap().unwrap_err().to_string();
    assert!(said.contains("earlier release"), "{said}");
}

#[test]
fn a_frame_that_unfolds_without_end_is_refused() {
    let mut bomb = Vec::new();
    frame::put(&mut bomb, true, 1, &vec![0; (64 << 20) + 1]);
    assert!(bomb.len() < 1 << 20);
    let said = Reader::new(1).entries(&bomb).next().unwrap().unwrap_err().to_string();
    assert!(said.contains("more than any run can have heard"), "{said}");
}

#[test]
fn a_quiet_tick_takes_a_few_bytes_and_a_full_one_not_many() {
    let time = Timestamp::from_seconds(1_795_400_000);
    let mut tick = Tick::at(408_065, time, Price::from_paise(150_000));
    tick.depth = Some(Depth::default());
    let mut recorder = Recorder::default();
    recorder.ticks(&[tick]);
    let before = recorder.bytes();
    tick.time = time.plus_seconds(1);
    tick.last_price = Price::from_paise(150_005);
    tick.volume += 25;
    recorder.ticks(&[tick]);
    assert!(recorder.bytes() - before <= 8, "{} bytes", recorder.bytes() - before);
}
