//! The ticker's text messages: order updates, errors, notices.

use super::TickerEvent;
use crate::answer::clean;
use crate::rows::book::{Book, read_book};
use crate::rows::order::OrderRow;
use crate::secret::Secret;
use serde_json::Value;

/// What a text message says, without the token if the broker echoes it; `None` for kinds that mean nothing to us and for
/// what is no message.
pub(crate) fn read(text: &str, token: &Secret) -> Option<TickerEvent> {
    // Not by a derived reader: that one drops a message which names a field twice, and with it an order.
    let Value::Object(mut message) = serde_json::from_str(text).ok()? else { return None };
    let data = message.remove("data").unwrap_or_default();
    match message.get("type").and_then(Value::as_str).unwrap_or_default() {
        "order" => Some(order(data)),
        "error" | "message" => {
            let words = data.as_str().map_or_else(|| data.to_string(), str::to_owned);
            Some(TickerEvent::Message(clean(&token.blot_out(&words))))
        }
        _ => None,
    }
}

fn order(data: Value) -> TickerEvent {
    let Book { mut rows, mut unreadable, .. } = read_book::<OrderRow>(vec![data]);
    match (rows.pop(), unreadable.pop()) {
        (Some(row), _) => TickerEvent::Order(Box::new(row)),
        (None, Some(row)) => TickerEvent::OrderUnreadable(row),
        (None, None) => TickerEvent::Message("an order update without an order".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn order_updates_errors_and_notices_are_told_apart() {
        let read = |text: &str| read(text, &Secret::new("t0ken"));
        let order = read(
            r#"{"type":"order","data":{"order_id":"7","status":"OPEN","quantity":1,"filled_quantity":0,"tag":""},"id":"x"}"#,
        );
        assert!(
            matches!(order, Some(TickerEvent::Order(row)) if row.order_id.as_str() == "7" && row.tag.is_none())
        );
        assert_eq!(read(r#"{"type":"error","data":"no"}"#), Some(TickerEvent::Message("no".into())));
        assert_eq!(
            read(r#"{"type":"message","data":{"a":1}}"#),
            Some(TickerEvent::Message(r#"{"a":1}"#.into()))
        );
        for broken in [
            r#"{"type":"order","data":null}"#,
            r#"{"type":"order","data":{},"data":{}}"#,
            r#"{"type":"order"}"#,
            r#"{"type":"order","data":{"order_id":"7"}}"#,
        ] {
            assert!(matches!(read(broken), Some(TickerEvent::OrderUnreadable(_))), "{broken}");
        }
        for nothing in
            [r#"{"type":"instruments_meta","data":{}}"#, "{}", "[]", r#"["error","no"]"#, "hello", ""]
        {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_notice_never_tells_the_token() {
        let long = format!("{}t0ken-of-uk9394", "x".repeat(595));
        for text in ["bad t0ken-of-uk9394", &long] {
            let read =
                read(&json!({"type": "error", "data": text}).to_string(), &Secret::new("t0ken-of-uk9394"));
            assert!(!format!("{read:?}").contains("t0k"), "{read:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,200}") {
            let _ = read(&text, &Secret::new("t0ken"));
        }
    }
}
