//! The composition root: settings in, a running host out. Every part is made here and handed what it needs.

use crate::config::Config;
use crate::exit::{EXIT_ADDRESS, EXIT_DATA, EXIT_FAILED, Exit};
use crate::programs::Programs;
use crate::runs::{RunLimits, Supervisor};
use crate::web::{self, Attempts, Reach, WebState};
use anyhow::{Context, anyhow};
use sandbox::{CompileLimits, Compiler, Engine, Limits};
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tenant::{BrokerAddress, OpenError, Tenants, TenantsConfig};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long answers under way may take when the host ends, in seconds. Streams are cut.
const FAREWELL_S: u64 = 5;

/// A host, ready to answer.
pub struct App {
    listener: TcpListener,
    address: SocketAddr,
    state: WebState,
}

impl App {
    /// Opens everything a host is made of. Nothing is answered yet, but the port is taken.
    ///
    /// # Errors
    /// When the port is taken or the data folder cannot be used; the error says what to do.
    pub(crate) async fn open(config: Config) -> Result<Self, Exit> {
        let listener = listen(config.listen).await?;
        let address = listener.local_addr()?;
        let tenants = open_tenants(&config).await?;
        let limits = Limits { machines: config.bounds.runs_max, ..Limits::default() };
        let upload_bytes_max = limits.upload_bytes;
        let programs = Programs::new(compiler(&config, limits)?);
        let clock = tenants.clock().clone();
        let runs = RunLimits {
            runs_per_tenant: config.bounds.runs_per_tenant_max,
            runs: config.bounds.runs_max as usize,
            ..RunLimits::default()
        };
        let supervisor = Supervisor::start(programs.clone(), config.calendar.clone(), clock, runs)?;
        let reach = Reach { public_url: config.public_url };
        let attempts = Attempts::default();
        let state = WebState { tenants, supervisor, programs, reach, attempts, upload_bytes_max };
        Ok(Self { listener, address, state })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until asked to stop, then lets runs put their things down and closes the database.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn run(self, asked_to_stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let (stop, mut stopping) = watch::channel(false);
        let router = web::router(self.state.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let graceful = async move {
            let _ = stopping.wait_for(|stop| *stop).await;
        };
        let server = axum::serve(self.listener, router).with_graceful_shutdown(graceful);
        let mut serving = tokio::spawn(server.into_future());
        let resuming = tokio::spawn({
            let state = self.state.clone();
            async move { state.supervisor.resume(&state.tenants).await }
        });
        tokio::select! {
            served = &mut serving => served?.context("the web server ended by itself")?,
            () = asked_to_stop => {}
        }
        tracing::info!("stopping");
        let _ = stop.send(true);
        resuming.abort();
        self.state.supervisor.drain().await;
        // Live streams end only with their session; they are cut after everybody else has had an answer.
        let _ = tokio::time::timeout(Duration::from_secs(FAREWELL_S), &mut serving).await;
        serving.abort();
        self.state.tenants.close().await;
        Ok(())
    }
}

/// Opens the tenants of a data folder.
///
/// # Errors
/// When the folder, its key or its database cannot be used.
pub(crate) async fn open_tenants(config: &Config) -> Result<Tenants, Exit> {
    // Somebody else in this process may have installed the same provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let broker = config.kite_url.clone().map_or(BrokerAddress::Zerodha, BrokerAddress::At);
    let mut settings = TenantsConfig::new(config.data_dir.clone(), config.key_file.clone(), broker);
    settings.archive_url.clone_from(&config.bounds.archive_url);
    settings.limits.archive_interval_s = config.bounds.archive_interval_s;
    settings.calendar.clone_from(&config.calendar);
    if let Some(path) = &config.rates {
        settings.rates = Arc::new(read_rates(path).map_err(|error| Exit { code: EXIT_FAILED, error })?);
    }
    if let Some(seconds) = config.session_ttl_s {
        settings.limits.session_ttl_s = seconds;
    }
    Tenants::open(settings).await.map_err(|error| {
        let code = match &error {
            OpenError::Address(_) => EXIT_FAILED,
            OpenError::InUse { .. }
            | OpenError::NewerSchema { .. }
            | OpenError::OldSqlite { .. }
            | OpenError::Key(_)
            | OpenError::File { .. }
            | OpenError::Store(_) => EXIT_DATA,
        };
        Exit { code, error: error.into() }
    })
}

/// An operator's own table of what trading costs.
fn read_rates(path: &Path) -> anyhow::Result<ledger::RateTable> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| {
        format!("{} is no table of rates: --rates wants a JSON list of dated rules", path.display())
    })
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Exit> {
    TcpListener::bind(address).await.map_err(|error| Exit {
        code: EXIT_ADDRESS,
        error: anyhow!("cannot listen on {address}: {error}\nIs something else using it? --listen ADDRESS moves the page."),
    })
}

fn compiler(config: &Config, limits: Limits) -> anyhow::Result<Compiler> {
    let engine = Engine::new(limits)?;
    let program = std::env::current_exe().context("cannot find this program, which compiles components")?;
    let cache = config.data_dir.join("compiled");
    let key = cache_key(&config.key_file)?;
    let arguments = vec!["compile-child".to_owned()];
    Ok(Compiler::new(program, arguments, cache, key, engine, CompileLimits::default()))
}

/// The key that authenticates compiled code, drawn from the host's own key so that there is one file to guard.
fn cache_key(key_file: &Path) -> anyhow::Result<[u8; 32]> {
    use sha2::{Digest, Sha256};
    let key = std::fs::read(key_file).with_context(|| format!("cannot read {}", key_file.display()))?;
    Ok(Sha256::new().chain_update(b"bulkhead compiled code\0").chain_update(key).finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_rates_is_read_and_one_that_contradicts_itself_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rates.json");
        let table = ledger::RateTable::zerodha();
        std::fs::write(&path, serde_json::to_string(&table).unwrap()).unwrap();
        assert_eq!(read_rates(&path).unwrap(), table);
        let doubled = [table.rules(), &table.rules()[..1]].concat();
        std::fs::write(&path, serde_json::to_string(&doubled).unwrap()).unwrap();
        let refused = format!("{:#}", read_rates(&path).unwrap_err());
        assert!(refused.contains("rates.json") && refused.contains("keep one"), "{refused}");
    }
}
