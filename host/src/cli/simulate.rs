//! `bulkhead simulate`: the Kite-compatible simulator alone.

use crate::app::reached_at;
use crate::cli::terminal::{asked_to_stop, say, start_diagnostics};
use crate::exit::{EXIT_ADDRESS, Exit};
use clap::Args;
use kite_sim::{SimConfig, Simulator, StartError};
use std::net::SocketAddr;
use url::Url;

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Address of REST, login page and ticker.
    #[arg(long, env = "BULKHEAD_SIM_LISTEN", default_value = "127.0.0.1:8081", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where the login page sends the browser afterwards.
    #[arg(long, value_name = "URL")]
    redirect_url: Option<Url>,
    /// Seed of the market: the same seed gives the same prices.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

impl Simulate {
    pub(crate) async fn run(self) -> Result<(), Exit> {
        start_diagnostics(false)?;
        let mut config = SimConfig::demo(self.listen);
        if let Some(url) = &self.redirect_url {
            config = config.with_redirect_url(url.as_str());
        }
        if let Some(seed) = self.seed {
            config.seed = seed;
        }
        let simulator = start(config, "--listen").await?;
        say(&format!(
            "The simulator answers on http://{0}; its control API is described at http://{0}/sim/",
            reached_at(simulator.address())
        ));
        asked_to_stop().await;
        simulator.stop().await;
        Ok(())
    }
}

/// Starts a simulator; a taken port names the flag that moves it.
pub(crate) async fn start(config: SimConfig, flag: &str) -> Result<Simulator, Exit> {
    Simulator::start(config).await.map_err(|error| match &error {
        StartError::Listen { .. } => Exit {
            code: EXIT_ADDRESS,
            error: anyhow::anyhow!(
                "{error}\nIs something else using it? {flag} ADDRESS moves the simulator."
            ),
        },
        StartError::Accounts(_) | StartError::Speed { .. } => error.into(),
    })
}
