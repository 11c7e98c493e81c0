//! The error that ends a run. Anything with a text becomes one through `?`.

use crate::context::{StateError, TimerError};
use crate::order::OrderError;
use std::fmt;

/// Why a run ends as failed. Made by `?` from order, state and timer errors and from strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(String);

/// What handlers return.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

impl Error {
    /// From anything that has a text.
    pub fn new(text: impl fmt::Display) -> Self {
        Self(text.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<String> for Error {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Error {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

macro_rules! from_errors {
    ($($source:ty),* $(,)?) => {
        $(impl From<$source> for Error {
            fn from(source: $source) -> Self {
                Self::new(source)
            }
        })*
    };
}

from_errors!(
    OrderError,
    StateError,
    TimerError,
    serde_json::Error,
    std::num::ParseIntError,
    std::num::ParseFloatError,
    std::num::TryFromIntError,
    fmt::Error,
);
