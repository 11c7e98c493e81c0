//! One tenant's desk: the order path's core with its lock, and everything that a step of it needs around it.
//!
//! The core decides, [`Desk::feed`] writes what it decided and then does what it asks for. Nothing here decides.

use super::audited::{Circumstances, Settled, audited};
use super::queue::Queue;
use super::stops::Stops;
use super::world::World;
use crate::audit::AuditEntry;
use crate::broker::Line;
use crate::broker_id::BrokerId;
use crate::error::StoreError;
use crate::host::{Fall, Host};
use crate::log::{Level, TenantLog};
use crate::marks::Marks;
use crate::news::News;
use crate::pnl::Figures;
use crate::proof::Prover;
use crate::run::{RunEvent, RunRecord};
use crate::store::{Book, Commit, StepRows};
use ::orders::{Core, Effect, Event, Gravity, Loaded, Now, Opened, Settings, TradingState};
use market::{Money, Timestamp};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex as Guarded, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard, Notify, broadcast};
use tokio::time::Instant;

/// How long to wait before a write that failed is tried again: what happened to an order must not be forgotten.
const WRITE_RETRY: Duration = Duration::from_secs(1);

/// Under which target an order's way is traced: asked for, being written, durable, leaving. The benchmark tells by it what
/// each part of the way takes.
pub(super) const ORDER_PATH: &str = "order_path";

/// The order path of one tenant.
pub(crate) struct Desk {
    pub(super) id: BrokerId,
    pub(super) host: Arc<Host>,
    pub(super) book: Book,
    pub(super) line: Arc<Line>,
    pub(super) log: TenantLog,
    pub(super) news: broadcast::Sender<News>,
    pub(super) marks: Arc<Marks>,
    pub(super) figures: Arc<Figures>,
    /// Which address orders leave from.
    pub(super) prover: Arc<Prover>,
    /// The component that each attached run runs, by its SHA-256.
    pub(super) components: Guarded<Arc<BTreeMap<String, String>>>,
    pub(super) core: Mutex<Core>,
    /// Held by the one run that closes its positions: what the account holds is not sold by two at once.
    pub(super) closing: Mutex<()>,
    /// What each attached run must hear.
    pub(super) runs: Guarded<BTreeMap<String, Arc<Queue<RunEvent>>>>,
    /// The kill switches as the senders see them: no lock of the core between a switch and the last look before a send.
    pub(super) stops: Stops,
    /// The newest session under which all that stands was compared with the broker, as the core has it.
    pub(super) reconciled: AtomicU64,
    /// Something was decided: the next thing may be due earlier.
    pub(super) decided: Notify,
    /// Trades were booked.
    pub(super) booked: Notify,
    /// Cash as the broker said last.
    pub(super) cash: Mutex<Option<Money>>,
    /// It may have changed.
    pub(super) cash_stale: Notify,
    /// When this desk's own clock began.
    born: Instant,
}

/// What a desk is made of.
pub(crate) struct Parts {
    pub(crate) id: BrokerId,
    pub(crate) host: Arc<Host>,
    pub(crate) book: Book,
    pub(crate) line: Arc<Line>,
    pub(crate) log: TenantLog,
    pub(crate) news: broadcast::Sender<News>,
    pub(crate) marks: Arc<Marks>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) prover: Arc<Prover>,
}

/// What is written with a step of the order path.
#[derive(Default)]
pub(super) struct Along {
    /// The run's step that asked.
    pub(super) step: Option<(RunRecord, StepRows)>,
    /// What is to be remembered beside the orders.
    pub(super) audit: Vec<AuditEntry>,
    /// Whose word it follows.
    pub(super) settled: Option<Settled>,
}

impl Desk {
    /// Loads what stands and settles what a crash left behind.
    pub(crate) async fn open(parts: Parts) -> Result<Arc<Self>, StoreError> {
        let Parts { id, host, book, line, log, news, marks, figures, prover } = parts;
        let (loaded, born) = (load(&id, &host, &book, &log).await?, Instant::now());
        let now = Now { wall: host.now(), since_boot: Duration::ZERO };
        line.connection().count_orders(&loaded.calls, now.wall);
        let stops = Stops::of(&loaded.switches);
        let Opened { core, writes, effects } = Core::open(settings(&id, &host), loaded, now);
        let audit = audited(&writes, now.wall, &Circumstances::default());
        book.commit(Commit { step: None, orders: writes, audit }).await?;
        let desk = Arc::new(Self {
            id,
            host,
            book,
            line,
            log,
            news,
            marks,
            figures,
            prover,
            components: Guarded::default(),
            core: Mutex::new(core),
            closing: Mutex::new(()),
            runs: Guarded::default(),
            stops,
            reconciled: AtomicU64::new(0),
            decided: Notify::new(),
            booked: Notify::new(),
            cash: Mutex::new(None),
            cash_stale: Notify::new(),
            born,
        });
        desk.perform(effects);
        Ok(desk)
    }

    /// Lets the core decide, makes what it decided durable, and does what it asks for. Done to its end even where whoever
    /// asked has gone: the core and the rows must not part.
    pub(super) async fn feed(self: &Arc<Self>, event: Event, along: Along) -> Result<Outcome, StoreError> {
        let desk = Arc::clone(self);
        let fed = self.host.tasks.spawn(async move { desk.take(event, along).await });
        fed.await.unwrap_or_else(|broken| Err(StoreError::Database(format!("a step broke off: {broken}"))))
    }

    /// The same for what happened and cannot be taken back: until it is written, or the order path has fallen.
    pub(super) async fn learn(self: &Arc<Self>, event: Event) {
        while let Err(error) = self.feed(event.clone(), Along::default()).await {
            if self.host.fallen.is_cancelled() {
                return;
            }
            tracing::error!(broker_id = %self.id, "not written, trying again: {error:#}");
            let text = format!("the order path could not write what it learned, trying again: {error}");
            self.log.write(Level::Error, None, &text);
            tokio::time::sleep(WRITE_RETRY).await;
        }
    }

    async fn take(self: Arc<Self>, event: Event, along: Along) -> Result<Outcome, StoreError> {
        let (mut core, _fall) = self.enter().await?;
        self.decide(&mut core, event, along).await
    }

    /// One step of the core that [`Desk::enter`] gave.
    pub(super) async fn decide(
        self: &Arc<Self>,
        core: &mut Core,
        event: Event,
        along: Along,
    ) -> Result<Outcome, StoreError> {
        let now = self.now();
        let step = core.step(now, &self.world(now.wall), event);
        if step.halts() {
            self.stops.halt(true);
        }
        let Along { step: rows, mut audit, settled } = along;
        audit.extend(audited(step.writes(), now.wall, &Circumstances { settled, ..self.circumstances() }));
        let commit = Commit { step: rows, orders: step.writes().to_vec(), audit };
        // A step of a run is durable with everything that was gathered of the run before it.
        if commit.step.is_some() || !commit.is_empty() {
            tracing::trace!(target: ORDER_PATH, "writing");
            if let Err(error) = self.book.commit(commit).await {
                step.discard();
                self.stops.halt(core.is_halted());
                return Err(error);
            }
            tracing::trace!(target: ORDER_PATH, "written");
        }
        let (calls, rest): (Vec<_>, Vec<_>) = step.confirm().into_iter().partition(is_call);
        if !calls.is_empty() {
            self.perform(calls);
            // What was made durable leaves before anybody is told of it: this worker goes on with the calls.
            tokio::task::yield_now().await;
        }
        let outcome = self.perform(rest);
        self.reconciled.store(core.reconciled_under(), Ordering::SeqCst);
        self.decided.notify_one();
        Ok(outcome)
    }

    /// The core for one step. What comes second is dropped first: nobody builds on what a step that broke off left half
    /// changed.
    pub(super) async fn enter(&self) -> Result<(MutexGuard<'_, Core>, Fall<'_>), StoreError> {
        let core = self.core.lock().await;
        if self.host.fallen.is_cancelled() {
            let text = "the order path has fallen: the host must be started again";
            return Err(StoreError::Database(text.to_owned()));
        }
        Ok((core, self.host.fall_on_panic()))
    }

    /// Follows the clock until the host stops.
    pub(crate) async fn follow(self: Arc<Self>) {
        loop {
            let due = self.core.lock().await.next_wake().map(|at| self.born + at);
            let wake = async {
                match due {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.decided.notified() => continue,
                () = wake => {}
            }
            if let Err(error) = self.feed(Event::Time, Along::default()).await {
                tracing::error!(broker_id = %self.id, "what was due was not written: {error:#}");
                tokio::time::sleep(WRITE_RETRY).await;
            }
        }
    }

    /// Tells of new trades.
    pub(crate) fn booked(&self) -> &Notify {
        &self.booked
    }

    /// What the audit tells of an order beside its row.
    fn circumstances(&self) -> Circumstances {
        let standing = self.prover.standing();
        let components = Arc::clone(&self.components.lock().unwrap_or_else(PoisonError::into_inner));
        let (way, address) = (standing.setting.egress.to_string(), standing.address());
        Circumstances { way, address, components, settled: None }
    }

    /// The instant on both clocks.
    pub(super) fn now(&self) -> Now {
        Now { wall: self.host.now(), since_boot: self.born.elapsed() }
    }

    /// What the core may read of the world at this instant.
    pub(super) fn world(&self, now: Timestamp) -> World<'_> {
        let list = self.host.instruments_today();
        let Self { host, marks, prover, .. } = self;
        World { host, line: self.line.facts(), marks, prover, now, list }
    }

    pub(super) fn listener(&self, run_id: &str) -> Option<Arc<Queue<RunEvent>>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).get(run_id).cloned()
    }
}

/// What a step came to for whoever asked for it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// What became of an exit.
    pub(super) exit: Option<Result<market::RunOrderId, crate::gate::Refusal>>,
}

impl Desk {
    /// Does what a step asks for. Nothing here waits: what takes long becomes a task of its own.
    fn perform(self: &Arc<Self>, effects: Vec<Effect>) -> Outcome {
        let mut outcome = Outcome::default();
        for effect in effects {
            match effect {
                Effect::Place(call) => self.host.spawn_call(Arc::clone(self).place(call)),
                Effect::Modify(call) => self.host.spawn_call(Arc::clone(self).modify(call)),
                Effect::Cancel(call) => self.host.spawn_call(Arc::clone(self).cancel(call)),
                Effect::ReadBook { session, with_positions } => {
                    self.host.spawn(Arc::clone(self).read(session, with_positions));
                }
                Effect::Tell(update) => self.tell(update),
                Effect::Traded(trade) => {
                    self.figures.booked(std::slice::from_ref(&trade));
                    if trade.mode == ::orders::Mode::Live {
                        self.cash_stale.notify_one();
                    }
                    self.booked.notify_one();
                    let _ = self.news.send(News::Trade(trade));
                }
                Effect::Adopted { .. } => self.figures.forget(),
                Effect::ExitMade(id) => outcome.exit = Some(Ok(id)),
                Effect::ExitRefused(refusal) => outcome.exit = Some(Err(refusal)),
                Effect::Say(said) => self.log.write(level(said.gravity), said.run_id.as_deref(), &said.text),
                Effect::Trading(state) => {
                    self.stops.halt(matches!(state, TradingState::Halted { .. }));
                    self.log.write(Level::Warn, None, &format!("trading is {state}"));
                }
            }
        }
        outcome
    }

    /// Tells the order's run and the tenant's watchers.
    fn tell(&self, update: ::orders::RunOrderUpdate) {
        let _ = self.news.send(News::Order(update.order.clone()));
        if update.fill_quantity > 0 && update.order.mode == ::orders::Mode::Live {
            self.cash_stale.notify_one();
        }
        if let Some(queue) = self.listener(&update.order.run_id) {
            queue.push(RunEvent::Order(update));
        }
    }
}

/// What leaves for the broker.
fn is_call(effect: &Effect) -> bool {
    matches!(effect, Effect::Place(_) | Effect::Modify(_) | Effect::Cancel(_))
}

async fn load(id: &BrokerId, host: &Host, book: &Book, log: &TenantLog) -> Result<Loaded, StoreError> {
    let today = host.now().date();
    let known = book.known_orders(today.previous()).await?;
    for (row, why) in &known.damaged {
        let number = row.id;
        tracing::error!(broker_id = %id, "order row {number} cannot be read: {why:#}");
        let text = format!("the row of order number {number} cannot be read ({why}): look for it at Kite");
        log.write(Level::Error, None, &text);
    }
    let risk = book.risk().await?;
    let switches = ::orders::Switches {
        host: host.kill_switch(),
        tenant: book.kill_switch().await?,
        runs: book.run_switches().await?,
    };
    Ok(Loaded {
        orders: known.orders,
        damaged: known.damaged.into_iter().map(|(row, _)| row).collect(),
        trades: book.live_trades_after(Some(today.previous().previous())).await?,
        next_order_id: book.next_order_id().await?,
        switches,
        limits: risk.limits,
        latch: risk.latch,
        calls: book.calls_of(today).await?,
        foreign: book.foreign_orders().await?,
    })
}

fn settings(id: &BrokerId, host: &Host) -> Settings {
    let limits = &host.config.limits;
    Settings {
        account: id.as_str().to_owned(),
        prefix: host.tag_prefix,
        poll_every: Duration::from_millis(limits.order_poll_ms.max(100)),
        positions_every: Duration::from_secs(limits.positions_every_s.max(1)),
        absent_after_s: u32::try_from(limits.absent_after_s.max(0)).unwrap_or(u32::MAX),
        send_within_ms: u64::try_from(limits.send_within_ms.max(0)).unwrap_or_default(),
        ..Settings::default()
    }
}

fn level(gravity: Gravity) -> Level {
    match gravity {
        Gravity::Info => Level::Info,
        Gravity::Warn => Level::Warn,
        Gravity::Error => Level::Error,
    }
}
