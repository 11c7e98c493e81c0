//! One tenant's desk: the gate, the orders that stand, and who must hear of them.

use super::job::Job;
use super::merge::Merged;
use super::owed::Owed;
use super::queue::Queue;
use super::record::{KillSwitch, OrderRecord, RefusalCode, RunOrderUpdate};
use crate::broker::Line;
use crate::broker_id::BrokerId;
use crate::error::StoreError;
use crate::gate::{Gate, LossLatch, RiskLimits, SendWindow};
use crate::host::Host;
use crate::log::{Level, TenantLog};
use crate::marks::Marks;
use crate::mode::Mode;
use crate::news::News;
use crate::pnl::Figures;
use crate::run::{RunEvent, RunRecord};
use crate::store::{Book, StoredOrder};
use market::{Money, OrderState, Price};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{Mutex, MutexGuard, Notify, broadcast, mpsc};

/// What the trader set and what the gate latched, as it is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Risk {
    pub(crate) limits: RiskLimits,
    pub(crate) latch: Option<LossLatch>,
}

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
    pub(super) state: Mutex<State>,
    /// Read the order book as soon as possible.
    pub(super) wake: Notify,
    /// The kill switch as the senders see it: no lock between the switch and the last look before a send.
    pub(super) killed: AtomicBool,
    pub(super) reconciled: AtomicBool,
    /// Fills heard of whose trades are not read yet.
    pub(super) trades: Owed,
    /// Cash as the broker said last.
    pub(super) cash: Mutex<Option<Money>>,
    /// It may have changed.
    pub(super) cash_stale: Notify,
}

/// What the desk's lock guards.
pub(super) struct State {
    pub(super) gate: Gate,
    pub(super) kill: KillSwitch,
    pub(super) day_pnl: Option<Money>,
    /// Every order that may still change, by number.
    pub(super) standing: BTreeMap<i64, StoredOrder>,
    /// Orders to withdraw as soon as the broker's number is known.
    pub(super) cancel_wanted: BTreeSet<i64>,
    pub(super) runs: BTreeMap<String, RunEnd>,
}

/// The desk's end of a run's line.
#[derive(Clone)]
pub(super) struct RunEnd {
    pub(super) events: Option<Arc<Queue<RunEvent>>>,
    pub(super) jobs: Arc<Queue<Job>>,
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
}

impl Desk {
    /// Settles what a crash left behind and loads what stands.
    pub(crate) async fn open(parts: Parts) -> Result<Arc<Self>, StoreError> {
        let Parts { id, host, book, line, log, news, marks, figures } = parts;
        let now = host.now();
        book.settle_crashed_orders(now).await?;
        let standing = book.standing_orders().await?;
        let kill = book.kill_switch().await?;
        let risk: Risk = match book.risk_limits().await? {
            Some(text) => serde_json::from_str(&text)
                .map_err(|e| StoreError::Unreadable { what: "risk limits", why: e.to_string() })?,
            None => Risk::default(),
        };
        let today = book.orders(Some(now.date())).await?;
        let sent = today.iter().filter(|o| o.mode == Mode::Live && o.state != OrderState::Refused);
        let window = SendWindow::restore(sent.map(|order| order.created_at));
        let state = State {
            gate: Gate::new(risk.limits, window, risk.latch),
            day_pnl: None,
            standing: standing.into_iter().map(|order| (order.record.id, order)).collect(),
            cancel_wanted: BTreeSet::new(),
            runs: BTreeMap::new(),
            kill: kill.clone(),
        };
        let killed = AtomicBool::new(kill.on);
        let (wake, reconciled) = (Notify::new(), AtomicBool::new(false));
        let (cash, cash_stale) = (Mutex::new(None), Notify::new());
        let state = Mutex::new(state);
        Ok(Arc::new(Self {
            id,
            host,
            book,
            line,
            log,
            news,
            marks,
            figures,
            state,
            wake,
            killed,
            reconciled,
            trades: Owed::default(),
            cash,
            cash_stale,
        }))
    }

    /// Joins a run to the path; the line before loses its events.
    pub(crate) async fn attach(
        self: &Arc<Self>,
        run: &RunRecord,
    ) -> Result<(mpsc::Receiver<RunEvent>, Vec<OrderRecord>), StoreError> {
        let (tx, rx) = mpsc::channel(self.host.config.limits.run_events_max.max(1));
        let queue = Arc::new(Queue::default());
        let mut state = self.state.lock().await;
        self.run_end(&mut state, &run.id).events = Some(Arc::clone(&queue));
        let orders = self.book.run_orders(&run.id).await?;
        drop(state);
        self.host.spawn(async move {
            loop {
                let event = tokio::select! {
                    () = tx.closed() => return,
                    event = queue.pop() => event,
                };
                if tx.send(event).await.is_err() {
                    return;
                }
            }
        });
        Ok((rx, orders))
    }

    /// The run's end, with a sender of its own: one run's slow answer does not hold up another's orders.
    pub(super) fn run_end<'a>(self: &Arc<Self>, state: &'a mut State, run_id: &str) -> &'a mut RunEnd {
        state.runs.entry(run_id.to_owned()).or_insert_with(|| {
            let jobs = Arc::new(Queue::default());
            self.host.spawn(Arc::clone(self).send_all(Arc::clone(&jobs)));
            RunEnd { events: None, jobs }
        })
    }

    /// Tells every attached run.
    pub(crate) async fn tell_all(&self, event: &RunEvent) {
        let state = self.state.lock().await;
        for queue in state.runs.values().filter_map(|end| end.events.as_ref()) {
            queue.push(event.clone());
        }
    }

    /// Writes a changed order down, then tells whoever must hear of it.
    pub(super) async fn save(
        &self,
        state: &mut MutexGuard<'_, State>,
        mut order: StoredOrder,
        merged: Merged,
    ) -> Result<(), StoreError> {
        let before = order.record.state;
        order.record = merged.order;
        order.record.updated_at = self.host.now();
        self.book.update_order(&order).await?;
        let record = order.record.clone();
        if record.state.is_final() || record.state == OrderState::Escalated {
            state.standing.remove(&record.id);
            state.cancel_wanted.remove(&record.id);
        } else {
            state.standing.insert(record.id, order);
        }
        if record.state != before || merged.fill_quantity > 0 {
            self.log_order(&record, merged.fill_quantity, merged.fill_price);
        }
        if merged.fill_quantity > 0 && record.mode == Mode::Live {
            self.cash_stale.notify_one();
        }
        self.tell(state, record, merged.fill_quantity, merged.fill_price);
        Ok(())
    }

    /// Tells the order's run and the tenant's watchers.
    pub(super) fn tell(&self, state: &State, order: OrderRecord, fill_quantity: u32, fill_price: Price) {
        let _ = self.news.send(News::Order(order.clone()));
        let events = state.runs.get(&order.run_id).and_then(|end| end.events.as_ref());
        if let Some(events) = events {
            let time = self.host.now();
            events.push(RunEvent::Order(RunOrderUpdate { order, time, fill_quantity, fill_price }));
        }
    }

    /// The order's way, in the tenant's log.
    pub(super) fn log_order(&self, o: &OrderRecord, fill_quantity: u32, fill_price: Price) {
        let what = format!("order {} {} {} {}", o.run_order_id, o.side, o.quantity, o.symbol);
        if fill_quantity > 0 {
            let text =
                format!("{what}: filled {fill_quantity} at {fill_price}, {} of {}", o.filled, o.quantity);
            self.log.write(Level::Info, Some(&o.run_id), &text);
        }
        let why = if o.message.is_empty() { String::new() } else { format!(": {}", o.message) };
        let number = o.broker_order_id.as_deref().map_or_else(String::new, |id| format!(" [{id}]"));
        let level = match o.state {
            OrderState::Refused | OrderState::Rejected | OrderState::Ambiguous | OrderState::Absent => {
                Level::Warn
            }
            OrderState::Escalated => Level::Error,
            _ => Level::Info,
        };
        let text = format!("{what}{number} {} {}{why}", o.mode, o.state);
        self.log.write(level, Some(&o.run_id), &text);
    }

    /// Moves the kill switch: durable first, then at once for every sender, then withdraws what stands.
    pub(crate) async fn set_kill_switch(
        self: &Arc<Self>,
        on: bool,
        reason: Option<String>,
    ) -> Result<KillSwitch, StoreError> {
        // The senders stop even if the row cannot be written.
        self.killed.fetch_or(on, Ordering::SeqCst);
        let switch = KillSwitch { on, reason, since: Some(self.host.now()) };
        let mut state = self.state.lock().await;
        self.book.save_kill_switch(&switch).await?;
        self.killed.store(on, Ordering::SeqCst);
        state.kill = switch.clone();
        let why = switch.reason.as_deref().unwrap_or("no reason given");
        let word = if on { "on" } else { "off" };
        self.log.write(Level::Warn, None, &format!("kill switch {word}: {why}"));
        if on {
            let standing: Vec<i64> = state.standing.keys().copied().collect();
            self.withdraw(&mut state, &standing);
        }
        Ok(switch)
    }

    pub(crate) async fn kill_switch(&self) -> KillSwitch {
        self.state.lock().await.kill.clone()
    }

    pub(crate) async fn risk_limits(&self) -> RiskLimits {
        self.state.lock().await.gate.limits().clone()
    }

    /// Durable first, then in force. Clears a latched daily loss: a person has looked.
    pub(crate) async fn set_risk_limits(&self, limits: RiskLimits) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        self.keep_risk(&Risk { limits: limits.clone(), latch: None }).await?;
        state.gate.set_limits(limits);
        state.gate.clear_latch();
        Ok(())
    }

    /// The day's result so far; closes the gate when the loss limit is passed, for restarts too. An unknown one closes
    /// nothing for good: the gate refuses new orders while it lasts, where there is a limit.
    pub(crate) async fn observe(&self, day_pnl: Option<Money>) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        state.day_pnl = day_pnl;
        let Some(day_pnl) = day_pnl else { return Ok(()) };
        if state.gate.observe(self.host.now(), day_pnl) {
            let risk = Risk { limits: state.gate.limits().clone(), latch: state.gate.latch() };
            self.keep_risk(&risk).await?;
            let text =
                format!("the day's result is {day_pnl}: the daily loss limit closes the gate for new orders");
            self.log.write(Level::Error, None, &text);
        }
        Ok(())
    }

    async fn keep_risk(&self, risk: &Risk) -> Result<(), StoreError> {
        let text = serde_json::to_string(risk)
            .map_err(|e| StoreError::Unreadable { what: "risk limits", why: e.to_string() })?;
        self.book.save_risk_limits(&text, self.host.now()).await
    }

    pub(crate) fn is_reconciled(&self) -> bool {
        self.reconciled.load(Ordering::SeqCst)
    }

    /// A new session: what stands must be compared with the broker before anything is sent.
    pub(crate) fn must_reconcile(&self) {
        self.reconciled.store(false, Ordering::SeqCst);
        self.wake.notify_one();
        self.cash_stale.notify_one();
    }

    /// Reads the order book as soon as possible.
    pub(crate) fn read_order_book(&self) {
        self.wake.notify_one();
    }

    pub(super) fn refused(order: &OrderRecord, code: RefusalCode, message: impl Into<String>) -> Merged {
        let order = OrderRecord {
            state: OrderState::Refused,
            refusal: code,
            message: message.into(),
            ..order.clone()
        };
        Merged { order, fill_quantity: 0, fill_price: Price::ZERO }
    }

    pub(super) fn changed(order: &OrderRecord, state: OrderState, message: impl Into<String>) -> Merged {
        let order = OrderRecord { state, message: message.into(), ..order.clone() };
        Merged { order, fill_quantity: 0, fill_price: Price::ZERO }
    }
}
