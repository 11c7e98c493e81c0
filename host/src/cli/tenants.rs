//! `bulkhead tenants`: who has ever signed in, and how they stand.

use crate::app::open_tenants;
use crate::cli::{Exit, start_diagnostics};
use crate::config::Settings;
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct TenantsList {
    #[command(flatten)]
    settings: Settings,
}

impl TenantsList {
    pub(crate) async fn run(self) -> Result<(), Exit> {
        let config = self.settings.resolve()?;
        start_diagnostics(config.log_json);
        let tenants = open_tenants(&config).await?;
        println!("{:<12} {:<24} {:>10} {:>12}", "id", "name", "strategies", "active runs");
        for tenant in tenants.all() {
            let strategies = tenant.strategies().await?.len();
            let active = tenant.runs().await?.iter().filter(|run| !run.state.is_final()).count();
            let (id, name) = (tenant.broker_id().to_string(), tenant.user_name());
            println!("{id:<12} {name:<24} {strategies:>10} {active:>12}");
        }
        tenants.close().await;
        Ok(())
    }
}
