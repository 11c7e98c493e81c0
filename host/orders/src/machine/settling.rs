//! What a person says became of an order that was escalated. Their word ends it, and the broker's book still knows better.

use super::saving::changed;
use super::{Core, Turn};
use crate::settle::{Settlement, Unsettleable};
use crate::stored::StoredOrder;
use market::OrderState;
use std::sync::Arc;

impl Core {
    /// Whether a person may settle the order so, now.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub fn settleable(&self, id: i64, settlement: Settlement) -> Result<(), Unsettleable> {
        self.to_settle(id, settlement).map(drop)
    }

    /// Ends the order as the person says. What is not theirs to settle stays as it is.
    pub(super) fn settle(&mut self, turn: &mut Turn<'_>, id: i64, settlement: Settlement, reason: &str) {
        let Ok(order) = self.to_settle(id, settlement).cloned() else { return };
        let o = &order.record;
        let state = match settlement {
            Settlement::Absent => OrderState::Absent,
            Settlement::Ended if o.filled >= o.quantity => OrderState::Complete,
            Settlement::Ended => OrderState::Cancelled,
        };
        let message = format!("settled by a person as {settlement}: {reason}");
        self.save(turn, &order, changed(o, state, message), None);
    }

    fn to_settle(&self, id: i64, settlement: Settlement) -> Result<&Arc<StoredOrder>, Unsettleable> {
        let order = self.orders.get(id).ok_or(Unsettleable::Unknown)?;
        match (order.record.state, settlement) {
            (OrderState::Escalated, _) if self.orders.standing_one(id).is_some() => {
                Err(Unsettleable::StillStands)
            }
            (OrderState::Escalated, Settlement::Absent) if order.record.filled > 0 => {
                Err(Unsettleable::HasFills)
            }
            (OrderState::Escalated, Settlement::Absent | Settlement::Ended) => Ok(order),
            (state, _) => Err(Unsettleable::NotEscalated(state)),
        }
    }
}
