//! Who has ever signed in, for operators: read beside a host that may be running. Opens no line and no compartment.

use crate::error::{OpenError, StoreError};
use crate::proof::{EgressSetting, read_setting};
use crate::store::Store;
use std::path::Path;

/// One tenant on the list.
#[derive(Debug, Clone)]
pub struct RollEntry {
    /// The broker's id, for printing.
    pub id: String,
    /// What the broker calls the trader.
    pub user_name: String,
    /// The way out that is set.
    pub egress: EgressSetting,
    /// Strategies that were not deleted.
    pub strategies: usize,
    /// Runs that have not ended.
    pub active_runs: usize,
}

/// Everybody in a data folder, by id. A row that is damaged is reported in the process's log and left out.
///
/// # Errors
/// When there is no database, or it is not of this release.
pub async fn roll(data_dir: &Path) -> Result<Vec<RollEntry>, OpenError> {
    let store = Store::open_to_read(data_dir).await?;
    let mut entries = Vec::new();
    for stored in store.all_tenants().await? {
        let stored = match stored {
            Ok(stored) => stored,
            Err(error) => {
                tracing::error!("a tenant's row cannot be read and is left out: {error:#}");
                continue;
            }
        };
        let book = store.book(stored.id.clone());
        let unreadable = || StoreError::Unreadable { what: "egress", why: stored.egress.clone() };
        let egress =
            read_setting(&stored.egress, stored.egress_expected.as_deref()).ok_or_else(unreadable)?;
        let strategies = book.strategies().await?.len();
        let active_runs = book.runs().await?.iter().filter(|run| !run.state.is_final()).count();
        let (id, user_name) = (stored.id.to_string(), stored.user_name);
        entries.push(RollEntry { id, user_name, egress, strategies, active_runs });
    }
    store.close().await;
    Ok(entries)
}
