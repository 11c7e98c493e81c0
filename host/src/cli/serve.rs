//! `bulkhead serve`: the host.

use crate::app::{App, reached_at};
use crate::cli::terminal::{asked_to_stop, say, start_diagnostics};
use crate::config::Settings;
use crate::exit::Exit;
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    settings: Settings,
}

impl Serve {
    pub(crate) async fn run(self) -> Result<(), Exit> {
        let config = self.settings.resolve()?;
        start_diagnostics(config.log_json)?;
        let app = App::open(config).await?;
        say(&format!("Bulkhead answers on http://{}", reached_at(app.address())));
        app.run(asked_to_stop()).await?;
        Ok(())
    }
}
