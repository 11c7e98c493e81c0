//! Parameters: query and form together, in order, repeated keys kept, unknown ones ignored.
//!
//! Every reader answers with Kite's InputException when the text is none of its kind.

use crate::reply::Refusal;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use market::Price;
use serde::de::DeserializeOwned;
use std::str::FromStr;

/// The largest form that is read, in bytes.
/// Prices from here on, in 1/10 000 rupee, are no prices: neither a JSON number nor a journal could hold them exactly.
const PRICE_UNITS_LIMIT: u64 = 1 << 51;
const FORM_LIMIT: usize = 64 * 1024;

/// The parameters of one call.
#[derive(Debug, Default)]
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
    /// The body as it came, for the few routes that are asked in JSON.
    body: Bytes,
}

/// A call that needs no session.
#[derive(Debug)]
pub(crate) struct Plain {
    pub(crate) params: Params,
}

impl Params {
    pub(crate) async fn read(query: Option<&str>, body: Body) -> Result<Self, Refusal> {
        let form = to_bytes(body, FORM_LIMIT).await;
        let form = form.map_err(|_| Refusal::input("The request body is too large or was cut off."))?;
        let mut pairs = Self::parse(form.as_ref());
        pairs.extend(Self::parse(query.unwrap_or_default().as_bytes()));
        Ok(Self { pairs, body: form })
    }

    pub(crate) fn from_query(query: Option<&str>) -> Self {
        Self { pairs: Self::parse(query.unwrap_or_default().as_bytes()), body: Bytes::new() }
    }

    /// The first value of a name; the form comes before the query.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let mut found = self.pairs.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Every value of a repeated name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name).ok_or_else(|| Refusal::input(format!("Missing or empty field `{name}`")))
    }

    /// A value of any type that reads from text.
    pub(crate) fn parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        self.text(name).map(str::parse).transpose().map_err(|_| invalid(name))
    }

    pub(crate) fn required_parsed<T: FromStr>(&self, name: &str) -> Result<T, Refusal> {
        self.required(name)?.parse().map_err(|_| invalid(name))
    }

    /// A whole number, also when a client prints it as `10.0`.
    pub(crate) fn count(&self, name: &str) -> Result<Option<u32>, Refusal> {
        let whole = self.text(name).map(|text| text.strip_suffix(".0").unwrap_or(text));
        whole.map(str::parse).transpose().map_err(|_| invalid(name))
    }

    pub(crate) fn price(&self, name: &str) -> Result<Option<Price>, Refusal> {
        let read = |text: &str| text.parse().ok().or_else(|| Price::from_wire(text.parse().ok()?));
        let exact = |price: &Price| price.units().unsigned_abs() < PRICE_UNITS_LIMIT;
        self.text(name).map(|text| read(text).filter(exact).ok_or_else(|| invalid(name))).transpose()
    }

    /// Booleans travel as `True`, `true` or `1`, whatever the client's language prints.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| text.eq_ignore_ascii_case("true") || text == "1")
    }

    /// The body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Refusal::input(format!("Invalid JSON in the request body: {error}.")))
    }

    fn parse(text: &[u8]) -> Vec<(String, String)> {
        serde_urlencoded::from_bytes(text).unwrap_or_default()
    }
}

impl<S: Send + Sync> FromRequest<S> for Plain {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        Ok(Self { params: Params::read(parts.uri.query(), body).await? })
    }
}

/// The refusal of a value that is none of its kind.
fn invalid(name: &str) -> Refusal {
    Refusal::input(format!("Invalid `{name}`."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_come_in_every_languages_spelling() {
        let params = Params::from_query(Some("a=True&b=true&c=1&d=False&e=0&f="));
        let truths = ["a", "b", "c", "d", "e", "f", "g"].map(|name| params.flag(name));
        assert_eq!(truths, [true, true, true, false, false, false, false]);
    }

    #[test]
    fn repeated_names_are_kept_in_order_and_plus_is_a_space() {
        let params = Params::from_query(Some("i=NSE:INFY&i=NSE:NIFTY+50"));
        assert_eq!(params.all("i").collect::<Vec<_>>(), ["NSE:INFY", "NSE:NIFTY 50"]);
    }

    #[test]
    fn numbers_that_are_none_are_named() {
        let params = Params::from_query(Some("quantity=ten&price=1e400"));
        assert_eq!(params.count("quantity").unwrap_err().message, "Invalid `quantity`.");
        assert_eq!(params.price("price").unwrap_err().message, "Invalid `price`.");
        let params = Params::from_query(Some("rhs_constant=922337203685477"));
        assert_eq!(params.price("rhs_constant").unwrap_err().message, "Invalid `rhs_constant`.");
    }
}
