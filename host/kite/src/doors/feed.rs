//! The live feed and the postbacks: prices within what four bytes can say, order kept, no token told, no forgery believed.

use super::TOKEN;
use crate::frame::{self, Frame};
use crate::login::checksum;
use crate::order_params::BrokerOrderId;
use crate::postback::{self, PostbackError};
use crate::secret::Secret;
use crate::ticker::{TickerEvent, text};
use market::{DepthLevel, Price, Tick, Timestamp};
use serde_json::Value;

const NOW: Timestamp = Timestamp::from_seconds(1_795_415_400);
/// A tick may be this far ahead of the time of receipt, in seconds.
const AHEAD_MAX_S: i64 = 60;

/// One binary message of the ticker.
pub fn ticks(bytes: &[u8]) {
    let frame = frame::decode(bytes, NOW);
    let count = bytes.first_chunk().copied().map_or(0, u16::from_be_bytes);
    assert_eq!(frame.ticks.len() + frame.skipped, usize::from(count), "a packet was lost or made up");
    assert!(frame.ticks.len() * 10 <= bytes.len(), "more ticks than bytes");
    assert!(frame.odd_times <= frame.ticks.len());
    for tick in &frame.ticks {
        assert!(tick.time <= NOW.plus_seconds(AHEAD_MAX_S));
        for price in prices(tick) {
            assert!(is_of_segment(tick.token & 0xff, price), "{price} of {}", tick.token);
        }
    }
    // A message that breaks off says nothing that the whole one does not say.
    let cut = frame::decode(&bytes[..bytes.len() - bytes.len() / 3], NOW);
    assert!(frame.ticks.starts_with(&cut.ticks));
    if bytes.len() < 2 {
        assert_eq!(frame, Frame::default());
    }
}

/// One text message of the ticker.
pub fn ticker_text(bytes: &[u8]) {
    let Ok(words) = std::str::from_utf8(bytes) else { return };
    match text::read(words, &Secret::new(TOKEN)) {
        None => assert!(!is_order(words), "an order update was dropped"),
        Some(TickerEvent::Message(told)) => {
            assert!(!told.contains(TOKEN) && !told.contains(char::is_control), "{told:?}");
            assert!(told.chars().count() <= 600);
        }
        Some(TickerEvent::Order(row)) => assert!(row.filled_quantity == 0 || is_order(words)),
        Some(TickerEvent::OrderUnreadable(row)) => assert!(is_order(words) && !row.reason.is_empty()),
        Some(other) => panic!("no text says {other:?}"),
    }
}

/// A body at the postback's address: believed with the right checksum and with no other.
pub fn postbacks(bytes: &[u8]) {
    let secret = Secret::new("s3cret");
    let as_it_came = postback::verify(bytes, &secret);
    let Ok(Value::Object(mut body)) = serde_json::from_slice(bytes) else {
        let is_text = std::str::from_utf8(bytes).is_ok();
        return assert!(is_text || as_it_came == Err(PostbackError::Unreadable), "what is no text was read");
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let (Some(order_id), Some(time)) = (text("order_id"), text("order_timestamp")) else {
        assert_eq!(as_it_came, Err(PostbackError::Unreadable));
        return;
    };
    let genuine = checksum(&[&order_id, &time, "s3cret"]);
    let is_genuine = text("checksum").is_some_and(|sum| sum == genuine);
    assert!(is_genuine || as_it_came.is_err(), "a forgery was believed");
    body.insert("checksum".to_owned(), genuine.into());
    let signed = serde_json::to_vec(&body).expect("a JSON value can be written");
    let readable = order_id.parse::<BrokerOrderId>().is_ok() && user_is_readable(body.get("user_id"));
    assert_eq!(postback::verify(&signed, &secret).is_ok(), readable);
    assert_eq!(postback::verify(&signed, &Secret::new("another")).ok(), None);
}

fn prices(tick: &Tick) -> Vec<Price> {
    let depth = tick.depth.iter().flat_map(|depth| depth.buy.iter().chain(&depth.sell));
    let depth = depth.map(|DepthLevel { price, .. }| *price);
    let day = [tick.last_price, tick.average_price, tick.open, tick.high, tick.low, tick.close];
    day.into_iter().chain(depth).collect()
}

/// True when a price can have come out of four bytes by the segment's divisor.
fn is_of_segment(segment: u32, price: Price) -> bool {
    let (units, most) = (price.units(), i64::from(u32::MAX));
    match segment {
        3 => (0..=(most + 500) / 1_000).contains(&units),
        6 | 12 => (0..=most).contains(&units),
        _ => units % 100 == 0 && (0..=most).contains(&(units / 100)),
    }
}

fn is_order(words: &str) -> bool {
    serde_json::from_str::<Value>(words).is_ok_and(|value| value["type"] == "order")
}

fn user_is_readable(user: Option<&Value>) -> bool {
    match user {
        None | Some(Value::Null | Value::String(_)) => true,
        Some(Value::Number(number)) => !number.is_f64(),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => false,
    }
}
