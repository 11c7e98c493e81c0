//! What an operator must know of a host that is not well: its disk, its tasks, the tenants it could not open.

use super::Tenants;
use crate::error::OpenError;
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

/// True where there is damage. Some tenant must have stayed closed for it: what is nobody's may be anybody's.
pub(super) fn has_an_owner(damage: &[String], unopened: &[String]) -> Result<bool, OpenError> {
    if damage.is_empty() {
        return Ok(false);
    }
    let found = damage.join("; ");
    if unopened.is_empty() {
        return Err(OpenError::Damaged { found });
    }
    tracing::error!("the database is damaged ({found}): put a backup back");
    Ok(true)
}

#[cfg(test)]
mod tests {
    use crate::config::{BrokerAddress, TenantsConfig};
    use crate::tenants::Tenants;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test]
    async fn a_task_of_the_order_path_that_falls_over_stops_everything_else_and_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let address = BrokerAddress::At("http://127.0.0.1:1".parse().unwrap());
        let config = TenantsConfig::new(dir.path().join("data"), dir.path().join("key"), address);
        let tenants = Tenants::open(config).await.unwrap();
        let host = tenants.host();
        host.spawn(async {});
        let (never, mut ended) = tokio::sync::oneshot::channel::<()>();
        host.spawn(async move {
            std::future::pending::<()>().await;
            drop(never);
        });
        assert!(timeout(Duration::from_millis(50), tenants.fell_over()).await.is_err());
        host.spawn(async { panic!("asked to fall over") });
        timeout(Duration::from_secs(5), tenants.fell_over()).await.unwrap();
        timeout(Duration::from_secs(5), &mut ended).await.unwrap().unwrap_err();
        tenants.close().await;
    }
}
