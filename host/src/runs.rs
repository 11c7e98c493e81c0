//! The supervisor: which runs live, on which shard, and how they start and end.
//!
//! A run is started from a [`Strategy`], which brings its tenant along, so the two cannot be mixed up. Orders, rows and
//! logs are the tenant's; what a strategy may do inside its machine is the sandbox's.

mod bars;
mod cell;
mod feeds;
mod journal;
mod life;
mod mailbox;
mod prepare;
mod sessions;
mod shard;
mod told;
mod words;

pub use told::Counters;

use crate::programs::{ProgramError, Programs};
use feeds::Feeds;
use life::{End, Life};
use market::Calendar;
use sandbox::ParamError;
use serde_json::{Map, Value};
use shard::ShardHandle;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tenant::{Clock, Mode, RunRecord, RunState, StoreError, Strategy, StrategyError, Tenant, Tenants};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

/// Bounds on runs.
#[derive(Debug, Clone, Copy)]
pub struct RunLimits {
    /// Runs of one tenant that have not ended.
    pub runs_per_tenant: usize,
    /// Runs of all tenants that have not ended; no more than the sandbox has machines.
    pub runs: usize,
    /// How long runs may take to put their things down when the host ends, in milliseconds.
    pub drain_ms: u64,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self { runs_per_tenant: 16, runs: 1_000, drain_ms: 5_000 }
    }
}

/// Why a run was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The strategy runs already.
    #[error("this strategy is running already as run {0}: stop it first")]
    Running(String),
    /// The tenant has too many.
    #[error(
        "at most {0} of your runs may be active at once: stop one first, or start the host with a larger --runs-per-tenant-max"
    )]
    TooMany(usize),
    /// All tenants together have too many.
    #[error(
        "the host is full: it holds {0} runs at once; try again when one has ended, or start the host with a larger --runs-max"
    )]
    Full(usize),
    /// Parameters are unknown, missing or out of bounds.
    #[error("{}", said(.0))]
    Params(Vec<ParamError>),
    /// The component cannot be made ready.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The version is unknown, or the strategy cannot be used.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The host is going down.
    #[error("the host is going down: try again in a moment")]
    GoingDown,
}

/// Starts, follows and ends runs. Cheap to clone.
#[derive(Clone)]
pub struct Supervisor {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    shards: Arc<[ShardHandle]>,
    feeds: Feeds,
    programs: Programs,
    calendar: Calendar,
    clock: Clock,
    limits: RunLimits,
    slots: AtomicU64,
    live: Mutex<HashMap<Key, Live>>,
    tasks: TaskTracker,
}

/// Run ids are unique within a tenant.
type Key = (String, String);

struct Live {
    ends: mpsc::Sender<End>,
    counters: Arc<Counters>,
}

impl Supervisor {
    /// Starts one shard a processor.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        programs: Programs,
        calendar: Calendar,
        clock: Clock,
        limits: RunLimits,
    ) -> std::io::Result<Self> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let started = |number| ShardHandle::start(number, clock.clone()).map(|(shard, _joined)| shard);
        let shards: Arc<[ShardHandle]> = (0..processors).map(started).collect::<Result<Vec<_>, _>>()?.into();
        let feeds = Feeds::new(Arc::clone(&shards), clock.clone());
        let inner = Inner {
            shards,
            feeds,
            programs,
            calendar,
            clock,
            limits,
            slots: AtomicU64::new(0),
            live: Mutex::default(),
            tasks: TaskTracker::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Starts a version of a strategy. The run is written down before this returns, and goes on by itself.
    ///
    /// # Errors
    /// When it runs already, or with parameters or a component that cannot work.
    pub async fn run(
        &self,
        strategy: &Strategy,
        version: u32,
        mode: Mode,
        given: Map<String, Value>,
    ) -> Result<RunRecord, StartError> {
        let tenant = strategy.tenant();
        if self.inner.tasks.is_closed() {
            return Err(StartError::GoingDown);
        }
        self.check_room(tenant, strategy).await?;
        let program = self.inner.programs.of_version(strategy, version).await?;
        let params = program.manifest().bind(given).map_err(StartError::Params)?;
        let shown: Map<_, _> = params.iter().map(|(name, value)| (name.clone(), value.to_json())).collect();
        let run = match strategy.new_run(version, mode, Value::Object(shown)).await {
            Err(StrategyError::Running(run)) => return Err(StartError::Running(run)),
            other => other?,
        };
        self.spawn(tenant.clone(), run.clone(), program, params, false);
        Ok(run)
    }

    /// Asks a run to stop. A run that has ended stays as it is. `None` when the tenant has no such run.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stop(
        &self,
        tenant: &Tenant,
        run_id: &str,
        square_off: bool,
    ) -> Result<Option<RunRecord>, StoreError> {
        let Some(run) = tenant.run(run_id).await? else { return Ok(None) };
        if run.state.is_final() {
            return Ok(Some(run));
        }
        let ends = self.live().get(&key(tenant, run_id)).map(|live| live.ends.clone());
        match ends {
            Some(ends) => {
                let stopping = tenant.set_run_state(run_id, RunState::Stopping, None).await?;
                let _ = ends.send(End::Stop { square_off }).await;
                Ok(stopping.or(tenant.run(run_id).await?))
            }
            // Nothing lives behind the row: it only has to be closed.
            None => {
                if square_off {
                    tenant.wind_down(run_id, true).await?;
                }
                let stopped = tenant.set_run_state(run_id, RunState::Stopped, None).await?;
                Ok(stopped.or(tenant.run(run_id).await?))
            }
        }
    }

    /// Starts every run again that was active when the host went down.
    pub async fn resume(&self, tenants: &Tenants) {
        for tenant in tenants.all() {
            match tenant.runs().await {
                Ok(runs) => {
                    for run in runs.into_iter().filter(|run| !run.state.is_final()) {
                        self.resume_one(&tenant, run).await;
                    }
                }
                Err(error) => tracing::error!(broker_id = %tenant.broker_id(), "runs not read: {error:#}"),
            }
        }
    }

    /// A run's counters, while it lives.
    pub fn counters(&self, tenant: &Tenant, run_id: &str) -> Option<Arc<Counters>> {
        self.live().get(&key(tenant, run_id)).map(|live| Arc::clone(&live.counters))
    }

    /// How many runs live, over all tenants.
    pub fn active(&self) -> usize {
        self.live().len()
    }

    /// Ends the host's part in every run, leaving each active in the rows, so that the next start resumes it.
    pub async fn drain(&self) {
        self.inner.tasks.close();
        let ends: Vec<_> = self.live().values().map(|live| live.ends.clone()).collect();
        for end in ends {
            let _ = end.try_send(End::Suspend);
        }
        let limit = Duration::from_millis(self.inner.limits.drain_ms);
        if tokio::time::timeout(limit, self.inner.tasks.wait()).await.is_err() {
            tracing::warn!("{} runs did not end within {} ms", self.active(), self.inner.limits.drain_ms);
        }
    }

    async fn check_room(&self, tenant: &Tenant, strategy: &Strategy) -> Result<(), StartError> {
        let runs = tenant.runs().await?;
        let active: Vec<_> = runs.iter().filter(|run| !run.state.is_final()).collect();
        if let Some(same) = active.iter().find(|run| run.strategy_id == strategy.id()) {
            return Err(StartError::Running(same.id.clone()));
        }
        let RunLimits { runs_per_tenant, runs, .. } = self.inner.limits;
        if active.len() >= runs_per_tenant {
            return Err(StartError::TooMany(runs_per_tenant));
        }
        if self.active() >= runs { Err(StartError::Full(runs)) } else { Ok(()) }
    }

    async fn resume_one(&self, tenant: &Tenant, run: RunRecord) {
        let given = run.params.as_object().cloned().unwrap_or_default();
        if run.state == RunState::Stopping {
            let _ = tenant
                .set_run_state(&run.id, RunState::Stopped, Some("the host went down while it was stopping"))
                .await;
            return;
        }
        let ready = match tenant.strategy(&run.strategy_id).await {
            Ok(Some(strategy)) => {
                self.inner.programs.of_version(&strategy, run.version).await.map_err(|e| e.to_string())
            }
            Ok(None) => Err("its strategy was deleted".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let bound = ready.and_then(|program| {
            let params = program.manifest().bind(given).map_err(|errors| said(&errors))?;
            Ok((program, params))
        });
        match bound {
            Ok((program, params)) => {
                let _ = tenant.count_restart(&run.id).await;
                self.spawn(tenant.clone(), run, program, params, true);
            }
            Err(reason) => {
                let reason = format!("it could not be started again after the host restarted: {reason}");
                let _ = tenant.set_run_state(&run.id, RunState::Failed, Some(&reason)).await;
            }
        }
    }

    fn spawn(
        &self,
        tenant: Tenant,
        run: RunRecord,
        program: sandbox::Program,
        params: sandbox::Params,
        again: bool,
    ) {
        let (ends, asked) = mpsc::channel(4);
        let counters = Arc::new(Counters::default());
        let key = key(&tenant, &run.id);
        self.live().insert(key.clone(), Live { ends, counters: Arc::clone(&counters) });
        let inner = Arc::clone(&self.inner);
        let life = Life { inner, tenant, run, program, params, counters, ends: asked, again };
        let supervisor = self.clone();
        self.inner.tasks.spawn(async move {
            life.live().await;
            supervisor.live().remove(&key);
        });
    }

    fn live(&self) -> MutexGuard<'_, HashMap<Key, Live>> {
        self.inner.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// A shard for one more run, and the run's name there. Runs are dealt out in turn.
    fn place(&self) -> (usize, u64) {
        let slot = self.slots.fetch_add(1, Ordering::Relaxed);
        (usize::try_from(slot).unwrap_or(0) % self.shards.len(), slot)
    }
}

fn key(tenant: &Tenant, run_id: &str) -> Key {
    (tenant.broker_id().to_string(), run_id.to_owned())
}

fn said(errors: &[ParamError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
