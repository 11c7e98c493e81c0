//! What is known of one version of a strategy. Data only.

use market::Timestamp;
use serde::Serialize;

/// One immutable version.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// 1, 2, 3 …
    pub number: u32,
    /// SHA-256 of the component, in hex.
    pub sha256: String,
    /// Its size.
    pub size_bytes: u64,
    /// When it came.
    pub uploaded_at: Timestamp,
    /// What it says of itself.
    pub manifest: serde_json::Value,
}
