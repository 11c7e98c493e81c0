//! The mint: the only place tenants come from.

mod again;
mod audit;
mod stops;
mod trouble;

use crate::archive::{Archive, ArchiveStatus, Storage};
use crate::audit::{Actor, AuditAction, AuditEntry};
use crate::broker_id::BrokerId;
use crate::chance;
use crate::clock::Clock;
use crate::config::{TenantLimits, TenantsConfig};
use crate::error::{LoginError, NotSignedIn, OpenError, StoreError};
use crate::host::Host;
use crate::log::{LogLimits, LogWriter};
use crate::sessions::{
    ApiToken, Login, NewSession, PendingLogin, SecretText, SessionInfo, hash, new_session,
};
use crate::store::{Store, StoredCredentials, StoredTenant};
use crate::tenant::Tenant;
use crate::vault::{Place, Vault};
use arc_swap::ArcSwapOption;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const CREDENTIAL_CHARACTERS_MAX: usize = 256;

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
        let archive = open_archive(&config, &log_writer)?;
        let host = Arc::new(Host {
            config,
            store,
            vault,
            tag_prefix,
            kill_switch: RwLock::new(kill_switch),
            log_writer,
            instruments_fetch: tokio::sync::Mutex::new(()),
            instruments: ArcSwapOption::empty(),
            stop: CancellationToken::new(),
            fallen: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        let damage = host.store.damage().await?;
        let (mut all, mut unopened) = (BTreeMap::new(), Vec::new());
        for stored in host.store.all_tenants().await? {
            let who = stored.as_ref().map_or_else(|_| "a tenant".to_owned(), |stored| stored.id.to_string());
            match reopen(&host, stored, !damage.is_empty()).await {
                Ok((id, tenant)) => {
                    tenant.start();
                    all.insert(id, tenant);
                }
                // The database itself failing is no one tenant's matter.
                Err(error @ OpenError::Store(StoreError::Database(_) | StoreError::Full(_))) => {
                    return Err(error);
                }
                Err(error) => {
                    tracing::error!("{who} stays closed, the others go on: {error:#}");
                    unopened.push(format!("{who} stays closed: {error}"));
                }
            }
        }
        let is_damaged = trouble::has_an_owner(&damage, &unopened)?;
        let shared =
            Shared { host, all: Mutex::new(all), archive: Mutex::new(archive), unopened, is_damaged };
        let tenants = Self { shared: Arc::new(shared) };
        tenants.audit_start().await?;
        Ok(tenants)
    }

    /// Signs a trader in: the broker names them, the compartment is made or revived, a session begins.
    ///
    /// # Errors
    /// In words for the trader: see [`LoginError`].
    pub async fn login(&self, login: Login) -> Result<(Tenant, NewSession), LoginError> {
        let Login { api_key, api_secret, request_token, device, address } = login;
        for (what, text) in [
            ("apiKey", api_key.as_str()),
            ("apiSecret", api_secret.expose()),
            ("requestToken", request_token.expose()),
        ] {
            check_credential(what, text)?;
        }
        let grant = self.exchange(&api_key, &api_secret, &request_token).await?;
        let id =
            BrokerId::named(&grant.user_id).ok_or_else(|| LoginError::StrangeUser(grant.user_id.clone()))?;
        let now = self.host().now();
        let book = self.host().store.book(id.clone());
        book.save_tenant(&grant.user_name, now).await?;
        let seal =
            |column, text: &str| self.host().vault.seal(Place::credential(column, &id), text.as_bytes());
        let sealed = seal("access_token", grant.access_token.expose());
        let api_secret = seal("api_secret", api_secret.expose());
        let access_token = Some(sealed.clone());
        let (session, kept) = new_session(&device, now, self.host().config.limits.session_ttl_s);
        let actor = Actor::Session { id: session.info.id.clone(), address };
        let did = |action, details| AuditEntry::new(now, actor.clone(), action, &*session.info.id, details);
        let credentials = StoredCredentials { api_key: api_key.clone(), api_secret, access_token };
        book.save_credentials(credentials, now, &[did(AuditAction::CredentialsStored, json!({}))]).await?;
        let tenant = self.compartment(id, &grant.user_name).await?.acting_as(actor.clone());
        tenant.revive(&grant.user_name, &api_key, grant.access_token.expose(), &sealed);
        let details = json!({ "device": session.info.device, "expiresAt": session.info.expires_at });
        book.save_session(&session.info, &kept, &[did(AuditAction::Login, details)]).await?;
        Ok((tenant, session))
    }

    /// Begins a browser's sign-in: keeps the credentials sealed until the browser comes back.
    ///
    /// # Errors
    /// When a credential is empty or far too long.
    pub async fn begin_login(
        &self,
        api_key: &str,
        api_secret: SecretText,
    ) -> Result<PendingLogin, LoginError> {
        check_credential("apiKey", api_key)?;
        check_credential("apiSecret", api_secret.expose())?;
        let state = chance::secret();
        let kept = hash(&state);
        let sealed =
            self.host().vault.seal(pending_place(&hex::encode(kept)), api_secret.expose().as_bytes());
        let now = self.host().now();
        let expires_at = now.plus_seconds(self.host().config.limits.pending_login_ttl_s);
        self.host().store.save_pending(&kept, api_key, &sealed, now, expires_at).await?;
        let connection = self.connection()?;
        let url = connection.login_url(api_key, &format!("state={}", state.as_str()));
        Ok(PendingLogin { url, state: state.as_str().to_owned() })
    }

    /// Ends a browser's sign-in with what the broker's page sent along.
    ///
    /// # Errors
    /// As [`Tenants::login`], and when it was not begun here, was used already or took too long.
    pub async fn finish_login(
        &self,
        state: &str,
        request_token: SecretText,
        device: &str,
        address: Option<IpAddr>,
    ) -> Result<(Tenant, NewSession), LoginError> {
        let kept = hash(state);
        let taken = self.host().store.take_pending(&kept, self.host().now()).await?;
        let (api_key, sealed) = taken.ok_or(LoginError::UnknownState)?;
        let place_row = hex::encode(kept);
        let secret = self.host().vault.unseal_text(pending_place(&place_row), &sealed);
        let secret = secret.ok_or(LoginError::UnknownState)?;
        let api_secret = SecretText::new(secret.as_str());
        self.login(Login { api_key, api_secret, request_token, device: device.to_owned(), address }).await
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
        host.stop.cancel();
        host.tasks.close();
        host.tasks.wait().await;
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
        let mut all = self.lock();
        // Two first sign-ins at once: whoever came first keeps the compartment, and only that one runs.
        let is_first = !all.contains_key(&id);
        let tenant = all.entry(id).or_insert(made).clone();
        drop(all);
        if is_first {
            tenant.start();
        }
        Ok(tenant)
    }

    fn connection(&self) -> Result<kite::Connection, LoginError> {
        kite::Connection::new(self.host().endpoints(), kite::Egress::Direct)
            .map_err(|error| LoginError::BrokerDown(error.to_string()))
    }

    async fn exchange(
        &self,
        api_key: &str,
        api_secret: &SecretText,
        request_token: &SecretText,
    ) -> Result<kite::Grant, LoginError> {
        let secret = kite::Secret::new(api_secret.expose());
        let answer = self.connection()?.exchange_token(api_key, &secret, request_token.expose()).await;
        answer.map_err(|error| refused_login(&error))
    }
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

fn pending_place(row: &str) -> Place<'_> {
    Place { table: "pending_logins", column: "api_secret", broker_id: "", row }
}

fn check_credential(what: &str, text: &str) -> Result<(), LoginError> {
    let fine = !text.is_empty()
        && text.len() <= CREDENTIAL_CHARACTERS_MAX
        && text.bytes().all(|b| b.is_ascii_graphic());
    if fine {
        return Ok(());
    }
    let text =
        format!("{what} must have 1 to {CREDENTIAL_CHARACTERS_MAX} letters, digits or signs, without blanks");
    Err(LoginError::BadInput(text))
}

/// Kite words its refusals; these are the ones a trader can act on.
fn refused_login(error: &kite::Error) -> LoginError {
    let text = error.to_string();
    let words = text.to_lowercase();
    if error.is_transport() {
        LoginError::BrokerDown(text)
    } else if words.contains("checksum") {
        LoginError::WrongSecret
    } else if words.contains("api_key") || words.contains("api key") {
        LoginError::UnknownApiKey
    } else if words.contains("token") {
        LoginError::UsedToken
    } else {
        LoginError::Refused(text)
    }
}

fn open_archive(config: &TenantsConfig, writer: &LogWriter) -> Result<Option<Archive>, OpenError> {
    let Some(url) = &config.archive_url else { return Ok(None) };
    let storage = Storage::from_env(url).map_err(|error| OpenError::Address(error.to_string()))?;
    let interval = Duration::from_secs(config.limits.archive_interval_s);
    Ok(Some(Archive::start(storage, writer.clone(), interval)))
}
