//! Who is signed in: browser sessions and tokens for scripts. Only hashes are kept.

use market::Timestamp;
use serde::Serialize;
use std::fmt;
use zeroize::Zeroizing;

/// A secret on its way to or from a person. Prints as `***`.
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

/// What a trader signs in with.
#[derive(Debug, Clone)]
pub struct Login {
    /// The app's key at the broker.
    pub api_key: String,
    /// The app's secret.
    pub api_secret: SecretText,
    /// What the broker's login page handed out.
    pub request_token: SecretText,
    /// What the trader calls the device, or the browser calls itself.
    pub device: String,
}

/// A browser's sign-in that has begun.
#[derive(Debug, Clone)]
pub struct PendingLogin {
    /// Where to send the browser.
    pub url: url::Url,
    /// Comes back with the browser; single use.
    pub state: String,
}

/// A new sign-in. The secret is shown once.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// For the cookie.
    pub secret: SecretText,
    /// What is known of it.
    pub info: SessionInfo,
}

/// One sign-in as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionInfo {
    /// Names it in lists; opens nothing.
    pub id: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The device.
    pub device: String,
}

/// A token for scripts as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiToken {
    /// Names it in lists; opens nothing.
    pub id: String,
    /// What the trader called it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A new token. The secret is shown once.
#[derive(Debug, Clone)]
pub struct NewApiToken {
    /// For the `Authorization: Bearer` header.
    pub secret: SecretText,
    /// What is known of it.
    pub info: ApiToken,
}

impl SecretText {
    /// Takes a secret in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Shows it. Every caller is a place to look at.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
