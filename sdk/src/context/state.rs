//! Small values that outlive a run, stored as JSON.

use super::Context;
use crate::{batch, door};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

/// Why a value could not be kept or read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum StateError {
    InvalidKey(String),
    ValueTooLarge(String),
    TooManyKeys(String),
    Full(String),
    /// The value does not become JSON, or what is stored is not of the type asked for.
    Unreadable(String),
    /// Something newer than this list; the text says what.
    Other(String),
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StateError::InvalidKey(text)
            | StateError::ValueTooLarge(text)
            | StateError::TooManyKeys(text)
            | StateError::Full(text)
            | StateError::Unreadable(text)
            | StateError::Other(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for StateError {}

/// Small values that outlive a run, one space per strategy: 1 000 keys, 64 KiB a value, 4 MiB in all.
#[derive(Debug)]
pub struct State<'a> {
    _ctx: &'a mut Context,
}

impl<'a> State<'a> {
    pub(crate) fn new(ctx: &'a mut Context) -> Self {
        Self { _ctx: ctx }
    }

    /// Reads a value; `None` where nothing is stored.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StateError> {
        batch::settle();
        let Some(bytes) = door::state_get(key) else { return Ok(None) };
        let unreadable = |why| StateError::Unreadable(format!("state `{key}`: {why}"));
        serde_json::from_slice(&bytes).map(Some).map_err(unreadable)
    }

    /// Keeps a value.
    pub fn set<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), StateError> {
        let unreadable = |why| StateError::Unreadable(format!("state `{key}`: {why}"));
        let bytes = serde_json::to_vec(value).map_err(unreadable)?;
        batch::trace();
        door::state_set(key, &bytes)
    }

    /// Forgets a value. True when there was one.
    pub fn delete(&mut self, key: &str) -> bool {
        batch::trace();
        door::state_delete(key)
    }

    /// Every key.
    pub fn keys(&self) -> Vec<String> {
        batch::settle();
        door::state_keys()
    }
}
