//! One order of the tenant's, and a person's word for what became of it where nobody could tell.

use super::{Stored, Tenant};
use crate::error::SettleError;
use crate::orders::{OrderRecord, Settled};
use crate::reason::checked_reason;
use ::orders::Settlement;

impl Tenant {
    /// One order, by its id as lists show it (`RUN-NUMBER`) or by its number as the audit names it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn order(&self, id: &str) -> Stored<Option<OrderRecord>> {
        if let Ok(id) = id.parse() {
            return self.book().order_by_id(id).await;
        }
        let named = id.rsplit_once('-').and_then(|(run, number)| Some((run, number.parse().ok()?)));
        let Some((run, number)) = named else { return Ok(None) };
        self.book().order_of_run(run, number).await
    }

    /// Ends an escalated order as a person says, for a reason that stands in the order's history under who acts by this
    /// handle. Durable when this returns; its run hears of it.
    ///
    /// # Errors
    /// When the reason is none, when what became of the order is no open question or cannot be what the person says, or
    /// when the database fails; then nothing has changed.
    pub async fn settle_order(
        &self,
        id: i64,
        settlement: Settlement,
        reason: &str,
    ) -> Result<OrderRecord, SettleError> {
        let reason = checked_reason(reason)?.to_owned();
        self.inner.desk.settle(Settled { id, settlement, reason, actor: self.actor.clone() }).await
    }
}
