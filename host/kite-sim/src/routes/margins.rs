//! `/margins/…` and `/charges/…`: what orders would bind and cost, asked in JSON.

use crate::broker::Broker;
use crate::calls::Signed;
use crate::reply::{Answer, Refusal, success};
use crate::view::margins::{BasketRow, ChargeRow, CompactBasket, CompactRow, MarginRow, OrderQuestion};
use axum::extract::State;
use exchange::{Exchange, Listing, ShownProduct, SpreadLeg};
use market::{Money, Price, Product, Side, Symbol};
use std::collections::BTreeMap;

/// Orders of one question.
const ORDERS_LIMIT: usize = 200;

/// Units by what they are and how they are held.
type Net = BTreeMap<(Symbol, Product), i64>;

pub(crate) async fn orders(State(broker): State<Broker>, call: Signed) -> Answer {
    let asked = questions(&call)?;
    let rows = broker.exchange(|exchange| rows(exchange, &asked))?;
    if is_compact(&call) {
        return success(rows.iter().map(CompactRow::from).collect::<Vec<_>>());
    }
    success(rows)
}

/// `initial` is the sum. In `final` what opposes each other, and with `consider_positions` what is held, is netted, what
/// hedges each other binds less, and premiums received count against those paid.
pub(crate) async fn basket(State(broker): State<Broker>, call: Signed) -> Answer {
    let asked = questions(&call)?;
    let with_positions = call.params.flag("consider_positions");
    let basket = broker.exchange(|exchange| {
        let orders = rows(exchange, &asked)?;
        let held = if with_positions { held(exchange, &call.user_id) } else { Net::new() };
        let initial = MarginRow::sum(&orders);
        let hedged = hedged(exchange, &asked, held)?;
        let r#final = if hedged.total <= initial.total { hedged } else { initial.clone() };
        let date = exchange.now().date();
        let charges = asked.iter().map(|order| {
            let (symbol, listing) = listed(exchange, order)?;
            let price = price_of(exchange, order, listing);
            Ok(order.charges(&symbol, (price, listing.multiplier), date))
        });
        let charges = ChargeRow::sum(charges.collect::<Result<Vec<_>, Refusal>>()?);
        Ok::<_, Refusal>(BasketRow { initial, r#final, charges, orders })
    })?;
    if is_compact(&call) { success(CompactBasket::of(&basket)) } else { success(basket) }
}

pub(crate) async fn charges(State(broker): State<Broker>, call: Signed) -> Answer {
    let asked = questions(&call)?;
    let date = broker.now().date();
    let notes = asked.iter().map(|order| {
        let symbol = order.symbol().ok_or_else(|| unknown(order))?;
        // A contract of this morning may have expired since.
        let multiplier = broker.exchange(|exchange| exchange.multiplier_of(&symbol));
        let multiplier = multiplier.ok_or_else(|| unknown(order))?;
        Ok(order.note(order.charges(&symbol, (order.average_price, multiplier), date)))
    });
    success(notes.collect::<Result<Vec<_>, Refusal>>()?)
}

fn is_compact(call: &Signed) -> bool {
    call.params.text("mode") == Some("compact")
}

fn questions(call: &Signed) -> Result<Vec<OrderQuestion>, Refusal> {
    let asked: Vec<OrderQuestion> = call.params.json()?;
    if asked.len() > ORDERS_LIMIT {
        return Err(Refusal::input(format!("No more than {ORDERS_LIMIT} orders can be asked for at once.")));
    }
    if asked.iter().any(|order| order.quantity == 0) {
        return Err(Refusal::input("Invalid `quantity`. It should be greater than 0."));
    }
    Ok(asked)
}

fn rows(exchange: &Exchange, asked: &[OrderQuestion]) -> Result<Vec<MarginRow>, Refusal> {
    asked.iter().map(|order| row(exchange, order, i64::from(order.quantity))).collect()
}

/// An order's row, for a part of its quantity.
fn row(exchange: &Exchange, order: &OrderQuestion, quantity: i64) -> Result<MarginRow, Refusal> {
    let (symbol, listing) = listed(exchange, order)?;
    let price = price_of(exchange, order, listing);
    let how = (order.product, order.transaction_type);
    let binds = exchange.would_bind(&symbol, how, quantity, price).ok_or_else(|| unknown(order))?;
    let charges = order.charges(&symbol, (price, listing.multiplier), exchange.now().date());
    Ok(order.margin(binds, leverage(order.product, listing), charges))
}

/// How many times its margin an order may be worth. Kite counts it for shares alone and shows 1 elsewhere.
const fn leverage(product: Product, listing: &Listing) -> u32 {
    if listing.instrument.symbol.venue().is_derivatives() {
        return 1;
    }
    match product {
        Product::Mis => 5,
        Product::Mtf => 2,
        Product::Cnc | Product::Nrml => 1,
    }
}

fn listed<'a>(exchange: &'a Exchange, order: &OrderQuestion) -> Result<(Symbol, &'a Listing), Refusal> {
    let symbol = order.symbol().ok_or_else(|| unknown(order))?;
    let listing = exchange.find(&symbol).ok_or_else(|| unknown(order))?;
    if listing.instrument.kind.is_tradable() {
        Ok((symbol, listing))
    } else {
        Err(Refusal::input("Index instruments cannot be traded."))
    }
}

fn unknown(order: &OrderQuestion) -> Refusal {
    let name = order.symbol().map_or_else(String::new, |symbol| format!(" {symbol} is not listed."));
    Refusal::input(format!("Invalid `tradingsymbol`.{name}"))
}

fn price_of(exchange: &Exchange, order: &OrderQuestion, listing: &Listing) -> Price {
    let last = || exchange.quote(listing.instrument.token).map_or(Price::ZERO, |quote| quote.tick.last_price);
    if order.price.is_zero() { last() } else { order.price }
}

fn held(exchange: &Exchange, user: &str) -> Net {
    // What a cover order holds is no part of what other orders add to or end.
    let rows = exchange.positions(user).net.into_iter().filter(|row| row.product != ShownProduct::Co);
    rows.map(|row| ((row.symbol, row.product.rules()), row.quantity)).collect()
}

/// One row for the whole basket: each instrument as far as its orders together add to what is there already, and all of
/// them as a hedge.
fn hedged(exchange: &Exchange, asked: &[OrderQuestion], held: Net) -> Result<MarginRow, Refusal> {
    let mut premium = Money::ZERO;
    let mut changes: BTreeMap<(Symbol, Product), (i64, &OrderQuestion)> = BTreeMap::new();
    for order in asked {
        let (symbol, listing) = listed(exchange, order)?;
        if listing.instrument.kind.is_option() {
            premium += listing.value(price_of(exchange, order, listing), order.signed_quantity());
        }
        let change = changes.entry((symbol, order.product)).or_insert((0, order));
        *change = (change.0 + order.signed_quantity(), order);
    }
    let (mut rows, mut legs) = (Vec::new(), Vec::new());
    for (key, (quantity, order)) in changes {
        let before = held.get(&key).copied().unwrap_or(0);
        let after = before + quantity;
        let side = if after >= 0 { Side::Buy } else { Side::Sell };
        let adds = (after.abs() - before.abs()).max(0);
        let row = row(exchange, &order.clone().on(side), adds)?;
        legs.push(SpreadLeg { symbol: key.0, quantity, span: row.span });
        rows.push(row);
    }
    let leg =
        |((symbol, _), quantity): ((Symbol, Product), i64)| SpreadLeg { symbol, quantity, span: Money::ZERO };
    let held: Vec<_> = held.into_iter().map(leg).collect();
    let span = exchange.span_of_spread(&legs, &held);
    Ok(MarginRow::sum(&rows).hedged(span, premium))
}
