//! Prices moved and held, and the exchange's own books.

use super::{Body, No};
use crate::broker::Broker;
use ::market::{Instrument, InstrumentToken, Price, Symbol};
use axum::Json;
use axum::extract::{Path, State};
use exchange::{Auction, Books, CallAuction, Exchange};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Nudge {
    symbol: Symbol,
    price: Price,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Hold {
    symbol: Symbol,
    #[serde(default)]
    price: Option<bool>,
    #[serde(default)]
    matching: Option<bool>,
}

/// An auction that begins at once.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Call {
    symbol: Symbol,
    wanted: u32,
    price: Price,
    seconds: u32,
}

/// One line of `GET /sim/instruments`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstrumentLine {
    #[serde(flatten)]
    instrument: Instrument,
    last_price: Price,
    lower_circuit_limit: Price,
    upper_circuit_limit: Price,
    freeze_quantity: u32,
}

pub(super) async fn books(
    State(broker): State<Broker>,
    Path(user_id): Path<String>,
) -> Result<Json<Books>, No> {
    let books = broker.exchange(|exchange| exchange.books(&user_id));
    books.map(Json).ok_or_else(|| No::unknown(format!("no account `{user_id}`: see GET /sim/accounts")))
}

pub(super) async fn instruments(State(broker): State<Broker>) -> Json<Vec<InstrumentLine>> {
    let lines = broker.exchange(|exchange| {
        let line = |listing: &exchange::Listing| {
            let quote = exchange.quote(listing.instrument.token)?;
            Some(InstrumentLine {
                instrument: listing.instrument.clone(),
                last_price: quote.tick.last_price,
                lower_circuit_limit: quote.lower_circuit_limit,
                upper_circuit_limit: quote.upper_circuit_limit,
                freeze_quantity: listing.freeze_quantity,
            })
        };
        exchange.listings().filter_map(line).collect()
    });
    Json(lines)
}

pub(super) async fn price(State(broker): State<Broker>, body: Body<Nudge>) -> Result<Json<Value>, No> {
    let Json(nudge) = body?;
    broker.exchange(|exchange| {
        let token = token(exchange, &nudge.symbol)?;
        exchange.set_price(token, nudge.price).map_err(|refusal| No::bad(refusal.message))
    })?;
    Ok(Json(json!({ "symbol": nudge.symbol, "price": nudge.price })))
}

pub(super) async fn auctions(State(broker): State<Broker>) -> Json<Vec<Auction>> {
    Json(broker.exchange(|exchange| exchange.auctions().to_vec()))
}

/// Begins an auction at once.
pub(super) async fn auction(State(broker): State<Broker>, body: Body<Call>) -> Result<Json<Auction>, No> {
    let Json(Call { symbol, wanted, price, seconds }) = body?;
    let call = CallAuction { symbol, wanted, price, seconds };
    let begun = broker.exchange(|exchange| exchange.call_auction(call));
    begun.map(Json).map_err(|refusal| No::bad(refusal.message))
}

pub(super) async fn hold(State(broker): State<Broker>, body: Body<Hold>) -> Result<Json<Value>, No> {
    let Json(hold) = body?;
    broker.exchange(|exchange| {
        let token = token(exchange, &hold.symbol)?;
        if let Some(held) = hold.price {
            exchange.hold_price(token, held);
        }
        if let Some(held) = hold.matching {
            exchange.hold_matching(token, held);
        }
        Ok::<_, No>(())
    })?;
    Ok(Json(json!({ "symbol": hold.symbol, "price": hold.price, "matching": hold.matching })))
}

fn token(exchange: &Exchange, symbol: &Symbol) -> Result<InstrumentToken, No> {
    let listing = exchange.find(symbol);
    let unknown = || No::unknown(format!("{symbol} is not listed: see GET /sim/instruments"));
    listing.map(|listing| listing.instrument.token).ok_or_else(unknown)
}
