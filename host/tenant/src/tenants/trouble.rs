//! What an operator must know of a host that is not well: its disk, its tasks, the tenants it could not open.

use super::Tenants;
use crate::store::Health;

impl Tenants {
    /// Why some tenants stayed closed at boot: one text for each. Their traders are told when they sign in.
    pub fn unopened(&self) -> &[String] {
        &self.shared.unopened
    }

    /// How the database takes what is written.
    pub fn health(&self) -> Health {
        self.host().store.health()
    }

    /// Ends when a task of the order path fell over. Nothing is sent from then on; the host should be started again.
    pub async fn fell_over(&self) {
        self.host().fallen.cancelled().await;
    }
}
