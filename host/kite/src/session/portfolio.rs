//! What the trader holds, how it is held, and leave to sell it.

use super::Session;
use crate::connection::Size;
use crate::error::Error;
use crate::order_params::Form;
use crate::rows::book::Book;
use crate::rows::holding::{AuctionRow, CompactHolding, HoldingRow, HoldingsSummary};
use crate::rows::position::Positions;
use crate::wire::fields::Fields;
use market::{Product, Side, Symbol};
use reqwest::Method;
use serde_json::Value;
use url::Url;

/// Another way to hold a part of a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// What is held.
    pub symbol: Symbol,
    /// Which way the position goes: buy for a long one.
    pub side: Side,
    /// True for what was carried over, false for what was traded today.
    pub overnight: bool,
    /// Units.
    pub quantity: u32,
    /// How it is held.
    pub from: Product,
    /// How it shall be held.
    pub to: Product,
}

/// Leave to sell holdings, asked for: only the trader can give it, at the depository's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorisation {
    /// The broker's number of the request.
    pub request_id: String,
    /// The page that the trader must open.
    pub page: Url,
}

impl Session {
    /// The net and the day's positions. Flat ones stay listed until the end of the day.
    ///
    /// # Errors
    /// As every call: see [`Error`]. A row that cannot be read is no error but stands in [`Book::unreadable`].
    pub async fn positions(&self) -> Result<Positions, Error> {
        self.read(&["portfolio", "positions"]).await
    }

    /// Holds a part of a position another way, at most once.
    ///
    /// # Errors
    /// As every call: see [`Error`]. Whether it was done shows in the positions.
    pub async fn convert(&self, conversion: &Conversion) -> Result<(), Error> {
        let Conversion { symbol, side, overnight, quantity, from, to } = conversion;
        if *quantity == 0 || from == to {
            return Err(Error::invalid("a conversion needs a quantity and two different products"));
        }
        let form = vec![
            ("exchange", symbol.venue().to_string()),
            ("tradingsymbol", symbol.name().to_owned()),
            ("transaction_type", side.to_string()),
            ("position_type", if *overnight { "overnight" } else { "day" }.to_owned()),
            ("quantity", quantity.to_string()),
            ("old_product", from.to_string()),
            ("new_product", to.to_string()),
        ];
        match self.write(Method::PUT, &["portfolio", "positions"], form).await? {
            Value::Bool(true) => Ok(()),
            _ => Err(Error::unreadable(200, "it does not say that the position was converted")),
        }
    }

    /// What is held for delivery.
    ///
    /// # Errors
    /// As [`Session::positions`].
    pub async fn holdings(&self) -> Result<Book<HoldingRow>, Error> {
        self.read_book(&["portfolio", "holdings"], Size::Small).await
    }

    /// All holdings together.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn holdings_summary(&self) -> Result<HoldingsSummary, Error> {
        self.read(&["portfolio", "holdings", "summary"]).await
    }

    /// The units held and nothing else.
    ///
    /// # Errors
    /// As [`Session::positions`].
    pub async fn compact_holdings(&self) -> Result<Book<CompactHolding>, Error> {
        self.read_book(&["portfolio", "holdings", "compact"], Size::Small).await
    }

    /// Holdings that the exchange's auctions of the day are about.
    ///
    /// # Errors
    /// As [`Session::positions`].
    pub async fn auctions(&self) -> Result<Book<AuctionRow>, Error> {
        self.read_book(&["portfolio", "holdings", "auctions"], Size::Small).await
    }

    /// Asks for leave to sell holdings: units by the security's international number, or all where none is named.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn authorise_holdings(&self, units: &[(&str, u32)]) -> Result<Authorisation, Error> {
        let pairs =
            units.iter().map(|(isin, units)| [("isin", (*isin).to_owned()), ("quantity", units.to_string())]);
        let form: Form = pairs.flatten().collect();
        let record: Value = self.write(Method::POST, &["portfolio", "holdings", "authorise"], form).await?;
        let read = Fields::of(record).and_then(|mut fields| fields.needed_text("request_id"));
        let request_id = read.map_err(|reason| Error::unreadable(200, reason))?;
        let page = self.connection().endpoints().authorisation_page(self.api_key(), &request_id);
        Ok(Authorisation { request_id, page })
    }
}
