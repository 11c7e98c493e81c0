//! `bulkhead tenants`: who has ever signed in, how they stand, and by which way their calls leave for the broker.

use crate::app::{not_opened, open_tenants};
use crate::cli::terminal::{say, start_diagnostics};
use crate::config::Settings;
use crate::control::{Ask, AskError, EgressAsk, Said, ask};
use crate::exit::Exit;
use crate::operator::setting;
use anyhow::anyhow;
use clap::{Args, Subcommand};
use std::net::IpAddr;
use tenant::audit::Actor;
use tenant::{RollEntry, Tenant, Tenants, set_egress_at_rest};
use url::Url;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct TenantsList {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Sets or checks the address or proxy that a tenant's calls to the broker leave by.
    ///
    /// The broker takes order calls only from the addresses that the trader has registered there. What is set is in use at
    /// once where the host runs, and else from its next start on.
    Egress(Box<SetEgress>),
}

#[derive(Debug, Args)]
struct SetEgress {
    /// The tenant, as the list of tenants prints it, such as UK9394
    id: String,
    #[command(flatten)]
    way: Way,
    #[command(flatten)]
    seen: Seen,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Way {
    /// Leave from this address of this machine
    #[arg(long, value_name = "IP")]
    from: Option<IpAddr>,
    /// Leave through this http, https or socks5 proxy; ticks come directly
    #[arg(long, value_name = "URL")]
    proxy: Option<Url>,
    /// Leave as the system routes
    #[arg(long)]
    direct: bool,
    /// Change nothing: go the way that is set, as an order would, and show by which address it leaves
    #[arg(long)]
    check: bool,
}

/// What must be seen of it.
#[derive(Debug, Args)]
struct Seen {
    /// Refuse new orders unless the world sees them come from this address
    #[arg(long, value_name = "IP", conflicts_with = "check")]
    expect: Option<IpAddr>,
}

impl TenantsList {
    pub(crate) async fn run(self) -> Result<(), Exit> {
        match self.verb {
            None => list(self.settings).await,
            Some(Verb::Egress(set)) => set.run().await,
        }
    }
}

impl SetEgress {
    /// Asks the running host; where none runs, does it here.
    async fn run(self) -> Result<(), Exit> {
        let Self { id, way, seen, settings } = self;
        let config = settings.clone().resolve()?;
        let asked = if way.check {
            Ask::Preflight { tenant: id.clone() }
        } else {
            Ask::Egress(EgressAsk {
                tenant: id.clone(),
                from: way.from,
                proxy: way.proxy,
                expect: seen.expect,
            })
        };
        match ask(&config.data_dir, &asked).await {
            Ok(Said { done: true, text }) => say(&text),
            Ok(Said { done: false, text }) => return Err(anyhow!(text).into()),
            Err(AskError::NobodyThere) => match asked {
                Ask::Egress(asked) => {
                    let setting = setting(asked).map_err(|why| anyhow!(why))?;
                    set_egress_at_rest(&config.data_dir, &id, &setting).await.map_err(not_opened)?;
                    say(&format!("{id} leaves {} from the next start of the host on", setting.words()));
                }
                Ask::Preflight { .. } | Ask::Kill(_) | Ask::Settle(_) => {
                    return with_tenants(settings, async |tenants| check_egress(tenants, &id).await).await;
                }
            },
            Err(error @ (AskError::NoAnswer(_) | AskError::Closed(_))) => return Err(error.into()),
        }
        Ok(())
    }
}

/// Opens the data folder, does something with its tenants and closes it again, however that went.
async fn with_tenants(
    settings: Settings,
    work: impl AsyncFnOnce(&Tenants) -> anyhow::Result<()>,
) -> Result<(), Exit> {
    let config = settings.resolve()?;
    start_diagnostics(config.log_json)?;
    let tenants = open_tenants(&config).await?;
    let done = work(&tenants).await;
    tenants.close().await;
    Ok(done?)
}

/// Reads the rows only: a host may be running on them.
async fn list(settings: Settings) -> Result<(), Exit> {
    let config = settings.resolve()?;
    start_diagnostics(config.log_json)?;
    let roll = tenant::roll(&config.data_dir).await.map_err(not_opened)?;
    say(&format!("{:<12} {:<24} {:>10} {:>12}  way out", "id", "name", "strategies", "active runs"));
    for RollEntry { id, user_name, egress, strategies, active_runs } in roll {
        let egress = egress.words();
        say(&format!("{id:<12} {user_name:<24} {strategies:>10} {active_runs:>12}  {egress}"));
    }
    Ok(())
}

async fn check_egress(tenants: &Tenants, id: &str) -> anyhow::Result<()> {
    let seen = named(tenants, id)?.preflight().await?;
    say(&format!("{id}: {}", seen.words()));
    Ok(())
}

fn named(tenants: &Tenants, id: &str) -> anyhow::Result<Tenant> {
    let named = tenants.all().into_iter().find(|tenant| tenant.broker_id().to_string() == id);
    let named = named.map(|tenant| tenant.acting_as(Actor::Operator));
    named.ok_or_else(|| {
        anyhow!("no tenant `{id}` has ever signed in here: `bulkhead tenants` lists those who have")
    })
}
