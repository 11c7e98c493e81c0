//! The broker's records and errors in the words of the order path.

use ::orders::{Answer, BookOrder, Budget, DayPosition, RefusalCode, Why};
use kite::{BrokerOrderId, BrokerStatus, Error, OrderRow, Outcome, PositionRow, RefusalKind, Word};
use market::{OrderState, Product, Symbol};

/// The broker's number, as its client wants it.
pub(super) fn number(number: &str) -> Option<BrokerOrderId> {
    number.parse().ok()
}

/// One order of the broker's book.
pub(super) fn book_order(row: &OrderRow) -> BookOrder {
    BookOrder {
        number: row.order_id.to_string(),
        account: row.account_id.clone(),
        tags: row.tags.iter().chain(&row.tag).cloned().collect(),
        symbol: row.symbol.known().cloned(),
        side: row.side.known().copied(),
        state: state(&row.status),
        status: row.status.as_str().to_owned(),
        is_word_known: !matches!(row.status, BrokerStatus::Other(_)),
        message: row.status_message.clone().unwrap_or_default(),
        quantity: row.quantity,
        filled: row.filled_quantity,
        average_price: row.average_price,
        kind: row.kind.known().copied(),
        price: row.price,
        trigger: row.trigger,
        is_modified: row.modified,
        placed_at: row.order_timestamp,
        changed_at: row.exchange_update_timestamp,
    }
}

/// What was traded on the day in one instrument. None where the record does not say: nothing is not zero.
pub(super) fn day_position(row: &PositionRow) -> Option<DayPosition> {
    let symbol = row.symbol.known()?.clone();
    let (bought, sold) = (row.figures.day_buy_quantity?, row.figures.day_sell_quantity?);
    Some(DayPosition { product: plain_product(&row.product, &symbol), symbol, bought, sold })
}

/// As trades are booked: a product that is not known here is held as the plain one nearest to it.
fn plain_product(product: &Word<Product>, symbol: &Symbol) -> Product {
    match product {
        Word::Known(product) => *product,
        Word::Other(word) if matches!(word.as_str(), "CO" | "BO") => Product::Mis,
        Word::Other(_) if symbol.venue().is_derivatives() => Product::Nrml,
        Word::Other(_) => Product::Cnc,
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

/// What an error means for the call that it ended.
pub(super) fn answer(error: &Error) -> Answer {
    let why = why(error);
    match error {
        Error::OverLimit { budget, .. } => Answer::OverBudget { why, budget: budget_of(*budget) },
        Error::Invalid { .. } | Error::NotSent { .. } => Answer::NotSent(why),
        Error::Refused { .. } if error.is_session_expired() => Answer::SessionDead(why),
        Error::Refused { .. } if error.outcome() == Outcome::DefiniteNo => Answer::No(why),
        Error::RateLimited { .. } => Answer::Slower(why),
        Error::Refused { .. }
        | Error::NeedsAuthorisation { .. }
        | Error::ServerError { .. }
        | Error::TimedOut { .. }
        | Error::Broken { .. }
        | Error::Unreadable { .. } => Answer::Unknown(why),
    }
}

fn why(error: &Error) -> Why {
    let (http_status, error_type) = match error {
        Error::Refused { status, kind, .. } => (Some(*status), Some(kind.as_str().to_owned())),
        Error::ServerError { status, kind, .. } => {
            (Some(*status), kind.as_ref().map(|k| k.as_str().to_owned()))
        }
        Error::Unreadable { status, .. } => (Some(*status), None),
        Error::NeedsAuthorisation { .. } => (Some(428), None),
        Error::RateLimited { .. } => (Some(429), None),
        Error::Invalid { .. }
        | Error::OverLimit { .. }
        | Error::NotSent { .. }
        | Error::TimedOut { .. }
        | Error::Broken { .. } => (None, None),
    };
    Why { code: refusal(error), text: refusal_text(error), http_status, error_type }
}

fn budget_of(budget: kite::Budget) -> Budget {
    match budget {
        kite::Budget::OrdersPerMinute => Budget::Minute,
        kite::Budget::OrdersPerDay => Budget::Day,
        kite::Budget::OrdersPerSecond
        | kite::Budget::Quotes
        | kite::Budget::Historical
        | kite::Budget::Others => Budget::Second,
    }
}

/// Why the broker said no, as a word.
fn refusal(error: &Error) -> RefusalCode {
    match error {
        Error::Refused { kind: RefusalKind::Margin, .. } => RefusalCode::Margin,
        Error::OverLimit { budget: kite::Budget::OrdersPerDay, .. } => RefusalCode::OrderCount,
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
fn refusal_text(error: &Error) -> String {
    let Error::OverLimit { budget, .. } = error else { return error.to_string() };
    let when = match budget_of(*budget) {
        Budget::Second => "in the next second",
        Budget::Minute => "in the next minute",
        Budget::Day => "tomorrow",
    };
    format!("{error}: place it again {when}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn an_order_that_the_budget_kept_here_says_so_and_when_to_try_again() {
        let table = [
            (kite::Budget::OrdersPerSecond, RefusalCode::RateLimit, "in the next second"),
            (kite::Budget::OrdersPerMinute, RefusalCode::RateLimit, "in the next minute"),
            (kite::Budget::OrdersPerDay, RefusalCode::OrderCount, "tomorrow"),
        ];
        for (budget, code, when) in table {
            let error = Error::OverLimit { budget, limit: 10, retry_after: Duration::from_secs(1) };
            let Answer::OverBudget { why, .. } = answer(&error) else { panic!("{error}") };
            assert_eq!(why.code, code);
            assert!(why.text.starts_with("not sent") && why.text.contains(when), "{}", why.text);
        }
    }

    #[test]
    fn only_an_allow_listed_refusal_is_a_no_and_a_dead_session_is_none() {
        let refused = |status, kind| answer(&Error::Refused { status, kind, message: "no".into() });
        assert!(matches!(refused(400, RefusalKind::Margin), Answer::No(_)));
        assert!(matches!(refused(400, RefusalKind::Order), Answer::Unknown(_)));
        assert!(matches!(refused(403, RefusalKind::Input), Answer::Unknown(_)));
        assert!(matches!(refused(403, RefusalKind::Token), Answer::SessionDead(_)));
        let slower = answer(&Error::RateLimited { message: "slower".into() });
        assert!(matches!(&slower, Answer::Slower(why) if why.http_status == Some(429)), "{slower:?}");
        let never = answer(&Error::NotSent { reason: "refused".into() });
        assert!(matches!(never, Answer::NotSent(_)));
    }

    #[test]
    fn the_brokers_limits_are_those_that_the_wire_keeps() {
        use crate::gate::{BROKER_CALLS_PER_DAY, BROKER_CALLS_PER_MINUTE, BROKER_CALLS_PER_SECOND};
        let wire = kite::RateLimits::default();
        let ours = (BROKER_CALLS_PER_SECOND, BROKER_CALLS_PER_MINUTE, BROKER_CALLS_PER_DAY);
        assert_eq!(ours, (wire.orders_per_second, wire.orders_per_minute, wire.orders_per_day));
    }
}
