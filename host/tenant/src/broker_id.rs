//! The name a broker gives a trader.
//!
//! Made in two places only: after the broker's token exchange, and from the store's own rows.

use serde::{Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// A trader's id at the broker, such as `UK9394`. It can be compared, hashed and printed, and nothing else.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BrokerId(Arc<str>);

impl BrokerId {
    /// For the two places that may name a trader. `None` when the text could not be part of a file name.
    pub(crate) fn named(text: &str) -> Option<Self> {
        let fine = !text.is_empty()
            && text.len() <= 20
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        fine.then(|| Self(text.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BrokerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for BrokerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for BrokerId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
