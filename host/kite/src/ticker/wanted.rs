//! What is wanted of the feed, what the broker was told, and the messages that close the gap.
//!
//! Pure.

use super::Mode;
use market::InstrumentToken;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Instruments with their modes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wanted(BTreeMap<InstrumentToken, Mode>);

impl Wanted {
    /// What shall be wanted now: of `tokens` those that are wanted already, then the others, as many as fit.
    pub(super) fn next(&self, tokens: &BTreeSet<InstrumentToken>, mode: Mode, most: usize) -> Self {
        let (old, new): (Vec<InstrumentToken>, Vec<InstrumentToken>) =
            tokens.iter().copied().partition(|token| self.0.contains_key(token));
        Self(old.into_iter().chain(new).take(most).map(|token| (token, mode)).collect())
    }

    pub(super) fn has(&self, token: InstrumentToken) -> bool {
        self.0.contains_key(&token)
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
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

    fn set(tokens: impl IntoIterator<Item = u32>) -> BTreeSet<u32> {
        tokens.into_iter().collect()
    }

    #[test]
    fn only_the_difference_is_said_and_what_is_given_up_comes_first() {
        let told = Wanted::default().next(&set([1, 2, 3]), Mode::Quote, 10);
        let mut wanted = told.next(&set([1, 2, 4]), Mode::Quote, 10);
        wanted.0.insert(2, Mode::Full);
        wanted.0.insert(4, Mode::Full);
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
    fn what_ticks_keeps_its_place_and_the_rest_takes_what_is_free() {
        let first = Wanted::default().next(&set(5..9), Mode::Full, 4);
        let crowded = first.next(&set(0..8), Mode::Full, 4);
        let kept: Vec<u32> = (0..10).filter(|token| crowded.has(*token)).collect();
        assert_eq!(kept, [0, 5, 6, 7]);
        let later = crowded.next(&set(2..8), Mode::Full, 10);
        assert!((2..8).all(|token| later.has(token)) && !later.has(0));
    }
}
