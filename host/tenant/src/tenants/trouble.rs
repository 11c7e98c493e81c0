//! What an operator must know of a host that is not well: its disk, its tasks, the tenants it could not open.

use super::Tenants;
use crate::error::{OpenError, StoreError};
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

/// True of an error by which a tenant stays closed because its rows are damaged, and not for a key or a file of its own.
pub(super) fn is_of_damage(error: &OpenError) -> bool {
    matches!(error, OpenError::Store(StoreError::Failed(_) | StoreError::Unreadable { .. }))
}

/// True where there is damage. Some tenant must have stayed closed for it: what is nobody's may be anybody's.
pub(super) fn is_damaged(damage: &[String], has_owner: bool) -> Result<bool, OpenError> {
    if damage.is_empty() {
        return Ok(false);
    }
    let found = damage.join("; ");
    if !has_owner {
        return Err(OpenError::Damaged { found });
    }
    tracing::error!("the database is damaged ({found}): put a backup back");
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{BrokerAddress, TenantsConfig};
    use crate::tenants::Tenants;
    use std::time::Duration;
    use tokio::time::timeout;

    #[test]
    fn a_tenant_that_stays_closed_for_another_reason_does_not_own_the_damage() {
        let damage = ["orders: row 3 missing from index".to_owned()];
        let closed_by_a_file = OpenError::File { path: "logs".into(), why: "no room".into() };
        let unreadable = StoreError::Unreadable { what: "state", why: "x".into() };
        assert!(!is_of_damage(&closed_by_a_file) && is_of_damage(&unreadable.into()));
        assert!(is_of_damage(&StoreError::Failed("disk image is malformed".into()).into()));
        assert!(matches!(is_damaged(&damage, false), Err(OpenError::Damaged { .. })));
        assert!(is_damaged(&damage, true).unwrap());
        assert!(!is_damaged(&[], true).unwrap());
    }

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
