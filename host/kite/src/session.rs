//! Everything a signed-in trader can ask of the broker.
//!
//! Reads wait for their turn within the account's budgets; order calls are refused when the budget is used up. Each
//! method is one request, or a run of reads where Kite bounds the size of one.

pub(crate) mod costs;
mod data;
mod orders;
pub(crate) mod portfolio;
mod triggers;

use crate::connection::{Call, Connection, Credentials, Fields, Size};
use crate::error::Error;
use crate::rows::account::{FullProfile, Margins, Profile, Segment};
use crate::rows::book::{Book, Record, read_book};
use crate::secret::Secret;
use crate::throttle::Lane;
use crate::ticker::{Ticker, TickerEvent};
use reqwest::Method;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::sync::Arc;
use tokio::sync::mpsc;

/// A signed-in trader's line. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Session {
    connection: Connection,
    who: Arc<Who>,
}

#[derive(Debug)]
struct Who {
    api_key: String,
    access_token: Secret,
}

impl Connection {
    /// The same line, used in the name of a signed-in trader.
    pub fn session(&self, api_key: &str, access_token: Secret) -> Session {
        let who = Who { api_key: api_key.to_owned(), access_token };
        Session { connection: self.clone(), who: Arc::new(who) }
    }
}

impl Session {
    /// The API key this session was opened with.
    pub fn api_key(&self) -> &str {
        &self.who.api_key
    }

    /// The same session on a line that leaves by another way.
    #[must_use]
    pub fn on(&self, connection: &Connection) -> Self {
        Self { connection: connection.clone(), who: Arc::clone(&self.who) }
    }

    /// The line underneath.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Ends the session at the broker; the access token is dead afterwards.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn logout(&self) -> Result<(), Error> {
        let who = &self.who;
        let fields = vec![
            ("api_key", who.api_key.as_str().into()),
            ("access_token", who.access_token.expose().into()),
        ];
        let answer =
            self.send(Method::DELETE, &["session", "token"], fields, Lane::Other, Size::Small).await?;
        answer.data::<IgnoredAny>().map(|_| ())
    }

    /// Who this is. The cheapest way to learn whether the session lives.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn profile(&self) -> Result<Profile, Error> {
        self.read(&["user", "profile"]).await
    }

    /// Cash and what is tied up, by segment.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn margins(&self) -> Result<Margins, Error> {
        self.read(&["user", "margins"]).await
    }

    /// Everything the broker tells of the trader.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn full_profile(&self) -> Result<FullProfile, Error> {
        self.read(&["user", "profile", "full"]).await
    }

    /// Cash and what is tied up, in shares and their derivatives alone.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn equity_margins(&self) -> Result<Segment, Error> {
        self.read(&["user", "margins", "equity"]).await
    }

    /// Cash and what is tied up, in commodities alone.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn commodity_margins(&self) -> Result<Segment, Error> {
        self.read(&["user", "margins", "commodity"]).await
    }

    /// The live feed of this trader: ticks, and updates of all their orders.
    pub fn ticker(&self) -> (Ticker, mpsc::Receiver<TickerEvent>) {
        let line = &self.connection;
        let token = self.who.access_token.clone();
        let limits = line.limits().ticker;
        Ticker::connect_with(line.endpoints(), line.egress(), self.api_key(), token, limits)
    }

    async fn read<T: DeserializeOwned>(&self, route: &[&str]) -> Result<T, Error> {
        self.send(Method::GET, route, vec![], Lane::Other, Size::Small).await?.data()
    }

    /// A list of records, with what of it cannot be read beside it.
    async fn read_book<T: Record>(&self, route: &[&str], size: Size) -> Result<Book<T>, Error> {
        let answer = self.send(Method::GET, route, vec![], Lane::Other, size).await?;
        let book = read_book(answer.data()?);
        self.connection.odd().tell(&route.join("/"), &book.odd_fields);
        Ok(book)
    }

    async fn send(
        &self,
        method: Method,
        route: &[&str],
        fields: Fields<'_>,
        lane: Lane,
        size: Size,
    ) -> Result<crate::answer::Answer, Error> {
        let who = Credentials { api_key: &self.who.api_key, access_token: &self.who.access_token };
        let url = self.connection.endpoints().route(route);
        let (credentials, hidden) = (Some(who), Vec::new());
        self.connection.send(Call { method, url, fields, json: None, lane, credentials, size, hidden }).await
    }
}
