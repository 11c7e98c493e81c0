//! What a person decides for the account: kill switches, limits, and what to make of orders that nobody here knew of.

use super::desk::{Along, Desk};
use crate::audit::AuditEntry;
use crate::error::StoreError;
use crate::gate::RiskLimits;
use ::orders::{Event, ForeignOrder, KillSwitch, SwitchScope, TradingState};
use market::Money;
use std::sync::Arc;

impl Desk {
    /// Moves a kill switch. On: the senders stop and what stands is withdrawn even if the row cannot be written.
    pub(crate) async fn set_kill_switch(
        self: &Arc<Self>,
        scope: SwitchScope,
        on: bool,
        reason: Option<String>,
        audit: Vec<AuditEntry>,
    ) -> Result<KillSwitch, StoreError> {
        if on {
            self.stops.set(&scope, true);
        }
        let event = Event::Switch { scope: scope.clone(), on, reason: reason.clone() };
        let written = self.feed(event, Along { audit, ..Along::default() }).await;
        if written.is_err() && on {
            self.learn(Event::SwitchUnwritten { scope: scope.clone(), reason }).await;
        }
        // As the core has it, under its lock: of two that cross, both truths say what the later one decided.
        let core = self.core.lock().await;
        let switch = core.kill_switch(&scope);
        self.stops.set(&scope, switch.on);
        written.map(|_| switch)
    }

    pub(crate) async fn kill_switch(&self, scope: &SwitchScope) -> KillSwitch {
        self.core.lock().await.kill_switch(scope)
    }

    /// Every kill switch that can stop the account's orders.
    pub(crate) async fn kill_switches(&self) -> ::orders::Switches {
        self.core.lock().await.switches().clone()
    }

    /// What the account may do.
    pub(crate) async fn trading_state(&self) -> TradingState {
        self.core.lock().await.trading_state()
    }

    /// Orders of the broker's with our mark that no row knows of and no person has accepted.
    pub(crate) async fn foreign_orders(&self) -> Vec<ForeignOrder> {
        self.core.lock().await.foreign_orders().cloned().collect()
    }

    /// A person takes these as they are. Trading goes on when there are no others.
    pub(crate) async fn accept_foreign_orders(
        self: &Arc<Self>,
        tags: Vec<String>,
        audit: Vec<AuditEntry>,
    ) -> Result<(), StoreError> {
        self.feed(Event::AcceptForeign { tags }, Along { audit, ..Along::default() }).await.map(drop)
    }

    /// A person has looked at a latched daily loss. The limits stay as they are.
    pub(crate) async fn clear_latch(self: &Arc<Self>, audit: Vec<AuditEntry>) -> Result<(), StoreError> {
        self.feed(Event::ClearLatch, Along { audit, ..Along::default() }).await.map(drop)
    }

    pub(crate) async fn risk_limits(&self) -> RiskLimits {
        RiskLimits::clone(self.core.lock().await.limits())
    }

    /// Durable first, then in force. Clears a latched daily loss: a person has looked.
    pub(crate) async fn set_risk_limits(
        self: &Arc<Self>,
        limits: RiskLimits,
        audit: Vec<AuditEntry>,
    ) -> Result<(), StoreError> {
        self.feed(Event::Limits(limits), Along { audit, ..Along::default() }).await.map(drop)
    }

    /// The day's result so far; closes the gate when the loss limit is passed, for restarts too.
    pub(crate) async fn observe(self: &Arc<Self>, day_pnl: Option<Money>) -> Result<(), StoreError> {
        self.feed(Event::DayResult(day_pnl), Along::default()).await.map(drop)
    }
}
