//! Who acts by a handle, and what the tenant's chain tells of it.

use super::{Stored, Tenant};
use crate::audit::{Actor, AuditAction, AuditEntry, AuditQuery, AuditRecord, Head};
use serde_json::Value;

impl Tenant {
    /// The same compartment, with everything done by this handle written down as done by somebody.
    #[must_use]
    pub fn acting_as(&self, actor: Actor) -> Self {
        Self { actor, ..self.clone() }
    }

    /// Who acts by this handle.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Entries that fit, newest first.
    ///
    /// # Errors
    /// When the database fails; so with every method here.
    pub async fn audit(&self, query: &AuditQuery) -> Stored<Vec<AuditRecord>> {
        self.book().audit_records(query).await
    }

    /// The end of the tenant's chain.
    pub async fn audit_head(&self) -> Stored<Head> {
        self.book().audit_head().await
    }

    /// The way of one order, by its number within the tenant: oldest first.
    pub async fn history_of(&self, order_id: i64) -> Stored<Vec<AuditRecord>> {
        let of_it = self.book().audit_of(&order_id.to_string()).await?.into_iter();
        let is_of_order = |word: &str| AuditAction::from_word(word).is_some_and(AuditAction::is_of_order);
        Ok(of_it.filter(|record| is_of_order(&record.action)).collect())
    }

    /// An entry about what is being done by this handle.
    pub(crate) fn did(&self, action: AuditAction, subject: &str, details: Value) -> AuditEntry {
        AuditEntry::new(self.now(), self.actor.clone(), action, subject, details)
    }
}
