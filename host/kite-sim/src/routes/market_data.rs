//! Instrument list, quotes and candles.

use crate::broker::Broker;
use crate::calls::Signed;
use crate::reply::{Answer, Refusal, success};
use crate::view::market_data::{CSV_HEADER, LtpQuote, OhlcQuote, TriggerRange, candle, csv_row, full_quote};
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use exchange::{Exchange, Listing, Quote};
use market::{Interval, Side, Timestamp, TradingDate, Venue};
use serde_json::{Map, Value};

/// Instruments in one call of `/quote`.
const QUOTE_LIMIT: usize = 500;
/// Instruments in one call of `/quote/ohlc` and `/quote/ltp`.
const SHORT_QUOTE_LIMIT: usize = 1_000;
/// The last second of a day, for a `to` that is a bare date.
const LAST_SECOND_OF_DAY: i64 = 86_399;

/// `GET /instruments`: public, like Kite's.
pub(crate) async fn instruments(State(broker): State<Broker>) -> Result<Response, Refusal> {
    csv(&broker, |_| true)
}

/// `GET /instruments/{exchange}`.
pub(crate) async fn exchange_instruments(
    State(broker): State<Broker>,
    Path(exchange): Path<String>,
) -> Result<Response, Refusal> {
    let venue: Venue = exchange.parse().map_err(|_| {
        Refusal::input(format!(
            "Invalid `exchange`. {exchange} is none of NSE, BSE, NFO, BFO, CDS, BCD, MCX, NCO."
        ))
    })?;
    csv(&broker, |listing| listing.instrument.symbol.venue() == venue)
}

pub(crate) async fn quote(State(broker): State<Broker>, call: Signed) -> Answer {
    quotes(&broker, &call, QUOTE_LIMIT, full_quote)
}

pub(crate) async fn ohlc(State(broker): State<Broker>, call: Signed) -> Answer {
    let row = |_: &Listing, quote: &Quote| serde_json::to_value(OhlcQuote::from(quote)).unwrap_or_default();
    quotes(&broker, &call, SHORT_QUOTE_LIMIT, row)
}

pub(crate) async fn ltp(State(broker): State<Broker>, call: Signed) -> Answer {
    let row = |_: &Listing, quote: &Quote| serde_json::to_value(LtpQuote::from(quote)).unwrap_or_default();
    quotes(&broker, &call, SHORT_QUOTE_LIMIT, row)
}

pub(crate) async fn historical(
    State(broker): State<Broker>,
    Path((token, interval)): Path<(String, String)>,
    call: Signed,
) -> Answer {
    let token = token.parse().map_err(|_| Refusal::input("Invalid `instrument_token`."))?;
    let interval: Interval = interval.parse().map_err(|_| Refusal::input("Invalid `interval`."))?;
    let (from, to) = span(&call, interval)?;
    let history = broker.exchange(|exchange| exchange.history(token));
    let history = history.ok_or_else(|| Refusal::input("invalid token"))?;
    let continuous = call.params.flag("continuous");
    if continuous && !(interval == Interval::Day && history.has_continuous_days()) {
        return Err(Refusal::input(
            "Invalid `continuous`. It is available for day candles of NFO and MCX futures alone.",
        ));
    }
    let oi = call.params.flag("oi");
    // Months of candles take a while: neither the market nor other calls wait for them.
    let rows = move || {
        let candles =
            if continuous { history.continuous_days(from, to) } else { history.candles(interval, from, to) };
        candles.iter().map(|row| candle(row, oi)).collect::<Vec<_>>()
    };
    let rows = tokio::task::spawn_blocking(rows).await;
    let rows = rows.map_err(|error| Refusal::general(500, error.to_string()))?;
    success(Map::from_iter([("candles".to_owned(), Value::Array(rows))]))
}

/// `GET /instruments/trigger_range/{buy or sell}`: where the stop of a cover order may lie.
pub(crate) async fn trigger_range(
    State(broker): State<Broker>,
    Path(side): Path<String>,
    call: Signed,
) -> Answer {
    let side = match side.to_ascii_lowercase().as_str() {
        "buy" => Side::Buy,
        "sell" => Side::Sell,
        _ => return Err(Refusal::input("Invalid `transaction_type`. It should be buy or sell.")),
    };
    keyed(&broker, &call, SHORT_QUOTE_LIMIT, |exchange, listing| {
        let (lower, upper) = exchange.trigger_range(&listing.instrument.symbol, side)?;
        let row = TriggerRange { instrument_token: listing.instrument.token, lower, upper };
        serde_json::to_value(row).ok()
    })
}

/// The span that is asked for, within what an interval allows. A bare date begins at midnight; as an end it is the whole
/// day, which makes the span no longer.
fn span(call: &Signed, interval: Interval) -> Result<(Timestamp, Timestamp), Refusal> {
    let from = instant(call.params.required("from")?, "from", 0)?;
    let last = call.params.required("to")?;
    let (begins, to) = (instant(last, "to", 0)?, instant(last, "to", LAST_SECOND_OF_DAY)?);
    if to < from {
        return Err(Refusal::input("`from` cannot be after `to`."));
    }
    let days = span_limit_days(interval);
    if begins.micros_since(from) / 1_000_000 > days * 86_400 {
        return Err(Refusal::input(format!("interval exceeds max limit: {days} days")));
    }
    Ok((from, to))
}

fn csv(broker: &Broker, wanted: impl Fn(&Listing) -> bool) -> Result<Response, Refusal> {
    let failed = |error: csv::Error| Refusal::general(500, error.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(CSV_HEADER.split(',')).map_err(failed)?;
    broker
        .exchange(|exchange| {
            let mut rows = exchange.listings().filter(|listing| wanted(listing));
            rows.try_for_each(|listing| writer.write_record(csv_row(listing)))
        })
        .map_err(failed)?;
    let bytes = writer.into_inner().map_err(|error| Refusal::general(500, error.to_string()))?;
    // Exactly `text/csv`: the JavaScript client reads no other spelling.
    Ok(([(header::CONTENT_TYPE, "text/csv")], bytes).into_response())
}

fn quotes(broker: &Broker, call: &Signed, limit: usize, row: impl Fn(&Listing, &Quote) -> Value) -> Answer {
    keyed(broker, call, limit, |exchange, listing| {
        Some(row(listing, &exchange.quote(listing.instrument.token)?))
    })
}

/// A map keyed by the caller's own strings; what is not listed is not in it.
fn keyed(
    broker: &Broker,
    call: &Signed,
    limit: usize,
    row: impl Fn(&Exchange, &Listing) -> Option<Value>,
) -> Answer {
    let keys: Vec<&str> = call.params.all("i").filter(|key| !key.is_empty()).collect();
    if keys.is_empty() {
        return Err(Refusal::input("Missing or empty field `i`"));
    }
    if keys.len() > limit {
        return Err(Refusal::input(format!("No more than {limit} instruments can be asked for at once.")));
    }
    let found = broker.exchange(|exchange| {
        let of = |key: &str| Some((key.to_owned(), row(exchange, listing(exchange, key)?)?));
        keys.into_iter().filter_map(of).collect::<Map<_, _>>()
    });
    success(found)
}

/// By `NSE:INFY` or by token.
fn listing<'a>(exchange: &'a Exchange, key: &str) -> Option<&'a Listing> {
    match key.parse() {
        Ok(token) => exchange.listing(token),
        Err(_) => exchange.find(&key.parse().ok()?),
    }
}

fn instant(text: &str, name: &str, second_of_bare_date: i64) -> Result<Timestamp, Refusal> {
    let date = |text: &str| text.parse::<TradingDate>().map(|date| date.at_seconds(second_of_bare_date));
    Timestamp::parse_ist(text)
        .or_else(|_| date(text))
        .map_err(|_| Refusal::input(format!("Invalid `{name}` date.")))
}

const fn span_limit_days(interval: Interval) -> i64 {
    match interval {
        Interval::Minute => 60,
        Interval::Minute3 | Interval::Minute5 | Interval::Minute10 => 100,
        Interval::Minute15 | Interval::Minute30 => 200,
        Interval::Minute60 => 400,
        Interval::Day => 2_000,
    }
}
