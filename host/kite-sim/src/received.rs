//! The record of every order write that reached the door, and of which token it came with.
//!
//! Tests read it to prove that credentials never mix. Holds no access token, only the head of its hash.

use crate::sessions::sha256_hex;
use market::Timestamp;
use serde::Serialize;
use std::collections::VecDeque;
use std::net::IpAddr;

/// How many calls are kept; the oldest go first.
const KEPT: usize = 100_000;
/// How much of any text is kept, in characters: whoever has no session yet can write here too.
const TEXT_LIMIT: usize = 64;
/// How many hex digits of the token's SHA-256 are shown.
const TOKEN_PREFIX_DIGITS: usize = 16;

/// One order write as it came in, whatever became of it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Received {
    /// Counts from 1; `?since=` takes it.
    pub(crate) seq: u64,
    /// Exchange time, microseconds since the epoch.
    pub(crate) time: Timestamp,
    /// The same, for people.
    pub(crate) time_text: String,
    /// Whom the access token was issued to, dead or alive.
    pub(crate) user_id: Option<String>,
    /// The key in the header.
    pub(crate) api_key: String,
    /// The head of the SHA-256 of the access token.
    pub(crate) access_token: String,
    /// True when the token was issued to an account of that api key.
    pub(crate) token_matches_key: bool,
    /// True when the call was let in.
    pub(crate) authorised: bool,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) tag: Option<String>,
    pub(crate) symbol: Option<String>,
    pub(crate) side: Option<String>,
    pub(crate) quantity: Option<String>,
    pub(crate) source_ip: IpAddr,
    /// Milliseconds since the epoch by the machine's clock, for timing tests.
    pub(crate) wall_ms: u64,
}

/// The newest order writes.
#[derive(Debug, Default)]
pub(crate) struct ReceivedLog {
    rows: VecDeque<Received>,
    last_seq: u64,
}

impl ReceivedLog {
    pub(crate) fn add(&mut self, mut row: Received) {
        self.last_seq += 1;
        row.seq = self.last_seq;
        if self.rows.len() == KEPT {
            self.rows.pop_front();
        }
        self.rows.push_back(row);
    }

    /// Everything after a sequence number, oldest first.
    pub(crate) fn since(&self, seq: u64) -> Vec<Received> {
        self.rows.iter().filter(|row| row.seq > seq).cloned().collect()
    }
}

/// As much of a text as the record keeps.
pub(crate) fn head(text: &str) -> String {
    text.chars().take(TEXT_LIMIT).collect()
}

/// What stands for an access token in the record.
pub(crate) fn token_prefix(access_token: &str) -> String {
    let mut hash = sha256_hex(&[access_token]);
    hash.truncate(TOKEN_PREFIX_DIGITS);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn row() -> Received {
        Received {
            seq: 0,
            time: Timestamp::EPOCH,
            time_text: String::new(),
            user_id: None,
            api_key: String::new(),
            access_token: String::new(),
            token_matches_key: false,
            authorised: false,
            method: String::new(),
            path: String::new(),
            tag: None,
            symbol: None,
            side: None,
            quantity: None,
            source_ip: Ipv4Addr::LOCALHOST.into(),
            wall_ms: 0,
        }
    }

    #[test]
    fn the_oldest_calls_go_when_there_are_too_many() {
        let mut log = ReceivedLog::default();
        for _ in 0..=KEPT {
            log.add(row());
        }
        let rows = log.since(0);
        assert_eq!((rows.len(), rows[0].seq), (KEPT, 2));
        assert_eq!(log.since(KEPT as u64).len(), 1);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(head(&"ß".repeat(100)), "ß".repeat(TEXT_LIMIT));
        assert_eq!(head("short"), "short");
    }
}
