//! Requests to let holdings be sold that wait for their holder's word at the depository's page (reference §8.3).
//!
//! Pure: the time comes in as an argument. Knows international numbers of shares and quantities, and nothing of prices.

use market::Timestamp;
use std::collections::HashMap;

/// How long a request may wait for its answer, in seconds.
pub(crate) const REQUEST_TTL_S: i64 = 15 * 60;
/// How many may wait; of more, the ones that end first are forgotten.
const REQUESTS_KEPT: usize = 1_000;

/// What a holder is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) api_key: String,
    pub(crate) user_id: String,
    /// International number and quantity of each share.
    pub(crate) shares: Vec<(String, u32)>,
}

/// All requests of one simulator that wait.
#[derive(Debug, Default)]
pub(crate) struct Consents {
    waiting: HashMap<String, (Asked, Timestamp)>,
}

impl Consents {
    /// Keeps a request under an id.
    pub(crate) fn ask(&mut self, request_id: String, asked: Asked, now: Timestamp) {
        self.waiting.retain(|_, (_, ends)| now < *ends);
        if self.waiting.len() >= REQUESTS_KEPT {
            let first = self.waiting.iter().min_by_key(|(id, (_, ends))| (*ends, (*id).clone()));
            if let Some(first) = first.map(|(id, _)| id.clone()) {
                self.waiting.remove(&first);
            }
        }
        self.waiting.insert(request_id, (asked, now.plus_seconds(REQUEST_TTL_S)));
    }

    /// A request of an app that still waits.
    pub(crate) fn find(&self, api_key: &str, request_id: &str, now: Timestamp) -> Option<&Asked> {
        let (asked, ends) = self.waiting.get(request_id)?;
        (asked.api_key == api_key && now < *ends).then_some(asked)
    }

    /// Takes a request off the list, for its answer.
    pub(crate) fn take(&mut self, api_key: &str, request_id: &str, now: Timestamp) -> Option<Asked> {
        self.find(api_key, request_id, now)?;
        self.waiting.remove(request_id).map(|(asked, _)| asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Asked {
        Asked { api_key: "key".to_owned(), user_id: "UK9394".to_owned(), shares: Vec::new() }
    }

    #[test]
    fn a_request_is_answered_once_by_its_own_app_and_in_time() {
        let now = Timestamp::from_seconds(1_000);
        let mut consents = Consents::default();
        consents.ask("one".to_owned(), asked(), now);
        assert_eq!(consents.find("other", "one", now), None);
        assert_eq!(consents.find("key", "one", now.plus_seconds(REQUEST_TTL_S)), None);
        assert_eq!(consents.take("key", "one", now), Some(asked()));
        assert_eq!(consents.take("key", "one", now), None);
    }

    #[test]
    fn of_too_many_requests_the_oldest_goes() {
        let mut consents = Consents::default();
        for n in 0..=REQUESTS_KEPT {
            consents.ask(n.to_string(), asked(), Timestamp::from_micros(n as i64));
        }
        let now = Timestamp::from_micros(REQUESTS_KEPT as i64);
        assert_eq!(consents.waiting.len(), REQUESTS_KEPT);
        assert!(consents.find("key", "0", now).is_none() && consents.find("key", "1", now).is_some());
    }
}
