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
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

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
}

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
        let (stop, fallen) = (self.stop.clone(), self.fallen.clone());
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                outcome = AssertUnwindSafe(task).catch_unwind() => if outcome.is_err() {
                    fallen.cancel();
                    stop.cancel();
                }
            }
        });
    }
}
