//! The mint: the only place tenants come from.

mod again;
mod audit;
mod one;
mod sign_in;
mod stops;
mod trouble;

pub use one::preflight_at_rest;

use crate::archive::{Archive, ArchiveStatus, Storage};
use crate::broker_id::BrokerId;
use crate::clock::Clock;
use crate::config::{TenantLimits, TenantsConfig};
use crate::error::{LoginError, NotSignedIn, OpenError, StoreError};
use crate::host::Host;
use crate::log::{LogLimits, LogWriter};
use crate::sessions::{ApiToken, SessionInfo, hash};
use crate::store::{Store, StoredTenant};
use crate::tenant::Tenant;
use crate::vault::Vault;
use arc_swap::ArcSwapOption;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// All tenants of this host. Cheap to clone.
#[derive(Clone)]
pub struct Tenants {
    shared: Arc<Shared>,
}

struct Shared {
    host: Arc<Host>,
    /// One compartment per trader: limits and kill switch cannot be doubled.
    all: Mutex<BTreeMap<BrokerId, Tenant>>,
    archive: Mutex<Option<Archive>>,
    /// Held while the host's kill switch is moved: on and off that cross leave one truth for everybody.
    moving: tokio::sync::Mutex<()>,
    /// Tenants whose rows could not be read at boot, each with why.
    unopened: Vec<String>,
    /// The tables that money hangs on are damaged: each tenant's rows are read through before it is opened.
    is_damaged: bool,
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tenants")
    }
}

impl Tenants {
    /// Opens the data folder, the vault and every tenant's compartment.
    ///
    /// # Errors
    /// When the folder is in use, the schema is newer, the key is lost or something cannot be read.
    pub async fn open(config: TenantsConfig) -> Result<Self, OpenError> {
        let host = open_host(config).await?;
        let archive = open_archive(&host.config, &host.log_writer)?;
        let damage = host.store.damage().await?;
        let (mut all, mut unopened, mut has_owner) = (BTreeMap::new(), Vec::new(), false);
        for stored in host.store.all_tenants().await? {
            let who = stored.as_ref().map_or_else(|_| "a tenant".to_owned(), |stored| stored.id.to_string());
            match reopen(&host, stored, !damage.is_empty()).await {
                Ok((id, tenant)) => {
                    all.insert(id, tenant);
                }
                // The database itself failing is no one tenant's matter.
                Err(error @ OpenError::Store(StoreError::Database(_) | StoreError::Full(_))) => {
                    return Err(error);
                }
                Err(error) => {
                    has_owner |= trouble::is_of_damage(&error);
                    tracing::error!("{who} stays closed, the others go on: {error:#}");
                    unopened.push(format!("{who} stays closed: {error}"));
                }
            }
        }
        let moving = tokio::sync::Mutex::default();
        let is_damaged = trouble::is_damaged(&damage, has_owner)?;
        let shared =
            Shared { host, all: Mutex::new(all), archive: Mutex::new(archive), moving, unopened, is_damaged };
        let tenants = Self { shared: Arc::new(shared) };
        tenants.audit_start().await?;
        // Nobody trades before the damage is judged.
        tenants.all().iter().for_each(Tenant::start);
        Ok(tenants)
    }

    /// Whose session this is.
    ///
    /// # Errors
    /// When it is nobody's.
    pub async fn resume(&self, secret: &str) -> Result<(Tenant, SessionInfo), NotSignedIn> {
        let found = self.host().store.session_by_hash(&hash(secret), self.host().now()).await?;
        let (id, info) = found.ok_or(NotSignedIn::Unknown)?;
        Ok((self.known(&id).ok_or(NotSignedIn::Unknown)?, info))
    }

    /// Whose script token this is.
    ///
    /// # Errors
    /// When it is nobody's.
    pub async fn resume_token(&self, bearer: &str) -> Result<(Tenant, ApiToken), NotSignedIn> {
        let found = self.host().store.token_by_hash(&hash(bearer), self.host().now()).await?;
        let (id, info) = found.ok_or(NotSignedIn::Unknown)?;
        Ok((self.known(&id).ok_or(NotSignedIn::Unknown)?, info))
    }

    /// Every tenant: for boot and operators.
    pub fn all(&self) -> Vec<Tenant> {
        self.lock().values().cloned().collect()
    }

    /// How many transactions of runs and orders were written since the database was opened.
    pub fn commits(&self) -> u64 {
        self.host().store.commits()
    }

    /// The clock all tenants go by.
    pub fn clock(&self) -> &Clock {
        &self.host().config.clock
    }

    /// The bounds all tenants keep to.
    pub fn limits(&self) -> &TenantLimits {
        &self.host().config.limits
    }

    /// How the log archive stands, where there is one.
    pub fn archive_status(&self) -> Option<ArchiveStatus> {
        self.shared.archive.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Archive::status)
    }

    /// A postback: if its checksum was made with the secret of the tenant it names, that tenant reads its order book
    /// again. Nothing else of it is believed. False when the checksum does not fit.
    ///
    /// # Errors
    /// When the secret cannot be read.
    pub async fn postback(
        &self,
        order_id: &str,
        order_timestamp: &str,
        checksum: &str,
        user_id: &str,
    ) -> Result<bool, StoreError> {
        let named = self.all().into_iter().find(|tenant| tenant.broker_id().as_str() == user_id);
        let Some(tenant) = named else { return Ok(false) };
        let Some(secret) = tenant.api_secret().await? else { return Ok(false) };
        let body = serde_json::json!({
            "order_id": order_id, "order_timestamp": order_timestamp, "checksum": checksum, "user_id": user_id
        });
        let secret = kite::Secret::new(secret.as_str());
        let fits = kite::postback::verify(body.to_string().as_bytes(), &secret).is_ok();
        if fits {
            tenant.read_order_book();
        }
        Ok(fits)
    }

    /// The host goes down in good order: the next start takes every run up again and counts no crash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_runs_down(&self) -> Result<(), StoreError> {
        self.host().store.put_runs_down().await
    }

    /// Stops every line, writes what is left, closes the database.
    pub async fn close(&self) {
        let host = self.host();
        host.end_tasks().await;
        self.audit_stop().await;
        host.log_writer.close();
        let archive = self.shared.archive.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(archive) = archive {
            archive.close().await;
        }
        host.store.close().await;
    }

    fn host(&self) -> &Arc<Host> {
        &self.shared.host
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<BrokerId, Tenant>> {
        self.shared.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, id: &BrokerId) -> Option<Tenant> {
        self.lock().get(id).cloned()
    }

    /// The trader's one compartment, made if this is their first sign-in.
    async fn compartment(&self, id: BrokerId, user_name: &str) -> Result<Tenant, LoginError> {
        if let Some(tenant) = self.known(&id) {
            return Ok(tenant);
        }
        if self.shared.is_damaged {
            self.host().store.book(id.clone()).read_through().await?;
        }
        let stored = StoredTenant {
            id: id.clone(),
            user_name: user_name.to_owned(),
            egress: "direct".to_owned(),
            egress_expected: None,
        };
        let made = Tenant::open(Arc::clone(self.host()), &stored).await;
        let made = made.map_err(|error| LoginError::Refused(error.to_string()))?;
        // Two first sign-ins at once: whoever came first keeps the compartment, and only that one runs.
        let (tenant, is_first) = {
            let mut all = self.lock();
            let is_first = !all.contains_key(&id);
            (all.entry(id).or_insert(made).clone(), is_first)
        };
        if is_first {
            tenant.start();
            self.stop_as_all(&tenant).await?;
        }
        Ok(tenant)
    }

    fn connection(&self) -> Result<kite::Connection, LoginError> {
        kite::Connection::new(self.host().endpoints(), kite::Egress::Direct)
            .map_err(|error| LoginError::BrokerDown(error.to_string()))
    }
}

/// What all compartments share. Nothing runs yet.
async fn open_host(config: TenantsConfig) -> Result<Arc<Host>, OpenError> {
    let store = Store::open(&config.data_dir).await?;
    let vault = Vault::open(&config.key_file, &config.data_dir, &store).await?;
    let (tag_prefix, kill_switch) = (stops::tag_prefix(&store).await?, store.host_switch().await?);
    let logs = config.data_dir.join("logs");
    let log_limits = LogLimits {
        days_kept: config.limits.log_days_kept,
        is_archived: config.archive_url.is_some(),
        ..LogLimits::default()
    };
    let log_writer = LogWriter::start(&logs, log_limits, config.clock.clone())
        .map_err(|why| OpenError::File { path: logs.display().to_string(), why: why.to_string() })?;
    let fallen = store.fallen();
    Ok(Arc::new(Host {
        config,
        store,
        vault,
        tag_prefix,
        kill_switch: RwLock::new(kill_switch),
        log_writer,
        instruments_fetch: tokio::sync::Mutex::new(()),
        instruments: ArcSwapOption::empty(),
        stop: CancellationToken::new(),
        fallen,
        tasks: TaskTracker::new(),
        calls: TaskTracker::new(),
    }))
}

/// A known trader's compartment as the rows have it.
async fn reopen(
    host: &Arc<Host>,
    stored: Result<StoredTenant, StoreError>,
    is_damaged: bool,
) -> Result<(BrokerId, Tenant), OpenError> {
    let stored = stored?;
    if is_damaged {
        host.store.book(stored.id.clone()).read_through().await?;
    }
    let tenant = Tenant::open(Arc::clone(host), &stored).await?;
    tenant.revive_from_rows().await?;
    Ok((stored.id, tenant))
}

fn open_archive(config: &TenantsConfig, writer: &LogWriter) -> Result<Option<Archive>, OpenError> {
    let Some(url) = &config.archive_url else { return Ok(None) };
    let storage = Storage::from_env(url).map_err(|error| OpenError::Address(error.to_string()))?;
    let interval = Duration::from_secs(config.limits.archive_interval_s);
    Ok(Some(Archive::start(storage, writer.clone(), interval)))
}
