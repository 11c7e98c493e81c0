//! Why an order was refused: one word of `wit/types.wit` and a sentence that says what to do.

use super::LossLatch;
use super::percent::Percent;
use crate::line::BrokerState;
use crate::record::RefusalCode;
use market::{Money, Price, Side, Symbol, Venue};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A *no* with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// The reason as a word.
    pub code: RefusalCode,
    /// The reason as a sentence, for people.
    pub text: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Refusal {
    /// From its parts.
    pub fn new(code: RefusalCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    pub(super) fn kill_switch(reason: &str) -> Self {
        Self::new(
            RefusalCode::KillSwitch,
            format!("the kill switch is on ({reason}): switch it off to trade"),
        )
    }

    pub(super) fn daily_loss(latch: LossLatch, limit: Option<Money>) -> Self {
        let limit = limit.map_or_else(String::new, |limit| format!(" with a limit of {limit}"));
        let (since, day_pnl) = (latch.since.ist_text(), latch.day_pnl);
        let text =
            format!("the day's result was {day_pnl} at {since}{limit}: a person must clear this to trade on");
        Self::new(RefusalCode::DailyLoss, text)
    }

    pub(super) fn unknown_result() -> Self {
        let text = "the day's result cannot be told, because something held has no price yet, and there is a limit on \
                    the daily loss: try again when it ticks, or take the limit off";
        Self::new(RefusalCode::DailyLoss, text)
    }

    pub(super) fn no_session(broker: &BrokerState) -> Self {
        Self::new(RefusalCode::NoSession, broker.to_string())
    }

    pub(super) fn market_closed() -> Self {
        Self::new(
            RefusalCode::MarketClosed,
            "the market is closed: orders are taken during continuous trading",
        )
    }

    pub(super) fn rate(unit: &str, limit: u32) -> Self {
        Self::new(
            RefusalCode::RateLimit,
            format!("the account has made its {limit} order calls of this {unit}: wait for the next {unit}"),
        )
    }

    pub(super) fn order_count(limit: u32) -> Self {
        let text = format!(
            "the account has made its {limit} order calls of today: only exits and cancels leave until tomorrow"
        );
        Self::new(RefusalCode::OrderCount, text)
    }

    pub(super) fn open_orders(limit: u32) -> Self {
        let text = format!("the account may have {limit} orders standing: cancel one first");
        Self::new(RefusalCode::OpenOrders, text)
    }

    pub(super) fn instrument(symbol: &Symbol) -> Self {
        let text = format!("{symbol} is not on the account's list of allowed instruments");
        Self::new(RefusalCode::InstrumentNotAllowed, text)
    }

    pub(super) fn venue(venue: Venue) -> Self {
        let text = format!(
            "orders on {venue} are not supported: its contract sizes and hours are not known here. \
             Trade on NSE, BSE, NFO or BFO"
        );
        Self::new(RefusalCode::InstrumentNotAllowed, text)
    }

    pub(super) fn quantity(asked: u32, limit: u32) -> Self {
        Self::new(RefusalCode::QuantityLimit, format!("{asked} units are more than the {limit} of one order"))
    }

    pub(super) fn value(asked: Money, limit: Money) -> Self {
        Self::new(RefusalCode::ValueLimit, format!("₹{asked} are more than the ₹{limit} of one order"))
    }

    pub(super) fn no_price(symbol: &Symbol, limit: Money) -> Self {
        let text = format!(
            "no price of {symbol} is known, so the order cannot be held against the ₹{limit} of one order: \
             wait for a tick, or name a limit price"
        );
        Self::new(RefusalCode::ValueLimit, text)
    }

    pub(super) fn price_band(side: Side, asked: Price, last: Price, percent: Percent) -> Self {
        let way = match side {
            Side::Buy => "above",
            Side::Sell => "below",
        };
        let text = format!("{asked} lies more than {percent} % {way} the last price {last}");
        Self::new(RefusalCode::PriceBand, text)
    }
}
