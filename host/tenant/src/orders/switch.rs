//! What a person decides for the whole account: the kill switch and the risk limits. Durable before it is told.

use super::desk::{Desk, Risk};
use super::record::KillSwitch;
use crate::error::StoreError;
use crate::gate::RiskLimits;
use crate::log::Level;
use crate::mode::Mode;
use market::Money;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Desk {
    /// Moves the kill switch. On: the senders stop and what stands is withdrawn even if the row cannot be written.
    pub(crate) async fn set_kill_switch(
        self: &Arc<Self>,
        on: bool,
        reason: Option<String>,
    ) -> Result<KillSwitch, StoreError> {
        self.killed.fetch_or(on, Ordering::SeqCst);
        let switch = KillSwitch { on, reason, since: Some(self.host.now()) };
        let mut state = self.state.lock().await;
        if on {
            let standing: Vec<i64> = state.standing.keys().copied().collect();
            self.withdraw(&mut state, &standing);
        }
        self.book.save_kill_switch(&switch).await?;
        self.killed.store(on, Ordering::SeqCst);
        state.kill = switch.clone();
        let why = switch.reason.as_deref().unwrap_or("no reason given");
        let word = if on { "on" } else { "off" };
        self.log.write(Level::Warn, None, &format!("kill switch {word}: {why}"));
        Ok(switch)
    }

    pub(crate) async fn kill_switch(&self) -> KillSwitch {
        self.state.lock().await.kill.clone()
    }

    pub(crate) async fn risk_limits(&self) -> RiskLimits {
        self.state.lock().await.gates.live().limits().clone()
    }

    /// Durable first, then in force. Clears a latched daily loss: a person has looked.
    pub(crate) async fn set_risk_limits(&self, limits: RiskLimits) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        self.keep_risk(&Risk { limits: limits.clone(), latch: None }).await?;
        state.gates.set_limits(limits);
        Ok(())
    }

    /// The day's result so far; closes the gate when the loss limit is passed, for restarts too. While the broker tells of
    /// fills that cannot be read nobody knows the result, whatever the rest adds up to.
    pub(crate) async fn observe(&self, day_pnl: Option<Money>) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        state.day_pnl = day_pnl.filter(|_| self.unreadable_trades.load(Ordering::SeqCst) == 0);
        let Some(day_pnl) = state.day_pnl else { return Ok(()) };
        if state.gates.of(Mode::Live).observe(self.host.now(), day_pnl) {
            let gate = state.gates.live();
            let risk = Risk { limits: gate.limits().clone(), latch: gate.latch() };
            self.keep_risk(&risk).await?;
            let text =
                format!("the day's result is {day_pnl}: the daily loss limit closes the gate for new orders");
            self.log.write(Level::Error, None, &text);
        }
        Ok(())
    }

    async fn keep_risk(&self, risk: &Risk) -> Result<(), StoreError> {
        let text = serde_json::to_string(risk)
            .map_err(|e| StoreError::Unreadable { what: "risk limits", why: e.to_string() })?;
        self.book.save_risk_limits(&text, self.host.now()).await
    }
}
