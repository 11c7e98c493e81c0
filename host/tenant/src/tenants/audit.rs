//! What the host itself does to its chains: its own starts and stops, the file of heads, and the end of what is old.

use super::Tenants;
use crate::audit::{Actor, AuditAction, AuditEntry, HEADS_FILE, Heads};
use crate::chance;
use crate::error::{OpenError, StoreError};
use crate::host::Host;
use crate::private;
use crate::store::{HOST_CHAIN, LostEnd};
use serde_json::json;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How often the file of heads is written anew where something was added.
const HEADS_EVERY: Duration = Duration::from_secs(60);

/// How often it is looked for entries that are older than they are kept.
const PRUNE_EVERY: Duration = Duration::from_secs(3_600);

/// Entries removed in one transaction.
const PRUNED_AT_ONCE: u32 = 5_000;

/// Name of the file that a head is kept in when the chain does not hold it any more.
const MISSED_FILE: &str = "audit.heads.missed";

impl Tenants {
    /// Says that the host starts, in its own chain and in every tenant's, after a look at the heads of before.
    pub(super) async fn audit_start(&self) -> Result<(), OpenError> {
        let host = self.host();
        host.hold_against_kept_heads().await?;
        let boot = chance::id();
        let details = json!({ "build": host.config.build, "boot": boot });
        self.audit_all(AuditAction::HostStarted, details).await?;
        host.keep_heads().await;
        host.spawn(keep(Arc::clone(host)));
        Ok(())
    }

    /// Says that the host stops in good order, once everything that runs left is written.
    pub(super) async fn audit_stop(&self) {
        if let Some(tenant) = self.all().first()
            && let Err(error) = tenant.write_gathered().await
        {
            tracing::error!("the last rows of runs stand behind what the audit says of them: {error:#}");
        }
        if let Err(error) = self.audit_all(AuditAction::HostStopped, json!({})).await {
            tracing::error!("the stop is not in the audit: {error:#}");
        }
        self.host().keep_heads().await;
    }

    async fn audit_all(&self, action: AuditAction, details: serde_json::Value) -> Result<(), StoreError> {
        let entry = AuditEntry::new(self.host().now(), Actor::Host, action, "", details);
        for (whose, LostEnd { why, .. }) in self.host().store.audit_everywhere(&entry).await? {
            tracing::error!(broker_id = whose, "{why}; `bulkhead audit verify` says more");
        }
        Ok(())
    }
}

impl Host {
    /// The end of every chain.
    async fn heads(&self) -> Result<Heads, StoreError> {
        let mut heads = Heads([(HOST_CHAIN.to_owned(), self.store.host_audit_head().await?)].into());
        heads.0.extend(self.store.audit_heads().await?);
        Ok(heads)
    }

    /// Writes the file of heads. What it cannot be written for is told; trading does not end for it.
    async fn keep_heads(&self) {
        let written = match self.heads().await {
            Ok(heads) => replace(&self.config.data_dir, &heads.text()).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(why) = written {
            tracing::error!("{HEADS_FILE} was not written: {why}");
        }
    }

    /// A chain that has lost an entry it once had is told at once, and the head that proves it is put aside.
    async fn hold_against_kept_heads(&self) -> Result<(), OpenError> {
        let folder = &self.config.data_dir;
        let Ok(text) = std::fs::read_to_string(folder.join(HEADS_FILE)) else { return Ok(()) };
        let kept: Heads = match text.parse() {
            Ok(kept) => kept,
            Err(error) => {
                tracing::error!("{HEADS_FILE} cannot be read: {error}");
                return Ok(());
            }
        };
        let mut missed = Heads::default();
        for (chain, head) in kept.0.into_iter().filter(|(_, head)| head.number > 0) {
            if !self.store.holds_head(&chain, head).await? {
                tracing::error!(
                    "the audit of {chain} does not hold entry {} any more: the database was restored from a copy, cut \
                     or altered; `bulkhead audit verify --heads {MISSED_FILE}` says more",
                    head.number
                );
                missed.0.insert(chain, head);
            }
        }
        if !missed.0.is_empty() {
            let kept = private::append_to_file(&folder.join(MISSED_FILE))
                .and_then(|mut file| file.write_all(missed.text().as_bytes()));
            kept.map_err(|why| OpenError::File { path: MISSED_FILE.to_owned(), why: why.to_string() })?;
        }
        Ok(())
    }

    /// Removes what is older than it is kept, tenant by tenant.
    async fn prune_audit(&self) -> Result<(), StoreError> {
        let now = self.now();
        let before = now.plus_seconds(-i64::from(self.config.limits.audit_keep_days) * 86_400);
        for id in self.store.audit_owners().await? {
            let book = self.store.book(id);
            let entry = |details| AuditEntry::new(now, Actor::Host, AuditAction::AuditPruned, "", details);
            while book.prune_audit(before, PRUNED_AT_ONCE, entry).await? == u64::from(PRUNED_AT_ONCE) {}
        }
        Ok(())
    }
}

async fn keep(host: Arc<Host>) {
    let rounds_to_prune = (PRUNE_EVERY.as_secs() / HEADS_EVERY.as_secs()).max(1);
    for round in 0u64.. {
        if round % rounds_to_prune == 0
            && let Err(error) = host.prune_audit().await
        {
            tracing::error!("old audit entries were not removed: {error:#}");
        }
        tokio::time::sleep(HEADS_EVERY).await;
        host.keep_heads().await;
    }
}

/// The old file or the new one, never half of one.
fn replace(folder: &Path, text: &str) -> io::Result<()> {
    let (path, fresh) = (folder.join(HEADS_FILE), folder.join("audit.heads.new"));
    if std::fs::read_to_string(&path).is_ok_and(|stands| stands == text) {
        return Ok(());
    }
    let mut file = private::make_file(&fresh)?;
    file.set_len(0)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&fresh, &path)
}
