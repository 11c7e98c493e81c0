//! What a person decides: kill switches and limits. Durable before it is told.

use super::{Core, Turn};
use crate::effect::Gravity;
use crate::gate::RiskLimits;
use crate::mode::Mode;
#[cfg(test)]
use crate::planted::{Planted, is_planted};
use crate::switch::{KillSwitch, SwitchScope};
use crate::write::Write;
use market::Money;
use std::sync::Arc;

impl Core {
    /// Moves a kill switch. On: what stands is withdrawn.
    pub(super) fn switch(
        &mut self,
        turn: &mut Turn<'_>,
        scope: SwitchScope,
        on: bool,
        reason: Option<String>,
    ) {
        let switch = KillSwitch { on, reason, since: Some(turn.now.wall) };
        self.put_switch(turn, &scope, switch.clone());
        #[cfg(test)]
        if is_planted(Planted::SwitchInMemory) {
            return;
        }
        match scope {
            SwitchScope::Run(_) | SwitchScope::Tenant => {
                turn.out.writes.push(Write::Switch { scope, switch })
            }
            // The host's own row is written by whoever moves it for all.
            SwitchScope::Host => {}
        }
    }

    /// It could not be written, and stops all the same.
    pub(super) fn switch_unwritten(
        &mut self,
        turn: &mut Turn<'_>,
        scope: &SwitchScope,
        reason: Option<String>,
    ) {
        turn.must_stand = true;
        let switch = KillSwitch { on: true, reason, since: Some(turn.now.wall) };
        self.put_switch(turn, scope, switch);
        let text = "the kill switch could not be written down: it stops and withdraws now, and is off after a restart";
        turn.say(Gravity::Error, None, text);
    }

    fn put_switch(&mut self, turn: &mut Turn<'_>, scope: &SwitchScope, switch: KillSwitch) {
        let why = switch.reason.clone().unwrap_or_else(|| "no reason given".to_owned());
        let word = if switch.on { "on" } else { "off" };
        let run_id = match scope {
            SwitchScope::Run(id) => Some(id.clone()),
            SwitchScope::Tenant | SwitchScope::Host => None,
        };
        let whose = if *scope == SwitchScope::Host { " of the host" } else { "" };
        let on = switch.on;
        self.soft.switches.set(scope, switch);
        turn.say(Gravity::Warn, run_id.as_deref(), format!("kill switch{whose} {word}: {why}"));
        if on {
            self.withdraw_of(turn, run_id.as_deref());
        }
    }

    /// Withdraws what stands of one run, or of all.
    fn withdraw_of(&mut self, turn: &mut Turn<'_>, run_id: Option<&str>) {
        let of_scope =
            self.orders.standing().filter(|o| run_id.is_none_or(|run_id| o.record.run_id == run_id));
        let ids: Vec<i64> = of_scope.map(|order| order.record.id).collect();
        ids.into_iter().for_each(|id| self.want_withdrawn(turn, id));
    }

    /// Clears a latched daily loss: a person has looked.
    pub(super) fn set_limits(&mut self, turn: &mut Turn<'_>, limits: RiskLimits) {
        let limits = Arc::new(limits);
        self.soft.gates.set_limits(Arc::clone(&limits));
        turn.out.writes.push(Write::Risk { limits, latch: None, at: turn.now.wall });
    }

    /// The same with the limits as they stand now, whoever set them meanwhile.
    pub(super) fn clear_latch(&mut self, turn: &mut Turn<'_>) {
        let limits = Arc::clone(self.soft.gates.live().limits());
        self.soft.gates.set_limits(Arc::clone(&limits));
        turn.out.writes.push(Write::Risk { limits, latch: None, at: turn.now.wall });
    }

    /// The day's result so far; closes the gate when the loss limit is passed, for restarts too. While the broker tells of
    /// fills that cannot be read nobody knows the result, whatever the rest adds up to.
    pub(super) fn observe(&mut self, turn: &mut Turn<'_>, day_pnl: Option<Money>) {
        self.soft.day_pnl = day_pnl.filter(|_| self.soft.unreadable_trades == 0);
        let Some(day_pnl) = self.soft.day_pnl else { return };
        if self.soft.gates.of(Mode::Live).observe(turn.now.wall, day_pnl) {
            self.keep_latch(turn);
        }
    }

    /// The gate has just been closed by a loss: the step that closed it writes that down, for restarts.
    pub(super) fn keep_latch(&mut self, turn: &mut Turn<'_>) {
        #[cfg(test)]
        if is_planted(Planted::LatchInMemory) {
            return;
        }
        let gate = self.soft.gates.live();
        let Some(latch) = gate.latch() else { return };
        let (limits, day_pnl) = (Arc::clone(gate.limits()), latch.day_pnl);
        turn.out.writes.push(Write::Risk { limits, latch: Some(latch), at: turn.now.wall });
        let text =
            format!("the day's result is {day_pnl}: the daily loss limit closes the gate for new orders");
        turn.say(Gravity::Error, None, text);
    }
}
