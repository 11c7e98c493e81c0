//! What can go wrong with a request, typed so that a caller can tell a definite *no* from an unknown outcome.
//!
//! The rule for orders: only an HTTP 400 with an allow-listed `error_type`, or a request that never left, is a definite
//! no. Everything else may have been carried out. No error holds an access token or an address that carries one.

use crate::budget::Budget;
use crate::secret::Secret;
use std::fmt;
use std::time::Duration;

/// What a failed request means for the order it was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The broker certainly did not do it.
    DefiniteNo,
    /// Nobody can tell: look the order up by its tag, never send it again.
    Unknown,
}

/// Kite's `error_type`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusalKind {
    /// `TokenException`: the session is dead or the request token is wrong.
    Token,
    /// `PermissionException`: not allowed for this app, plan or address.
    Permission,
    /// `UserException`: something about the account.
    User,
    /// `TwoFAException`: a second factor is asked for.
    TwoFactor,
    /// `InputException`: a parameter is missing or wrong.
    Input,
    /// `OrderException`: placing or fetching failed somewhere behind the gateway. Not the same as *not taken*.
    Order,
    /// `MarginException`: not enough funds.
    Margin,
    /// `HoldingException`: not enough holdings.
    Holding,
    /// `NetworkException`: the broker could not reach its order system.
    Network,
    /// `DataException`: the broker could not read its order system's answer.
    Data,
    /// `GeneralException`: unclassified.
    General,
    /// A word that Kite has not told us of.
    Other(String),
}

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The request makes no sense and was not sent.
    #[error("not sent: {reason}")]
    Invalid {
        /// What to change.
        reason: String,
    },
    /// The account's own budget is used up; the request was not sent.
    #[error("not sent: the account's limit of {limit} {budget} is used up, try again in {} ms", retry_after.as_millis())]
    OverLimit {
        /// Which budget.
        budget: Budget,
        /// How many it allows.
        limit: u32,
        /// When there is room again, if nobody else takes it.
        retry_after: Duration,
    },
    /// No connection was made, so nothing was sent.
    #[error("not sent: no connection to the broker ({reason})")]
    NotSent {
        /// What the network said.
        reason: String,
    },
    /// The broker answered no.
    #[error("{message} ({kind}, HTTP {status})")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Kite's classification.
        kind: RefusalKind,
        /// Kite's words.
        message: String,
    },
    /// HTTP 428: the trader must give leave to sell these holdings first, at the depository's page:
    /// see [`Session::authorise_holdings`](crate::Session::authorise_holdings).
    #[error("the holdings must be authorised for sale first: {message} (HTTP 428)")]
    NeedsAuthorisation {
        /// Kite's words.
        message: String,
    },
    /// HTTP 429: the gateway that says so may stand before or behind the order system.
    #[error("the broker's rate limit is reached: {message}")]
    RateLimited {
        /// Kite's words.
        message: String,
    },
    /// HTTP 5xx.
    #[error("the broker failed: {message} (HTTP {status})")]
    ServerError {
        /// The HTTP status.
        status: u16,
        /// Kite's classification, where the answer carried one.
        kind: Option<RefusalKind>,
        /// Kite's words, or ours where there were none.
        message: String,
    },
    /// No complete answer in time.
    #[error("no answer from the broker within {limit_ms} ms")]
    TimedOut {
        /// The limit.
        limit_ms: u64,
    },
    /// The connection broke after the request had begun.
    #[error("the connection to the broker broke: {reason}")]
    Broken {
        /// What the network said.
        reason: String,
    },
    /// An answer that is none: HTML, broken JSON, a redirect, too long, a missing id.
    #[error("the broker's answer cannot be read: {reason} (HTTP {status})")]
    Unreadable {
        /// The HTTP status.
        status: u16,
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    /// What this means for the order that the request was about.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Invalid { .. } | Self::OverLimit { .. } | Self::NotSent { .. } => Outcome::DefiniteNo,
            Self::Refused { status: 400, kind, .. } if kind.is_definite() => Outcome::DefiniteNo,
            Self::Refused { .. }
            | Self::NeedsAuthorisation { .. }
            | Self::RateLimited { .. }
            | Self::ServerError { .. }
            | Self::TimedOut { .. }
            | Self::Broken { .. }
            | Self::Unreadable { .. } => Outcome::Unknown,
        }
    }

    /// True when the broker no longer knows the session: only a new login helps.
    pub fn is_session_expired(&self) -> bool {
        matches!(self, Self::Refused { status: 403, kind: RefusalKind::Token, .. })
    }

    /// True when the request never reached the broker or the broker could not be understood: worth trying a *read* again.
    pub fn is_transport(&self) -> bool {
        match self {
            Self::NotSent { .. }
            | Self::RateLimited { .. }
            | Self::ServerError { .. }
            | Self::TimedOut { .. }
            | Self::Broken { .. }
            | Self::Unreadable { .. } => true,
            Self::Invalid { .. }
            | Self::OverLimit { .. }
            | Self::NeedsAuthorisation { .. }
            | Self::Refused { .. } => false,
        }
    }

    /// This error with a secret blotted out of every text: a broker may echo what it was sent.
    pub(crate) fn without(mut self, secret: &Secret) -> Self {
        match &mut self {
            Self::Refused { kind, message, .. } => {
                kind.blot_out(secret);
                *message = secret.blot_out(message);
            }
            Self::ServerError { kind, message, .. } => {
                if let Some(kind) = kind {
                    kind.blot_out(secret);
                }
                *message = secret.blot_out(message);
            }
            Self::Invalid { reason: text }
            | Self::NotSent { reason: text }
            | Self::NeedsAuthorisation { message: text }
            | Self::RateLimited { message: text }
            | Self::Broken { reason: text }
            | Self::Unreadable { reason: text, .. } => *text = secret.blot_out(text),
            Self::OverLimit { .. } | Self::TimedOut { .. } => {}
        }
        self
    }

    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid { reason: reason.into() }
    }

    pub(crate) fn unreadable(status: u16, reason: impl fmt::Display) -> Self {
        Self::Unreadable { status, reason: reason.to_string() }
    }
}

impl RefusalKind {
    /// From Kite's word.
    pub(crate) fn from_word(word: &str) -> Self {
        match word {
            "TokenException" => Self::Token,
            "PermissionException" => Self::Permission,
            "UserException" => Self::User,
            "TwoFAException" => Self::TwoFactor,
            "InputException" => Self::Input,
            "OrderException" => Self::Order,
            "MarginException" => Self::Margin,
            "HoldingException" => Self::Holding,
            "NetworkException" => Self::Network,
            "DataException" => Self::Data,
            "GeneralException" => Self::General,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Kite's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Token => "TokenException",
            Self::Permission => "PermissionException",
            Self::User => "UserException",
            Self::TwoFactor => "TwoFAException",
            Self::Input => "InputException",
            Self::Order => "OrderException",
            Self::Margin => "MarginException",
            Self::Holding => "HoldingException",
            Self::Network => "NetworkException",
            Self::Data => "DataException",
            Self::General => "GeneralException",
            Self::Other(word) => word,
        }
    }

    fn blot_out(&mut self, secret: &Secret) {
        if let Self::Other(word) = self {
            *word = secret.blot_out(word);
        }
    }

    /// The allow-list: with HTTP 400 these words mean that no order came to be. `OrderException` is not one of them: the
    /// order system uses it for failures after the order was passed on as well.
    fn is_definite(&self) -> bool {
        match self {
            Self::Input | Self::Margin | Self::Holding => true,
            Self::Order
            | Self::Token
            | Self::Permission
            | Self::User
            | Self::TwoFactor
            | Self::Network
            | Self::Data
            | Self::General
            | Self::Other(_) => false,
        }
    }
}

impl fmt::Display for RefusalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, word: &str) -> Error {
        Error::Refused { status, kind: RefusalKind::from_word(word), message: "no".into() }
    }

    #[test]
    fn only_a_400_with_an_allow_listed_type_is_a_definite_no() {
        for word in ["InputException", "MarginException", "HoldingException"] {
            assert_eq!(refused(400, word).outcome(), Outcome::DefiniteNo, "{word}");
            for status in [200, 401, 403, 404, 405, 410, 428] {
                assert_eq!(refused(status, word).outcome(), Outcome::Unknown, "{status} {word}");
            }
        }
        for word in [
            "OrderException",
            "TokenException",
            "PermissionException",
            "UserException",
            "GeneralException",
            "New",
            "",
        ] {
            assert_eq!(refused(400, word).outcome(), Outcome::Unknown, "{word}");
        }
    }

    #[test]
    fn only_a_403_token_exception_ends_the_session() {
        assert!(refused(403, "TokenException").is_session_expired());
        assert!(!refused(403, "PermissionException").is_session_expired());
        assert!(!refused(400, "TokenException").is_session_expired());
    }
}
