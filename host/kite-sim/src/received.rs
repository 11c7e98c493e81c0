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

/// What stands for an access token in the record.
pub(crate) fn token_prefix(access_token: &str) -> String {
    let mut hash = sha256_hex(&[access_token]);
    hash.truncate(TOKEN_PREFIX_DIGITS);
    hash
}
