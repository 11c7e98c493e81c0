//! Candles: of one piece over all intervals, equal to what the ticker shows, and none where there is no data.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/desk.rs"]
mod support;

use exchange::Exchange;
use market::{Calendar, Candle, Interval, Price, Timestamp, TradingDate};
use support::*;

const KINDS: [&str; 7] = [
    "NSE:INFY",
    "NSE:NIFTY 50",
    "BSE:RELIANCE",
    "NFO:NIFTY26DECFUT",
    "CDS:USDINR26DECFUT",
    "MCX:GOLDGUINEA26DECFUT",
    "MCX:CRUDEOIL26DECFUT",
];

fn token(exchange: &Exchange, symbol: &str) -> u32 {
    exchange.find(&symbol.parse().unwrap()).unwrap().instrument.token
}

fn candles(
    exchange: &Exchange,
    symbol: &str,
    interval: Interval,
    from: Timestamp,
    to: Timestamp,
) -> Vec<Candle> {
    exchange.history(token(exchange, symbol)).unwrap().candles(interval, from, to)
}

fn date(text: &str) -> TradingDate {
    text.parse().unwrap()
}

fn joined(parts: &[Candle]) -> (Price, Price, Price, Price, u64) {
    let (first, last) = (parts.first().unwrap(), parts.last().unwrap());
    let high = parts.iter().map(|part| part.high).max().unwrap();
    let low = parts.iter().map(|part| part.low).min().unwrap();
    (first.open, high, low, last.close, parts.iter().map(|part| part.volume).sum())
}

/// Candles of all intervals agree with the minutes, and the newest day with the ticker.
fn check(exchange: &Exchange, symbol: &str) {
    let now = exchange.now();
    let from = now.date().midnight().plus_seconds(-3 * 86_400);
    let minutes = candles(exchange, symbol, Interval::Minute, from, now);
    assert!(minutes.len() > 300, "{symbol} {}", minutes.len());
    for interval in &Interval::ALL[1..] {
        for candle in candles(exchange, symbol, *interval, from, now) {
            let seconds = if *interval == Interval::Day { 86_400 } else { interval.seconds() };
            let end = candle.start.plus_seconds(seconds);
            let own: Vec<_> =
                minutes.iter().filter(|m| candle.start <= m.start && m.start < end).copied().collect();
            let whole = (candle.open, candle.high, candle.low, candle.close, candle.volume);
            assert_eq!(whole, joined(&own), "{symbol} {interval} {}", candle.start.ist_text());
        }
    }
    let day = *candles(exchange, symbol, Interval::Day, from, now).last().unwrap();
    let tick = exchange.quote(token(exchange, symbol)).unwrap().tick;
    assert_eq!(
        (tick.open, tick.high, tick.low, tick.last_price, tick.volume),
        (day.open, day.high, day.low, day.close, day.volume),
        "{symbol} {}",
        now.ist_text()
    );
    assert_eq!((tick.oi, tick.oi > 0), (day.oi, symbol.ends_with("FUT")), "{symbol}");
}

#[test]
fn candles_of_all_intervals_are_joined_from_the_same_minutes_and_the_day_is_what_the_ticker_shows() {
    let mut exchange = Exchange::new(setup(Calendar::nse([]), ten_o_clock().plus_seconds(17)));
    KINDS.iter().for_each(|symbol| check(&exchange, symbol));
    exchange.advance(ten_o_clock().plus_seconds(200));
    KINDS.iter().for_each(|symbol| check(&exchange, symbol));
}

#[test]
fn after_a_jump_the_day_is_what_the_ticker_shows_with_the_minutes_in_between() {
    let mut exchange = exchange();
    exchange.jump(ten_o_clock().plus_seconds(1_999));
    KINDS.iter().for_each(|symbol| check(&exchange, symbol));
    exchange.jump(monday().next().at_seconds(11 * 3600));
    KINDS.iter().for_each(|symbol| check(&exchange, symbol));
    // Of a price that was moved the candles tell what was traded, not what the path would have been.
    let target = last(&exchange) + Price::from_rupees(30);
    exchange.set_price(INFY, target).unwrap();
    exchange.jump(exchange.now().plus_seconds(600));
    check(&exchange, "NSE:INFY");
    assert!((last(&exchange) - target).abs() < Price::from_rupees(20));
}

#[test]
fn there_are_days_from_the_year_2000_and_minutes_from_2015_on_and_nothing_before() {
    let exchange = exchange();
    let count = |interval, from: &str, to: &str| {
        candles(&exchange, "NSE:INFY", interval, date(from).midnight(), date(to).at_seconds(86_399)).len()
    };
    assert_eq!(count(Interval::Day, "1999-12-01", "1999-12-31"), 0);
    assert_eq!(count(Interval::Day, "1999-12-20", "2000-01-07"), 5);
    assert_eq!(count(Interval::Minute, "2015-01-28", "2015-01-30"), 0);
    assert_eq!(count(Interval::Minute60, "2015-01-30", "2015-02-02"), 7);
}

#[test]
fn holidays_have_no_candles_and_a_special_session_has_its_own_hours() {
    let text = r#"{"holidays": [{"date": "2026-11-19"}, {"date": "2026-11-20"}],
        "special": [{"date": "2026-11-20", "sessions": ["18:00-19:00"], "groups": ["equity"]}]}"#;
    let calendar: Calendar = serde_json::from_str(text).unwrap();
    let exchange = Exchange::new(setup(calendar, ten_o_clock()));
    let (from, to) = (date("2026-11-19").midnight(), date("2026-11-22").midnight());
    let minutes = candles(&exchange, "NSE:INFY", Interval::Minute, from, to);
    assert_eq!(minutes.len(), 60);
    assert!(minutes[0].start.ist_text().ends_with("18:00:00"));
    assert_eq!(candles(&exchange, "NSE:INFY", Interval::Day, from, to).len(), 1);
    assert!(candles(&exchange, "MCX:CRUDEOIL26DECFUT", Interval::Day, from, to).is_empty());
}

#[test]
fn candles_of_commodities_run_from_nine_to_half_past_eleven_at_night() {
    let exchange = exchange();
    let friday = date("2026-11-20");
    let (from, to) = (friday.midnight(), friday.at_seconds(86_399));
    for (symbol, first, count) in
        [("MCX:CRUDEOIL26DECFUT", "09:00:00", 870), ("CDS:USDINR26DECFUT", "09:00:00", 480)]
    {
        let minutes = candles(&exchange, symbol, Interval::Minute, from, to);
        assert_eq!(minutes.len(), count, "{symbol}");
        assert!(minutes[0].start.ist_text().ends_with(first), "{symbol}");
        let moved = minutes.windows(2).filter(|pair| pair[0].close != pair[1].close).count();
        assert!(moved > count / 4, "{symbol} stood still: {moved}");
    }
}

#[test]
fn a_contract_has_candles_from_its_listing_on_and_a_chain_of_expired_months_behind_it() {
    let exchange = exchange();
    let future = "NFO:NIFTY26DECFUT";
    let from = date("2026-06-01").midnight();
    let own = candles(&exchange, future, Interval::Day, from, exchange.now());
    // December came when September's ended.
    assert_eq!(own[0].start.date(), date("2026-09-30"));
    let history = exchange.history(token(&exchange, future)).unwrap();
    assert!(history.has_continuous_days());
    let chain = history.continuous_days(from, exchange.now());
    assert_eq!(chain[0].start.date(), date("2026-06-01"));
    assert!(chain.len() > own.len() + 80);
    // While November was the nearest month, the chain was November: nearer to its end, so it cost less.
    let on = |candles: &[Candle], day: &str| {
        *candles.iter().find(|candle| candle.start.date() == date(day)).unwrap()
    };
    assert!(on(&chain, "2026-11-16").close < on(&own, "2026-11-16").close);
    let near = "NFO:NIFTY26NOVFUT";
    let near_own = candles(&exchange, near, Interval::Day, from, exchange.now());
    let ends = |candle: Candle| (candle.open, candle.close);
    assert_eq!(ends(on(&chain, "2026-11-16")), ends(on(&near_own, "2026-11-16")));
    let share = exchange.history(INFY).unwrap();
    assert!(!share.has_continuous_days());
    let currency = exchange.history(token(&exchange, "CDS:USDINR26DECFUT")).unwrap();
    assert!(!currency.has_continuous_days());
}
