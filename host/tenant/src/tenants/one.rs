//! One tenant alone, in a folder that no host runs on: nobody else's compartment is opened, nothing is sent, no start is told.

use crate::config::TenantsConfig;
use crate::error::{EgressError, OpenError};
use crate::host::Host;
use crate::proof::SeenWay;
use crate::store::StoredTenant;
use crate::tenant::Tenant;
use std::sync::Arc;

/// Goes the way that a tenant's orders leave by, as far as to the broker's door, and says which way that was.
///
/// # Errors
/// When a host runs on the folder, there is no such tenant or it cannot be opened; within, when an order would not arrive by
/// that way.
pub async fn preflight_at_rest(
    config: TenantsConfig,
    id: &str,
) -> Result<Result<SeenWay, EgressError>, OpenError> {
    let host = super::open_host(config).await?;
    let outcome = preflight(&host, id).await;
    host.end_tasks().await;
    host.log_writer.close();
    host.store.close().await;
    outcome
}

async fn preflight(host: &Arc<Host>, id: &str) -> Result<Result<SeenWay, EgressError>, OpenError> {
    let stored = named(host, id).await?;
    if !host.store.damage().await?.is_empty() {
        host.store.book(stored.id.clone()).read_through().await?;
    }
    let tenant = Tenant::open(Arc::clone(host), &stored).await?;
    Ok(tenant.preflight().await)
}

async fn named(host: &Host, id: &str) -> Result<StoredTenant, OpenError> {
    let all = host.store.all_tenants().await?.into_iter().flatten();
    let named = all.into_iter().find(|stored| stored.id.as_str() == id);
    named.ok_or_else(|| {
        OpenError::Address(format!(
            "no tenant `{id}` has ever signed in here: `bulkhead tenants` lists those who have"
        ))
    })
}
