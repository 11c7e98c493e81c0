//! The basket of orders of an alert (reference §11): as it is read, and as a form field changes it.

use crate::view::order::percent;
use exchange::{BasketChange, BasketItem, BasketOrder, BasketWish};
use market::{OrderKind, Price, Product, Side, Symbol, Validity, Variety, Venue};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Kite's longest tag, in characters.
const TAG_LIMIT: usize = 20;

/// The `basket` of a request.
#[derive(Deserialize)]
pub(crate) struct BasketFields {
    items: Vec<ItemFields>,
}

/// The `basket` of an alert.
#[derive(Serialize)]
pub(crate) struct BasketRow<'a> {
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

impl<'a> From<&'a [BasketItem]> for BasketRow<'a> {
    fn from(items: &'a [BasketItem]) -> Self {
        Self { items: items.iter().map(ItemRow::from).collect() }
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
                market_protection: percent(order.market_protection),
            },
        }
    }
}

const fn regular() -> Variety {
    Variety::Regular
}

fn day() -> String {
    "DAY".to_owned()
}
