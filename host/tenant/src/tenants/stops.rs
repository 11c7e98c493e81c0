//! What stops every tenant at once, and what marks the orders of this install: facts of the host itself.

use super::Tenants;
use crate::audit::{Actor, AuditAction, AuditEntry};
use crate::chance;
use crate::error::StoreError;
use crate::store::Store;
use crate::tenant::Tenant;
use ::orders::{KillSwitch, Prefix, SwitchScope};
use serde_json::json;
use std::sync::PoisonError;

const PREFIX_FACT: &str = "order tag prefix";

impl Tenants {
    /// How the host's own kill switch stands.
    pub fn kill_switch(&self) -> KillSwitch {
        self.host().kill_switch()
    }

    /// Moves the host's own kill switch. On: every tenant's sends stop at once, and what stands is withdrawn.
    ///
    /// # Errors
    /// When it cannot be written; it stops all the same, until the host is started again.
    pub async fn set_kill_switch(&self, on: bool, reason: Option<String>) -> Result<KillSwitch, StoreError> {
        let _turn = self.shared.moving.lock().await;
        let switch = KillSwitch { on, reason: reason.clone(), since: Some(self.host().now()) };
        let moved = async {
            let held = &self.host().kill_switch;
            *held.write().unwrap_or_else(PoisonError::into_inner) = switch.clone();
            let moved = self.all().into_iter().map(|tenant| {
                let (tenant, reason) = (tenant.acting_as(Actor::Operator), reason.clone());
                async move { tenant.set_kill_switch(SwitchScope::Host, on, reason).await.map(drop) }
            });
            futures_util::future::join_all(moved).await.into_iter().collect::<Result<(), StoreError>>()
        };
        // What is stopped must not wait for the disk; what is let go must stay so over a crash.
        if on {
            let moved = moved.await;
            self.keep(&switch).await?;
            moved?;
        } else {
            self.keep(&switch).await?;
            moved.await?;
        }
        Ok(switch)
    }

    /// Stops a compartment that was being made while the host's switch went on: it was not among those that were stopped.
    pub(super) async fn stop_as_all(&self, tenant: &Tenant) -> Result<(), StoreError> {
        let _turn = self.shared.moving.lock().await;
        let host = self.kill_switch();
        if host.on == tenant.kill_switches().await.host.on {
            return Ok(());
        }
        let tenant = tenant.acting_as(Actor::Operator);
        tenant.set_kill_switch(SwitchScope::Host, host.on, host.reason).await.map(drop)
    }

    async fn keep(&self, switch: &KillSwitch) -> Result<(), StoreError> {
        let action = if switch.on { AuditAction::KillSwitchOn } else { AuditAction::KillSwitchOff };
        let details = json!({ "reason": switch.reason });
        let entry = AuditEntry::new(self.host().now(), Actor::Operator, action, "host", details);
        self.host().store.save_host_switch(switch, &[entry]).await
    }
}

/// What this install's marks begin with: drawn at its first start, and the same ever after.
pub(super) async fn tag_prefix(store: &Store) -> Result<Prefix, StoreError> {
    let kept = store.host_fact(PREFIX_FACT).await?;
    let read = |text: Vec<u8>| String::from_utf8(text).ok().and_then(|text| Prefix::from_text(&text));
    match kept.map(read) {
        Some(Some(prefix)) => Ok(prefix),
        Some(None) => {
            Err(StoreError::Unreadable { what: "order tag prefix", why: "it is no prefix".to_owned() })
        }
        None => {
            let prefix = Prefix::drawn(chance::bytes());
            store.set_host_fact(PREFIX_FACT, prefix.to_string().as_bytes()).await?;
            Ok(prefix)
        }
    }
}
