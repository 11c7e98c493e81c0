//! Signing in: the address of the broker's login page, and the exchange of what comes back from it.
//!
//! The API secret is used for the checksum and never sent.

use crate::connection::{Call, Connection, Size};
use crate::error::Error;
use crate::secret::Secret;
use crate::throttle::Lane;
use crate::wire;
use market::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};
use url::Url;

/// What a request token was exchanged for.
#[derive(Debug, Clone, Deserialize)]
pub struct Grant {
    /// The trader's Zerodha id.
    #[serde(deserialize_with = "wire::required")]
    pub user_id: String,
    /// Their full name.
    #[serde(default, deserialize_with = "wire::text_or_empty")]
    pub user_name: String,
    /// Their mail address.
    #[serde(default, deserialize_with = "wire::text_or_empty")]
    pub email: String,
    /// Valid until about 06:00 IST the next day.
    #[serde(deserialize_with = "secret")]
    pub access_token: Secret,
    /// When the broker says the session began.
    #[serde(default, deserialize_with = "wire::instant")]
    pub login_time: Option<Timestamp>,
    /// Exchanges the account may trade on, as the broker names them.
    #[serde(default, deserialize_with = "wire::texts")]
    pub exchanges: Vec<String>,
    /// Products the account may use, as the broker names them.
    #[serde(default, deserialize_with = "wire::texts")]
    pub products: Vec<String>,
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
    wire::required(from).map(Secret::from)
}

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
        let checksum = checksum(&[api_key, request_token, api_secret.expose()]);
        let fields = vec![
            ("api_key", api_key.into()),
            ("request_token", request_token.into()),
            ("checksum", checksum.into()),
        ];
        let url = self.endpoints().route(&["session", "token"]);
        let (lane, size) = (Lane::Other, Size::Small);
        let hidden = vec![Secret::new(request_token)];
        let call = Call { method: Method::POST, url, fields, lane, credentials: None, size, hidden };
        self.send(call).await?.data()
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
