//! The broker's records in the words of the order path.

use super::merge::{Seen, Terms};
use super::record::{OrderRecord, RefusalCode};
use kite::{BrokerOrderId, BrokerStatus, Budget, Error, OrderRow, RefusalKind};
use market::OrderState;

/// Every mark of the order, ours among them.
pub(super) fn tags(row: &OrderRow) -> Vec<String> {
    row.tags.iter().chain(&row.tag).filter(|tag| tag.len() == 20).cloned().collect()
}

/// The broker's number of the order, once it has one.
pub(super) fn number(order: &OrderRecord) -> Option<BrokerOrderId> {
    order.broker_order_id.as_deref()?.parse().ok()
}

/// What shows that the row is not of this order although it bears its mark or number.
pub(super) fn stranger(order: &OrderRecord, row: &OrderRow) -> Option<String> {
    let number = row.order_id.as_str();
    if let Some(ours) = order.broker_order_id.as_deref().filter(|ours| *ours != number) {
        return Some(format!("the broker has a second order under its tag: {number} beside {ours}"));
    }
    let other_symbol = row.symbol.known().filter(|symbol| **symbol != order.symbol);
    if let Some(symbol) = other_symbol {
        return Some(format!("the broker's order {number} is of {symbol}"));
    }
    let other_side = row.side.known().filter(|side| **side != order.side)?;
    Some(format!("the broker's order {number} is a {other_side}"))
}

/// What the row says of the order's way.
pub(super) fn seen(row: &OrderRow) -> Seen {
    let state = state(&row.status);
    let terms = row.kind.known().filter(|_| row.modified).map(|kind| Terms {
        kind: *kind,
        quantity: row.quantity,
        price: row.price,
        trigger: row.trigger,
    });
    let message = row.status_message.clone().unwrap_or_default();
    let refusal = match state {
        OrderState::Rejected if message.to_lowercase().contains("fund") => RefusalCode::Margin,
        OrderState::Rejected => RefusalCode::Exchange,
        _ => RefusalCode::None,
    };
    Seen {
        broker_order_id: row.order_id.to_string(),
        state,
        filled: row.filled_quantity,
        average_price: row.average_price,
        terms,
        changed_at: row.exchange_update_timestamp,
        refusal,
        message,
    }
}

/// A word we do not know is never final: the order stands until the broker says more.
fn state(status: &BrokerStatus) -> OrderState {
    match status {
        BrokerStatus::PutOrderReqReceived
        | BrokerStatus::ValidationPending
        | BrokerStatus::OpenPending
        | BrokerStatus::AmoReqReceived
        | BrokerStatus::Other(_) => OrderState::Acked,
        BrokerStatus::TriggerPending => OrderState::TriggerPending,
        BrokerStatus::Open
        | BrokerStatus::ModifyValidationPending
        | BrokerStatus::ModifyPending
        | BrokerStatus::Modified
        | BrokerStatus::CancelPending => OrderState::Open,
        BrokerStatus::Complete => OrderState::Complete,
        BrokerStatus::Cancelled | BrokerStatus::Lapsed => OrderState::Cancelled,
        BrokerStatus::Rejected => OrderState::Rejected,
    }
}

/// Why the broker said no, as a word.
pub(super) fn refusal(error: &Error) -> RefusalCode {
    match error {
        Error::Refused { kind: RefusalKind::Margin, .. } => RefusalCode::Margin,
        Error::OverLimit { budget: Budget::OrdersPerDay, .. } => RefusalCode::OrderCount,
        Error::OverLimit { .. } | Error::RateLimited { .. } => RefusalCode::RateLimit,
        Error::Refused { .. } | Error::NeedsAuthorisation { .. } => RefusalCode::Exchange,
        Error::Invalid { .. }
        | Error::NotSent { .. }
        | Error::ServerError { .. }
        | Error::TimedOut { .. }
        | Error::Broken { .. }
        | Error::Unreadable { .. } => RefusalCode::Other,
    }
}

/// Why an order did not come to be, with what to do where the account's own budget kept it here.
pub(super) fn refusal_text(error: &Error) -> String {
    let Error::OverLimit { budget, .. } = error else { return error.to_string() };
    let when = match budget {
        Budget::OrdersPerMinute => "in the next minute",
        Budget::OrdersPerDay => "tomorrow",
        Budget::OrdersPerSecond | Budget::Quotes | Budget::Historical | Budget::Others => {
            "in the next second"
        }
    };
    format!("{error}: place it again {when}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::paper::test_order;
    use std::time::Duration;

    #[test]
    fn an_order_that_the_budget_kept_here_says_so_and_when_to_try_again() {
        let table = [
            (Budget::OrdersPerSecond, RefusalCode::RateLimit, "in the next second"),
            (Budget::OrdersPerMinute, RefusalCode::RateLimit, "in the next minute"),
            (Budget::OrdersPerDay, RefusalCode::OrderCount, "tomorrow"),
        ];
        for (budget, code, when) in table {
            let error = Error::OverLimit { budget, limit: 10, retry_after: Duration::from_secs(1) };
            let text = refusal_text(&error);
            assert_eq!(refusal(&error), code);
            assert!(text.starts_with("not sent") && text.contains(when), "{text}");
        }
    }

    fn row(number: &str, symbol: &str, side: &str) -> OrderRow {
        let row = serde_json::json!({
            "order_id": number, "status": "OPEN", "exchange": "NSE", "tradingsymbol": symbol,
            "transaction_type": side, "quantity": 10,
            "filled_quantity": 0
        });
        serde_json::from_value(row).unwrap()
    }

    #[test]
    fn a_row_of_another_number_symbol_or_side_is_no_row_of_this_order() {
        let order = OrderRecord { broker_order_id: Some("B1".into()), ..test_order(10) };
        let table = [
            (row("B1", "INFY", "BUY"), None),
            (row("B1", "INFY", "a new word"), None),
            (row("B2", "INFY", "BUY"), Some("B2 beside B1")),
            (row("B1", "TCS", "BUY"), Some("NSE:TCS")),
            (row("B1", "INFY", "SELL"), Some("SELL")),
        ];
        for (row, says) in table {
            let said = stranger(&order, &row);
            assert_eq!(said.is_some(), says.is_some(), "{said:?}");
            assert!(said.unwrap_or_default().contains(says.unwrap_or_default()));
        }
        assert_eq!(stranger(&test_order(10), &row("B9", "INFY", "BUY")), None, "not named yet");
    }
}
