//! A kill switch or a way out set in the rows of a data folder that no host runs on: the next start has it.

use crate::audit::{Actor, AuditAction, AuditEntry};
use crate::clock::Clock;
use crate::egress;
use crate::error::{OpenError, StoreError};
use crate::proof::EgressSetting;
use crate::store::{Book, Commit, Store};
use ::orders::{KillSwitch, SwitchScope, Write};
use serde_json::json;
use std::path::Path;

/// Whose switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestScope {
    /// The host's.
    Host,
    /// A tenant's, by its id.
    Tenant(String),
    /// A run's, by its tenant's id and its own.
    Run(String, String),
}

/// How it shall stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtRest {
    /// On or off.
    pub on: bool,
    /// Why.
    pub reason: String,
    /// What is held shall be closed when the host starts.
    pub flatten: bool,
}

/// Writes the switch, and the wish to close what is held.
///
/// # Errors
/// When a host runs on the folder, there is no such tenant or run, or the rows cannot be written.
pub async fn kill_at_rest(data_dir: &Path, scope: &RestScope, halt: AtRest) -> Result<(), OpenError> {
    let store = open(data_dir).await?;
    let written = write(&store, scope, &halt).await;
    store.close().await;
    written
}

/// Writes by which way a tenant's calls leave from the next start on.
///
/// # Errors
/// When a host runs on the folder, there is no such tenant, this machine cannot use the way, or it cannot be written.
pub async fn set_egress_at_rest(data_dir: &Path, id: &str, setting: &EgressSetting) -> Result<(), OpenError> {
    egress::check(&setting.egress).map_err(OpenError::Address)?;
    let store = open(data_dir).await?;
    let written = write_egress(&store, id, setting).await;
    store.close().await;
    written
}

async fn open(data_dir: &Path) -> Result<Store, OpenError> {
    if !data_dir.join("bulkhead.db").is_file() {
        let why = "there is no database: no host has run on this data folder".to_owned();
        return Err(OpenError::File { path: data_dir.display().to_string(), why });
    }
    Store::open(data_dir).await
}

async fn write_egress(store: &Store, id: &str, setting: &EgressSetting) -> Result<(), OpenError> {
    let (way, expected) =
        (egress::written(&setting.egress), setting.expected.map(|address| address.to_string()));
    let details = json!({ "egress": setting.egress.to_string(), "expected": expected });
    let entry = AuditEntry::new(Clock::wall().now(), Actor::Operator, AuditAction::EgressSet, "", details);
    for book in books(store, Some(&id.to_owned())).await? {
        book.save_egress(&way, expected.as_deref(), std::slice::from_ref(&entry)).await?;
    }
    Ok(())
}

async fn write(store: &Store, scope: &RestScope, halt: &AtRest) -> Result<(), OpenError> {
    let now = Clock::wall().now();
    let switch = KillSwitch { on: halt.on, reason: Some(halt.reason.clone()), since: Some(now) };
    let action = if halt.on { AuditAction::KillSwitchOn } else { AuditAction::KillSwitchOff };
    let entry = |subject: &str| {
        let details = json!({ "reason": halt.reason, "flatten": halt.flatten });
        AuditEntry::new(now, Actor::Operator, action, subject, details)
    };
    let (books, scope, only) = match scope {
        RestScope::Host => {
            store.save_host_switch(&switch, &[entry("host")]).await?;
            let books = books(store, None).await?;
            for book in &books {
                book.audit(&[entry("host")]).await?;
            }
            (books, None, None)
        }
        RestScope::Tenant(id) => (books(store, Some(id)).await?, Some(SwitchScope::Tenant), None),
        RestScope::Run(id, run) => {
            (books(store, Some(id)).await?, Some(SwitchScope::Run(run.clone())), Some(run))
        }
    };
    for book in books {
        if let Some(run) = only
            && book.run(run).await?.is_none()
        {
            return Err(OpenError::Address(format!("there is no run `{run}` of this tenant")));
        }
        if let Some(scope) = &scope {
            let orders = vec![Write::Switch { scope: scope.clone(), switch: switch.clone() }];
            let audit = vec![entry(&scope.to_string())];
            book.commit(Commit { step: None, orders, audit }).await?;
        }
        if halt.on && halt.flatten {
            let runs = match only {
                Some(run) => vec![run.clone()],
                None => book.exposed_runs().await?,
            };
            ask_to_close(&book, &runs, &entry).await?;
        }
    }
    Ok(())
}

/// What the next start goes on with.
async fn ask_to_close(
    book: &Book,
    runs: &[String],
    entry: impl Fn(&str) -> AuditEntry,
) -> Result<(), StoreError> {
    for run in runs {
        let asked = AuditEntry { action: AuditAction::SquareOffAsked, ..entry(run) };
        if !book.ask_to_stop(run, true, None, std::slice::from_ref(&asked)).await? {
            book.set_square_off(run, true, &[asked]).await?;
        }
    }
    Ok(())
}

/// The parts of the tenants that are meant.
async fn books(store: &Store, only: Option<&String>) -> Result<Vec<Book>, OpenError> {
    let mut books = Vec::new();
    for tenant in store.all_tenants().await?.into_iter().flatten() {
        if only.is_none_or(|only| tenant.id.as_str() == only) {
            books.push(store.book(tenant.id));
        }
    }
    match only {
        Some(id) if books.is_empty() => Err(OpenError::Address(format!(
            "no tenant `{id}` has ever signed in here: `bulkhead tenants` lists those who have"
        ))),
        Some(_) | None => Ok(books),
    }
}
