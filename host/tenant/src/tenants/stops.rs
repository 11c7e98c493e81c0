//! What stops every tenant at once, and what marks the orders of this install: facts of the host itself.

use super::Tenants;
use crate::chance;
use crate::error::StoreError;
use crate::store::Store;
use ::orders::{KillSwitch, Prefix, SwitchScope};
use std::sync::PoisonError;

const PREFIX_FACT: &str = "order tag prefix";
const SWITCH_FACT: &str = "kill switch";

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
        let switch = KillSwitch { on, reason: reason.clone(), since: Some(self.host().now()) };
        let text = serde_json::to_vec(&switch)
            .map_err(|why| StoreError::Unreadable { what: "kill switch", why: why.to_string() })?;
        let kept = self.host().store.set_host_fact(SWITCH_FACT, &text).await;
        if on || kept.is_ok() {
            let held = &self.host().kill_switch;
            *held.write().unwrap_or_else(PoisonError::into_inner) = switch.clone();
            let moved = self.all().into_iter().map(|tenant| {
                let reason = reason.clone();
                async move { tenant.set_kill_switch(SwitchScope::Host, on, reason).await.map(drop) }
            });
            let moved = futures_util::future::join_all(moved).await;
            moved.into_iter().collect::<Result<(), StoreError>>()?;
        }
        kept.map(|()| switch)
    }
}

/// The host's own kill switch, as it was kept.
pub(super) async fn kept(store: &Store) -> Result<KillSwitch, StoreError> {
    let Some(text) = store.host_fact(SWITCH_FACT).await? else { return Ok(KillSwitch::default()) };
    serde_json::from_slice(&text)
        .map_err(|why| StoreError::Unreadable { what: "kill switch", why: why.to_string() })
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
