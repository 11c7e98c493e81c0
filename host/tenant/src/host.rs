//! What all tenants of one host share: settings, store, vault, log writer, the day's instrument list.
//!
//! It holds nothing that belongs to one of them.

use crate::config::{BrokerAddress, TenantsConfig};
use crate::instruments::{InstrumentList, instrument_day};
use crate::log::LogWriter;
use crate::store::Store;
use crate::vault::Vault;
use ::orders::{KillSwitch, Prefix};
use arc_swap::ArcSwapOption;
use futures_util::FutureExt;
use market::Timestamp;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a host that goes down waits for the order calls on their way.
const CALLS_END_WITHIN: Duration = Duration::from_secs(2);

/// Shared by all tenants.
pub(crate) struct Host {
    pub(crate) config: TenantsConfig,
    pub(crate) store: Store,
    pub(crate) vault: Vault,
    /// What the marks of this install's orders begin with.
    pub(crate) tag_prefix: Prefix,
    /// The host's own kill switch.
    pub(crate) kill_switch: RwLock<KillSwitch>,
    pub(crate) log_writer: LogWriter,
    /// Held while the list is fetched, so that it is fetched once.
    pub(crate) instruments_fetch: Mutex<()>,
    pub(crate) instruments: ArcSwapOption<InstrumentList>,
    pub(crate) stop: CancellationToken,
    /// Cancelled when a task that must not end fell over.
    pub(crate) fallen: CancellationToken,
    pub(crate) tasks: TaskTracker,
    /// Order calls that are on their way to the broker. Closed once the host goes down: nothing new leaves then.
    pub(crate) calls: TaskTracker,
}

/// Tells that the order path has fallen when it is dropped by a panic.
pub(crate) struct Fall<'a>(&'a Host);

impl Host {
    /// How the host's own kill switch stands.
    pub(crate) fn kill_switch(&self) -> KillSwitch {
        self.kill_switch.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.config.clock.now()
    }

    pub(crate) fn endpoints(&self) -> kite::Endpoints {
        match &self.config.broker {
            BrokerAddress::Zerodha => kite::Endpoints::zerodha(),
            BrokerAddress::At(url) => kite::Endpoints::at(url.clone()),
        }
    }

    /// The list of the instrument day, if it was fetched already.
    pub(crate) fn instruments_today(&self) -> Option<Arc<InstrumentList>> {
        self.instruments.load_full().filter(|list| list.date() == instrument_day(self.now()))
    }

    /// Runs something until the host stops. Where it falls over, what it guarded may be half changed: everything else of
    /// the order path stops with it, and whoever runs the host is told.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(self.until_stopped(task));
    }

    /// The same for an order call and what becomes of it: a host that goes down gives it a moment to come to its end.
    pub(crate) fn spawn_call(&self, call: impl Future<Output = ()> + Send + 'static) {
        self.calls.spawn(self.until_stopped(call));
    }

    /// Ends everything, and the order calls on their way a moment later: one that is cut off has no known outcome.
    pub(crate) async fn end_tasks(&self) {
        self.calls.close();
        let _ = tokio::time::timeout(CALLS_END_WITHIN, self.calls.wait()).await;
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.calls.wait().await;
    }

    /// To be held where a panic would leave something half changed that others go on with.
    pub(crate) fn fall_on_panic(&self) -> Fall<'_> {
        Fall(self)
    }

    fn until_stopped(
        &self,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (stop, fallen) = (self.stop.clone(), self.fallen.clone());
        async move {
            tokio::select! {
                () = stop.cancelled() => {}
                outcome = AssertUnwindSafe(task).catch_unwind() => if outcome.is_err() {
                    fallen.cancel();
                    stop.cancel();
                }
            }
        }
    }
}

impl Drop for Fall<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fallen.cancel();
            self.0.stop.cancel();
        }
    }
}
