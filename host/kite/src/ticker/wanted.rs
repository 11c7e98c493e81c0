//! What is wanted of the feed, what the broker was told, and the messages that close the gap.
//!
//! Pure.

use super::{MAX_INSTRUMENTS, Mode, TooManyInstruments};
use market::InstrumentToken;
use serde_json::json;
use std::collections::BTreeMap;

/// Instruments with their modes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wanted(BTreeMap<InstrumentToken, Mode>);

impl Wanted {
    pub(super) fn add(&mut self, tokens: &[InstrumentToken], mode: Mode) -> Result<(), TooManyInstruments> {
        let mut grown = self.0.clone();
        grown.extend(tokens.iter().map(|token| (*token, mode)));
        if grown.len() > MAX_INSTRUMENTS {
            return Err(TooManyInstruments { wanted: grown.len() });
        }
        self.0 = grown;
        Ok(())
    }

    pub(super) fn remove(&mut self, tokens: &[InstrumentToken]) {
        for token in tokens {
            self.0.remove(token);
        }
    }

    /// The messages that bring a broker that was told `told` to this.
    pub(super) fn messages_from(&self, told: &Self) -> Vec<String> {
        let gone: Vec<_> = told.0.keys().filter(|token| !self.0.contains_key(token)).collect();
        let new: Vec<_> = self.0.keys().filter(|token| !told.0.contains_key(token)).collect();
        let mut messages = Vec::new();
        if !gone.is_empty() {
            messages.push(json!({"a": "unsubscribe", "v": gone}).to_string());
        }
        if !new.is_empty() {
            messages.push(json!({"a": "subscribe", "v": new}).to_string());
        }
        for mode in [Mode::Ltp, Mode::Quote, Mode::Full] {
            let changed =
                self.0.iter().filter(|(token, wanted)| **wanted == mode && told.0.get(token) != Some(&mode));
            let tokens: Vec<_> = changed.map(|(token, _)| token).collect();
            if !tokens.is_empty() {
                messages.push(json!({"a": "mode", "v": [mode.as_str(), tokens]}).to_string());
            }
        }
        messages
    }
}

impl Mode {
    /// Kite's word.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ltp => "ltp",
            Self::Quote => "quote",
            Self::Full => "full",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_difference_is_said() {
        let mut told = Wanted::default();
        told.add(&[1, 2, 3], Mode::Quote).unwrap();
        let mut wanted = told.clone();
        wanted.add(&[2, 4], Mode::Full).unwrap();
        wanted.remove(&[3, 9]);
        assert_eq!(
            wanted.messages_from(&told),
            [
                r#"{"a":"unsubscribe","v":[3]}"#,
                r#"{"a":"subscribe","v":[4]}"#,
                r#"{"a":"mode","v":["full",[2,4]]}"#
            ]
        );
        assert!(wanted.messages_from(&wanted).is_empty());
    }

    #[test]
    fn too_many_instruments_change_nothing() {
        let mut wanted = Wanted::default();
        let all: Vec<u32> = (0..3_000).collect();
        wanted.add(&all, Mode::Ltp).unwrap();
        wanted.add(&all[..5], Mode::Full).unwrap();
        let before = wanted.clone();
        assert_eq!(wanted.add(&[9_999], Mode::Ltp), Err(TooManyInstruments { wanted: 3_001 }));
        assert_eq!(wanted, before);
    }
}
