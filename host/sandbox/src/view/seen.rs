//! A copy of what a guest could read between two events, for whoever looks at a replay. Nothing is changed by looking.

use super::View;
use crate::event::{HeldPosition, OrderView};
use market::{Money, Timestamp};
use std::collections::BTreeMap;

/// What a machine holds between two events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The guest's time.
    pub now: Timestamp,
    /// Cash the account has available.
    pub cash: Money,
    /// What the run holds, flat ones too.
    pub positions: Vec<HeldPosition>,
    /// Its own orders, oldest first: all that stand, and the last that have ended.
    pub orders: Vec<OrderView>,
    /// When it wants to be called.
    pub timers: BTreeMap<u64, Timestamp>,
    /// What it keeps across runs.
    pub state: BTreeMap<String, Vec<u8>>,
    /// Booked today.
    pub today_realised: Money,
    /// Of what it holds, at last prices; what has no price yet counts as zero.
    pub unrealised: Money,
}

impl View {
    pub(crate) fn seen(&self) -> Seen {
        Seen {
            now: self.now,
            cash: self.cash,
            positions: self.positions.all().collect(),
            orders: self.orders.all().cloned().collect(),
            timers: self.timers.clone(),
            state: self.state.all().clone(),
            today_realised: self.positions.today(),
            unrealised: self.unrealised(),
        }
    }
}
