//! What an operator asked of the running host, done.

use crate::control::{Ask, EgressAsk, KillAsk, Said, SettleAsk};
use crate::halt::{self, Halt, Halted};
use crate::runs::Supervisor;
use tenant::audit::Actor;
use tenant::{Egress, EgressSetting, Tenant, Tenants, checked_reason};

/// Does it, and says so or why not.
pub(crate) async fn answer(tenants: Tenants, supervisor: Supervisor, asked: Ask) -> Said {
    let done = match asked {
        Ask::Kill(kill) => self::kill(&tenants, &supervisor, kill).await,
        Ask::Egress(egress) => set_egress(&tenants, egress).await,
        Ask::Preflight { tenant } => preflight(&tenants, &tenant).await,
        Ask::Settle(settle) => self::settle(&tenants, settle).await,
    };
    match done {
        Ok(text) => Said { done: true, text },
        Err(text) => Said { done: false, text },
    }
}

async fn kill(tenants: &Tenants, supervisor: &Supervisor, asked: KillAsk) -> Result<String, String> {
    let KillAsk { tenant, run, on, flatten, reason } = asked;
    check_reason(&reason)?;
    let halt = Halt { on, reason: Some(reason), flatten };
    let (whose, halted) = match (tenant, run) {
        (None, Some(_)) => return Err("a run is named with its tenant: --tenant ID --run ID".to_owned()),
        (None, None) => ("the host".to_owned(), halt::host(supervisor, tenants, halt).await),
        (Some(id), None) => {
            let tenant = named(tenants, &id)?;
            (format!("the account {id}"), halt::account(supervisor, &tenant, halt).await)
        }
        (Some(id), Some(run)) => {
            let tenant = named(tenants, &id)?;
            let is_there = tenant.run(&run).await.map_err(|error| format!("{error:#}"))?.is_some();
            if !is_there {
                return Err(format!("{id} has no run `{run}`"));
            }
            (format!("run {run} of {id}"), halt::run(supervisor, &tenant, &run, halt).await)
        }
    };
    let Halted { switch, closing } = halted.map_err(|error| format!("{error:#}"))?;
    let word = if switch.on { "on: nothing more is sent" } else { "off" };
    let closed = match closing.len() {
        0 if flatten && on => "; no run has anything to close".to_owned(),
        0 => String::new(),
        count => format!("; {count} runs are being taken out of the market"),
    };
    Ok(format!("the kill switch of {whose} is {word}{closed}"))
}

async fn set_egress(tenants: &Tenants, asked: EgressAsk) -> Result<String, String> {
    let tenant = named(tenants, &asked.tenant)?;
    let setting = setting(asked)?;
    tenant.set_egress(&setting).await.map_err(|error| format!("{error:#}"))?;
    Ok(format!("{} leaves {} from now on", tenant.broker_id(), setting.words()))
}

async fn preflight(tenants: &Tenants, id: &str) -> Result<String, String> {
    let seen = named(tenants, id)?.preflight().await.map_err(|error| format!("{error:#}"))?;
    Ok(format!("{id}: {}", seen.words()))
}

async fn settle(tenants: &Tenants, asked: SettleAsk) -> Result<String, String> {
    let SettleAsk { tenant: id, order: named_order, settlement, reason } = asked;
    let tenant = named(tenants, &id)?;
    let found = tenant.order(&named_order).await.map_err(|error| format!("{error:#}"))?;
    let order = found.ok_or_else(|| {
        format!("{id} has no order `{named_order}`: name it as the page does (RUN-NUMBER), or by its number in the audit")
    })?;
    let settled = tenant.settle_order(order.id, settlement, &reason).await;
    let order = settled.map_err(|error| format!("{error:#}"))?;
    Ok(format!("order {named_order} of {id} is settled: {}", order.state))
}

/// The way that was asked for.
///
/// # Errors
/// When two were.
pub(crate) fn setting(asked: EgressAsk) -> Result<EgressSetting, String> {
    let egress = match (asked.from, asked.proxy) {
        (Some(_), Some(_)) => {
            return Err("an order leaves from an address or through a proxy, not both".to_owned());
        }
        (Some(address), None) => Egress::From(address),
        (None, Some(url)) => Egress::Proxy(url),
        (None, None) => Egress::Direct,
    };
    Ok(EgressSetting { egress, expected: asked.expect })
}

/// A reason that says something, and not too much.
///
/// # Errors
/// In words for whoever gave it.
pub(crate) fn check_reason(reason: &str) -> Result<(), String> {
    checked_reason(reason).map(drop).map_err(|error| error.to_string())
}

fn named(tenants: &Tenants, id: &str) -> Result<Tenant, String> {
    let named = tenants.all().into_iter().find(|tenant| tenant.broker_id().to_string() == id);
    let named = named.map(|tenant| tenant.acting_as(Actor::Operator));
    named.ok_or_else(|| {
        format!("no tenant `{id}` has ever signed in here: `bulkhead tenants` lists those who have")
    })
}
