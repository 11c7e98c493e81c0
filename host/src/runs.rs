//! The supervisor: which runs live, on which shard, and how they start and end.
//!
//! A run is started from a [`Strategy`], which brings its tenant along, so the two cannot be mixed up. Orders, rows and
//! logs are the tenant's; what a strategy may do inside its machine is the sandbox's.

mod bars;
mod begin;
mod cell;
mod ending;
mod feeds;
mod known;
mod life;
mod live;
mod mailbox;
mod prepare;
mod rebuild;
mod running;
mod sessions;
mod shard;
mod subject;
mod told;
mod words;

pub use told::Counters;

use crate::programs::{ProgramError, Programs};
use feeds::Feeds;
use life::{Begin, Life};
use live::{Claim, Key, Lives, Wish};
use market::Calendar;
use sandbox::ParamError;
use serde_json::{Map, Value};
use shard::ShardHandle;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use subject::Subject;
use tenant::audit::Actor;
use tenant::{Clock, Mode, RunRecord, RunState, StoreError, Strategy, StrategyError, Tenant, Tenants};
use tokio::sync::Semaphore;
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
    /// Events of a journal from which a run is rebuilt; a longer one begins anew.
    pub rebuild_events_max: u64,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self { runs_per_tenant: 16, runs: 1_000, drain_ms: 5_000, rebuild_events_max: 20_000_000 }
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
    lives: Lives,
    /// One for each processor: who compiles or starts a machine holds one.
    cores: Semaphore,
    /// Held from the look at who runs already until a new run is written down and looked after, so that two starts cannot
    /// both take the last place, and a stop finds whoever looks after the row it sees.
    starts: tokio::sync::Mutex<()>,
    tasks: TaskTracker,
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
            lives: Lives::default(),
            cores: Semaphore::new(processors),
            starts: tokio::sync::Mutex::default(),
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
        if self.inner.lives.is_going_down() {
            return Err(StartError::GoingDown);
        }
        self.check_room(strategy, mode).await?;
        let program = self.inner.programs.of_version(strategy, version).await?;
        let params = program.manifest().bind(given).map_err(StartError::Params)?;
        prepare::warm_up(program.manifest(), &params).map_err(|error| StartError::Params(vec![error]))?;
        let shown: Map<_, _> = params.iter().map(|(name, value)| (name.clone(), value.to_json())).collect();
        let (supervisor, strategy) = (self.clone(), strategy.clone());
        // A task of its own: who asked may hang up, and a row that nobody looks after would be left.
        let writing = self.inner.tasks.spawn(async move {
            let begin = Begin::Fresh((program, params));
            supervisor.begin(&strategy, version, mode, Value::Object(shown), begin).await
        });
        writing.await.map_err(|_| StartError::GoingDown)?
    }

    /// Asks a run to stop. Without `square_off` its orders and positions stay as they are, and the run's reason says what is
    /// left. The wish is kept with the run until it is fulfilled. A run that has ended stays as it is, but what it holds is
    /// closed where `square_off` asks for it. `None` when the tenant has no such run.
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
        let mut left =
            if run.square_off || square_off { None } else { tenant.left_by(run_id).await?.words() };
        if let Some(words) = &mut left {
            words.push_str("; a stop with squareOff withdraws and closes");
        }
        let is_stopping =
            !run.state.is_final() && tenant.ask_to_stop(run_id, square_off, left.as_deref()).await?.is_some();
        if !is_stopping {
            if !square_off || tenant.left_by(run_id).await?.is_flat() {
                return tenant.run(run_id).await;
            }
            tenant.set_square_off(run_id, true).await?;
        }
        let (key, wish) = (key(tenant, run_id), Wish { stop: true, square_off, suspend: false });
        if !self.inner.lives.wish(&key, wish) {
            // Perhaps a start is just writing the row down; else nobody looks after it, and somebody must see it out.
            let _starts = self.inner.starts.lock().await;
            if !self.inner.lives.wish(&key, wish)
                && let Some(run) = tenant.run(run_id).await?
                && let Some(claim) = self.inner.lives.claim(key)
            {
                self.spawn(tenant.clone(), run, claim, Begin::Ending);
            }
        }
        tenant.run(run_id).await
    }

    /// Takes up every run that was active when the host went down. From when this returns, each is looked after: to be
    /// called before anybody is answered. They start by themselves.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn resume(&self, tenants: &Tenants) -> Result<(), StoreError> {
        for tenant in tenants.all() {
            for run in tenant.take_up_runs().await? {
                let Some(claim) = self.inner.lives.claim(key(&tenant, &run.id)) else { continue };
                let is_ending = run.state.is_final() || run.state == RunState::Stopping;
                let begin = if is_ending { Begin::Ending } else { Begin::Again };
                self.spawn(tenant.clone(), run, claim, begin);
            }
        }
        Ok(())
    }

    /// A run's counters, while it lives.
    pub fn counters(&self, tenant: &Tenant, run_id: &str) -> Option<Arc<Counters>> {
        self.inner.lives.counters(&key(tenant, run_id))
    }

    /// How many runs live, over all tenants.
    pub fn active(&self) -> usize {
        self.inner.lives.count()
    }

    /// Ends the host's part in every run, leaving each active in the rows, so that the next start resumes it.
    pub async fn drain(&self, tenants: &Tenants) {
        self.inner.lives.go_down();
        self.inner.tasks.close();
        if let Err(error) = tenants.put_runs_down().await {
            tracing::error!("that runs were put down is not written, and will look like a crash: {error:#}");
        }
        let limit = Duration::from_millis(self.inner.limits.drain_ms);
        if tokio::time::timeout(limit, self.inner.tasks.wait()).await.is_err() {
            tracing::warn!("{} runs did not end within {} ms", self.active(), self.inner.limits.drain_ms);
        }
    }

    /// Writes a new run down and takes it on.
    async fn begin(
        &self,
        strategy: &Strategy,
        version: u32,
        mode: Mode,
        params: Value,
        begin: Begin,
    ) -> Result<RunRecord, StartError> {
        let _starts = self.inner.starts.lock().await;
        self.check_room(strategy, mode).await?;
        let run = match strategy.new_run(version, mode, params).await {
            Err(StrategyError::Running(run)) => return Err(StartError::Running(run)),
            other => other?,
        };
        let tenant = strategy.tenant();
        if let Some(claim) = self.inner.lives.claim(key(tenant, &run.id)) {
            self.spawn(tenant.clone(), run.clone(), claim, begin);
        }
        Ok(run)
    }

    async fn check_room(&self, strategy: &Strategy, mode: Mode) -> Result<(), StartError> {
        let runs = strategy.tenant().runs().await?;
        let active: Vec<_> = runs.iter().filter(|run| !run.state.is_final()).collect();
        let same = |run: &&&RunRecord| run.strategy_id == strategy.id() && run.mode == mode;
        if let Some(same) = active.iter().find(same) {
            return Err(StartError::Running(same.id.clone()));
        }
        let RunLimits { runs_per_tenant, runs, .. } = self.inner.limits;
        if active.len() >= runs_per_tenant {
            return Err(StartError::TooMany(runs_per_tenant));
        }
        if self.active() >= runs { Err(StartError::Full(runs)) } else { Ok(()) }
    }

    fn spawn(&self, tenant: Tenant, run: RunRecord, claim: Claim, begin: Begin) {
        // Whoever started it, from now on the host acts.
        let tenant = tenant.acting_as(Actor::Host);
        let subject = Subject { inner: Arc::clone(&self.inner), tenant, run, claim };
        self.inner.tasks.spawn(Life::new(subject, begin).live());
    }
}

impl Inner {
    /// A shard for one more run, and the run's name there. Runs are dealt out in turn, and none to a shard that has ended.
    fn place(&self) -> Option<(usize, u64)> {
        let slot = self.slots.fetch_add(1, Ordering::Relaxed);
        let shards = self.shards.len();
        let first = usize::try_from(slot).unwrap_or(0) % shards;
        let mut in_turn = (first..shards).chain(0..first);
        in_turn.find(|number| self.shards[*number].is_alive()).map(|number| (number, slot))
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
