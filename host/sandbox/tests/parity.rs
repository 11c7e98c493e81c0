//! The test desk of the sdk and the machine are two hosts for one strategy: the same source played by the one natively and
//! by the other as a component must leave the same traces, good requests and bad, limits, clock and days.
#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a failed test")]

#[allow(dead_code, unreachable_pub, reason = "the source of a guest")]
#[path = "../../../tests/guests/programs/examples/parity.rs"]
mod parity;

use market::{
    Candle, Depth, Instrument, InstrumentKind, Intent, Interval, Money, OrderKind, OrderRequest, Price,
    Product, Side, Tick, Timestamp, Validity,
};
use parity::Parity;
use sandbox::{
    Engine, Event, GuestOrderStatus, Limits, Machine, NoticeKind, OrderUpdate, OrderView, RefusalCode, Start,
    Step, Trace, WarmUp,
};
use sdk::testing::{Desk, Event as Heard};
use std::collections::BTreeMap;

const INFY: &str = "NSE:INFY";
const FUTURE: &str = "NFO:NIFTY26NOVFUT";

#[test]
fn the_desk_and_the_machine_leave_the_same_traces() {
    let desk = played();
    let (mut machine, first) = start(&desk);
    let mut steps = vec![first];
    for (time, event) in desk.heard() {
        steps.push(deliver(&mut machine, event, at(*time)));
    }
    let traces: Vec<Trace> = steps.into_iter().flat_map(|step| step.traces).collect();
    let said = lines(&traces);
    for (number, (desk, machine)) in desk.logs().iter().zip(&said).enumerate() {
        assert_eq!(machine, desk, "line {number}");
    }
    assert_eq!(said.len(), desk.logs().len());
    assert_eq!(intents(&traces), desk.asked());
    let pnl: Vec<_> = desk.pnl_records().into_iter().map(|(label, it)| (label, it.units())).collect();
    assert_eq!(noted(&traces), pnl);
    assert!(desk.asked().len() > 70 && said.len() > 1_500, "it must do something");
}

/// The story, at the desk.
fn played() -> Desk<Parity> {
    let mut desk = Desk::<Parity>::with_defaults();
    desk.instrument(sdk::Instrument {
        token: 1,
        symbol: FUTURE.into(),
        name: "NIFTY".into(),
        kind: sdk::InstrumentKind::Future,
        tick_size: sdk::Price::paise(10),
        lot_size: 65,
        expiry: "2026-11-24".into(),
        strike: sdk::Price::ZERO,
        tags: Vec::new(),
    });
    desk.warm_up(INFY, sdk::Interval::Minute, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    desk.ticks(INFY, &[1_500.0, 1_501.0, 1_502.0]).tick(FUTURE, 26_000.0).ticks(INFY, &[1_503.0, 1_504.0]);
    desk.tick(FUTURE, 26_010.0);
    desk.ticks(INFY, &[1_500.0; 10]);
    desk.candle(INFY, sdk::Interval::Minute, [1.0, 3.0, 0.5, 2.0], 9);
    desk.ticks(INFY, &[1_501.0; 13]).notice(sdk::NoticeKind::FeedLost, "no ticks");
    // An old tick, and one from ahead.
    let tick = |seconds: i64| sdk::Tick {
        token: 2,
        time: sdk::Timestamp::from_micros(1_767_584_700_000_000 + seconds * 1_000_000),
        last_price: 1_499.into(),
        ..sdk::Tick::default()
    };
    desk.play(Heard::Tick(tick(5))).unwrap();
    desk.play(Heard::Tick(tick(500))).unwrap();
    desk.tick(INFY, 1_479.0).tick(INFY, 1_480.0).ticks(INFY, &[1_502.0; 3]);
    desk.manual_fills().tick(INFY, 1_503.0);
    let last = desk.last_order().id;
    desk.fill(last, 1, 1_503.0).unknown(last).fill(last, 2, 1_503.35);
    desk.next_day().tick(INFY, 1_510.0).fill(last, 1, 1_503.05).stop();
    desk
}

fn start(desk: &Desk<Parity>) -> (Machine, Step) {
    // Time enough for a debug build to word a thousand lines.
    let limits = Limits { machines: 1, event_ms: 20_000, start_ms: 20_000, ..Limits::default() };
    let program = Engine::new(limits).unwrap().compile_in_process(guests::PARITY).unwrap();
    let params = program.manifest().bind(serde_json::Map::new()).unwrap();
    assert_eq!(program.manifest().instruments(&params), [FUTURE, INFY]);
    let bars = [WarmUp { interval: Interval::Minute, count: 6 }];
    assert_eq!(program.manifest().warm_up(&params), bars, "five, and one more");
    let open = Timestamp::parse_ist("2026-01-05 09:15:00").unwrap();
    program
        .start(Start {
            params,
            instruments: vec![future(), infy()],
            now: open,
            session: Some((open, open.plus_seconds(22_500))),
            cash: Money::from_rupees(1_000_000),
            positions: Vec::new(),
            orders: Vec::new(),
            next_order_id: 1,
            state: BTreeMap::new(),
            warm_up: warm_up(open),
            seed: 1,
            today_realised: Money::ZERO,
        })
        .unwrap_or_else(|failure| panic!("{failure}; the desk said {:?}", desk.logs().first()))
}

fn warm_up(open: Timestamp) -> Vec<Candle> {
    let bar = |number: i64| {
        let [open_price, high, low, close] = [Price::from_rupees(number + 3); 4];
        let start = open.plus_seconds((number - 6) * 60);
        let interval = Interval::Minute;
        Candle { token: 2, interval, start, open: open_price, high, low, close, volume: 1, oi: 0 }
    };
    (0..6).map(bar).collect()
}

fn infy() -> Instrument {
    Instrument {
        token: 2,
        symbol: INFY.parse().unwrap(),
        name: INFY.to_owned(),
        kind: InstrumentKind::Equity,
        tick_size: Price::from_paise(5),
        lot_size: 1,
        expiry: None,
        strike: Price::ZERO,
    }
}

fn future() -> Instrument {
    Instrument {
        token: 1,
        symbol: FUTURE.parse().unwrap(),
        name: "NIFTY".to_owned(),
        kind: InstrumentKind::Future,
        tick_size: Price::from_paise(10),
        lot_size: 65,
        expiry: Some("2026-11-24".parse().unwrap()),
        strike: Price::ZERO,
    }
}

fn deliver(machine: &mut Machine, event: &Heard, now: Timestamp) -> Step {
    let event = match event {
        Heard::Tick(it) => return machine.ticks(&[tick(it)]).unwrap().1,
        Heard::Candle(it) => return machine.candles(&[candle(it)]).unwrap().1,
        Heard::Order(it) => Event::Order(order_update(it)),
        Heard::Timer(id) => Event::Timer { id: *id, now },
        Heard::Notice(it) => Event::Notice { kind: notice(it.kind), now: at(it.time), text: it.text.clone() },
        Heard::Day(session) => Event::Session { now, hours: session.map(|it| (at(it.open), at(it.close))) },
        Heard::Stop => Event::Stop { now },
    };
    machine.deliver(event).unwrap()
}

fn lines(traces: &[Trace]) -> Vec<String> {
    let line = |trace: &Trace| match trace {
        Trace::Log { text, .. } => Some(text.clone()),
        _ => None,
    };
    traces.iter().filter_map(line).collect()
}

fn noted(traces: &[Trace]) -> Vec<(String, i64)> {
    let amount = |trace: &Trace| match trace {
        Trace::Pnl { label, amount } => Some((label.clone(), amount.units())),
        _ => None,
    };
    traces.iter().filter_map(amount).collect()
}

/// In the words of the desk.
fn intents(traces: &[Trace]) -> Vec<String> {
    let words = |trace: &Trace| match trace {
        Trace::Intent(Intent::Place { request, .. }) => Some(place(request)),
        Trace::Intent(Intent::Modify { id, change }) => {
            let parts = [
                change.quantity.map(|it| format!(" quantity {it}")),
                change.price.map(|it| format!(" price {it}")),
                change.trigger.map(|it| format!(" trigger {it}")),
                change.kind.map(|it| format!(" kind {it:?}")),
                change.validity.map(|it| format!(" validity {it:?}")),
            ];
            Some(format!("modify #{id}{}", parts.into_iter().flatten().collect::<String>()))
        }
        Trace::Intent(Intent::Cancel { id }) => Some(format!("cancel #{id}")),
        _ => None,
    };
    traces.iter().filter_map(words).collect()
}

fn place(request: &OrderRequest) -> String {
    let OrderRequest { symbol, side, quantity, kind, price, trigger, validity, .. } = request;
    let side = side.as_str().to_lowercase();
    let kind = match kind {
        OrderKind::Market => "market".to_owned(),
        OrderKind::Limit => format!("limit {price}"),
        OrderKind::Stop => format!("stop {trigger} limit {price}"),
        OrderKind::StopMarket => format!("stop {trigger} market"),
    };
    let validity = if *validity == Validity::Ioc { " ioc" } else { "" };
    format!("{side} {quantity} {symbol} {kind}{validity}")
}

fn at(time: sdk::Timestamp) -> Timestamp {
    Timestamp::from_micros(time.micros())
}

fn price(price: sdk::Price) -> Price {
    Price::from_units(price.units())
}

fn tick(it: &sdk::Tick) -> Tick {
    let mut depth = Depth::default();
    (depth.buy[0].price, depth.sell[0].price) = (price(it.bid), price(it.ask));
    Tick {
        token: it.token,
        time: at(it.time),
        last_price: price(it.last_price),
        last_quantity: it.last_quantity,
        average_price: price(it.average_price),
        volume: it.volume,
        buy_quantity: it.buy_quantity,
        sell_quantity: it.sell_quantity,
        open: price(it.open),
        high: price(it.high),
        low: price(it.low),
        close: price(it.close),
        oi: it.oi,
        depth: Some(depth),
    }
}

fn candle(it: &sdk::Candle) -> Candle {
    let [open, high, low, close] = [it.open, it.high, it.low, it.close].map(price);
    let interval = it.interval.to_string().parse().unwrap();
    Candle {
        token: it.token,
        interval,
        start: at(it.start),
        open,
        high,
        low,
        close,
        volume: it.volume,
        oi: it.oi,
    }
}

fn order_update(it: &sdk::OrderUpdate) -> OrderUpdate {
    let order = &it.order;
    let order = OrderView {
        id: order.id.0,
        symbol: order.symbol.parse().unwrap(),
        side: if order.side == sdk::Side::Buy { Side::Buy } else { Side::Sell },
        kind: match order.kind {
            sdk::OrderKind::Market => OrderKind::Market,
            sdk::OrderKind::Limit => OrderKind::Limit,
            sdk::OrderKind::Stop => OrderKind::Stop,
            sdk::OrderKind::StopMarket => OrderKind::StopMarket,
        },
        product: match order.product {
            sdk::Product::Cnc => Product::Cnc,
            sdk::Product::Mis => Product::Mis,
            sdk::Product::Nrml => Product::Nrml,
            sdk::Product::Mtf => Product::Mtf,
        },
        status: status(order.status),
        quantity: order.quantity.get(),
        filled: order.filled.get(),
        price: price(order.price),
        trigger: price(order.trigger),
        average_price: price(order.average_price),
        refusal: if order.refusal == sdk::Refusal::None { RefusalCode::None } else { RefusalCode::Exchange },
        message: order.message.clone(),
        validity: if order.validity == sdk::Validity::Ioc { Validity::Ioc } else { Validity::Day },
        market_protection: order.market_protection,
        placed_at: at(order.placed_at),
    };
    let fill_price = price(it.fill_price);
    OrderUpdate { order, time: at(it.time), fill_quantity: it.fill_quantity.get(), fill_price }
}

fn status(status: sdk::OrderStatus) -> GuestOrderStatus {
    match status {
        sdk::OrderStatus::Pending => GuestOrderStatus::Pending,
        sdk::OrderStatus::Refused => GuestOrderStatus::Refused,
        sdk::OrderStatus::Rejected => GuestOrderStatus::Rejected,
        sdk::OrderStatus::Unknown | sdk::OrderStatus::Other => GuestOrderStatus::Unknown,
        sdk::OrderStatus::TriggerPending => GuestOrderStatus::TriggerPending,
        sdk::OrderStatus::Open => GuestOrderStatus::Open,
        sdk::OrderStatus::Partial => GuestOrderStatus::Partial,
        sdk::OrderStatus::Complete => GuestOrderStatus::Complete,
        sdk::OrderStatus::Cancelled => GuestOrderStatus::Cancelled,
        sdk::OrderStatus::Abandoned => GuestOrderStatus::Abandoned,
    }
}

fn notice(kind: sdk::NoticeKind) -> NoticeKind {
    match kind {
        sdk::NoticeKind::FeedLost => NoticeKind::FeedLost,
        sdk::NoticeKind::FeedBack => NoticeKind::FeedBack,
        sdk::NoticeKind::BrokerSessionExpired => NoticeKind::BrokerSessionExpired,
        sdk::NoticeKind::BrokerSessionBack => NoticeKind::BrokerSessionBack,
        sdk::NoticeKind::MarketOpen => NoticeKind::MarketOpen,
        sdk::NoticeKind::MarketClose => NoticeKind::MarketClose,
        sdk::NoticeKind::HostRestarted => NoticeKind::HostRestarted,
        sdk::NoticeKind::Other => NoticeKind::Other,
    }
}
