//! `bulkhead kill`: stops everything that is sent, of the host, of a tenant or of a run.
//!
//! Asks the running host by its control socket. Where none runs, the rows are written, and the next start has them.

use crate::app::not_opened;
use crate::cli::terminal::{say, start_diagnostics};
use crate::config::Settings;
use crate::control::{Ask, AskError, KillAsk, Said, ask};
use crate::exit::Exit;
use crate::operator::check_reason;
use anyhow::anyhow;
use clap::Args;
use std::path::Path;
use std::time::{Duration, Instant};
use tenant::{AtRest, OpenError, RestScope, kill_at_rest};

/// How long a host that has the folder may take until it answers.
const BOOT_WITHIN: Duration = Duration::from_secs(60);

/// How soon it is asked again meanwhile.
const ASK_AGAIN: Duration = Duration::from_millis(250);

#[derive(Debug, Args)]
pub(crate) struct Kill {
    /// One tenant alone, as `bulkhead tenants` prints it; everybody when absent
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,
    /// One run of that tenant alone
    #[arg(long, value_name = "ID", requires = "tenant")]
    run: Option<String>,
    /// Withdraw what stands and close what is held, too: the runs concerned end
    #[arg(long, conflicts_with = "off")]
    flatten: bool,
    /// Take the switch off: runs that want to trade do so at once
    #[arg(long)]
    off: bool,
    /// Why, for the log, the page and the audit
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    settings: Settings,
}

impl Kill {
    pub(crate) async fn run(self) -> Result<(), Exit> {
        check_reason(&self.reason).map_err(|why| anyhow!("--reason: {why}"))?;
        let config = self.settings.resolve()?;
        start_diagnostics(config.log_json)?;
        let Self { tenant, run, flatten, off, reason, .. } = self;
        let asked = KillAsk { tenant, run, on: !off, flatten, reason };
        let told = kill(&config.data_dir, asked).await?;
        say(&told);
        Ok(())
    }
}

/// Asks the host, or writes the rows. A host that starts has the folder already and answers not yet: it is asked again.
async fn kill(folder: &Path, asked: KillAsk) -> Result<String, Exit> {
    let give_up_at = Instant::now() + BOOT_WITHIN;
    loop {
        match ask(folder, &Ask::Kill(asked.clone())).await {
            Ok(Said { done: true, text }) => return Ok(text),
            Ok(Said { done: false, text }) => return Err(anyhow!(text).into()),
            Err(AskError::NobodyThere) => {}
            Err(error @ (AskError::NoAnswer(_) | AskError::Closed(_))) => return Err(error.into()),
        }
        match at_rest(folder, asked.clone()).await {
            Err(OpenError::InUse { .. }) if Instant::now() < give_up_at => {
                tokio::time::sleep(ASK_AGAIN).await;
            }
            done => return done.map_err(not_opened),
        }
    }
}

async fn at_rest(folder: &Path, asked: KillAsk) -> Result<String, OpenError> {
    let KillAsk { tenant, run, on, flatten, reason } = asked;
    let scope = match (tenant, run) {
        (None, _) => RestScope::Host,
        (Some(tenant), None) => RestScope::Tenant(tenant),
        (Some(tenant), Some(run)) => RestScope::Run(tenant, run),
    };
    kill_at_rest(folder, &scope, AtRest { on, reason, flatten }).await?;
    let word = if on { "on" } else { "off" };
    Ok(format!("no host runs on {}: the next start has the switch {word}", folder.display()))
}
