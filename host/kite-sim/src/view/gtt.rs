//! Good-till-triggered orders (reference §10): records out, and the JSON inside form fields in.

use exchange::{Gtt, GttLeg, GttOrder, PlaceGtt};
use market::{OrderKind, Price, Product, Side, Symbol, Venue};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// One element of `GET /gtt/triggers`.
#[derive(Serialize)]
pub(crate) struct GttRow<'a> {
    id: u64,
    user_id: &'a str,
    parent_trigger: Option<()>,
    r#type: &'static str,
    created_at: String,
    updated_at: String,
    expires_at: String,
    status: &'static str,
    condition: ConditionRow<'a>,
    orders: Vec<LegRow<'a>>,
    meta: Option<()>,
}

/// The `condition` of a request.
#[derive(Debug, Deserialize)]
pub(crate) struct ConditionWish {
    exchange: Venue,
    tradingsymbol: String,
    trigger_values: Vec<Price>,
    last_price: Price,
}

/// One of the `orders` of a request.
#[derive(Debug, Deserialize)]
pub(crate) struct OrderWish {
    exchange: Venue,
    tradingsymbol: String,
    transaction_type: Side,
    quantity: u32,
    order_type: OrderKind,
    product: Product,
    price: Price,
}

#[derive(Serialize)]
struct ConditionRow<'a> {
    exchange: &'static str,
    last_price: Price,
    tradingsymbol: &'a str,
    trigger_values: &'a [Price],
    instrument_token: u32,
}

#[derive(Serialize)]
struct LegRow<'a> {
    #[serde(flatten)]
    order: OrderFields<'a>,
    result: Option<ResultRow<'a>>,
}

#[derive(Clone, Copy, Serialize)]
struct OrderFields<'a> {
    exchange: &'static str,
    tradingsymbol: &'a str,
    product: &'static str,
    order_type: &'static str,
    transaction_type: &'static str,
    quantity: u32,
    price: Price,
}

#[derive(Serialize)]
struct ResultRow<'a> {
    account_id: &'a str,
    #[serde(flatten)]
    order: OrderFields<'a>,
    validity: &'static str,
    meta: String,
    timestamp: String,
    triggered_at: Price,
    order_result: OrderResult<'a>,
}

#[derive(Serialize)]
struct OrderResult<'a> {
    status: &'static str,
    order_id: &'a str,
    rejection_reason: &'a str,
}

impl<'a> From<&'a Gtt> for GttRow<'a> {
    fn from(gtt: &'a Gtt) -> Self {
        Self {
            id: gtt.id,
            user_id: &gtt.user,
            parent_trigger: None,
            r#type: gtt.kind_word(),
            created_at: gtt.created.ist_text(),
            updated_at: gtt.updated.ist_text(),
            expires_at: gtt.expires.ist_text(),
            status: gtt.status.as_str(),
            condition: ConditionRow {
                exchange: gtt.symbol.venue().as_str(),
                last_price: gtt.last_price,
                tradingsymbol: gtt.symbol.name(),
                trigger_values: &gtt.triggers,
                instrument_token: gtt.token,
            },
            orders: gtt.legs.iter().map(|leg| leg_row(gtt, leg)).collect(),
            meta: None,
        }
    }
}

/// What a request asks for. `None` when an order is about another instrument, or about none.
pub(crate) fn wish(condition: ConditionWish, orders: Vec<OrderWish>) -> Option<PlaceGtt> {
    let symbol = Symbol::new(condition.exchange, &condition.tradingsymbol)?;
    let same = |order: &OrderWish| {
        order.exchange == condition.exchange && order.tradingsymbol == condition.tradingsymbol
    };
    if !orders.iter().all(same) {
        return None;
    }
    let order = |order: OrderWish| GttOrder {
        side: order.transaction_type,
        quantity: order.quantity,
        kind: order.order_type,
        product: order.product,
        price: order.price,
    };
    Some(PlaceGtt {
        symbol,
        triggers: condition.trigger_values,
        last_price: condition.last_price,
        orders: orders.into_iter().map(order).collect(),
    })
}

fn leg_row<'a>(gtt: &'a Gtt, leg: &'a GttLeg) -> LegRow<'a> {
    let order = OrderFields {
        exchange: gtt.symbol.venue().as_str(),
        tradingsymbol: gtt.symbol.name(),
        product: leg.order.product.as_str(),
        order_type: leg.order.kind.as_str(),
        transaction_type: leg.order.side.as_str(),
        quantity: leg.order.quantity,
        price: leg.order.price,
    };
    let result = leg.result.as_ref().map(|result| ResultRow {
        account_id: &gtt.user,
        order,
        validity: "DAY",
        meta: json!({ "gtt": gtt.id }).to_string(),
        timestamp: result.time.ist_text(),
        triggered_at: result.price,
        order_result: match &result.order {
            Ok(order_id) => OrderResult { status: "success", order_id, rejection_reason: "" },
            Err(reason) => OrderResult { status: "failed", order_id: "", rejection_reason: reason },
        },
    });
    LegRow { order, result }
}
