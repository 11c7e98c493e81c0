//! What orders would tie up and cost, by the broker's reckoning. Nothing here changes anything.

use super::Session;
use crate::connection::{Call, Credentials, Fields, Size};
use crate::error::Error;
use crate::rows::cost::{BasketMargins, ContractLine, OrderMargin, TriggerRange};
use crate::throttle::Lane;
use crate::wire::decimal;
use market::{OrderRequest, Price, Side, Symbol};
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Instruments in one request for trigger ranges.
const RANGES_PER_CALL: usize = 500;

/// An order that was filled, for what its trade costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilledOrder {
    /// Its number, or any text: it only comes back.
    pub order_id: String,
    /// What was asked for; its quantity was filled.
    pub request: OrderRequest,
    /// At this average.
    pub average_price: Price,
}

#[derive(Serialize)]
struct Asked<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<&'a str>,
    exchange: &'a str,
    tradingsymbol: &'a str,
    transaction_type: &'a str,
    variety: &'a str,
    product: &'a str,
    order_type: &'a str,
    quantity: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger_price: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    average_price: Option<Box<RawValue>>,
}

impl Session {
    /// What each order alone would tie up, in their order.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn order_margins(&self, orders: &[OrderRequest]) -> Result<Vec<OrderMargin>, Error> {
        let asked: Vec<_> = orders.iter().map(Asked::to_place).collect();
        self.ask(&["margins", "orders"], vec![], &asked).await
    }

    /// What orders together would tie up; with `consider_positions`, beside what is held.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn basket_margins(
        &self,
        orders: &[OrderRequest],
        consider_positions: bool,
    ) -> Result<BasketMargins, Error> {
        let asked: Vec<_> = orders.iter().map(Asked::to_place).collect();
        let query = vec![("consider_positions", consider_positions.to_string().into())];
        self.ask(&["margins", "basket"], query, &asked).await
    }

    /// What the trades of orders cost, in their order.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn charges(&self, orders: &[FilledOrder]) -> Result<Vec<ContractLine>, Error> {
        let asked: Vec<_> = orders.iter().map(Asked::filled).collect();
        self.ask(&["charges", "orders"], vec![], &asked).await
    }

    /// Between which prices the trigger of a cover order may lie.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn trigger_ranges(
        &self,
        side: Side,
        symbols: &[Symbol],
    ) -> Result<BTreeMap<Symbol, TriggerRange>, Error> {
        let side = match side {
            Side::Buy => "buy",
            Side::Sell => "sell",
        };
        self.quoted(&["instruments", "trigger_range", side], symbols, RANGES_PER_CALL).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        route: &[&str],
        fields: Fields<'_>,
        asked: &[Asked<'_>],
    ) -> Result<T, Error> {
        if asked.is_empty() {
            return Err(Error::invalid("no order is named"));
        }
        let json = serde_json::to_string(asked).map_err(|error| Error::invalid(error.to_string()))?;
        let credentials =
            Some(Credentials { api_key: &self.who.api_key, access_token: &self.who.access_token });
        let url = self.connection.endpoints().route(route);
        let (method, json, lane, size) = (Method::POST, Some(json), Lane::Other, Size::Small);
        let call = Call { method, url, fields, json, lane, credentials, size, hidden: vec![] };
        self.connection.send(call).await?.data()
    }
}

impl<'a> Asked<'a> {
    fn to_place(request: &'a OrderRequest) -> Self {
        Self {
            price: Some(decimal(request.price)),
            trigger_price: Some(decimal(request.trigger)),
            ..Self::named(request)
        }
    }

    fn filled(order: &'a FilledOrder) -> Self {
        Self {
            order_id: Some(&order.order_id),
            average_price: Some(decimal(order.average_price)),
            ..Self::named(&order.request)
        }
    }

    fn named(request: &'a OrderRequest) -> Self {
        Self {
            order_id: None,
            exchange: request.symbol.venue().as_str(),
            tradingsymbol: request.symbol.name(),
            transaction_type: request.side.as_str(),
            variety: request.variety.as_str(),
            product: request.product.as_str(),
            order_type: request.kind.as_str(),
            quantity: request.quantity,
            price: None,
            trigger_price: None,
            average_price: None,
        }
    }
}
