//! Faults on demand: which answer to spoil next, and how.
//!
//! Holds the list and picks from it. Spoiling the answer is the door's work (`calls/fault_layer`).

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many faults may wait.
const LIMIT: usize = 1_000;

/// One fault that waits for its calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Fault {
    /// What happens.
    pub(crate) kind: FaultKind,
    /// How many calls it still spoils.
    #[serde(default = "once")]
    pub(crate) times: u32,
    /// How many matching calls pass first.
    #[serde(default)]
    pub(crate) skip: u32,
    /// Only calls of this app.
    #[serde(default)]
    pub(crate) api_key: Option<String>,
    /// Only this method.
    #[serde(default)]
    pub(crate) method: Option<String>,
    /// Only paths that begin like this.
    #[serde(default)]
    pub(crate) path: Option<String>,
    /// For delays, in milliseconds of wall time; for `hideOrder` and `lateReject` of exchange time.
    #[serde(default)]
    pub(crate) delay_ms: u64,
    /// For `partialBook`: which row is left out, from 0; the last one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) row: Option<usize>,
    /// For `lateReject`: the words on the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    /// For errors: the HTTP status, 500 when left out.
    #[serde(default)]
    pub(crate) status: Option<u16>,
}

/// Ways for an answer to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum FaultKind {
    /// The call takes effect; the connection closes without a byte of answer.
    DropAnswer,
    /// The connection closes and the call never took effect.
    DropRequest,
    /// The call takes effect at once; the answer comes late.
    DelayAnswer,
    /// The call waits, then takes effect.
    DelayRequest,
    /// An error status; the call never took effect.
    ErrorBefore,
    /// An error status although the call took effect.
    ErrorAfter,
    /// 429, no effect.
    TooManyRequests,
    /// The call takes effect; the answer is an HTML page with status 502 (or `status`).
    Html,
    /// The call takes effect; the answer is JSON cut in half.
    Truncated,
    /// The call takes effect; the answer says 200 and JSON, and is neither.
    Garbage,
    /// A list comes with a row missing.
    PartialBook,
    /// The order is taken, and not in the book for a time.
    HideOrder,
    /// The order is taken, and rejected after a time.
    LateReject,
}

/// What a developer's app may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Plan {
    /// Everything.
    #[default]
    Connect,
    /// The free plan: orders and portfolio, no market data and no ticker.
    Personal,
}

/// The faults that wait, and the apps that are on another plan than their account says.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: Vec<Fault>,
    plans: BTreeMap<String, Plan>,
}

impl Faults {
    /// Adds one; false when too many wait already.
    pub(crate) fn add(&mut self, fault: Fault) -> bool {
        let room = self.waiting.len() < LIMIT;
        if room && fault.times > 0 {
            self.waiting.push(fault);
        }
        room
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Puts an app on a plan.
    pub(crate) fn set_plan(&mut self, api_key: &str, plan: Plan) {
        self.plans.insert(api_key.to_owned(), plan);
    }

    /// The plan that an app was put on.
    pub(crate) fn plan(&self, api_key: &str) -> Option<Plan> {
        self.plans.get(api_key).copied()
    }

    pub(crate) fn waiting(&self) -> &[Fault] {
        &self.waiting
    }

    /// The first fault for this call, counted down by one.
    pub(crate) fn take(&mut self, method: &str, path: &str, api_key: Option<&str>) -> Option<Fault> {
        let index = self.waiting.iter_mut().position(|fault| fault.is_due(method, path, api_key))?;
        let fault = &mut self.waiting[index];
        fault.times -= 1;
        let taken = fault.clone();
        if taken.times == 0 {
            self.waiting.remove(index);
        }
        Some(taken)
    }
}

impl Fault {
    fn is_due(&mut self, method: &str, path: &str, api_key: Option<&str>) -> bool {
        let fits = self.kind.fits(method, path)
            && self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path.as_deref().is_none_or(|wanted| path.starts_with(wanted))
            && self.api_key.as_deref().is_none_or(|wanted| Some(wanted) == api_key);
        let due = fits && self.skip == 0;
        if fits && !due {
            self.skip -= 1;
        }
        due
    }
}

impl FaultKind {
    /// True for calls that this kind can happen to.
    fn fits(self, method: &str, path: &str) -> bool {
        match self {
            Self::HideOrder | Self::LateReject => method == "POST" && path.starts_with("/orders/"),
            Self::PartialBook => method == "GET",
            Self::DropAnswer
            | Self::DropRequest
            | Self::DelayAnswer
            | Self::DelayRequest
            | Self::ErrorBefore
            | Self::ErrorAfter
            | Self::TooManyRequests
            | Self::Html
            | Self::Truncated
            | Self::Garbage => true,
        }
    }
}

const fn once() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> Fault {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_fault_hits_only_its_calls_and_only_so_often() {
        let mut faults = Faults::default();
        faults.add(fault(r#"{"kind":"dropAnswer","times":2,"method":"POST","path":"/orders","apiKey":"a"}"#));
        assert!(faults.take("GET", "/orders", Some("a")).is_none());
        assert!(faults.take("POST", "/session/token", Some("a")).is_none());
        assert!(faults.take("POST", "/orders/regular", Some("b")).is_none());
        assert!(faults.take("POST", "/orders/regular", Some("a")).is_some());
        assert!(faults.take("POST", "/orders/regular", Some("a")).is_some());
        assert!(faults.take("POST", "/orders/regular", Some("a")).is_none());
    }

    #[test]
    fn no_more_than_the_limit_wait() {
        let mut faults = Faults::default();
        for _ in 0..LIMIT {
            assert!(faults.add(fault(r#"{"kind":"html"}"#)));
        }
        assert!(!faults.add(fault(r#"{"kind":"html"}"#)));
        assert_eq!(faults.waiting().len(), LIMIT);
    }

    #[test]
    fn a_fault_can_let_calls_pass_first() {
        let mut faults = Faults::default();
        faults.add(fault(r#"{"kind":"garbage","skip":1}"#));
        assert!(faults.take("GET", "/orders", None).is_none());
        assert!(faults.take("GET", "/orders", None).is_some());
    }
}
