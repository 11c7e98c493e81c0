//! One tenant's desk: the gate, the orders that stand, and who must hear of them.

use super::applied::Applied;
use super::flight::Flights;
use super::gates::Gates;
use super::job::Job;
use super::merge::Merged;
use super::owed::Owed;
use super::pending::PendingTerms;
use super::queue::Queue;
use super::record::{KillSwitch, OrderRecord, RefusalCode, RunOrderUpdate};
use super::wish::Wishes;
use crate::broker::Line;
use crate::broker_id::BrokerId;
use crate::error::StoreError;
use crate::gate::{LossLatch, RiskLimits, SendWindow};
use crate::host::Host;
use crate::log::{Level, TenantLog};
use crate::marks::Marks;
use crate::mode::Mode;
use crate::news::News;
use crate::pnl::Figures;
use crate::run::RunEvent;
use crate::store::{Book, StoredOrder};
use market::{Money, OrderState, Price};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use tokio::sync::{Mutex, MutexGuard, Notify, broadcast};
use tokio::time::Instant;

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
    /// The newest session under which all that stands was compared with the broker; zero before the first.
    pub(super) reconciled: AtomicU64,
    /// Fills heard of whose trades are not booked yet.
    pub(super) trades: Owed,
    /// Trades of the newest list that could not be read; said when it changes.
    pub(super) unreadable_trades: AtomicUsize,
    /// Orders on their way to the broker.
    pub(super) flights: Flights,
    /// There is something to withdraw.
    pub(super) to_withdraw: Notify,
    /// Cash as the broker said last.
    pub(super) cash: Mutex<Option<Money>>,
    /// It may have changed.
    pub(super) cash_stale: Notify,
}

/// What the desk's lock guards.
pub(super) struct State {
    pub(super) gates: Gates,
    pub(super) kill: KillSwitch,
    pub(super) day_pnl: Option<Money>,
    /// Every order that may still change, by number.
    pub(super) standing: BTreeMap<i64, StoredOrder>,
    /// Orders to withdraw as soon as may be.
    pub(super) wishes: Wishes,
    /// Changes that the book does not show yet.
    pub(super) pending: PendingTerms,
    /// Rows of the broker's book that need no second look.
    pub(super) applied: Applied,
    /// When the newest whole reading of the broker's book began.
    pub(super) book_read: Option<Instant>,
    /// Runs that are attached, and those that still have something to send.
    pub(super) runs: BTreeMap<String, RunEnd>,
}

/// The desk's end of a run's line.
#[derive(Default)]
pub(super) struct RunEnd {
    /// What the run must hear; none where nobody listens.
    pub(super) events: Option<Arc<Queue<RunEvent>>>,
    pub(super) jobs: VecDeque<Job>,
    /// True while a sender works the jobs off.
    pub(super) is_sending: bool,
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

impl State {
    /// Orders of a mode that may stand in the book.
    pub(super) fn open_orders(&self, mode: Mode) -> u32 {
        let open = self.standing.values().filter(|order| order.record.mode == mode).count();
        u32::try_from(open).unwrap_or(u32::MAX)
    }

    /// The order is over.
    pub(super) fn forget(&mut self, id: i64) {
        self.standing.remove(&id);
        self.wishes.forget(id);
        self.pending.forget(id);
    }
}

impl Desk {
    /// Settles what a crash left behind and loads what stands.
    pub(crate) async fn open(parts: Parts) -> Result<Arc<Self>, StoreError> {
        let Parts { id, host, book, line, log, news, marks, figures } = parts;
        let today = host.now().date();
        book.settle_crashed_orders(host.now()).await?;
        let standing = book.standing_orders(today).await?;
        for (number, why) in &standing.damaged {
            tracing::error!(broker_id = %id, "order row {number} cannot be read: {why:#}");
            let text =
                format!("the row of order number {number} cannot be read ({why}): look for it at Kite");
            log.write(Level::Error, None, &text);
        }
        let kill = book.kill_switch().await?;
        let risk: Risk = match book.risk_limits().await? {
            Some(text) => serde_json::from_str(&text)
                .map_err(|e| StoreError::Unreadable { what: "risk limits", why: e.to_string() })?,
            None => Risk::default(),
        };
        let window = SendWindow::restore(book.calls_of(today).await?);
        let mut wishes = Wishes::default();
        let live = standing.orders.iter().filter(|order| order.record.mode == Mode::Live);
        // An exit that was made under the switch goes on: only who asked for its withdrawal gets it.
        let unwanted = live.filter(|order| order.cancel_wanted || (kill.on && !order.is_exit));
        unwanted.for_each(|order| wishes.want(order.record.id));
        let killed = AtomicBool::new(kill.on);
        let state = State {
            gates: Gates::new(risk.limits, window, risk.latch),
            kill,
            day_pnl: None,
            standing: standing.orders.into_iter().map(|order| (order.record.id, order)).collect(),
            wishes,
            pending: PendingTerms::default(),
            applied: Applied::default(),
            book_read: None,
            runs: BTreeMap::new(),
        };
        Ok(Arc::new(Self {
            id,
            host,
            book,
            line,
            log,
            news,
            marks,
            figures,
            state: Mutex::new(state),
            wake: Notify::new(),
            killed,
            reconciled: AtomicU64::new(0),
            trades: Owed::default(),
            unreadable_trades: AtomicUsize::new(0),
            flights: Flights::default(),
            to_withdraw: Notify::new(),
            cash: Mutex::new(None),
            cash_stale: Notify::new(),
        }))
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
        order.terms_at = merged.terms_at.or(order.terms_at);
        self.book.update_order(&order).await?;
        let record = order.record.clone();
        if self.can_still_trade(&record) {
            state.standing.insert(record.id, order);
        } else {
            state.forget(record.id);
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
            if o.state == OrderState::Escalated {
                // That a person must look was said when it became so.
                return;
            }
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

    /// An order that a person must look at trades on where the broker has it, until its day is over.
    fn can_still_trade(&self, order: &OrderRecord) -> bool {
        let is_watched = order.broker_order_id.is_some() && order.date >= self.host.now().date();
        !order.state.is_final() && (order.state != OrderState::Escalated || is_watched)
    }

    pub(super) fn refused(order: &OrderRecord, code: RefusalCode, message: impl Into<String>) -> Merged {
        let order = OrderRecord {
            state: OrderState::Refused,
            refusal: code,
            message: message.into(),
            ..order.clone()
        };
        Merged { order, fill_quantity: 0, fill_price: Price::ZERO, terms_at: None }
    }

    pub(super) fn changed(order: &OrderRecord, state: OrderState, message: impl Into<String>) -> Merged {
        let order = OrderRecord { state, message: message.into(), ..order.clone() };
        Merged { order, fill_quantity: 0, fill_price: Price::ZERO, terms_at: None }
    }
}
