//! Signing in, sessions, tokens.

use super::When;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What Kite Connect gives a trader.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Authenticate {
    /// The Kite Connect app's API key.
    pub(crate) api_key: String,
    /// The app's secret. Sealed at rest, never shown again.
    pub(crate) api_secret: String,
    /// The request token of Kite's login, good once and for a few minutes.
    pub(crate) request_token: String,
}

/// Credentials for the browser's way through Kite's login page.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BeginLogin {
    /// The Kite Connect app's API key.
    pub(crate) api_key: String,
    /// The app's secret. Sealed at rest, never shown again.
    pub(crate) api_secret: String,
}

/// Where to go next.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoginUrl {
    /// Kite's login page.
    pub(crate) url: String,
}

/// Who signed in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignedInAs {
    /// The Zerodha id.
    #[schema(example = "AB1234")]
    pub(crate) broker_id: String,
    /// The name Zerodha knows.
    pub(crate) user_name: String,
    /// When this session ends.
    pub(crate) expires_at: When,
}

/// The session at hand.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionView {
    /// The Zerodha id.
    #[schema(example = "AB1234")]
    pub(crate) broker_id: String,
    /// The name Zerodha knows.
    pub(crate) user_name: String,
    /// When this session or API token ends.
    pub(crate) expires_at: When,
    /// How the broker's own session stands.
    pub(crate) broker_session: BrokerSession,
}

/// How a tenant's session with the broker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum BrokerSession {
    /// Orders can be sent.
    Live,
    /// The broker ended it: sign in again.
    Expired,
    /// The broker does not answer.
    Unreachable,
}

/// How the broker's session stands, and why. The event is `broker`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BrokerView {
    pub(crate) broker_session: BrokerSession,
    /// In words.
    pub(crate) detail: String,
    /// Since when it cannot be traded.
    pub(crate) since: Option<When>,
}

/// One of the tenant's sessions.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Device {
    pub(crate) id: String,
    pub(crate) created_at: When,
    pub(crate) expires_at: When,
    /// What the browser or program called itself.
    pub(crate) device: String,
    /// True for the session that asks.
    pub(crate) current: bool,
}

/// A wish for an API token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// What it is for.
    pub(crate) name: String,
}

/// An API token, shown this once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IssuedToken {
    pub(crate) id: String,
    pub(crate) name: String,
    /// To be sent as `Authorization: Bearer …`.
    pub(crate) token: String,
    pub(crate) expires_at: When,
}

/// An API token without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenView {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created_at: When,
    pub(crate) expires_at: When,
}
