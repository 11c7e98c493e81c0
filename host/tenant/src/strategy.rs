//! An uploaded component and its versions, inseparable from their tenant.

use crate::error::StrategyError;
use crate::run::{Mode, RunRecord};
use crate::tenant::Tenant;
use market::Timestamp;
use serde::Serialize;

/// What is uploaded, after the sandbox has looked at it.
#[derive(Debug, Clone)]
pub struct Upload {
    /// What to call the strategy.
    pub name: String,
    /// The component.
    pub bytes: Vec<u8>,
    /// What it says of itself, as the sandbox read it.
    pub manifest: serde_json::Value,
}

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

/// A strategy of one tenant. There is no way to it but through that tenant.
#[derive(Debug, Clone)]
pub struct Strategy {
    tenant: Tenant,
    id: String,
    name: String,
    created_at: Timestamp,
    versions: Vec<Version>,
}

impl Strategy {
    /// Whose it is.
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Its id, unique within the tenant.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When it was first uploaded.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// Oldest first; never empty.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The component of a version.
    ///
    /// # Errors
    /// When there is no such version.
    pub async fn component(&self, version: u32) -> Result<Vec<u8>, StrategyError> {
        let _ = version;
        unimplemented!()
    }

    /// Adds a version; the same bytes again give the version that holds them.
    ///
    /// # Errors
    /// When there are too many.
    pub async fn add_version(&self, upload: Upload) -> Result<Strategy, StrategyError> {
        let _ = upload;
        unimplemented!()
    }

    /// Removes the strategy from the list. Its runs, orders and trades stay.
    ///
    /// # Errors
    /// When a run of it has not stopped.
    pub async fn delete(&self) -> Result<(), StrategyError> {
        unimplemented!()
    }

    /// Writes down a new run in state `starting`.
    ///
    /// # Errors
    /// When there is no such version, or a live run of this strategy in this mode has not stopped.
    pub async fn new_run(
        &self,
        version: u32,
        mode: Mode,
        params: serde_json::Value,
    ) -> Result<RunRecord, StrategyError> {
        let _ = (version, mode, params);
        unimplemented!()
    }
}

