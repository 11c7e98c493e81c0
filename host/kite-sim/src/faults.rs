//! Faults on demand: which answer to spoil next, and how.
//!
//! Holds the list and picks from it. Spoiling the answer is the door's work (`calls/fault_layer`).

use serde::{Deserialize, Serialize};

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
    /// For delays, in milliseconds of wall time.
    #[serde(default)]
    pub(crate) delay_ms: u64,
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
}

/// The faults that wait.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// Adds one; false when too many wait already.
    pub(crate) fn add(&mut self, fault: Fault) -> bool {
        let room = self.0.len() < LIMIT;
        if room && fault.times > 0 {
            self.0.push(fault);
        }
        room
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn waiting(&self) -> &[Fault] {
        &self.0
    }

    /// The first fault for this call, counted down by one.
    pub(crate) fn take(&mut self, method: &str, path: &str, api_key: Option<&str>) -> Option<Fault> {
        let index = self.0.iter_mut().position(|fault| fault.is_due(method, path, api_key))?;
        let fault = &mut self.0[index];
        fault.times -= 1;
        let taken = fault.clone();
        if taken.times == 0 {
            self.0.remove(index);
        }
        Some(taken)
    }
}

impl Fault {
    fn is_due(&mut self, method: &str, path: &str, api_key: Option<&str>) -> bool {
        let fits = self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path.as_deref().is_none_or(|wanted| path.starts_with(wanted))
            && self.api_key.as_deref().is_none_or(|wanted| Some(wanted) == api_key);
        let due = fits && self.skip == 0;
        if fits && !due {
            self.skip -= 1;
        }
        due
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
