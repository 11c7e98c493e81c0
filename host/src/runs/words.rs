//! Between the tenant's records and the sandbox's events: the same facts in two vocabularies.

use market::{OrderState, Timestamp};
use sandbox::{
    Event, GuestOrderStatus, HeldPosition, LogLevel, NoticeKind, OrderUpdate, OrderView, RefusalCode,
};
use tenant::log::Level;
use tenant::{BrokerState, OrderRecord, PositionRecord, RunEvent, StoreError, Tenant};

/// What a run hears of what the order path says.
pub(super) fn event(said: RunEvent, now: Timestamp) -> Event {
    match said {
        RunEvent::Order(update) => Event::Order(OrderUpdate {
            order: order(update.order),
            time: update.time,
            fill_quantity: update.fill_quantity,
            fill_price: update.fill_price,
        }),
        RunEvent::Cash(amount) => Event::Cash { amount },
        RunEvent::Broker(state) => {
            let (kind, text) = match state {
                BrokerState::Live => (NoticeKind::BrokerSessionBack, "the broker session is live".to_owned()),
                BrokerState::Expired { .. } => {
                    (NoticeKind::BrokerSessionExpired, "the broker session has ended".to_owned())
                }
                BrokerState::Unreachable { why, .. } => {
                    (NoticeKind::Other, format!("the broker cannot be reached: {why}"))
                }
            };
            Event::Notice { kind, now, text }
        }
    }
}

/// An order as its run sees it.
pub(super) fn order(record: OrderRecord) -> OrderView {
    OrderView {
        id: record.run_order_id,
        symbol: record.symbol,
        side: record.side,
        kind: record.kind,
        product: record.product,
        status: status(record.state),
        quantity: record.quantity,
        filled: record.filled,
        price: record.price,
        trigger: record.trigger,
        average_price: record.average_price,
        refusal: refusal(record.refusal),
        message: record.message,
    }
}

/// A position as its run starts with it.
pub(super) fn position(record: PositionRecord) -> HeldPosition {
    HeldPosition {
        symbol: record.symbol,
        product: record.product,
        quantity: record.quantity,
        average_price: record.average_cost,
        cost: Some(record.cost),
        realised: record.realised,
    }
}

fn refusal(code: tenant::RefusalCode) -> RefusalCode {
    match code {
        tenant::RefusalCode::None => RefusalCode::None,
        tenant::RefusalCode::RateLimit => RefusalCode::RateLimit,
        tenant::RefusalCode::OrderCount => RefusalCode::OrderCount,
        tenant::RefusalCode::QuantityLimit => RefusalCode::QuantityLimit,
        tenant::RefusalCode::ValueLimit => RefusalCode::ValueLimit,
        tenant::RefusalCode::OpenOrders => RefusalCode::OpenOrders,
        tenant::RefusalCode::DailyLoss => RefusalCode::DailyLoss,
        tenant::RefusalCode::PriceBand => RefusalCode::PriceBand,
        tenant::RefusalCode::MarketClosed => RefusalCode::MarketClosed,
        tenant::RefusalCode::InstrumentNotAllowed => RefusalCode::InstrumentNotAllowed,
        tenant::RefusalCode::KillSwitch => RefusalCode::KillSwitch,
        tenant::RefusalCode::NoSession => RefusalCode::NoSession,
        tenant::RefusalCode::Margin => RefusalCode::Margin,
        tenant::RefusalCode::Exchange => RefusalCode::Exchange,
        tenant::RefusalCode::Other => RefusalCode::Other,
    }
}

/// The broker's and the order path's states in the guest's words.
fn status(state: OrderState) -> GuestOrderStatus {
    match state {
        OrderState::Refused => GuestOrderStatus::Refused,
        OrderState::Intent | OrderState::Sending => GuestOrderStatus::Pending,
        OrderState::Ambiguous | OrderState::Escalated => GuestOrderStatus::Unknown,
        OrderState::Abandoned | OrderState::Absent => GuestOrderStatus::Abandoned,
        OrderState::Acked | OrderState::Open => GuestOrderStatus::Open,
        OrderState::TriggerPending => GuestOrderStatus::TriggerPending,
        OrderState::Partial => GuestOrderStatus::Partial,
        OrderState::Complete => GuestOrderStatus::Complete,
        OrderState::Cancelled => GuestOrderStatus::Cancelled,
        OrderState::Rejected => GuestOrderStatus::Rejected,
    }
}

/// A line in the tenant's log, under the run's name.
pub(super) fn say(tenant: &Tenant, run_id: &str, level: LogLevel, text: &str) {
    let level = match level {
        LogLevel::Debug => Level::Debug,
        LogLevel::Info => Level::Info,
        LogLevel::Warn => Level::Warn,
        LogLevel::Error => Level::Error,
    };
    tenant.log().write(level, Some(run_id), text);
}

/// What a stop without squaring off leaves behind, in words; nothing when no order stands.
pub(super) async fn left_standing(tenant: &Tenant, run_id: &str) -> Result<Option<String>, StoreError> {
    let orders = tenant.orders(None).await?;
    let standing = orders.iter().filter(|order| order.run_id == run_id && !order.state.is_final()).count();
    Ok(standing_words(standing))
}

fn standing_words(standing: usize) -> Option<String> {
    let orders = match standing {
        0 => return None,
        1 => "1 order is".to_owned(),
        more => format!("{more} orders are"),
    };
    Some(format!(
        "{orders} left standing: a plain stop withdraws nothing; cancel at the broker, or stop with squareOff next time"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_says_what_it_leaves_behind_and_nothing_when_it_leaves_nothing() {
        assert_eq!(standing_words(0), None);
        assert!(standing_words(1).unwrap().starts_with("1 order is left standing"));
        assert!(standing_words(3).unwrap().contains("3 orders are left standing"));
    }
}
