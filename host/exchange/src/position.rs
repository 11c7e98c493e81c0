//! Positions in Kite's 29 fields and with Kite's formulas (reference §8.1).

use crate::product::ShownProduct;
use market::{InstrumentToken, Money, Price, Product, Side, Symbol};
use serde::Serialize;

/// Both lists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Positions {
    /// With what was carried over night.
    pub net: Vec<Position>,
    /// Today's trades alone.
    pub day: Vec<Position>,
}

/// One row. `realised` is always zero and `unrealised` the whole, as Kite has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// What (gives `tradingsymbol` and `exchange`).
    pub symbol: Symbol,
    /// Its number.
    pub token: InstrumentToken,
    /// How it is held; CO for what a cover order brought.
    pub product: ShownProduct,
    /// Signed.
    pub quantity: i64,
    /// Signed, at the start of the day.
    pub overnight_quantity: i64,
    /// Units per lot where quantity counts lots, else 1. Every value below is multiplied by it, no price is.
    pub multiplier: i64,
    /// `buy_price` when long, `sell_price` when short, 0 when flat.
    pub average_price: Price,
    /// Previous close for a carried position, else 0.
    pub close_price: Price,
    /// Price of the last trade.
    pub last_price: Price,
    /// `sell_value − buy_value`.
    pub value: Money,
    /// `value + quantity × last_price × multiplier`.
    pub pnl: Money,
    /// The same, with the carried part at the previous close.
    pub m2m: Money,
    /// Equal to `pnl`.
    pub unrealised: Money,
    /// Always zero.
    pub realised: Money,
    /// Bought, the carried long part included.
    pub buy_quantity: i64,
    /// `buy_value / (buy_quantity × multiplier)`.
    pub buy_price: Price,
    /// Σ price × quantity × multiplier.
    pub buy_value: Money,
    /// Day's buys and the carried long part at the close.
    pub buy_m2m: Money,
    /// Sold, the carried short part included.
    pub sell_quantity: i64,
    /// `sell_value / (sell_quantity × multiplier)`.
    pub sell_price: Price,
    /// Σ price × quantity × multiplier.
    pub sell_value: Money,
    /// Day's sells and the carried short part at the close.
    pub sell_m2m: Money,
    /// Bought today.
    pub day_buy_quantity: i64,
    /// At this average.
    pub day_buy_price: Price,
    /// For this much.
    pub day_buy_value: Money,
    /// Sold today.
    pub day_sell_quantity: i64,
    /// At this average.
    pub day_sell_price: Price,
    /// For this much.
    pub day_sell_value: Money,
}

/// A wish to hold a position as another product (reference §8.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvertPosition {
    /// What.
    pub symbol: Symbol,
    /// BUY for a long position.
    pub side: Side,
    /// True when it was carried over night.
    pub overnight: bool,
    /// How much of it.
    pub quantity: u32,
    /// How it is held.
    pub old_product: Product,
    /// How it should be.
    pub new_product: Product,
}
