//! Market data: instruments, quotes, candles.
//!
//! Kite bounds how much one request may ask for; larger wishes are split here, each part within its budget.

use super::Session;
use crate::candles::{self, Candles};
use crate::connection::{Call, Fields, Size};
use crate::error::Error;
use crate::instruments;
use crate::rows::quote::{LastPrice, OhlcQuote, Quote};
use crate::throttle::Lane;
use market::{Candle, Instrument, InstrumentToken, Interval, Price, Symbol, Timestamp, Venue};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// Instruments in one quote request.
const QUOTES_PER_CALL: usize = 500;
/// Instruments in one ohlc or ltp request.
const PRICES_PER_CALL: usize = 1_000;

impl Session {
    /// The day's instrument list, of one exchange or of all. Rows of exchanges we do not trade on are left out.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn instruments(&self, venue: Option<Venue>) -> Result<Vec<Instrument>, Error> {
        let mut route = vec!["instruments"];
        route.extend(venue.map(Venue::as_str));
        let url = self.connection.endpoints().route(&route);
        // Public, so the access token stays at home.
        let (method, lane, size) = (Method::GET, Lane::Other, Size::Instruments);
        let (fields, json, credentials, hidden) = (vec![], None, None, vec![]);
        let call = Call { method, url, fields, json, lane, credentials, size, hidden };
        let csv = self.connection.send(call).await?.csv()?;
        let parsed = tokio::task::spawn_blocking(move || instruments::parse(&csv)).await;
        parsed.map_err(|e| Error::unreadable(200, e))?
    }

    /// Full quotes by symbol. Symbols that the broker does not know are left out.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn quote(&self, symbols: &[Symbol]) -> Result<BTreeMap<Symbol, Quote>, Error> {
        self.quoted(&["quote"], symbols, QUOTES_PER_CALL).await
    }

    /// Last prices with the day's open, high, low and the previous close.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn ohlc(&self, symbols: &[Symbol]) -> Result<BTreeMap<Symbol, OhlcQuote>, Error> {
        self.quoted(&["quote", "ohlc"], symbols, PRICES_PER_CALL).await
    }

    /// Last prices. Symbols that have never traded have none and are left out.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn ltp(&self, symbols: &[Symbol]) -> Result<BTreeMap<Symbol, Price>, Error> {
        let quoted = self.quoted::<LastPrice>(&["quote", "ltp"], symbols, PRICES_PER_CALL).await?;
        let prices = quoted.into_iter().map(|(symbol, last)| (symbol, last.last_price));
        Ok(prices.filter(|(_, price)| *price > Price::ZERO).collect())
    }

    /// Candles whose start lies in `from..=to`, oldest first.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn historical(
        &self,
        token: InstrumentToken,
        interval: Interval,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>, Error> {
        let mut found = Vec::new();
        for (from, to) in candles::spans(interval, from, to) {
            found.extend(self.candles(token, interval, from, to).await?);
        }
        Ok(found)
    }

    async fn candles(
        &self,
        token: InstrumentToken,
        interval: Interval,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>, Error> {
        let token_text = token.to_string();
        let route = ["instruments", "historical", &token_text, interval.as_str()];
        let oi = ("oi", "1".into());
        let fields = vec![("from", from.ist_text().into()), ("to", to.ist_text().into()), oi];
        let answer = self.send(Method::GET, &route, fields, Lane::Historical, Size::Bulk).await?;
        let rows: Candles = answer.data()?;
        rows.into_candles(token, interval).map_err(|reason| answer.unreadable(reason))
    }

    pub(super) async fn quoted<T: DeserializeOwned>(
        &self,
        route: &[&str],
        symbols: &[Symbol],
        per_call: usize,
    ) -> Result<BTreeMap<Symbol, T>, Error> {
        let mut found = BTreeMap::new();
        for part in symbols.chunks(per_call) {
            let fields: Fields<'_> = part.iter().map(|symbol| ("i", symbol.to_string().into())).collect();
            let answer = self.send(Method::GET, route, fields, Lane::Quote, Size::Bulk).await?;
            let quotes: BTreeMap<String, Value> = answer.data()?;
            let asked = quotes.len();
            let read = quotes
                .into_iter()
                .filter_map(|(key, quote)| Some((key.parse().ok()?, serde_json::from_value(quote).ok()?)));
            let read: Vec<(Symbol, T)> = read.collect();
            if read.len() < asked {
                // One odd instrument must not hide the prices of hundreds.
                tracing::warn!(left_out = asked - read.len(), "quotes that cannot be read");
            }
            found.extend(read);
        }
        Ok(found)
    }
}
