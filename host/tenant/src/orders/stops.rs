//! The last look right before the socket: who is stopped. Kept beside the core, so that a switch stops what is on its way
//! without waiting for whatever the core is writing.

use ::orders::{SwitchScope, Switches};
use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

/// Whose sends are stopped.
#[derive(Debug, Default)]
pub(super) struct Stops(RwLock<Stopped>);

#[derive(Debug, Default)]
struct Stopped {
    host: bool,
    tenant: bool,
    runs: BTreeSet<String>,
    halted: bool,
}

impl Stops {
    pub(super) fn of(switches: &Switches) -> Self {
        let runs = switches.runs.iter().filter(|(_, switch)| switch.on).map(|(id, _)| id.clone()).collect();
        Self(RwLock::new(Stopped { host: switches.host.on, tenant: switches.tenant.on, runs, halted: false }))
    }

    /// From now on.
    pub(super) fn set(&self, scope: &SwitchScope, on: bool) {
        let mut stopped = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match scope {
            SwitchScope::Host => stopped.host = on,
            SwitchScope::Tenant => stopped.tenant = on,
            SwitchScope::Run(id) if on => drop(stopped.runs.insert(id.clone())),
            SwitchScope::Run(id) => drop(stopped.runs.remove(id)),
        }
    }

    /// From now on nothing but withdrawals leaves, or no longer so.
    pub(super) fn halt(&self, halted: bool) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).halted = halted;
    }

    /// True while the account is halted: not even an exit leaves.
    pub(super) fn is_halted(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).halted
    }

    /// True when nothing of this run may leave.
    pub(super) fn stop(&self, run_id: &str) -> bool {
        let stopped = self.0.read().unwrap_or_else(PoisonError::into_inner);
        stopped.host || stopped.tenant || stopped.runs.contains(run_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_stops_what_it_covers_and_nothing_else() {
        let stops = Stops::default();
        stops.set(&SwitchScope::Run("a".into()), true);
        assert!(stops.stop("a") && !stops.stop("b"));
        for scope in [SwitchScope::Tenant, SwitchScope::Host] {
            stops.set(&scope, true);
            assert!(stops.stop("b"));
            stops.set(&scope, false);
            assert!(!stops.stop("b"));
        }
        stops.set(&SwitchScope::Run("a".into()), false);
        assert!(!stops.stop("a") && !stops.is_halted());
        stops.halt(true);
        assert!(stops.is_halted() && !stops.stop("a"), "a halt is no switch");
        stops.halt(false);
        assert!(!stops.is_halted());
    }
}
