//! A command that was refused at the door, in Kite's words.
//!
//! What the back office refuses later is no refusal: it is an order with status REJECTED.

use serde::Serialize;

/// Kite's class of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum RefusalKind {
    /// A parameter is missing, wrong or out of range.
    #[serde(rename = "InputException")]
    Input,
    /// Funds are short.
    #[serde(rename = "MarginException")]
    Margin,
    /// Shares are short.
    #[serde(rename = "HoldingException")]
    Holding,
    /// The holder has not let these shares be sold. Kite's error types have none for it, only an HTTP status; the class
    /// shown is that of holdings.
    #[serde(rename = "HoldingException")]
    Consent,
    /// The order could not be placed or found.
    #[serde(rename = "OrderException")]
    Order,
    /// The account may not do this.
    #[serde(rename = "UserException")]
    User,
    /// Anything else.
    #[serde(rename = "GeneralException")]
    General,
}

/// Why a command was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Its class.
    pub kind: RefusalKind,
    /// For people.
    pub message: String,
    /// For programs, such as `switch_to_amo`.
    pub hints: Vec<String>,
}

impl RefusalKind {
    /// Kite's `error_type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Input => "InputException",
            Self::Margin => "MarginException",
            Self::Holding | Self::Consent => "HoldingException",
            Self::Order => "OrderException",
            Self::User => "UserException",
            Self::General => "GeneralException",
        }
    }
}

impl Refusal {
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Input, message: message.into(), hints: Vec::new() }
    }

    pub(crate) fn of(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new() }
    }

    pub(crate) fn with_hint(mut self, hint: &str) -> Self {
        self.hints.push(hint.to_owned());
        self
    }
}
