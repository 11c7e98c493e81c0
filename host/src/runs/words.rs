//! Between the tenant's records and the sandbox's events: the same facts in two vocabularies.

use market::{OrderState, Timestamp};
use sandbox::{
    Event, GuestOrderStatus, HeldPosition, LogLevel, NoticeKind, OrderUpdate, OrderView, RefusalCode,
};
use tenant::log::Level;
use tenant::{BrokerState, OrderRecord, PositionRecord, RunEvent, Tenant};

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
        validity: record.validity,
        market_protection: record.market_protection,
        placed_at: record.created_at,
    }
}

/// A position as its run starts with it.
pub(super) fn position(record: PositionRecord) -> HeldPosition {
    HeldPosition {
        symbol: record.symbol,
        product: record.product,
        quantity: record.quantity,
        average_price: record.average_cost,
        cost: record.cost,
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
        // The words of the guest are older than these reasons; the text says them.
        tenant::RefusalCode::Other
        | tenant::RefusalCode::Halted
        | tenant::RefusalCode::Reducing
        | tenant::RefusalCode::Store
        | tenant::RefusalCode::WayOut => RefusalCode::Other,
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
    tenant.log().write_of_run(level, run_id, text);
}
