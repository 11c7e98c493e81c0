//! The broker's records in the words of the order core, as the client of the broker's wire would put them.

use super::broker::{BrokerTrade, DayUnits, Listing, Status, View};
use crate::{Answer, BookOrder, DayPosition, RefusalCode, Why};
use market::{OrderState, Price, Trade};

/// The account at the broker.
pub(super) const ACCOUNT: &str = "UK9394";

/// A record of the book.
pub(super) fn order(view: &View) -> BookOrder {
    let account = if view.is_foreign { "ZZ0001" } else { ACCOUNT };
    BookOrder {
        number: view.number.clone(),
        account: Some(account.to_owned()),
        tags: view.tag.iter().cloned().collect(),
        symbol: Some(view.symbol.clone()),
        side: Some(view.side),
        state: state(view.status),
        is_word_known: view.status != Status::Odd,
        status: format!("{:?}", view.status),
        message: String::new(),
        quantity: view.quantity,
        filled: view.filled,
        average_price: Price::from_units(view.average()),
        kind: Some(view.kind),
        price: Price::from_units(view.price),
        trigger: Price::from_units(view.trigger),
        is_modified: view.is_modified,
        placed_at: Some(view.placed_at),
        // The wire tells whole seconds.
        changed_at: Some(market::Timestamp::from_seconds(view.changed_at.seconds())),
    }
}

pub(super) fn orders(listing: &Listing) -> crate::Listing<BookOrder> {
    crate::Listing { rows: listing.rows.iter().map(order).collect(), unreadable: listing.holes }
}

pub(super) fn trades(trades: &[BrokerTrade]) -> crate::Listing<Trade> {
    let trade = |t: &BrokerTrade| Trade {
        trade_id: t.id.clone(),
        order_id: t.number.clone(),
        symbol: t.symbol.clone(),
        token: 1,
        side: t.side,
        product: t.product,
        quantity: t.quantity,
        price: Price::from_units(t.price),
        time: t.at,
    };
    crate::Listing::whole(trades.iter().map(trade).collect())
}

pub(super) fn positions(units: &DayUnits) -> crate::Listing<DayPosition> {
    let position =
        |((symbol, product), (bought, sold)): (&(market::Symbol, market::Product), &(i64, i64))| {
            DayPosition { symbol: symbol.clone(), product: *product, bought: *bought, sold: *sold }
        };
    crate::Listing::whole(units.iter().map(position).collect())
}

/// An answer that says why in one word.
pub(super) fn why(code: RefusalCode, text: &str, http_status: Option<u16>) -> Why {
    Why { code, text: text.to_owned(), http_status, error_type: None }
}

/// Nobody can tell.
pub(super) fn unknown(text: &str, http_status: Option<u16>) -> Answer {
    Answer::Unknown(why(RefusalCode::Other, text, http_status))
}

fn state(status: Status) -> OrderState {
    match status {
        Status::Received | Status::Odd => OrderState::Acked,
        Status::Open => OrderState::Open,
        Status::TriggerPending => OrderState::TriggerPending,
        Status::Complete => OrderState::Complete,
        Status::Cancelled => OrderState::Cancelled,
        Status::Rejected => OrderState::Rejected,
    }
}
