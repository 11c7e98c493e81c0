//! `bulkhead migrate`: brings a data folder's database up to date without serving anybody.

use crate::app::open_tenants;
use crate::cli::terminal::start_diagnostics;
use crate::config::Settings;
use crate::exit::Exit;
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Migrate {
    #[command(flatten)]
    settings: Settings,
}

impl Migrate {
    pub(crate) async fn run(self) -> Result<(), Exit> {
        let config = self.settings.resolve()?;
        start_diagnostics(config.log_json)?;
        let tenants = open_tenants(&config).await?;
        tenants.close().await;
        println!("The database in {} is up to date.", config.data_dir.display());
        Ok(())
    }
}
