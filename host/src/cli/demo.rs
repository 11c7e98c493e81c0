//! `bulkhead demo`: simulator and host in one process, two traders ready to sign in, no flag needed.

use crate::app::{App, listen, reached_at};
use crate::cli::simulate::start;
use crate::cli::terminal::{asked_to_stop, say, start_diagnostics};
use crate::config::{BoundSettings, Config, DATA_DIR_DEFAULT, key_beside};
use crate::exit::Exit;
use clap::Args;
use kite_sim::{SimAccount, SimConfig};
use market::Calendar;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Address of the page and the API.
    #[arg(long, env = "BULKHEAD_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Address of the simulated broker.
    #[arg(long, env = "BULKHEAD_SIM_LISTEN", default_value = "127.0.0.1:8081", value_name = "ADDRESS")]
    sim_listen: SocketAddr,
    /// Folder of database, logs and compiled components. The key that seals credentials lies beside it, with `.key`.
    #[arg(long, env = "BULKHEAD_DATA_DIR", default_value = DATA_DIR_DEFAULT, value_name = "FOLDER")]
    data_dir: PathBuf,
    #[command(flatten)]
    bounds: BoundSettings,
}

impl Demo {
    pub(crate) async fn run(self) -> Result<(), Exit> {
        let bounds = self.bounds.resolve()?;
        start_diagnostics(false)?;
        // The port is taken first: the broker must send browsers to where the page is, not to where it was asked to be.
        let listener = listen(self.listen).await?;
        let page = format!("http://{}", reached_at(listener.local_addr()?));
        let redirect = format!("{page}/api/auth/callback");
        let mut config = SimConfig::demo(self.sim_listen).with_redirect_url(&redirect);
        // The broker's books must be as old as the host's.
        config.data_dir = Some(self.data_dir.clone());
        let accounts = config.accounts.clone();
        let simulator = start(config, "--sim-listen").await?;
        let kite_url = format!("http://{}", reached_at(simulator.address()));
        let config = Config {
            listen: self.listen,
            key_file: key_beside(&self.data_dir),
            data_dir: self.data_dir,
            kite_url: Some(kite_url.parse()?),
            bounds,
            public_url: None,
            trusted_proxies: Vec::new(),
            metrics_open: false,
            echo_url: Some(format!("{kite_url}/sim/address").parse()?),
            session_ttl_s: None,
            calendar: Calendar::always_open(),
            rates: None,
            log_json: false,
        };
        let app = App::open_at(listener, config).await?;
        say(&welcome(&page, &kite_url, &accounts));
        app.run(asked_to_stop()).await?;
        simulator.stop().await;
        Ok(())
    }
}

/// Where to go and what to type.
fn welcome(page: &str, simulator: &str, accounts: &[SimAccount]) -> String {
    let mut text = format!(
        "\nBulkhead's demo is up. The market is simulated and always open; no order leaves this machine.\n\n  \
         page       {page}\n  broker     {simulator}   (control API: {simulator}/sim/)\n\n\
         Two traders can sign in, each with a Kite Connect app of their own:\n\n  \
         user id    api key        api secret\n"
    );
    for account in accounts {
        let SimAccount { user_id, api_key, api_secret, .. } = account;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {user_id:<10} {api_key:<14} {api_secret}");
    }
    let key = accounts.first().map_or("", |account| account.api_key.as_str());
    let _ = write!(
        text,
        "\nOn the page, type api key and secret and go through the broker's login page. For scripts, get a request token:\n\n  \
         curl -s -X POST {simulator}/sim/request-token -H 'content-type: application/json' -d '{{\"apiKey\":\"{key}\"}}'\n\n\
         and post it with key and secret to {page}/api/auth/authenticate. Ctrl-C ends the demo; its data stays.\n"
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_welcome_says_everything_one_must_type() {
        let listen = "127.0.0.1:8081".parse().unwrap();
        let text =
            welcome("http://127.0.0.1:8080", "http://127.0.0.1:8081", &SimConfig::demo(listen).accounts);
        for word in
            ["UK9394", "demo-uk1234", "demo-secret-uk1234", "/sim/request-token", "http://127.0.0.1:8080"]
        {
            assert!(text.contains(word), "{word} is missing from:\n{text}");
        }
    }
}
