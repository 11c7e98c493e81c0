//! `/orders` and `/trades`: place, modify, cancel, and today's books.

use crate::broker::Broker;
use crate::calls::{Params, Signed};
use crate::reply::{Answer, Refusal, status_of, success};
use crate::view::order::{OrderRow, TradeRow};
use axum::extract::{Path, State};
use exchange::{Exchange, IcebergWish, ModifyOrder, PlaceOrder};
use market::{Change, OrderRequest, Price, Product, Symbol, Validity, Variety, Venue};
use serde::Serialize;

/// Longest life of a TTL order, in minutes.
const TTL_LIMIT_MIN: u32 = 60;

/// `{"order_id":"…"}`.
#[derive(Serialize)]
struct Placed<'a> {
    order_id: &'a str,
}

/// `{"order_id":"…","children":[…]}`.
#[derive(Serialize)]
struct Sliced<'a> {
    order_id: &'a str,
    children: Vec<Child<'a>>,
}

/// One part of a cut order.
#[derive(Serialize)]
#[serde(untagged)]
enum Child<'a> {
    Taken { order_id: &'a str },
    Refused { error: ChildError<'a> },
}

#[derive(Serialize)]
struct ChildError<'a> {
    code: u16,
    error_type: &'static str,
    message: &'a str,
    data: Option<()>,
}

impl<'a> From<&'a Result<String, exchange::Refusal>> for Child<'a> {
    fn from(child: &'a Result<String, exchange::Refusal>) -> Self {
        match child {
            Ok(order_id) => Self::Taken { order_id },
            Err(refusal) => Self::Refused {
                error: ChildError {
                    code: status_of(refusal.kind),
                    error_type: refusal.kind.as_str(),
                    message: &refusal.message,
                    data: None,
                },
            },
        }
    }
}

pub(crate) async fn place(State(broker): State<Broker>, Path(variety): Path<String>, call: Signed) -> Answer {
    let order = wish(&call.params, self::variety(&variety)?)?;
    if call.params.flag("autoslice") {
        return match broker.exchange(|exchange| exchange.place_sliced(&call.user_id, order))? {
            exchange::Placed::Whole(order_id) => success(Placed { order_id: &order_id }),
            exchange::Placed::Slices { parent, children } => {
                success(Sliced { order_id: &parent, children: children.iter().map(Child::from).collect() })
            }
        };
    }
    let order_id = broker.exchange(|exchange| exchange.place(&call.user_id, order))?;
    success(Placed { order_id: &order_id })
}

pub(crate) async fn modify(
    State(broker): State<Broker>,
    Path((variety, order_id)): Path<(String, String)>,
    call: Signed,
) -> Answer {
    let change = change(&call.params, self::variety(&variety)?)?;
    broker.exchange(|exchange| {
        check_parent(exchange, &call, change.variety, &order_id)?;
        exchange.modify(&call.user_id, &order_id, change).map_err(Refusal::from)
    })?;
    success(Placed { order_id: &order_id })
}

pub(crate) async fn cancel(
    State(broker): State<Broker>,
    Path((variety, order_id)): Path<(String, String)>,
    call: Signed,
) -> Answer {
    let variety = self::variety(&variety)?;
    broker.exchange(|exchange| {
        check_parent(exchange, &call, variety, &order_id)?;
        exchange.cancel(&call.user_id, variety, &order_id).map_err(Refusal::from)
    })?;
    success(Placed { order_id: &order_id })
}

pub(crate) async fn list(State(broker): State<Broker>, call: Signed) -> Answer {
    broker.exchange(|exchange| {
        success(exchange.orders(&call.user_id).into_iter().map(OrderRow::from).collect::<Vec<_>>())
    })
}

pub(crate) async fn history(
    State(broker): State<Broker>,
    Path(order_id): Path<String>,
    call: Signed,
) -> Answer {
    broker.exchange(|exchange| {
        let rows = exchange.order_history(&call.user_id, &order_id).ok_or_else(unknown_order)?;
        success(rows.iter().map(OrderRow::from).collect::<Vec<_>>())
    })
}

pub(crate) async fn trades(State(broker): State<Broker>, call: Signed) -> Answer {
    broker.exchange(|exchange| {
        success(exchange.trades(&call.user_id).iter().map(TradeRow::from).collect::<Vec<_>>())
    })
}

pub(crate) async fn order_trades(
    State(broker): State<Broker>,
    Path(order_id): Path<String>,
    call: Signed,
) -> Answer {
    broker.exchange(|exchange| {
        exchange.order_history(&call.user_id, &order_id).ok_or_else(unknown_order)?;
        let all = exchange.trades(&call.user_id).iter();
        let rows = all.filter(|record| record.trade.order_id == order_id).map(TradeRow::from);
        success(rows.collect::<Vec<_>>())
    })
}

fn wish(params: &Params, variety: Variety) -> Result<PlaceOrder, Refusal> {
    let tag = params.text("tag").map(str::to_owned);
    let (validity, ttl_minutes) = validity(params)?;
    let request = OrderRequest {
        symbol: symbol(params)?,
        side: params.required_parsed("transaction_type")?,
        quantity: params.count("quantity")?.ok_or_else(|| missing("quantity"))?,
        kind: params.required_parsed("order_type")?,
        price: params.price("price")?.unwrap_or(Price::ZERO),
        trigger: params.price("trigger_price")?.unwrap_or(Price::ZERO),
        product: product(params, variety)?,
        validity: validity.unwrap_or(Validity::Day),
        variety,
        market_protection: protection(params)?.unwrap_or(0),
    };
    let disclosed_quantity = params.count("disclosed_quantity")?.unwrap_or(0);
    let iceberg = params.count("iceberg_legs")?.zip(params.count("iceberg_quantity")?);
    let iceberg = iceberg.filter(|_| variety == Variety::Iceberg);
    Ok(PlaceOrder {
        tag,
        disclosed_quantity,
        ttl_minutes,
        auction_number: params.parsed("auction_number")?.filter(|_| variety == Variety::Auction),
        iceberg: iceberg.map(|(legs, leg_quantity)| IcebergWish { legs, leg_quantity }),
        ..PlaceOrder::new(request)
    })
}

/// Who names a parent of a cover order means a second leg of it. Elsewhere the parameter means nothing.
fn check_parent(exchange: &Exchange, call: &Signed, variety: Variety, order_id: &str) -> Result<(), Refusal> {
    match call.params.text("parent_order_id").filter(|_| variety == Variety::Co) {
        Some(parent) if !exchange.is_leg_of(&call.user_id, order_id, parent) => {
            Err(Refusal::input("Invalid `parent_order_id`. The order is not a leg of that parent."))
        }
        Some(_) | None => Ok(()),
    }
}

/// Cover orders are placed as MIS; older clients write CO, as which they are shown.
fn product(params: &Params, variety: Variety) -> Result<Product, Refusal> {
    if variety == Variety::Co && params.text("product") == Some("CO") {
        return Ok(Product::Mis);
    }
    params.required_parsed("product")
}

fn change(params: &Params, variety: Variety) -> Result<ModifyOrder, Refusal> {
    let (validity, ttl_minutes) = validity(params)?;
    Ok(ModifyOrder {
        variety,
        change: Change {
            quantity: params.count("quantity")?,
            price: params.price("price")?,
            trigger: params.price("trigger_price")?,
            kind: params.parsed("order_type")?,
            // Stands beside, where a TTL keeps its minutes.
            validity: None,
        },
        validity,
        ttl_minutes,
        disclosed_quantity: params.count("disclosed_quantity")?,
        market_protection: protection(params)?,
    })
}

/// The instrument in `exchange` and `tradingsymbol`.
pub(crate) fn symbol(params: &Params) -> Result<Symbol, Refusal> {
    let venue: Venue = params.required_parsed("exchange")?;
    let name = params.required("tradingsymbol")?;
    Symbol::new(venue, name).ok_or_else(|| Refusal::input("Invalid `tradingsymbol`."))
}

/// TTL is DAY with an end; the exchange takes the minutes beside it.
fn validity(params: &Params) -> Result<(Option<Validity>, Option<u32>), Refusal> {
    if params.text("validity") != Some("TTL") {
        return Ok((params.parsed("validity")?, None));
    }
    match params.count("validity_ttl")? {
        Some(minutes @ 1..=TTL_LIMIT_MIN) => Ok((Some(Validity::Day), Some(minutes))),
        Some(_) | None => {
            Err(Refusal::input(format!("`validity_ttl` must be 1 to {TTL_LIMIT_MIN} minutes.")))
        }
    }
}

/// Percent on the wire, 1/100 percent within; −1 stands for automatic.
fn protection(params: &Params) -> Result<Option<i32>, Refusal> {
    let percent: Option<f64> = params.parsed("market_protection")?;
    match percent {
        None => Ok(None),
        Some(-1.0) => Ok(Some(-1)),
        Some(percent) if (0.0..=100.0).contains(&percent) => Ok(Some((percent * 100.0).round() as i32)),
        Some(_) => Err(Refusal::input("Invalid `market_protection`.")),
    }
}

fn variety(word: &str) -> Result<Variety, Refusal> {
    word.parse().map_err(|_| Refusal::input("Invalid `variety`."))
}

fn missing(name: &str) -> Refusal {
    Refusal::input(format!("Missing or empty field `{name}`"))
}

fn unknown_order() -> Refusal {
    Refusal::general(404, "Couldn't find that `order_id`.")
}
