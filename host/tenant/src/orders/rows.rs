//! The broker's records in the words of the order path.

use super::merge::{Seen, Terms};
use super::record::RefusalCode;
use kite::{BrokerStatus, Error, OrderRow, RefusalKind};
use market::OrderState;

/// Every mark of the order, ours among them.
pub(super) fn tags(row: &OrderRow) -> Vec<String> {
    row.tags.iter().chain(&row.tag).filter(|tag| tag.len() == 20).cloned().collect()
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
        Error::OverLimit { .. } | Error::RateLimited { .. } => RefusalCode::RateLimit,
        Error::Refused { .. } => RefusalCode::Exchange,
        Error::Invalid { .. }
        | Error::NotSent { .. }
        | Error::ServerError { .. }
        | Error::TimedOut { .. }
        | Error::Broken { .. }
        | Error::Unreadable { .. } => RefusalCode::Other,
    }
}
