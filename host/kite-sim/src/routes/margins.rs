//! `/margins/…` and `/charges/…`: what orders would bind and cost, asked in JSON.

use crate::broker::Broker;
use crate::calls::Signed;
use crate::reply::{Answer, Refusal, success};
use crate::view::margins::{BasketRow, ChargeRow, MarginRow, OrderQuestion};
use axum::extract::State;
use exchange::{Exchange, ShownProduct};
use market::{Money, Price, Product, Symbol};
use std::collections::BTreeMap;

/// Orders of one question.
const ORDERS_LIMIT: usize = 200;

/// Units by what they are and how they are held.
type Net = BTreeMap<(Symbol, Product), i64>;

pub(crate) async fn orders(State(broker): State<Broker>, call: Signed) -> Answer {
    let asked = questions(&call)?;
    success(broker.exchange(|exchange| rows(exchange, &asked))?)
}

/// `initial` is the sum; in `final` what opposes each other, and with `consider_positions` what is held, is netted.
pub(crate) async fn basket(State(broker): State<Broker>, call: Signed) -> Answer {
    let asked = questions(&call)?;
    let with_positions = call.params.flag("consider_positions");
    let basket = broker.exchange(|exchange| {
        let orders = rows(exchange, &asked)?;
        let held = if with_positions { held(exchange, &call.user_id) } else { Net::new() };
        let initial = MarginRow::sum(&orders);
        let netted = MarginRow::sum(&netted(exchange, &asked, held)?);
        let r#final = if netted.total <= initial.total { netted } else { initial.clone() };
        let date = exchange.now().date();
        let charges = asked.iter().filter_map(|order| {
            let symbol = order.symbol()?;
            Some(order.charges(&symbol, price_of(exchange, order, &symbol)?, date))
        });
        Ok::<_, Refusal>(BasketRow { initial, r#final, charges: ChargeRow::sum(charges), orders })
    })?;
    success(basket)
}

pub(crate) async fn charges(State(broker): State<Broker>, call: Signed) -> Answer {
    let asked = questions(&call)?;
    let date = broker.now().date();
    let notes = asked.iter().map(|order| {
        let symbol = order.symbol().ok_or_else(|| Refusal::input("Invalid `tradingsymbol`."))?;
        Ok(order.note(order.charges(&symbol, order.average_price, date)))
    });
    success(notes.collect::<Result<Vec<_>, Refusal>>()?)
}

fn questions(call: &Signed) -> Result<Vec<OrderQuestion>, Refusal> {
    let asked: Vec<OrderQuestion> = call.params.json()?;
    if asked.len() > ORDERS_LIMIT {
        return Err(Refusal::input(format!("No more than {ORDERS_LIMIT} orders can be asked for at once.")));
    }
    Ok(asked)
}

fn rows(exchange: &Exchange, asked: &[OrderQuestion]) -> Result<Vec<MarginRow>, Refusal> {
    asked.iter().map(|order| row(exchange, order, i64::from(order.quantity))).collect()
}

/// An order's row, for a part of its quantity.
fn row(exchange: &Exchange, order: &OrderQuestion, quantity: i64) -> Result<MarginRow, Refusal> {
    let unknown = || Refusal::input("Invalid `tradingsymbol`.");
    let symbol = order.symbol().ok_or_else(unknown)?;
    let price = price_of(exchange, order, &symbol).ok_or_else(unknown)?;
    let how = (order.product, order.transaction_type);
    let binds = exchange.would_bind(&symbol, how, quantity, price).ok_or_else(unknown)?;
    let charges = order.charges(&symbol, price, exchange.now().date());
    let bound: Money = binds.iter().copied().sum();
    let leverage = (price * quantity).units().checked_div(bound.units()).unwrap_or(0);
    Ok(order.margin(binds, u32::try_from(leverage).unwrap_or(0), charges))
}

fn price_of(exchange: &Exchange, order: &OrderQuestion, symbol: &Symbol) -> Option<Price> {
    let last = exchange.quote(exchange.find(symbol)?.instrument.token)?.tick.last_price;
    Some(if order.price.is_zero() { last } else { order.price })
}

fn held(exchange: &Exchange, user: &str) -> Net {
    // What a cover order holds is no part of what other orders add to or end.
    let rows = exchange.positions(user).net.into_iter().filter(|row| row.product != ShownProduct::Co);
    rows.map(|row| ((row.symbol, row.product.rules()), row.quantity)).collect()
}

/// One row for each order as far as it adds to what is there already.
fn netted(exchange: &Exchange, asked: &[OrderQuestion], mut net: Net) -> Result<Vec<MarginRow>, Refusal> {
    let mut rows = Vec::new();
    for order in asked {
        let Some(symbol) = order.symbol() else { continue };
        let units = net.entry((symbol, order.product)).or_default();
        let before = units.abs();
        *units += i64::from(order.quantity) * order.transaction_type.sign();
        let adds = units.abs() - before;
        if adds > 0 {
            rows.push(row(exchange, order, adds)?);
        }
    }
    Ok(rows)
}
