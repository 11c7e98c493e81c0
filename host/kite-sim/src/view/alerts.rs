//! Alerts (reference §11): records out, and the basket inside a form field in.

use exchange::{
    Alert, AlertEvent, AlertKind, AlertOrder, AlertQuote, BasketChange, BasketItem, BasketOrder, BasketWish,
    Comparand, Operand,
};
use market::{OrderKind, Price, Product, Side, Symbol, Timestamp, Validity, Variety, Venue};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What Kite writes for a time that never was.
const NEVER: &str = "0001-01-01 00:00:00";
/// Kite's longest tag, in characters.
const TAG_LIMIT: usize = 20;

/// One element of `GET /alerts`.
#[derive(Serialize)]
pub(crate) struct AlertRow<'a> {
    r#type: &'static str,
    user_id: &'a str,
    uuid: &'a str,
    name: &'a str,
    status: &'static str,
    disabled_reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    basket: Option<BasketRow<'a>>,
    lhs_attribute: &'static str,
    lhs_exchange: &'a str,
    lhs_tradingsymbol: &'a str,
    operator: &'static str,
    rhs_type: &'static str,
    rhs_attribute: &'static str,
    rhs_exchange: &'a str,
    rhs_tradingsymbol: &'a str,
    rhs_constant: Price,
    alert_count: u32,
    created_at: String,
    updated_at: String,
}

/// One element of `GET /alerts/{uuid}/history`.
#[derive(Serialize)]
pub(crate) struct EventRow<'a> {
    uuid: &'a str,
    r#type: &'static str,
    meta: Vec<QuoteRow<'a>>,
    condition: &'a str,
    created_at: String,
    order_meta: Option<Vec<OrderOutcome<'a>>>,
}

/// The `basket` of a request.
#[derive(Deserialize)]
pub(crate) struct BasketFields {
    items: Vec<ItemFields>,
}

#[derive(Serialize)]
struct BasketRow<'a> {
    items: Vec<ItemRow<'a>>,
}

#[derive(Serialize)]
struct ItemRow<'a> {
    id: u64,
    tradingsymbol: &'a str,
    exchange: &'static str,
    instrument_token: u32,
    weight: u32,
    params: ParamsRow<'a>,
}

#[derive(Serialize)]
struct ParamsRow<'a> {
    validity: &'static str,
    validity_ttl: u32,
    variety: &'static str,
    product: &'static str,
    order_type: &'static str,
    transaction_type: &'static str,
    quantity: u32,
    disclosed_quantity: u32,
    price: Price,
    trigger_price: Price,
    squareoff: u32,
    stoploss: u32,
    trailing_stoploss: u32,
    gtt: GttRow,
    tags: &'a [String],
    market_protection: Value,
}

/// Legs that a basket's order does not have.
#[derive(Serialize)]
struct GttRow {
    target: u32,
    stoploss: u32,
}

#[derive(Serialize)]
struct QuoteRow<'a> {
    instrument_token: u32,
    tradingsymbol: &'a str,
    timestamp: String,
    last_price: Price,
    ohlc: OhlcRow,
    net_change: Price,
    exchange: &'a str,
    last_trade_time: String,
    last_quantity: u32,
    buy_quantity: u64,
    sell_quantity: u64,
    volume: u64,
    volume_tick: u32,
    average_price: Price,
    oi: u64,
    oi_day_high: u64,
    oi_day_low: u64,
    lower_circuit_limit: Price,
    upper_circuit_limit: Price,
}

#[derive(Serialize)]
struct OhlcRow {
    open: Price,
    high: Price,
    low: Price,
    close: Price,
}

#[derive(Serialize)]
struct OrderOutcome<'a> {
    exchange: &'static str,
    tradingsymbol: &'a str,
    status: &'static str,
    order_id: &'a str,
    rejection_reason: &'a str,
}

/// One step on a basket; `type` is what is done.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum ItemFields {
    Insert(OrderFields),
    Update {
        id: u64,
        #[serde(flatten)]
        order: OrderFields,
    },
    Delete {
        id: u64,
    },
}

#[derive(Deserialize)]
struct OrderFields {
    exchange: Venue,
    tradingsymbol: String,
    #[serde(default)]
    weight: u32,
    params: ParamFields,
}

#[derive(Deserialize)]
struct ParamFields {
    #[serde(default = "regular")]
    variety: Variety,
    transaction_type: Side,
    product: Product,
    order_type: OrderKind,
    #[serde(default = "day")]
    validity: String,
    #[serde(default)]
    validity_ttl: u32,
    quantity: u32,
    #[serde(default)]
    disclosed_quantity: u32,
    #[serde(default)]
    price: Price,
    #[serde(default)]
    trigger_price: Price,
    #[serde(default)]
    market_protection: f64,
    #[serde(default)]
    squareoff: f64,
    #[serde(default)]
    stoploss: f64,
    #[serde(default)]
    trailing_stoploss: f64,
    #[serde(default)]
    iceberg_legs: u32,
    #[serde(default)]
    gtt: GttFields,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Default, Deserialize)]
struct GttFields {
    #[serde(default)]
    target: f64,
    #[serde(default)]
    stoploss: f64,
}

impl<'a> AlertRow<'a> {
    /// The record as a change of it is answered: without its basket, as Kite does.
    pub(crate) fn brief(alert: &'a Alert) -> Self {
        let condition = &alert.condition;
        let (right, constant) = match &condition.right {
            Comparand::Constant(number) => (None, *number),
            Comparand::Instrument(operand) => (Some(operand), Price::ZERO),
        };
        let text = |of: fn(&Operand) -> &str| right.map_or("", of);
        Self {
            r#type: alert.kind.as_str(),
            user_id: &alert.user,
            uuid: &alert.uuid,
            name: &alert.name,
            status: alert.status.as_str(),
            disabled_reason: &alert.disabled_reason,
            basket: None,
            lhs_attribute: condition.left.attribute.as_str(),
            lhs_exchange: &condition.left.exchange,
            lhs_tradingsymbol: &condition.left.name,
            operator: condition.operator.as_str(),
            rhs_type: if right.is_some() { "instrument" } else { "constant" },
            rhs_attribute: right.map_or("", |operand| operand.attribute.as_str()),
            rhs_exchange: text(|operand| &operand.exchange),
            rhs_tradingsymbol: text(|operand| &operand.name),
            rhs_constant: constant,
            alert_count: alert.count,
            created_at: alert.created.ist_text(),
            updated_at: alert.updated.ist_text(),
        }
    }

    /// The record as it is read.
    pub(crate) fn whole(alert: &'a Alert) -> Self {
        let basket = match alert.kind {
            AlertKind::Simple => None,
            AlertKind::Ato => Some(BasketRow { items: alert.basket.iter().map(ItemRow::from).collect() }),
        };
        Self { basket, ..Self::brief(alert) }
    }
}

impl<'a> EventRow<'a> {
    pub(crate) fn new(alert: &'a Alert, event: &'a AlertEvent) -> Self {
        let orders = event.orders.iter().map(OrderOutcome::from).collect::<Vec<_>>();
        Self {
            uuid: &alert.uuid,
            r#type: alert.kind.as_str(),
            meta: event.quotes.iter().map(QuoteRow::from).collect(),
            condition: &event.condition,
            created_at: event.time.ist_text(),
            order_meta: (!orders.is_empty()).then_some(orders),
        }
    }
}

impl BasketFields {
    /// The steps that the request asks for, or what is wrong with one.
    pub(crate) fn changes(self) -> Result<Vec<BasketChange>, String> {
        let change = |item| match item {
            ItemFields::Insert(order) => Ok(BasketChange::Insert(order.wish()?)),
            ItemFields::Update { id, order } => Ok(BasketChange::Update(id, order.wish()?)),
            ItemFields::Delete { id } => Ok(BasketChange::Delete(id)),
        };
        self.items.into_iter().map(change).collect()
    }
}

impl OrderFields {
    fn wish(self) -> Result<BasketWish, String> {
        let symbol = Symbol::new(self.exchange, &self.tradingsymbol);
        let symbol = symbol.ok_or_else(|| "`tradingsymbol` names no instrument".to_owned())?;
        Ok(BasketWish { symbol, weight: self.weight, order: self.params.order()? })
    }
}

impl ParamFields {
    fn order(self) -> Result<BasketOrder, String> {
        let legs =
            [self.squareoff, self.stoploss, self.trailing_stoploss, self.gtt.target, self.gtt.stoploss];
        if self.variety != Variety::Regular || self.iceberg_legs > 0 || legs.iter().any(|leg| *leg != 0.0) {
            return Err("the orders of an alert are regular ones without further legs".to_owned());
        }
        if self.quantity == 0 {
            return Err("`quantity` must be 1 or more".to_owned());
        }
        if self.tags.iter().any(|tag| tag.chars().count() > TAG_LIMIT) {
            return Err(format!("a tag has {TAG_LIMIT} characters at most"));
        }
        let market_protection = match self.market_protection {
            -1.0 => -1,
            percent if (0.0..=100.0).contains(&percent) => (percent * 100.0).round() as i32,
            _ => return Err("`market_protection` must be -1 or 0 to 100".to_owned()),
        };
        let (validity, ttl_minutes) = match (self.validity.as_str(), self.validity_ttl) {
            ("TTL", minutes @ 1..) => (Validity::Day, Some(minutes)),
            ("TTL", 0) => return Err("`validity_ttl` must be 1 or more".to_owned()),
            (word, _) => (word.parse().map_err(|_| "`validity` must be DAY, IOC or TTL".to_owned())?, None),
        };
        Ok(BasketOrder {
            side: self.transaction_type,
            kind: self.order_type,
            product: self.product,
            quantity: self.quantity,
            disclosed_quantity: self.disclosed_quantity,
            price: self.price,
            trigger: self.trigger_price,
            validity,
            ttl_minutes,
            market_protection,
            tags: self.tags,
        })
    }
}

impl<'a> From<&'a BasketItem> for ItemRow<'a> {
    fn from(item: &'a BasketItem) -> Self {
        let order = &item.order;
        Self {
            id: item.id,
            tradingsymbol: item.symbol.name(),
            exchange: item.symbol.venue().as_str(),
            instrument_token: item.token,
            weight: item.weight,
            params: ParamsRow {
                validity: if order.ttl_minutes.is_some() { "TTL" } else { order.validity.as_str() },
                validity_ttl: order.ttl_minutes.unwrap_or(0),
                variety: Variety::Regular.as_str(),
                product: order.product.as_str(),
                order_type: order.kind.as_str(),
                transaction_type: order.side.as_str(),
                quantity: order.quantity,
                disclosed_quantity: order.disclosed_quantity,
                price: order.price,
                trigger_price: order.trigger,
                squareoff: 0,
                stoploss: 0,
                trailing_stoploss: 0,
                gtt: GttRow { target: 0, stoploss: 0 },
                tags: &order.tags,
                market_protection: super::order::percent(order.market_protection),
            },
        }
    }
}

impl<'a> From<&'a AlertQuote> for QuoteRow<'a> {
    fn from(found: &'a AlertQuote) -> Self {
        let (quote, tick) = (&found.quote, &found.quote.tick);
        Self {
            instrument_token: tick.token,
            tradingsymbol: &found.name,
            timestamp: tick.time.ist_text(),
            last_price: tick.last_price,
            ohlc: OhlcRow { open: tick.open, high: tick.high, low: tick.low, close: tick.close },
            net_change: tick.last_price - tick.close,
            exchange: &found.exchange,
            last_trade_time: quote.last_trade_time.map_or_else(|| NEVER.to_owned(), Timestamp::ist_text),
            last_quantity: tick.last_quantity,
            buy_quantity: tick.buy_quantity,
            sell_quantity: tick.sell_quantity,
            volume: tick.volume,
            volume_tick: 0,
            average_price: tick.average_price,
            oi: tick.oi,
            oi_day_high: quote.oi_day_high,
            oi_day_low: quote.oi_day_low,
            lower_circuit_limit: quote.lower_circuit_limit,
            upper_circuit_limit: quote.upper_circuit_limit,
        }
    }
}

impl<'a> From<&'a AlertOrder> for OrderOutcome<'a> {
    fn from(placed: &'a AlertOrder) -> Self {
        let (status, order_id, rejection_reason) = match &placed.order {
            Ok(order_id) => ("success", order_id.as_str(), ""),
            Err(reason) => ("failed", "", reason.as_str()),
        };
        let (exchange, tradingsymbol) = (placed.symbol.venue().as_str(), placed.symbol.name());
        Self { exchange, tradingsymbol, status, order_id, rejection_reason }
    }
}

const fn regular() -> Variety {
    Variety::Regular
}

fn day() -> String {
    "DAY".to_owned()
}
