//! The address or proxy that a tenant's calls to the broker leave by.

use super::{Stored, Tenant};
use crate::audit::AuditAction;
use crate::egress::{self, unreadable};
use crate::error::EgressError;
use crate::log::Level;
use kite::{Egress, WayOut};
use serde_json::json;

impl Tenant {
    /// The way out that is set. It is in use from the next opening of the tenants on.
    pub async fn egress(&self) -> Stored<Egress> {
        let text = self.book().egress().await?;
        egress::read(&text).ok_or_else(unreadable)
    }

    /// Sets the way out of the broker line: order calls, reads and, from an address, the ticker.
    ///
    /// In use from the next opening of the tenants on: a line keeps one way out, and its call counts, for its life.
    ///
    /// # Errors
    /// When this machine cannot use it, or it could not be written.
    pub async fn set_egress(&self, egress: &Egress) -> Result<(), EgressError> {
        egress::check(egress).map_err(EgressError::Unusable)?;
        kite::Connection::new(self.host().endpoints(), egress.clone())
            .map_err(|error| EgressError::Unusable(error.to_string()))?;
        let text = egress::written(egress);
        let entry = self.did(AuditAction::EgressSet, "", json!({ "egress": egress.to_string() }));
        self.book().save_egress(&text, &[entry]).await?;
        self.log().write(
            Level::Warn,
            None,
            &format!("calls to the broker leave {egress} from the next start on"),
        );
        Ok(())
    }

    /// Goes the way that is set as far as to the broker's door, as an order would, and says which way that was.
    ///
    /// # Errors
    /// When an order would not arrive by it.
    pub async fn preflight(&self) -> Result<WayOut, EgressError> {
        let egress = self.egress().await?;
        let unusable = |error: kite::Error| {
            EgressError::Unusable(format!("an order that leaves {egress} would not arrive: {error}"))
        };
        let line = kite::Connection::new(self.host().endpoints(), egress.clone()).map_err(unusable)?;
        line.preflight().await.map_err(unusable)
    }
}
