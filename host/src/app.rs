//! The composition root: settings in, a running host out. Every part is made here and handed what it needs.

use crate::config::Config;
use crate::control::Door;
use crate::exit::{EXIT_ADDRESS, EXIT_DATA, EXIT_FAILED, Exit};
use crate::operator;
use crate::programs::Programs;
use crate::runs::{RunLimits, Supervisor};
use crate::web::{self, Reach, ServeLimits, WebState};
use anyhow::{Context, anyhow, bail};
use market::{Calendar, Timestamp};
use sandbox::{CompileLimits, Compiler, Engine, Limits};
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tenant::{BrokerAddress, OpenError, RateTable, Tenants, TenantsConfig};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::task::AbortOnDropHandle;

/// How long a host that was asked to end may take for it.
const STOP_WITHIN: Duration = Duration::from_millis(9_500);

/// A host, ready to answer.
pub struct App {
    listener: TcpListener,
    address: SocketAddr,
    door: Door,
    state: WebState,
}

impl App {
    /// Opens everything a host is made of. Nothing is answered yet, but the port is taken.
    ///
    /// # Errors
    /// When the port is taken or the data folder cannot be used; the error says what to do.
    pub(crate) async fn open(config: Config) -> Result<Self, Exit> {
        let listener = listen(config.listen).await?;
        Self::open_at(listener, config).await
    }

    /// The same at a port that is taken already; `config.listen` is not looked at.
    ///
    /// # Errors
    /// When the data folder cannot be used; the error says what to do.
    pub(crate) async fn open_at(listener: TcpListener, config: Config) -> Result<Self, Exit> {
        let address = listener.local_addr()?;
        let tenants = open_tenants(&config).await?;
        let limits = Limits { machines: config.bounds.runs_max + web::REPLAYS_MAX, ..Limits::default() };
        let upload_bytes_max = limits.upload_bytes;
        let programs = Programs::new(compiler(&config, limits)?);
        let clock = tenants.clock().clone();
        warn_of_missing_holidays(&config.calendar, clock.now());
        let runs = RunLimits {
            runs_per_tenant: config.bounds.runs_per_tenant_max,
            rebuild_events_max: config.bounds.rebuild_events_max,
            runs: config.bounds.runs_max as usize,
            ..RunLimits::default()
        };
        let supervisor = Supervisor::start(programs.clone(), config.calendar.clone(), clock, runs)?;
        let reach = Reach {
            public_url: config.public_url,
            trusted_proxies: config.trusted_proxies,
            metrics_open: config.metrics_open,
        };
        let state = WebState::new(tenants, supervisor, programs, reach, upload_bytes_max);
        let door = Door::open(&config.data_dir).map_err(|why| Exit {
            code: EXIT_DATA,
            error: anyhow!("cannot open the control socket in {}: {why}", config.data_dir.display()),
        })?;
        Ok(Self { listener, address, door, state })
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
        // Before the first answer: what the rows call active is looked after, or a stop would find nobody.
        let resumed = self.state.supervisor.resume(&self.state.tenants).await;
        resumed.context("the runs of before cannot be taken up again")?;
        let (tenants, supervisor) = (self.state.tenants.clone(), self.state.supervisor.clone());
        // Its end is the host's: dropped, it takes its socket along.
        let operated = AbortOnDropHandle::new(tokio::spawn(
            self.door.answer(move |asked| operator::answer(tenants.clone(), supervisor.clone(), asked)),
        ));
        let (stop, mut stopping) = watch::channel(false);
        let graceful = async move {
            let _ = stopping.wait_for(|stop| *stop).await;
        };
        let server = web::serve(self.listener, self.state.clone(), ServeLimits::default(), graceful);
        let mut serving = tokio::spawn(server);
        tokio::select! {
            served = &mut serving => served.context("the web server ended by itself")?,
            () = self.state.tenants.fell_over() => bail!(
                "a task of the order path fell over; what it said stands above. Nothing more is sent: start the host again, \
                 and it will compare everything with the broker first"
            ),
            () = asked_to_stop => {}
        }
        tracing::info!("stopping");
        let put_down =
            tokio::time::timeout(STOP_WITHIN, put_down(&self.state, operated, stop, serving)).await;
        put_down.with_context(|| {
            format!("not everything was put down within {STOP_WITHIN:?}: the next start compares it with the broker")
        })
    }
}

/// Not ready from now on, and streams end; who asks something still gets an answer while runs are put down.
async fn put_down(
    state: &WebState,
    operated: AbortOnDropHandle<()>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
) {
    state.ending.begin();
    state.supervisor.drain(&state.tenants).await;
    let _ = stop.send(true);
    let _ = serving.await;
    state.ending.actions_done().await;
    drop(operated);
    state.tenants.close().await;
}

/// Opens the tenants of a data folder.
///
/// # Errors
/// When the folder, its key or its database cannot be used.
pub(crate) async fn open_tenants(config: &Config) -> Result<Tenants, Exit> {
    Tenants::open(tenants_config(config)?).await.map_err(not_opened)
}

/// How the tenants of a data folder are kept.
///
/// # Errors
/// When the operator's table of costs cannot be read.
pub(crate) fn tenants_config(config: &Config) -> Result<TenantsConfig, Exit> {
    // Somebody else in this process may have installed the same provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let broker = config.kite_url.clone().map_or(BrokerAddress::Zerodha, BrokerAddress::At);
    let mut settings = TenantsConfig::new(config.data_dir.clone(), config.key_file.clone(), broker);
    settings.archive_url.clone_from(&config.bounds.archive_url);
    settings.limits.archive_interval_s = config.bounds.archive_interval_s;
    settings.echo_url.clone_from(&config.echo_url);
    settings.limits.absent_after_s = config.bounds.absent_after_s;
    settings.limits.journal_keep_days = config.bounds.journal_keep_days;
    settings.calendar.clone_from(&config.calendar);
    if let Some(path) = &config.rates {
        settings.rates = Arc::new(read_rates(path).map_err(|error| Exit { code: EXIT_FAILED, error })?);
    }
    if let Some(seconds) = config.session_ttl_s {
        settings.limits.session_ttl_s = seconds;
    }
    Ok(settings)
}

/// An operator's own table of what trading costs.
pub(crate) fn read_rates(path: &Path) -> anyhow::Result<RateTable> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| {
        format!("{} is no table of rates: --rates wants a JSON list of dated rules", path.display())
    })
}

/// The exit of a data folder that could not be opened.
pub(crate) fn not_opened(error: OpenError) -> Exit {
    let code = match &error {
        OpenError::Address(_) => EXIT_FAILED,
        OpenError::InUse { .. }
        | OpenError::Damaged { .. }
        | OpenError::NewerSchema { .. }
        | OpenError::OldSqlite { .. }
        | OpenError::Key(_)
        | OpenError::File { .. }
        | OpenError::Store(_) => EXIT_DATA,
    };
    Exit { code, error: error.into() }
}

/// A calendar without a single holiday is one that nobody filled in: orders would be tried on days without a market.
fn warn_of_missing_holidays(calendar: &Calendar, now: Timestamp) {
    let (year, _, _) = now.date().parts();
    if !calendar.knows_holidays_of(year) {
        tracing::warn!(
            "the trading calendar knows no holidays of {year}: name them in a file (--calendar) or with --holidays"
        );
    }
}

/// Takes a port for the page.
///
/// # Errors
/// When something else has it; the error says what to do.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, Exit> {
    TcpListener::bind(address).await.map_err(|error| Exit {
        code: EXIT_ADDRESS,
        error: anyhow!("cannot listen on {address}: {error}\nIs something else using it? --listen ADDRESS moves the page."),
    })
}

fn compiler(config: &Config, limits: Limits) -> anyhow::Result<Compiler> {
    let engine = Engine::new(limits)?;
    let cache = config.data_dir.join("compiled");
    let key = cache_key(&config.key_file)?;
    let (program, arguments) = compile_child();
    Ok(Compiler::new(program, arguments, cache, key, engine, CompileLimits::default()))
}

/// A compiler for a command that compiles once, under the limits of the host's own.
pub(crate) fn compiler_for_once(engine: Engine) -> Compiler {
    let (program, arguments) = compile_child();
    Compiler::uncached(program, arguments, engine, CompileLimits::default())
}

/// The build that runs, even when its file is replaced meanwhile: code of two builds must not be mixed.
fn compile_child() -> (PathBuf, Vec<String>) {
    (PathBuf::from("/proc/self/exe"), vec!["compile-child".to_owned()])
}

/// Where this machine's own browser reaches an address that was listened on: `0.0.0.0` is everywhere, and no place to go.
pub(crate) fn reached_at(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
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
    fn an_address_that_is_everywhere_is_reached_on_this_machine() {
        let reached = |text: &str| reached_at(text.parse().unwrap()).to_string();
        assert_eq!(reached("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(reached("[::]:8080"), "[::1]:8080");
        assert_eq!(reached("10.0.0.5:80"), "10.0.0.5:80");
    }

    #[test]
    fn a_table_of_rates_is_read_and_one_that_contradicts_itself_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rates.json");
        let table = RateTable::zerodha();
        std::fs::write(&path, serde_json::to_string(&table).unwrap()).unwrap();
        assert_eq!(read_rates(&path).unwrap(), table);
        let doubled = [table.rules(), &table.rules()[..1]].concat();
        std::fs::write(&path, serde_json::to_string(&doubled).unwrap()).unwrap();
        let refused = format!("{:#}", read_rates(&path).unwrap_err());
        assert!(refused.contains("rates.json") && refused.contains("keep one"), "{refused}");
    }
}
