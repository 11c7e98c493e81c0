//! The kill switch: what it stops, and why it is on. Pure.

use market::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The switch that stops all sends of its scope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KillSwitch {
    /// True while nothing may be sent.
    pub on: bool,
    /// Why, in a person's words.
    #[serde(default)]
    pub reason: Option<String>,
    /// When it was last moved.
    #[serde(default)]
    pub since: Option<Timestamp>,
}

/// What one kill switch stops.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SwitchScope {
    /// One run.
    Run(String),
    /// The whole account.
    Tenant,
    /// Every account of the host.
    Host,
}

/// All the switches that can stop an account's orders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Switches {
    /// The host's, as its operator set it.
    pub host: KillSwitch,
    /// The account's.
    pub tenant: KillSwitch,
    /// Of single runs: those that are on, or were.
    pub runs: BTreeMap<String, KillSwitch>,
}

impl Switches {
    /// The switch of a scope, off where it was never moved.
    pub fn of(&self, scope: &SwitchScope) -> KillSwitch {
        match scope {
            SwitchScope::Run(id) => self.runs.get(id).cloned().unwrap_or_default(),
            SwitchScope::Tenant => self.tenant.clone(),
            SwitchScope::Host => self.host.clone(),
        }
    }

    /// Puts a switch.
    pub fn set(&mut self, scope: &SwitchScope, switch: KillSwitch) {
        match scope {
            SwitchScope::Run(id) => drop(self.runs.insert(id.clone(), switch)),
            SwitchScope::Tenant => self.tenant = switch,
            SwitchScope::Host => self.host = switch,
        }
    }

    /// Why a run's orders are stopped, where they are.
    pub fn stops(&self, run_id: &str) -> Option<String> {
        let of_run = self.runs.get(run_id).filter(|switch| switch.on);
        let word = |switch: &KillSwitch, whose: &str| {
            let why = switch.reason.as_deref().unwrap_or("no reason given");
            format!("{whose}{why}")
        };
        self.stops_all().or_else(|| of_run.map(|switch| word(switch, "of this run, ")))
    }

    /// Why every order of the account is stopped, where it is.
    pub fn stops_all(&self) -> Option<String> {
        let reason = |switch: &KillSwitch| switch.reason.clone();
        if self.host.on {
            let why = reason(&self.host).unwrap_or_else(|| "no reason given".to_owned());
            return Some(format!("of the whole host, {why}"));
        }
        self.tenant.on.then(|| reason(&self.tenant).unwrap_or_else(|| "no reason given".to_owned()))
    }
}

impl fmt::Display for SwitchScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(id) => write!(f, "run {id}"),
            Self::Tenant => f.write_str("account"),
            Self::Host => f.write_str("host"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(reason: &str) -> KillSwitch {
        KillSwitch { on: true, reason: Some(reason.into()), since: None }
    }

    #[test]
    fn the_widest_switch_names_the_reason_and_a_runs_own_stops_that_run_alone() {
        let mut switches = Switches::default();
        assert_eq!((switches.stops("a"), switches.stops_all()), (None, None));
        switches.set(&SwitchScope::Run("a".into()), on("odd"));
        assert_eq!(switches.stops("a").as_deref(), Some("of this run, odd"));
        assert_eq!((switches.stops("b"), switches.stops_all()), (None, None));
        switches.set(&SwitchScope::Tenant, on("drill"));
        assert_eq!(switches.stops("b").as_deref(), Some("drill"));
        switches.set(&SwitchScope::Host, on("fire"));
        assert_eq!(switches.stops("a").as_deref(), Some("of the whole host, fire"));
        switches.set(&SwitchScope::Host, KillSwitch::default());
        switches.set(&SwitchScope::Tenant, KillSwitch::default());
        switches.set(&SwitchScope::Run("a".into()), KillSwitch::default());
        assert_eq!(switches.stops("a"), None);
    }
}
