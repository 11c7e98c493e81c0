//! Positions and holdings (reference §8).

use crate::view::order::Empty;
use exchange::{Holding, Position};
use market::{Money, Price, Timestamp};
use serde::Serialize;

/// `GET /portfolio/positions`.
#[derive(Serialize)]
pub(crate) struct PositionLists<'a> {
    pub(crate) net: Vec<PositionRow<'a>>,
    pub(crate) day: Vec<PositionRow<'a>>,
}

/// One position, Kite's 29 fields.
#[derive(Serialize)]
pub(crate) struct PositionRow<'a> {
    tradingsymbol: &'a str,
    exchange: &'static str,
    instrument_token: u32,
    product: &'static str,
    quantity: i64,
    overnight_quantity: i64,
    multiplier: i64,
    average_price: Price,
    close_price: Price,
    last_price: Price,
    value: Money,
    pnl: Money,
    m2m: Money,
    unrealised: Money,
    realised: Money,
    buy_quantity: i64,
    buy_price: Price,
    buy_value: Money,
    buy_m2m: Money,
    sell_quantity: i64,
    sell_price: Price,
    sell_value: Money,
    sell_m2m: Money,
    day_buy_quantity: i64,
    day_buy_price: Price,
    day_buy_value: Money,
    day_sell_quantity: i64,
    day_sell_price: Price,
    day_sell_value: Money,
}

/// One holding.
#[derive(Serialize)]
pub(crate) struct HoldingRow<'a> {
    tradingsymbol: &'a str,
    exchange: &'static str,
    instrument_token: u32,
    isin: &'a str,
    product: &'static str,
    price: f64,
    quantity: u32,
    used_quantity: u32,
    t1_quantity: u32,
    realised_quantity: u32,
    authorised_quantity: u32,
    authorised_date: String,
    authorisation: Empty,
    opening_quantity: u32,
    short_quantity: u32,
    collateral_quantity: u32,
    collateral_type: &'static str,
    discrepancy: bool,
    average_price: Price,
    last_price: Price,
    close_price: Price,
    pnl: Money,
    day_change: Price,
    day_change_percentage: Price,
    mtf: Mtf,
}

/// `{"request_id":"…"}`.
#[derive(Serialize)]
pub(crate) struct AuthoriseRequest {
    pub(crate) request_id: String,
}

/// One line of `/portfolio/holdings/auctions`.
#[derive(Serialize)]
pub(crate) struct AuctionRow<'a> {
    tradingsymbol: &'a str,
    exchange: &'static str,
    instrument_token: u32,
    isin: &'a str,
    product: &'static str,
    price: f64,
    quantity: u32,
    t1_quantity: u32,
    realised_quantity: u32,
    authorised_quantity: u32,
    authorised_date: String,
    opening_quantity: u32,
    collateral_quantity: u32,
    collateral_type: &'static str,
    discrepancy: bool,
    average_price: Price,
    last_price: Price,
    close_price: Price,
    pnl: Money,
    day_change: Price,
    day_change_percentage: Price,
    auction_number: String,
}

/// One line of `/portfolio/holdings/compact`.
#[derive(Serialize)]
pub(crate) struct CompactHolding<'a> {
    exchange: &'static str,
    tradingsymbol: &'a str,
    instrument_token: u32,
    t1_quantity: u32,
    quantity: u32,
}

/// `/portfolio/holdings/summary`.
#[derive(Serialize)]
pub(crate) struct HoldingsSummary {
    total_pnl: f64,
    total_pnl_percent: f64,
    today_pnl: f64,
    today_pnl_percent: f64,
    invested_amount: f64,
    current_value: f64,
}

#[derive(Serialize)]
struct Mtf {
    quantity: u32,
    used_quantity: u32,
    average_price: f64,
    value: f64,
    initial_margin: f64,
}

impl<'a> From<&'a Position> for PositionRow<'a> {
    fn from(p: &'a Position) -> Self {
        Self {
            tradingsymbol: p.symbol.name(),
            exchange: p.symbol.venue().as_str(),
            instrument_token: p.token,
            product: p.product.as_str(),
            quantity: p.quantity,
            overnight_quantity: p.overnight_quantity,
            multiplier: p.multiplier,
            average_price: p.average_price,
            close_price: p.close_price,
            last_price: p.last_price,
            value: p.value,
            pnl: p.pnl,
            m2m: p.m2m,
            unrealised: p.unrealised,
            realised: p.realised,
            buy_quantity: p.buy_quantity,
            buy_price: p.buy_price,
            buy_value: p.buy_value,
            buy_m2m: p.buy_m2m,
            sell_quantity: p.sell_quantity,
            sell_price: p.sell_price,
            sell_value: p.sell_value,
            sell_m2m: p.sell_m2m,
            day_buy_quantity: p.day_buy_quantity,
            day_buy_price: p.day_buy_price,
            day_buy_value: p.day_buy_value,
            day_sell_quantity: p.day_sell_quantity,
            day_sell_price: p.day_sell_price,
            day_sell_value: p.day_sell_value,
        }
    }
}

impl<'a> HoldingRow<'a> {
    pub(crate) fn new(h: &'a Holding, now: Timestamp) -> Self {
        Self {
            tradingsymbol: h.symbol.name(),
            exchange: h.symbol.venue().as_str(),
            instrument_token: h.token,
            isin: &h.isin,
            product: "CNC",
            price: 0.0,
            quantity: h.quantity,
            used_quantity: h.used_quantity,
            t1_quantity: h.t1_quantity,
            realised_quantity: h.quantity,
            authorised_quantity: h.authorised_quantity,
            authorised_date: now.date().midnight().ist_text(),
            authorisation: Empty {},
            opening_quantity: h.opening_quantity,
            short_quantity: 0,
            collateral_quantity: 0,
            collateral_type: "",
            discrepancy: false,
            average_price: h.average_price,
            last_price: h.last_price,
            close_price: h.close_price,
            pnl: h.pnl,
            day_change: h.day_change,
            day_change_percentage: h.day_change_percentage,
            mtf: Mtf { quantity: 0, used_quantity: 0, average_price: 0.0, value: 0.0, initial_margin: 0.0 },
        }
    }
}

impl<'a> AuctionRow<'a> {
    pub(crate) fn new(holding: &'a Holding, number: u32, now: Timestamp) -> Self {
        let row = HoldingRow::new(holding, now);
        Self {
            tradingsymbol: row.tradingsymbol,
            exchange: row.exchange,
            instrument_token: row.instrument_token,
            isin: row.isin,
            product: row.product,
            price: row.price,
            quantity: row.quantity,
            t1_quantity: row.t1_quantity,
            realised_quantity: row.realised_quantity,
            authorised_quantity: row.authorised_quantity,
            authorised_date: row.authorised_date,
            opening_quantity: row.opening_quantity,
            collateral_quantity: row.collateral_quantity,
            collateral_type: row.collateral_type,
            discrepancy: row.discrepancy,
            average_price: row.average_price,
            last_price: row.last_price,
            close_price: row.close_price,
            pnl: row.pnl,
            day_change: row.day_change,
            day_change_percentage: row.day_change_percentage,
            auction_number: number.to_string(),
        }
    }
}

impl<'a> From<&'a Holding> for CompactHolding<'a> {
    fn from(h: &'a Holding) -> Self {
        Self {
            exchange: h.symbol.venue().as_str(),
            tradingsymbol: h.symbol.name(),
            instrument_token: h.token,
            t1_quantity: h.t1_quantity,
            quantity: h.quantity,
        }
    }
}

impl HoldingsSummary {
    pub(crate) fn of(holdings: &[Holding]) -> Self {
        let sum = |amount: fn(&Holding, i64) -> Money| -> f64 {
            let units = |h: &Holding| i64::from(h.quantity) + i64::from(h.t1_quantity);
            holdings.iter().map(|h| amount(h, units(h))).sum::<Money>().to_wire()
        };
        let percent = |part: f64, whole: f64| if whole == 0.0 { 0.0 } else { part / whole * 100.0 };
        let total_pnl = sum(|h, _| h.pnl);
        let today_pnl = sum(|h, units| h.day_change * units);
        let invested_amount = sum(|h, units| h.average_price * units);
        let yesterday = sum(|h, units| h.close_price * units);
        Self {
            total_pnl,
            total_pnl_percent: percent(total_pnl, invested_amount),
            today_pnl,
            today_pnl_percent: percent(today_pnl, yesterday),
            invested_amount,
            current_value: sum(|h, units| h.last_price * units),
        }
    }
}
