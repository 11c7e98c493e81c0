//! `bulkhead settle`: a person's word for what became of an order of which nobody could tell.
//!
//! Asks the running host by its control socket: whether the word can be taken, only the order path itself can say.

use crate::cli::terminal::say;
use crate::config::Settings;
use crate::control::{Ask, AskError, Said, SettleAsk, ask};
use crate::exit::Exit;
use crate::operator::check_reason;
use anyhow::anyhow;
use clap::Args;
use tenant::Settlement;

#[derive(Debug, Args)]
pub(crate) struct Settle {
    /// The tenant, as `bulkhead tenants` prints it, such as UK9394
    #[arg(value_name = "BROKER_ID")]
    tenant: String,
    /// The order: its id as the page shows it (RUN-NUMBER), or its number as the audit names it
    order: String,
    /// What became of it: `absent`, it never reached the exchange; `ended`, it did and can trade no more
    #[arg(long = "as", value_name = "absent|ended", value_parser = settlement)]
    settlement: Settlement,
    /// How you know, for the order's history and the audit
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    settings: Settings,
}

impl Settle {
    pub(crate) async fn run(self) -> Result<(), Exit> {
        check_reason(&self.reason).map_err(|why| anyhow!("--reason: {why}"))?;
        let Self { tenant, order, settlement, reason, settings } = self;
        let config = settings.resolve()?;
        let asked = Ask::Settle(SettleAsk { tenant, order, settlement, reason });
        match ask(&config.data_dir, &asked).await {
            Ok(Said { done: true, text }) => {
                say(&text);
                Ok(())
            }
            Ok(Said { done: false, text }) => Err(anyhow!(text).into()),
            Err(error @ AskError::NobodyThere) => {
                Err(anyhow!("{error}, or it is starting: an order is settled while its host runs").into())
            }
            Err(error @ (AskError::NoAnswer(_) | AskError::Closed(_))) => Err(error.into()),
        }
    }
}

fn settlement(word: &str) -> Result<Settlement, String> {
    Settlement::from_word(word).ok_or_else(|| {
        let known: Vec<_> = Settlement::ALL.iter().map(|one| one.as_str()).collect();
        format!("write {}", known.join(" or "))
    })
}
