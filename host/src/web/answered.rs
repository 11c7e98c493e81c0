//! Answers to requests that named a key of their own, for as long as they are remembered. Knows no request.

use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tenant::BrokerId;

/// Keys remembered for one tenant; the oldest give way.
const KEYS_PER_TENANT_MAX: usize = 256;

/// How long a key is remembered, in seconds.
const KEPT_S: u64 = 86_400;

/// Answers by tenant and key. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answered {
    tenants: Arc<Mutex<BTreeMap<BrokerId, BTreeMap<Key, Entry>>>>,
}

/// Method and path, and the key that the client chose.
pub(crate) type Key = (String, String);

/// One request with a key.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) asked: [u8; 32],
    at: Instant,
    /// Held while the first request is under way, so that a second waits for its answer.
    pub(crate) answer: Arc<tokio::sync::Mutex<Option<Kept>>>,
}

/// An answer, to be given again.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) status: StatusCode,
    pub(crate) kind: Option<HeaderValue>,
    pub(crate) body: Bytes,
}

impl Answered {
    /// What is known of a key; made when it is new.
    pub(crate) fn entry(&self, id: &BrokerId, key: Key, asked: [u8; 32], now: Instant) -> Entry {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = tenants.entry(id.clone()).or_default();
        let kept = Duration::from_secs(KEPT_S);
        keys.retain(|_, entry| now.saturating_duration_since(entry.at) < kept);
        if !keys.contains_key(&key) && keys.len() >= KEYS_PER_TENANT_MAX {
            let oldest = keys.iter().min_by_key(|(_, entry)| entry.at).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| keys.remove(&oldest));
        }
        keys.entry(key).or_insert_with(|| Entry { asked, at: now, answer: Arc::default() }).clone()
    }
}

impl IntoResponse for Kept {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        match self.kind {
            Some(kind) => response.headers_mut().insert(header::CONTENT_TYPE, kind),
            None => response.headers_mut().remove(header::CONTENT_TYPE),
        };
        response
    }
}
