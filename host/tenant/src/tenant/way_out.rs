//! The address or proxy that a tenant's calls to the broker leave by, and the proof of it.

use super::{Stored, Tenant};
use crate::audit::{Actor, AuditAction, AuditEntry};
use crate::egress::{self, unreadable};
use crate::error::EgressError;
use crate::log::Level;
use crate::proof::{EgressProof, EgressSetting, EgressStanding, SeenWay, read_setting};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// How soon a proof that failed is tried again before it counts as failed.
const PROVE_AGAIN: Duration = Duration::from_secs(2);

/// Proofs in a row that may fail before the way counts as not proved: one lost packet stops nobody's orders.
const FAILURES_MAX: u32 = 3;

/// How young a good proof must be to be given again to a person who asks for one.
const FRESH: Duration = Duration::from_secs(5);

/// The way that was gone and the connection it was gone on, or why it could not be.
type Gone = Result<(SeenWay, kite::Connection), String>;

impl Tenant {
    /// The way out that is set.
    pub async fn egress(&self) -> Stored<EgressSetting> {
        let (way, expected) = self.book().egress().await?;
        read_setting(&way, expected.as_deref()).ok_or_else(unreadable)
    }

    /// What is in use, and what was proved of it last.
    pub fn egress_standing(&self) -> Arc<EgressStanding> {
        self.inner.prover.standing()
    }

    /// Sets the way out of the broker line: order calls, reads and, from an address, the ticker. In use at once: what is on
    /// its way ends by the way before. Where an address is expected, new orders wait until it is proved.
    ///
    /// # Errors
    /// When this machine cannot use it, or it could not be written.
    pub async fn set_egress(&self, setting: &EgressSetting) -> Result<(), EgressError> {
        egress::check(&setting.egress).map_err(EgressError::Unusable)?;
        let line = self.inner.line.by(setting.egress.clone());
        let line = line.map_err(|error| EgressError::Unusable(error.to_string()))?;
        let (way, expected) =
            (egress::written(&setting.egress), setting.expected.map(|address| address.to_string()));
        let details = json!({ "egress": setting.egress.to_string(), "expected": expected });
        let entry = self.did(AuditAction::EgressSet, "", details);
        self.book().save_egress(&way, expected.as_deref(), &[entry]).await?;
        // No order may leave by the new way on the old one's proof.
        self.inner.prover.set(setting.clone(), || self.inner.line.leave_by(line));
        self.inner.hub.renew();
        self.log().write(
            Level::Warn,
            None,
            &format!("calls to the broker leave {} from now on", setting.words()),
        );
        Ok(())
    }

    /// Goes the way that is set as far as to the broker's door, as an order would, and says which way that was and which
    /// address was seen. What it finds counts for orders at once. One at a time; a good proof that is seconds old is given
    /// again.
    ///
    /// # Errors
    /// When an order would not arrive by it.
    pub async fn preflight(&self) -> Result<SeenWay, EgressError> {
        let _turn = self.inner.prover.turn().await;
        if let Some(seen) = self.inner.prover.fresh(self.now(), FRESH) {
            return Ok(seen);
        }
        let setting = self.egress().await?;
        match self.go(&setting).await {
            Ok((seen, by)) => {
                self.keep_proof(&setting, Ok((seen.clone(), by))).await;
                Ok(seen)
            }
            Err(why) => {
                // One lost packet stops nobody's orders: whoever proves the way decides, with more than one try.
                self.inner.prover.prove_again();
                Err(EgressError::Unusable(why))
            }
        }
    }

    /// Proves the way before the first send, after each login, whenever it is set, and so often besides. Where nothing is
    /// set and no page was named, there is nothing to prove.
    pub(crate) async fn prove_way_out(self) {
        let (hourly, soon) = (
            Duration::from_secs(self.host().config.limits.prove_egress_every_s),
            Duration::from_secs(self.host().config.limits.prove_egress_retry_s),
        );
        loop {
            let standing = self.egress_standing();
            if standing.setting != EgressSetting::default() || self.host().config.echo_url.is_some() {
                let outcome = self.go_often(&standing.setting).await;
                self.keep_proof(&standing.setting, outcome).await;
            }
            let is_hindered = self.egress_standing().hindrance().is_some();
            let pause = if is_hindered { soon } else { hourly };
            let _ = tokio::time::timeout(pause, self.inner.prover.asked_again()).await;
        }
    }

    /// Goes the way, and again where it could not be gone.
    async fn go_often(&self, setting: &EgressSetting) -> Gone {
        let mut outcome = self.go(setting).await;
        for _ in 1..FAILURES_MAX {
            if outcome.is_ok() {
                break;
            }
            tokio::time::sleep(PROVE_AGAIN).await;
            outcome = self.go(setting).await;
        }
        outcome
    }

    async fn go(&self, setting: &EgressSetting) -> Gone {
        let fails =
            |error: kite::Error| format!("an order that leaves {} would not arrive: {error}", setting.egress);
        let line = self.inner.line.by(setting.egress.clone()).map_err(fails)?;
        let way = line.preflight().await.map_err(fails)?;
        let seen_as = match &self.host().config.echo_url {
            Some(page) => {
                let seen = line.seen_from(page).await;
                Some(seen.map_err(|error| format!("the page that tells the address was of no use: {error}"))?)
            }
            None => None,
        };
        Ok((SeenWay { way, seen_as: seen_as.map(|address| address.to_canonical()) }, line))
    }

    /// Keeps a proof; what is new is told and written down.
    async fn keep_proof(&self, setting: &EgressSetting, gone: Gone) {
        let at = self.now();
        let (outcome, by) = match gone {
            Ok((seen, by)) => (Ok(seen), Some(by)),
            Err(why) => (Err(why), None),
        };
        let leave = || by.into_iter().for_each(|by| self.inner.line.leave_by(by));
        if self.inner.prover.keep(setting, EgressProof { at, outcome }, leave).is_none() {
            return;
        }
        let standing = self.egress_standing();
        let (address, hindrance) = (standing.address(), standing.hindrance());
        let details = json!({
            "egress": setting.egress.to_string(), "expected": setting.expected, "address": address, "refused": hindrance,
        });
        let entry = AuditEntry::new(at, Actor::Host, AuditAction::EgressProved, "", details);
        if let Err(error) = self.book().audit(&[entry]).await {
            tracing::error!(broker_id = %self.inner.id, "a proof of the way out is not in the audit: {error:#}");
        }
        match (hindrance, address) {
            (Some(why), _) => self.log().write(Level::Error, None, &format!("new orders are refused: {why}")),
            (None, Some(address)) => {
                self.log().write(
                    Level::Info,
                    None,
                    &format!("orders leave from {address} ({})", setting.egress),
                );
            }
            (None, None) => self.log().write(
                Level::Warn,
                None,
                &format!("orders leave {}; which address that is could not be told", setting.egress),
            ),
        }
    }
}
