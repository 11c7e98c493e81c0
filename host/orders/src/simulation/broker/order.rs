//! An order as the simulated broker has it, with everything its book ever showed of it. Knows nothing of our rows.

use market::{OrderKind, OrderRequest, Product, Side, Symbol, Timestamp};

/// Where the broker has an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulation) enum Status {
    /// `PUT ORDER REQ RECEIVED`.
    Received,
    /// A word that is in no documentation. The order stands.
    Odd,
    Open,
    TriggerPending,
    Complete,
    Cancelled,
    Rejected,
}

impl Status {
    pub(in crate::simulation) const fn is_over(self) -> bool {
        matches!(self, Self::Complete | Self::Cancelled | Self::Rejected)
    }
}

/// What the risk system and the exchange will say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Accept,
    Reject,
}

/// One line of the book as it stood at one time. Prices and money in 1/10 000 rupee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::simulation) struct View {
    pub(in crate::simulation) number: String,
    pub(in crate::simulation) tag: Option<String>,
    pub(in crate::simulation) is_foreign: bool,
    pub(in crate::simulation) symbol: Symbol,
    pub(in crate::simulation) side: Side,
    pub(in crate::simulation) product: Product,
    pub(in crate::simulation) kind: OrderKind,
    pub(in crate::simulation) quantity: u32,
    pub(in crate::simulation) price: i64,
    pub(in crate::simulation) trigger: i64,
    pub(in crate::simulation) status: Status,
    pub(in crate::simulation) filled: u32,
    /// What all units cost together.
    pub(in crate::simulation) notional: i64,
    pub(in crate::simulation) is_modified: bool,
    pub(in crate::simulation) placed_at: Timestamp,
    pub(in crate::simulation) changed_at: Timestamp,
}

impl View {
    /// The cumulative average, rounded as the wire rounds it.
    pub(in crate::simulation) fn average(&self) -> i64 {
        let units = i64::from(self.filled);
        if units == 0 { 0 } else { (2 * self.notional + units).div_euclid(2 * units) }
    }
}

/// An order with its past.
#[derive(Debug, Clone)]
pub(in crate::simulation) struct BrokerOrder {
    pub(in crate::simulation) now: View,
    /// Who made it: true for a person, or another program.
    pub(in crate::simulation) by_person: bool,
    /// A person changed it: what its terms should be is beyond us.
    pub(in crate::simulation) touched: bool,
    /// It exists because the broker doubled it.
    pub(in crate::simulation) is_twin: bool,
    pub(in crate::simulation) placed_at: Timestamp,
    /// From when on the book shows it; never where the risk system's no is not listed.
    pub(in crate::simulation) listed_at: Option<Timestamp>,
    pub(super) settles_at: Timestamp,
    pub(super) fate: Fate,
    /// A withdrawal is under way and takes effect then.
    pub(super) cancels_at: Option<Timestamp>,
    past: Vec<(Timestamp, View)>,
}

impl BrokerOrder {
    pub(super) fn new(number: String, tag: Option<String>, request: &OrderRequest, at: Timestamp) -> Self {
        let now = View {
            number,
            tag,
            is_foreign: false,
            symbol: request.symbol.clone(),
            side: request.side,
            product: request.product,
            kind: request.kind,
            quantity: request.quantity,
            price: request.price.units(),
            trigger: request.trigger.units(),
            status: Status::Received,
            filled: 0,
            notional: 0,
            is_modified: false,
            placed_at: at,
            changed_at: at,
        };
        Self {
            past: vec![(at, now.clone())],
            now,
            by_person: false,
            touched: false,
            is_twin: false,
            placed_at: at,
            listed_at: Some(at),
            settles_at: at,
            fate: Fate::Accept,
            cancels_at: None,
        }
    }

    /// Something changed: the book's history grows by it.
    pub(super) fn note(&mut self, at: Timestamp) {
        self.now.changed_at = at;
        self.past.push((at, self.now.clone()));
    }

    pub(super) const fn stands(&self) -> bool {
        matches!(self.now.status, Status::Open | Status::Odd | Status::TriggerPending)
    }

    /// As a book shows it that is as old as that.
    pub(super) fn as_of(&self, at: Timestamp) -> Option<&View> {
        self.past.iter().rev().find(|(when, _)| *when <= at).map(|(_, view)| view)
    }
}

/// One fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::simulation) struct BrokerTrade {
    pub(in crate::simulation) id: String,
    pub(in crate::simulation) number: String,
    pub(in crate::simulation) symbol: Symbol,
    pub(in crate::simulation) side: Side,
    pub(in crate::simulation) product: Product,
    pub(in crate::simulation) quantity: u32,
    pub(in crate::simulation) price: i64,
    pub(in crate::simulation) at: Timestamp,
}
