//! The promises that are watched, and the words for one that is broken. Knows nothing of what they are about.

use std::fmt;

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    /// Which one, such as `I2`.
    pub(super) rule: &'static str,
    pub(super) text: String,
}

/// What a check says.
pub(super) type Held = Result<(), Broken>;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.text)
    }
}

/// A promise that holds, or the words for how it does not.
pub(super) fn holds(rule: &'static str, holds: bool, text: impl FnOnce() -> String) -> Held {
    if holds { Ok(()) } else { Err(Broken { rule, text: text() }) }
}
