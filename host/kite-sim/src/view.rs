//! The exchange's records in Kite's JSON shapes, field by field and in Kite's order.
//!
//! Pure translation: no state, no routes.

use crate::reply::envelope;
use crate::veil::List;
use bytes::Bytes;
use exchange::Exchange;

pub(crate) mod alerts;
pub(crate) mod gtt;
pub(crate) mod margins;
pub(crate) mod market_data;
pub(crate) mod order;
pub(crate) mod portfolio;
pub(crate) mod user;

/// One of a user's lists as its route answers it.
pub(crate) fn book(exchange: &Exchange, user: &str, list: List) -> Bytes {
    match list {
        List::Orders => {
            let orders = exchange.orders(user);
            envelope(&orders.into_iter().map(order::OrderRow::from).collect::<Vec<_>>())
        }
        List::Trades => {
            envelope(&exchange.trades(user).iter().map(order::TradeRow::from).collect::<Vec<_>>())
        }
        List::Positions => {
            let lists = exchange.positions(user);
            let net = lists.net.iter().map(portfolio::PositionRow::from).collect();
            let day = lists.day.iter().map(portfolio::PositionRow::from).collect();
            envelope(&portfolio::PositionLists { net, day })
        }
    }
}
