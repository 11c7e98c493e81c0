//! An order of which nobody could tell what became: a person says, and their word is written down with their name.

use super::audited::Settled;
use super::desk::{Along, Desk};
use crate::error::{SettleError, StoreError};
use ::orders::{Event, OrderRecord, Unsettleable};
use std::sync::Arc;

impl Desk {
    /// Ends the order as the person says. Durable when this returns, and done to its end even where whoever asked has gone.
    pub(crate) async fn settle(self: &Arc<Self>, word: Settled) -> Result<OrderRecord, SettleError> {
        let desk = Arc::clone(self);
        let settled = self.host.tasks.spawn(async move { desk.take_word(word).await });
        let broken = |broken| StoreError::Database(format!("a step broke off: {broken}"));
        settled.await.unwrap_or_else(|error| Err(broken(error).into()))
    }

    /// Asks the core and steps it under one lock: between the two, nothing becomes of the order.
    async fn take_word(self: Arc<Self>, word: Settled) -> Result<OrderRecord, SettleError> {
        let (mut core, _fall) = self.enter().await?;
        let (id, settlement, reason) = (word.id, word.settlement, word.reason.clone());
        match core.settleable(id, settlement) {
            Ok(()) => {}
            // Every order that waits for a person's word is in memory.
            Err(Unsettleable::Unknown) => return Err(self.why_unknown(id).await?),
            Err(why) => return Err(why.into()),
        }
        let along = Along { settled: Some(word), ..Along::default() };
        self.decide(&mut core, Event::Settle { id, settlement, reason }, along).await?;
        let order = core.order(id).map(|order| order.record.clone());
        order.ok_or_else(|| StoreError::Database(format!("order number {id} was settled and is gone")).into())
    }

    async fn why_unknown(&self, id: i64) -> Result<SettleError, StoreError> {
        let row = self.book.order_by_id(id).await?;
        Ok(row.map_or(Unsettleable::Unknown, |order| Unsettleable::NotEscalated(order.state)).into())
    }
}
