//! Signing in: the address of the broker's login page, and the exchange of what comes back from it.
//!
//! The API secret is used for the checksum and never sent.

use crate::connection::{self, Call, Connection, Size};
use crate::error::Error;
use crate::rows::book::{Record, read_as_record};
use crate::secret::Secret;
use crate::throttle::Lane;
use crate::wire::fields::Fields;
use market::Timestamp;
use reqwest::Method;
use serde::de::IgnoredAny;
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

/// What a request token, or a refresh token, was exchanged for.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The trader's Zerodha id.
    pub user_id: String,
    /// Their full name.
    pub user_name: String,
    /// Their mail address.
    pub email: String,
    /// Valid until about 06:00 IST the next day.
    pub access_token: Secret,
    /// For a new access token without a new login. Approved platforms only: others are given none.
    pub refresh_token: Option<Secret>,
    /// When the broker says the session began.
    pub login_time: Option<Timestamp>,
    /// Exchanges the account may trade on, as the broker names them.
    pub exchanges: Vec<String>,
    /// Products the account may use, as the broker names them.
    pub products: Vec<String>,
    /// Order types the account may use, as the broker names them.
    pub order_types: Vec<String>,
}

impl Record for Grant {
    /// What nobody asked for is not kept: further tokens are among it.
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        Ok(Self {
            user_id: fields.needed_text("user_id")?,
            access_token: fields.needed_text("access_token")?.into(),
            user_name: fields.text("user_name").unwrap_or_default(),
            email: fields.text("email").unwrap_or_default(),
            refresh_token: fields.text("refresh_token").map(Secret::from),
            login_time: fields.instant("login_time"),
            exchanges: fields.texts("exchanges"),
            products: fields.texts("products"),
            order_types: fields.texts("order_types"),
        })
    }

    fn odd(&self) -> &[&'static str] {
        &[]
    }
}

read_as_record!(Grant);

impl Connection {
    /// Where to send the trader's browser. `redirect_params` (a query string, may be empty) comes back with the redirect.
    pub fn login_url(&self, api_key: &str, redirect_params: &str) -> Url {
        let mut url = self.endpoints().login.clone();
        url.query_pairs_mut().append_pair("v", "3").append_pair("api_key", api_key);
        if !redirect_params.is_empty() {
            url.query_pairs_mut().append_pair("redirect_params", redirect_params);
        }
        url
    }

    /// Exchanges a request token, which is good for one use within a few minutes.
    ///
    /// # Errors
    /// A wrong secret, a used or expired token and an unknown key are all [`Error::Refused`] with
    /// [`is_session_expired`](Error::is_session_expired); the message tells them apart.
    pub async fn exchange_token(
        &self,
        api_key: &str,
        api_secret: &Secret,
        request_token: &str,
    ) -> Result<Grant, Error> {
        let route = ["session", "token"];
        self.exchange(&route, api_key, api_secret, ("request_token", request_token)).await
    }

    /// A new access token for a refresh token, without a login. Approved platforms only.
    ///
    /// # Errors
    /// As [`Connection::exchange_token`].
    pub async fn refresh_token(
        &self,
        api_key: &str,
        api_secret: &Secret,
        refresh_token: &Secret,
    ) -> Result<Grant, Error> {
        let route = ["session", "refresh_token"];
        self.exchange(&route, api_key, api_secret, ("refresh_token", refresh_token.expose())).await
    }

    /// Ends a refresh token at the broker.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn drop_refresh_token(&self, api_key: &str, refresh_token: &Secret) -> Result<(), Error> {
        let fields = vec![("api_key", api_key.into()), ("refresh_token", refresh_token.expose().into())];
        let call = self.unsigned(Method::DELETE, &["session", "token"], fields, refresh_token.clone());
        self.send(call).await?.data::<IgnoredAny>().map(|_| ())
    }

    async fn exchange(
        &self,
        route: &[&str],
        api_key: &str,
        api_secret: &Secret,
        (name, token): (&'static str, &str),
    ) -> Result<Grant, Error> {
        let checksum = checksum(&[api_key, token, api_secret.expose()]);
        let fields = vec![("api_key", api_key.into()), (name, token.into()), ("checksum", checksum.into())];
        self.send(self.unsigned(Method::POST, route, fields, Secret::new(token))).await?.data()
    }

    /// A call that nobody has signed in for, with the token that it tells in confidence.
    fn unsigned<'a>(
        &self,
        method: Method,
        route: &[&str],
        fields: connection::Fields<'a>,
        token: Secret,
    ) -> Call<'a> {
        let url = self.endpoints().route(route);
        let (lane, size) = (Lane::Other, Size::Small);
        Call { method, url, fields, json: None, lane, credentials: None, size, hidden: vec![token] }
    }
}

/// SHA-256 over the parts, one after another, in lower-case hexadecimal.
pub(crate) fn checksum(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Egress, Endpoints};

    #[test]
    fn the_checksum_is_sha256_over_the_plain_concatenation() {
        // echo -n abc | sha256sum
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(checksum(&["a", "b", "c"]), abc);
        assert_eq!(checksum(&["abc", "", ""]), abc);
    }

    #[test]
    fn the_login_address_carries_key_and_redirect_parameters() {
        let line = Connection::new(Endpoints::zerodha(), Egress::Direct).unwrap();
        let plain = line.login_url("k y", "");
        assert_eq!(plain.as_str(), "https://kite.zerodha.com/connect/login?v=3&api_key=k+y");
        let with_state = line.login_url("key", "state=a&b=c");
        assert!(with_state.as_str().ends_with("&redirect_params=state%3Da%26b%3Dc"), "{with_state}");
    }

    #[test]
    fn a_grant_prints_no_token() {
        let json = r#"{"user_id":"UK9394","access_token":"t0ps3cret","new_field":[1],"login_time":"2026-11-23 09:00:00"}"#;
        let grant: Grant = serde_json::from_str(json).unwrap();
        assert_eq!(grant.access_token.expose(), "t0ps3cret");
        assert!(!format!("{grant:?}").contains("t0ps3cret"));
        for wrong in [
            r#"{"user_id":"A"}"#,
            r#"{"user_id":"","access_token":"t"}"#,
            r#"{"user_id":"A","access_token":null}"#,
        ] {
            assert!(serde_json::from_str::<Grant>(wrong).is_err(), "{wrong}");
        }
    }
}
