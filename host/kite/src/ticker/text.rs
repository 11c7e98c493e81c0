//! The ticker's text messages: order updates, errors, notices.

use super::TickerEvent;
use crate::answer::clean;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    data: Value,
}

/// What a text message says; `None` for kinds that mean nothing to us and for what is no message.
pub(super) fn read(text: &str) -> Option<TickerEvent> {
    let Envelope { kind, data } = serde_json::from_str(text).ok()?;
    match kind.as_str() {
        "order" => Some(serde_json::from_value(data).map_or_else(
            |_| TickerEvent::Message("the broker sent an order update that cannot be read".to_owned()),
            |row| TickerEvent::Order(Box::new(row)),
        )),
        "error" | "message" => {
            let words = data.as_str().map_or_else(|| data.to_string(), str::to_owned);
            Some(TickerEvent::Message(clean(&words)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn order_updates_errors_and_notices_are_told_apart() {
        let order = read(
            r#"{"type":"order","data":{"order_id":"7","status":"OPEN","quantity":1,"tag":""},"id":"x"}"#,
        );
        assert!(
            matches!(order, Some(TickerEvent::Order(row)) if row.order_id.as_str() == "7" && row.tag.is_none())
        );
        assert_eq!(read(r#"{"type":"error","data":"no"}"#), Some(TickerEvent::Message("no".into())));
        assert_eq!(
            read(r#"{"type":"message","data":{"a":1}}"#),
            Some(TickerEvent::Message(r#"{"a":1}"#.into()))
        );
        assert!(matches!(read(r#"{"type":"order","data":null}"#), Some(TickerEvent::Message(_))));
        for nothing in [r#"{"type":"instruments_meta","data":{}}"#, "{}", "[]", "hello", ""] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,200}") {
            let _ = read(&text);
        }
    }
}
