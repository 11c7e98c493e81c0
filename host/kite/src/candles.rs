//! Historical candles: how far one request may reach, and the rows it answers with.
//!
//! Pure; asking is the session's.

use crate::wire;
use market::{Candle, InstrumentToken, Interval, Price, Timestamp, TradingDate};
use serde::Deserialize;
use serde_json::Value;

const DAY_S: i64 = 86_400;

/// `data` of an answer: rows of time, open, high, low, close, volume and perhaps open interest.
#[derive(Debug, Deserialize)]
pub(crate) struct Candles {
    candles: Vec<Vec<Value>>,
}

/// Kite's longest span of one request, in days.
const fn longest_span_days(interval: Interval) -> i64 {
    match interval {
        Interval::Minute => 60,
        Interval::Minute3 | Interval::Minute5 | Interval::Minute10 => 100,
        Interval::Minute15 | Interval::Minute30 => 200,
        Interval::Minute60 => 400,
        Interval::Day => 2_000,
    }
}

/// `from..=to` in parts that one request each may ask for. They do not overlap: Kite's ends are inclusive.
pub(crate) fn spans(interval: Interval, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let span_s = longest_span_days(interval) * DAY_S - 1;
    let mut parts = Vec::new();
    let mut start = from;
    while start <= to {
        let end = start.plus_seconds(span_s).min(to);
        parts.push((start, end));
        start = end.plus_seconds(1);
    }
    parts
}

impl Candles {
    pub(crate) fn into_candles(
        self,
        token: InstrumentToken,
        interval: Interval,
    ) -> Result<Vec<Candle>, String> {
        let candle = |row: &Vec<Value>| candle(row, token, interval);
        self.candles
            .iter()
            .map(|row| candle(row).ok_or_else(|| "a candle is not of the expected shape".to_owned()))
            .collect()
    }
}

fn candle(row: &[Value], token: InstrumentToken, interval: Interval) -> Option<Candle> {
    let price = |index: usize| row.get(index).filter(|value| value.is_number()).and_then(exact_price);
    Some(Candle {
        token,
        interval,
        start: start(row.first()?.as_str()?)?,
        open: price(1)?,
        high: price(2)?,
        low: price(3)?,
        close: price(4)?,
        volume: volume(row.get(5)?)?,
        oi: row.get(6).map_or(Some(0), volume)?,
    })
}

fn exact_price(value: &Value) -> Option<Price> {
    wire::price_of(value).ok()
}

fn volume(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_f64().filter(|v| (0.0..9.0e15).contains(v)).map(|v| v as u64))
}

/// `2017-12-15T09:15:00+0530`: the offset is always IST's and is dropped.
fn start(text: &str) -> Option<Timestamp> {
    let (date, clock) = text.split_once('T')?;
    let date: TradingDate = date.parse().ok()?;
    let (clock, zone) = clock.split_at_checked(8)?;
    let ist = matches!(zone, "" | "+0530" | "+05:30");
    ist.then(|| Timestamp::parse_ist(&format!("{date} {clock}")).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_wish_is_split_into_spans_that_meet() {
        let from = Timestamp::parse_ist("2026-01-01 09:15:00").unwrap();
        let to = from.plus_seconds(130 * DAY_S);
        let parts = spans(Interval::Minute, from, to);
        assert_eq!(parts.len(), 3);
        assert_eq!((parts[0].0, parts[2].1), (from, to));
        assert_eq!(parts[0].1.plus_seconds(1), parts[1].0);
        assert_eq!(spans(Interval::Day, from, to).len(), 1);
        assert_eq!(spans(Interval::Day, to, from), vec![]);
    }

    #[test]
    fn rows_become_candles() {
        let json = r#"{"candles":[["2026-11-23T09:15:00+0530",1412.95,1415,1410.05,1411,12345],
                                  ["2026-11-23T09:16:00+0530",83.2525,83.2525,83.25,83.25,7.0,100]]}"#;
        let rows: Candles = serde_json::from_str(json).unwrap();
        let candles = rows.into_candles(408_065, Interval::Minute).unwrap();
        assert_eq!(candles[0].start.ist_text(), "2026-11-23 09:15:00");
        assert_eq!((candles[0].open, candles[0].volume), (Price::from_paise(141_295), 12_345));
        assert_eq!((candles[1].high.units(), candles[1].volume), (832_525, 7));
        assert_eq!((candles[0].oi, candles[1].oi), (0, 100));
    }

    #[test]
    fn rows_of_another_shape_are_an_error() {
        for row in [
            r#"[]"#,
            r#"["2026-11-23T09:15:00Z",1,1,1,1,1]"#,
            r#"["2026-11-23T09:15:00+0530",1,1,1,1]"#,
            r#"["2026-11-23",1,1,1,1,1]"#,
            r#"["2026-11-23T09:15:00+0530","1",1,1,1,1]"#,
            r#"["2026-11-23T0é:15:00+0530",1,1,1,1,1]"#,
        ] {
            let rows: Candles = serde_json::from_str(&format!(r#"{{"candles":[{row}]}}"#)).unwrap();
            assert!(rows.into_candles(1, Interval::Minute).is_err(), "{row}");
        }
    }
}
