//! What a tenant reads from the broker: instruments, candles, quotes, cash.

use super::Tenant;
use crate::error::BrokerError;
use crate::feed::Watch;
use crate::instruments::{InstrumentList, instrument_day};
use market::{Candle, InstrumentToken, Interval, Money, Symbol, Tick, Timestamp};
use std::sync::Arc;

impl Tenant {
    /// The instrument list of the day, fetched once a day for all tenants. The day turns when Kite has written the new list.
    ///
    /// # Errors
    /// When the broker cannot be read; so with every method here.
    pub async fn instruments(&self) -> Result<Arc<InstrumentList>, BrokerError> {
        let host = self.host();
        if let Some(list) = host.instruments_today() {
            return Ok(list);
        }
        let _turn = host.instruments_fetch.lock().await;
        if let Some(list) = host.instruments_today() {
            return Ok(list);
        }
        let session = self.inner.line.need_session()?;
        // The day of the question, not of the answer: a list asked for just before the turn may be the old one.
        let day = instrument_day(self.now());
        let all = self.inner.line.heard(&session, session.kite.instruments(None).await)?;
        let list = Arc::new(InstrumentList::new(day, all));
        host.instruments.store(Some(Arc::clone(&list)));
        Ok(list)
    }

    /// Keeps the newest prices of instruments, without hearing of each tick.
    pub fn watch(&self) -> Watch {
        self.inner.hub.watch()
    }

    /// Candles whose start lies in `from..=to`, oldest first.
    pub async fn history(
        &self,
        token: InstrumentToken,
        interval: Interval,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>, BrokerError> {
        let session = self.inner.line.need_session()?;
        self.inner.line.heard(&session, session.kite.historical(token, interval, from, to).await)
    }

    /// Full quotes; symbols that the broker does not know are left out.
    pub async fn quote(&self, symbols: &[Symbol]) -> Result<Vec<Tick>, BrokerError> {
        let session = self.inner.line.need_session()?;
        let quotes = self.inner.line.heard(&session, session.kite.quote(symbols).await)?;
        let now = self.now();
        Ok(quotes.into_values().map(|quote| tick(&quote, now)).collect())
    }

    /// Cash available for new orders.
    pub async fn cash(&self) -> Result<Money, BrokerError> {
        self.inner.desk.read_cash().await
    }
}

fn tick(quote: &kite::Quote, now: Timestamp) -> Tick {
    Tick {
        token: quote.instrument_token,
        time: quote.timestamp.unwrap_or(now),
        last_price: quote.last_price,
        last_quantity: quote.last_quantity,
        average_price: quote.average_price,
        volume: quote.volume,
        buy_quantity: quote.buy_quantity,
        sell_quantity: quote.sell_quantity,
        open: quote.ohlc.open,
        high: quote.ohlc.high,
        low: quote.ohlc.low,
        close: quote.ohlc.close,
        oi: quote.oi,
        depth: quote.depth,
    }
}
