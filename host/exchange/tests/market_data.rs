//! Prices and candles: plausible, within bounds, of one piece.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use exchange::{Event, Exchange, Setup};
use market::{Calendar, Candle, Interval, Price, Timestamp, TradingDate};

const INFY: u32 = 408_065;

fn ten_o_clock() -> Timestamp {
    TradingDate::new(2026, 11, 23).unwrap().at_seconds(10 * 3600)
}

fn exchange(calendar: Calendar) -> Exchange {
    Exchange::new(Setup { seed: 11, now: ten_o_clock(), calendar, accounts: Vec::new() })
}

fn candles(exchange: &Exchange, interval: Interval, from: Timestamp, to: Timestamp) -> Vec<Candle> {
    exchange.history(INFY).unwrap().candles(interval, from, to)
}

#[test]
fn no_candle_knows_a_price_after_now() {
    for seconds in [1, 17, 44, 59, 61, 300, 1_799] {
        let now = ten_o_clock().plus_seconds(seconds);
        let calendar = Calendar::nse([]);
        let exchange = Exchange::new(Setup { seed: 11, now, calendar, accounts: Vec::new() });
        let last = exchange.quote(INFY).unwrap().tick.last_price;
        for interval in Interval::ALL {
            let newest = *candles(&exchange, interval, now.plus_seconds(-86_400), now).last().unwrap();
            assert_eq!(newest.close, last, "{interval} at {seconds} s");
        }
    }
}

#[test]
fn a_long_candle_opens_and_closes_with_its_minutes_and_stays_within_them_or_near() {
    let mut exchange = exchange(Calendar::nse([]));
    let now = ten_o_clock().plus_seconds(1_000);
    exchange.advance(now);
    let from = ten_o_clock().plus_seconds(-3 * 86_400 - 2_700);
    let minutes = candles(&exchange, Interval::Minute, from, now);
    for interval in [Interval::Minute5, Interval::Minute15, Interval::Minute60] {
        for candle in candles(&exchange, interval, from, now) {
            let end = candle.start.plus_seconds(interval.seconds());
            let own: Vec<_> = minutes.iter().filter(|m| candle.start <= m.start && m.start < end).collect();
            assert_eq!(candle.open, own.first().unwrap().open);
            assert_eq!(candle.close, own.last().unwrap().close);
            assert!(candle.high <= own.iter().map(|m| m.high).max().unwrap() + Price::from_rupees(2));
            assert!(candle.low >= own.iter().map(|m| m.low).min().unwrap() - Price::from_rupees(2));
        }
    }
}

#[test]
fn candles_come_from_sessions_and_meet_the_live_price() {
    let mut exchange = exchange(Calendar::nse([]));
    let from = ten_o_clock().plus_seconds(-5 * 86_400);
    let now = ten_o_clock().plus_seconds(90);
    exchange.advance(now);
    let minutes = candles(&exchange, Interval::Minute, from, now);
    // Wednesday from ten, Thursday and Friday, Monday until now.
    assert_eq!(minutes.len(), 330 + 375 + 375 + 47);
    let last = exchange.quote(INFY).unwrap().tick.last_price;
    assert_eq!(minutes.last().unwrap().close, last);
    for pair in minutes.windows(2).filter(|pair| pair[1].start.seconds() - pair[0].start.seconds() == 60) {
        let gap = (pair[1].open - pair[0].close).abs().to_wire() / pair[0].close.to_wire();
        assert!(gap < 0.004, "{pair:?}");
    }
    for candle in &minutes {
        assert!(candle.low <= candle.open.min(candle.close) && candle.high >= candle.open.max(candle.close));
        assert!(candle.volume > 0);
    }
    let hours = candles(&exchange, Interval::Minute60, from, now);
    assert!(hours.iter().any(|candle| candle.start.ist_text().ends_with("09:15:00")));
    let days = candles(&exchange, Interval::Day, from.plus_seconds(-40_000), now);
    assert_eq!(days.len(), 4);
    assert_eq!(days.last().unwrap().close, last);
    let close = exchange.quote(INFY).unwrap().tick.close;
    assert_eq!(days[2].close, close);
}

#[test]
fn an_always_open_market_has_candles_at_night() {
    let exchange = exchange(Calendar::always_open());
    let midnight = ten_o_clock().date().midnight();
    let found = candles(&exchange, Interval::Minute5, midnight, midnight.plus_seconds(3_599));
    assert_eq!(found.len(), 12);
}

#[test]
fn prices_move_within_the_days_limits() {
    let mut exchange = exchange(Calendar::nse([]));
    let mut moves = 0;
    for event in exchange.advance(ten_o_clock().plus_seconds(30)) {
        let Event::Tick(tick) = event else { continue };
        let quote = exchange.quote(tick.token).unwrap();
        assert!(quote.lower_circuit_limit <= tick.last_price && tick.last_price <= quote.upper_circuit_limit);
        moves += 1;
    }
    assert!(moves > 2_000, "{moves}");
}

#[test]
fn a_nudge_moves_the_price_and_what_hangs_on_it() {
    let mut exchange = exchange(Calendar::nse([]));
    let nifty = exchange.quote(256_265).unwrap().tick.last_price;
    let call = exchange.find(&"NFO:NIFTY26DECFUT".parse().unwrap()).unwrap().instrument.token;
    let before = exchange.quote(call).unwrap().tick.last_price;
    let target = (nifty + Price::from_rupees(300)).round_to(Price::from_paise(5));
    exchange.set_price(256_265, target).unwrap();
    exchange.advance(ten_o_clock().plus_seconds(5));
    let after = exchange.quote(call).unwrap().tick.last_price;
    assert!((after - before).to_wire() > 250.0, "{before} {after}");
    assert!((exchange.quote(256_265).unwrap().tick.last_price - target).abs().to_wire() < 60.0);
    let said = exchange.set_price(256_265, Price::from_rupees(1)).unwrap_err();
    assert!(said.message.contains("between"));
}

#[test]
fn a_jump_arrives_at_the_same_prices_as_waiting() {
    let (mut waited, mut jumped) = (exchange(Calendar::nse([])), exchange(Calendar::nse([])));
    let to = ten_o_clock().plus_seconds(300);
    waited.advance(to);
    jumped.jump(to);
    // Shares and indices tick often enough to compare.
    for listing in waited.listings().take(52) {
        let token = listing.instrument.token;
        let (a, b) =
            (waited.quote(token).unwrap().tick.last_price, jumped.quote(token).unwrap().tick.last_price);
        let difference = (a - b).abs().to_wire();
        assert!(difference <= a.to_wire() * 0.002 + 0.2, "{}: {a} {b}", listing.instrument.symbol);
    }
}
