//! The small values that outlive a run, under their quotas.

use crate::limits::Limits;
use std::collections::BTreeMap;

/// Keys and values, and how much room they take.
pub(crate) struct Store {
    values: BTreeMap<String, Vec<u8>>,
    bytes: usize,
    max_keys: usize,
    max_key: usize,
    max_value: usize,
    max_bytes: usize,
}

/// Why a value cannot be stored.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("a key is 1 to {limit} bytes without control characters")]
    InvalidKey { limit: usize },
    #[error("the value has {bytes} bytes: at most {limit} are allowed")]
    ValueTooLarge { bytes: usize, limit: usize },
    #[error("there are {limit} keys already: delete some first")]
    TooManyKeys { limit: usize },
    #[error("all values together would pass {limit} bytes: delete some first")]
    Full { limit: usize },
}

impl Store {
    pub(crate) fn new(values: BTreeMap<String, Vec<u8>>, limits: &Limits) -> Self {
        Self {
            bytes: values.iter().map(|(key, value)| key.len() + value.len()).sum(),
            values,
            max_keys: limits.state_keys,
            max_key: limits.state_key_bytes,
            max_value: limits.state_value_bytes,
            max_bytes: limits.state_bytes,
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Vec<u8>> {
        self.values.get(key)
    }

    pub(crate) fn all(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.values
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.values.keys().cloned().collect()
    }

    pub(crate) fn set(&mut self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        if key.is_empty() || key.len() > self.max_key || key.chars().any(char::is_control) {
            return Err(StoreError::InvalidKey { limit: self.max_key });
        }
        if value.len() > self.max_value {
            return Err(StoreError::ValueTooLarge { bytes: value.len(), limit: self.max_value });
        }
        let before = self.values.get(key).map(|old| key.len() + old.len());
        if before.is_none() && self.values.len() >= self.max_keys {
            return Err(StoreError::TooManyKeys { limit: self.max_keys });
        }
        let bytes = self.bytes - before.unwrap_or(0) + key.len() + value.len();
        if bytes > self.max_bytes {
            return Err(StoreError::Full { limit: self.max_bytes });
        }
        self.bytes = bytes;
        self.values.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    /// True when there was something.
    pub(crate) fn delete(&mut self, key: &str) -> bool {
        let Some(value) = self.values.remove(key) else { return false };
        self.bytes -= key.len() + value.len();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> Store {
        Store::new(BTreeMap::new(), &Limits::default())
    }

    #[test]
    fn a_thousand_keys_and_not_one_more() {
        let mut store = store();
        for key in 0..1_000 {
            store.set(&key.to_string(), b"x").unwrap();
        }
        assert_eq!(store.set("one more", b"x"), Err(StoreError::TooManyKeys { limit: 1_000 }));
        store.set("7", b"again").unwrap();
        assert!(store.delete("8") && !store.delete("8"));
        store.set("one more", b"x").unwrap();
    }

    #[test]
    fn values_and_their_sum_are_bounded() {
        let mut store = store();
        let large = vec![0; 64 << 10];
        assert!(matches!(store.set("k", &vec![0; 65_537]), Err(StoreError::ValueTooLarge { .. })));
        for key in 0..63 {
            store.set(&key.to_string(), &large).unwrap();
        }
        assert_eq!(store.set("last", &large), Err(StoreError::Full { limit: 4 << 20 }));
        assert!(store.delete("0"));
        store.set("last", &large).unwrap();
    }

    #[test]
    fn keys_without_shape_are_refused() {
        for key in ["", "a\nb", &"k".repeat(129)] {
            assert!(matches!(store().set(key, b""), Err(StoreError::InvalidKey { .. })), "{key:?}");
        }
    }
}
