//! Stops what is sent, and closes what is held where that is wanted: of a run, of an account, of the whole host.
//!
//! The switch comes first and by itself; whoever asks hears that it stands before anything is closed. What is held is closed
//! run by run, by host code: a strategy that hangs has no part in it. Where runs hold against each other, the account has less
//! than each of them believes: that is said with the switch, for nothing can be traded to even it out.

use crate::runs::Supervisor;
use tenant::log::Level;
use tenant::{KillSwitch, StoreError, SwitchScope, Tenant, Tenants};

/// A switch as it shall stand.
#[derive(Debug, Clone)]
pub(crate) struct Halt {
    /// On or off.
    pub(crate) on: bool,
    /// Why.
    pub(crate) reason: Option<String>,
    /// Where it is on: withdraw what stands and close what is held. The runs concerned end.
    pub(crate) flatten: bool,
}

/// A switch as it stands, and the runs that are being taken out of the market.
#[derive(Debug)]
pub(crate) struct Halted {
    pub(crate) switch: KillSwitch,
    pub(crate) closing: Vec<String>,
    /// What of it cancels out between runs, and so cannot be closed.
    pub(crate) netted: Vec<String>,
}

/// One run's switch. The caller has looked that the run is the tenant's.
pub(crate) async fn run(
    supervisor: &Supervisor,
    tenant: &Tenant,
    run_id: &str,
    halt: Halt,
) -> Result<Halted, StoreError> {
    let scope = SwitchScope::Run(run_id.to_owned());
    let switch = tenant.set_kill_switch(scope, halt.on, halt.reason).await?;
    let closing = if halt.on && halt.flatten { vec![run_id.to_owned()] } else { Vec::new() };
    let netted = close(supervisor, tenant, &closing).await?;
    Ok(Halted { switch, closing, netted })
}

/// The account's switch.
pub(crate) async fn account(
    supervisor: &Supervisor,
    tenant: &Tenant,
    halt: Halt,
) -> Result<Halted, StoreError> {
    let switch = tenant.set_kill_switch(SwitchScope::Tenant, halt.on, halt.reason).await?;
    let closing = if halt.on && halt.flatten { tenant.exposed_runs().await? } else { Vec::new() };
    let netted = close(supervisor, tenant, &closing).await?;
    Ok(Halted { switch, closing, netted })
}

/// The host's switch. What cannot be closed of one account keeps no other from it.
pub(crate) async fn host(
    supervisor: &Supervisor,
    tenants: &Tenants,
    halt: Halt,
) -> Result<Halted, StoreError> {
    let switch = tenants.set_kill_switch(halt.on, halt.reason).await?;
    let (mut closing, mut netted, mut failed) = (Vec::new(), Vec::new(), None);
    for tenant in tenants.all().into_iter().filter(|_| halt.on && halt.flatten) {
        let tenant = tenant.acting_as(tenant::audit::Actor::Operator);
        let closed = async {
            let runs = tenant.exposed_runs().await?;
            close(supervisor, &tenant, &runs).await.map(|netted| (runs, netted))
        };
        match closed.await {
            Ok((runs, of_tenant)) => {
                closing.extend(runs);
                netted.extend(of_tenant.into_iter().map(|words| format!("{}: {words}", tenant.broker_id())));
            }
            Err(error) => {
                tracing::error!(broker_id = %tenant.broker_id(), "what it holds was not closed: {error:#}");
                failed = Some(error);
            }
        }
    }
    failed.map_or(Ok(Halted { switch, closing, netted }), Err)
}

/// Takes these runs out of the market. What they hold against each other or others is logged and told.
async fn close(supervisor: &Supervisor, tenant: &Tenant, runs: &[String]) -> Result<Vec<String>, StoreError> {
    // Before the first of them is closed: what each holds is what stood when the switch was thrown.
    let netted = if runs.is_empty() { Vec::new() } else { tenant.netted().await? };
    let netted: Vec<String> =
        netted.iter().filter(|held| runs.iter().any(|run| held.has(run))).map(ToString::to_string).collect();
    netted.iter().for_each(|words| tenant.log().write(Level::Warn, None, words));
    for run in runs {
        supervisor.stop(tenant, run, true).await?;
    }
    Ok(netted)
}
