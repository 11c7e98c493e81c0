//! An uploaded component and its versions, inseparable from their tenant.

use crate::audit::AuditAction;
use crate::chance;
use crate::error::{StoreError, StrategyError};
use crate::log::Level;
use crate::news::News;
use crate::run::{RunRecord, RunState};
use crate::store::StoredStrategy;
use crate::tenant::Tenant;
use crate::version::Version;
use ::orders::Mode;
use market::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};

const NAME_CHARACTERS_MAX: usize = 100;

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

/// A strategy of one tenant. There is no way to it but through that tenant.
#[derive(Debug, Clone)]
pub struct Strategy {
    tenant: Tenant,
    id: String,
    name: String,
    created_at: Timestamp,
    versions: Vec<Version>,
}

impl Tenant {
    /// Keeps a new strategy.
    ///
    /// # Errors
    /// When its name is taken or unusable, or there are too many.
    pub async fn upload(&self, upload: Upload) -> Result<Strategy, StrategyError> {
        let strategy = Strategy::create(self, upload).await?;
        self.log().write(Level::Info, None, &format!("strategy {} uploaded", strategy.name()));
        Ok(strategy)
    }

    /// Every strategy, oldest first.
    pub async fn strategies(&self) -> Result<Vec<Strategy>, StoreError> {
        let mut strategies = Vec::new();
        for stored in self.book().strategies().await? {
            strategies.push(Strategy::read(self, stored).await?);
        }
        Ok(strategies)
    }

    /// One strategy. A stranger's id is like a missing one.
    pub async fn strategy(&self, id: &str) -> Result<Option<Strategy>, StoreError> {
        match self.book().strategy(id).await? {
            Some(stored) => Ok(Some(Strategy::read(self, stored).await?)),
            None => Ok(None),
        }
    }
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
        let bytes = self.tenant.book().component(&self.id, version).await?;
        bytes.ok_or(StrategyError::UnknownVersion(version))
    }

    /// Adds a version; the same bytes again give the version that holds them.
    ///
    /// # Errors
    /// When there are too many.
    pub async fn add_version(&self, upload: Upload) -> Result<Strategy, StrategyError> {
        let sha256 = sha256_hex(&upload.bytes);
        if self.versions.iter().any(|version| version.sha256 == sha256) {
            return Ok(self.clone());
        }
        let max = self.tenant.host().config.limits.versions_max;
        let number = self.versions.last().map_or(0, |version| version.number) + 1;
        if number > max {
            return Err(StrategyError::TooMany { what: "versions of a strategy", max });
        }
        let version = new_version(number, sha256, &upload, self.tenant.now());
        let entry = self.tenant.did(AuditAction::VersionUploaded, &self.id, uploaded(&self.name, &version));
        self.tenant.book().insert_version(&self.id, &version, &upload.bytes, &[entry]).await?;
        let mut grown = self.clone();
        grown.versions.push(version);
        Ok(grown)
    }

    /// Removes the strategy from the list. Its runs, orders and trades stay.
    ///
    /// # Errors
    /// When a run of it has not stopped.
    pub async fn delete(&self) -> Result<(), StrategyError> {
        let mut runs = self.tenant.runs().await?.into_iter();
        if let Some(run) = runs.find(|run| run.strategy_id == self.id && !run.state.is_final()) {
            return Err(StrategyError::Running(run.id));
        }
        let entry = self.tenant.did(AuditAction::StrategyDeleted, &self.id, json!({ "name": self.name }));
        Ok(self.tenant.book().delete_strategy(&self.id, self.tenant.now(), &[entry]).await?)
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
        if !self.versions.iter().any(|known| known.number == version) {
            return Err(StrategyError::UnknownVersion(version));
        }
        let run = RunRecord {
            id: chance::id(),
            strategy_id: self.id.clone(),
            strategy_name: self.name.clone(),
            version,
            mode,
            params,
            state: RunState::Starting,
            reason: None,
            started_at: self.tenant.now(),
            stopped_at: None,
            restarts: 0,
            square_off: false,
        };
        let entry = self.tenant.did(AuditAction::RunStarted, &run.id, self.started(&run));
        if !self.tenant.book().insert_run(&run, &[entry]).await? {
            let runs = self.tenant.runs().await?.into_iter();
            let standing = runs.filter(|r| r.strategy_id == self.id && r.mode == mode && !r.state.is_final());
            return Err(StrategyError::Running(standing.map(|r| r.id).next().unwrap_or_default()));
        }
        self.tenant.publish(News::Run(run.clone()));
        Ok(run)
    }

    /// Keeps a new strategy with its first version.
    pub(crate) async fn create(tenant: &Tenant, upload: Upload) -> Result<Self, StrategyError> {
        let name = upload.name.trim().to_owned();
        let printable = !name.is_empty() && !name.chars().any(char::is_control);
        if !printable || name.chars().count() > NAME_CHARACTERS_MAX {
            return Err(StrategyError::BadName);
        }
        let max = tenant.host().config.limits.strategies_max;
        if tenant.book().strategies().await?.len() >= max as usize {
            return Err(StrategyError::TooMany { what: "strategies", max });
        }
        let now = tenant.now();
        let stored = StoredStrategy { id: chance::id(), name: name.clone(), created_at: now };
        let version = new_version(1, sha256_hex(&upload.bytes), &upload, now);
        let entry = tenant.did(AuditAction::StrategyUploaded, &stored.id, uploaded(&name, &version));
        if !tenant.book().insert_strategy(&stored, &version, &upload.bytes, &[entry]).await? {
            return Err(StrategyError::NameTaken(name));
        }
        Ok(Self { tenant: tenant.clone(), id: stored.id, name, created_at: now, versions: vec![version] })
    }

    /// What the audit tells of a start: which bytes, with which parameters.
    fn started(&self, run: &RunRecord) -> serde_json::Value {
        let sha256 = self.versions.iter().find(|known| known.number == run.version).map(|v| &v.sha256);
        json!({
            "strategyId": self.id, "strategy": self.name, "version": run.version, "sha256": sha256,
            "mode": run.mode, "params": run.params,
        })
    }

    /// From its rows.
    pub(crate) async fn read(tenant: &Tenant, stored: StoredStrategy) -> Result<Self, StoreError> {
        let versions = tenant.book().versions(&stored.id).await?;
        let StoredStrategy { id, name, created_at } = stored;
        Ok(Self { tenant: tenant.clone(), id, name, created_at, versions })
    }
}

fn new_version(number: u32, sha256: String, upload: &Upload, uploaded_at: Timestamp) -> Version {
    let (size_bytes, manifest) = (upload.bytes.len() as u64, upload.manifest.clone());
    Version { number, sha256, size_bytes, uploaded_at, manifest }
}

/// What the audit tells of an upload: which bytes.
fn uploaded(name: &str, version: &Version) -> serde_json::Value {
    json!({ "name": name, "version": version.number, "sha256": version.sha256, "sizeBytes": version.size_bytes })
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
