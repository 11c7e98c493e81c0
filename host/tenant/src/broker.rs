//! One tenant's line to the broker: the session and what is known of it.

use crate::clock::Clock;
use crate::error::BrokerError;
pub use ::orders::BrokerState;
use ::orders::LineFacts;
use market::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::watch;

/// When the broker's tokens have died, in seconds since IST midnight: 06:00 and a moment.
const TOKENS_DIE_S: i64 = 6 * 3600 + 2;

/// A session and its number: an error of an old one says nothing about the newest.
#[derive(Clone)]
pub(crate) struct LineSession {
    pub(crate) kite: kite::Session,
    number: u64,
    /// The access token as its row has it: sealed.
    sealed: Arc<[u8]>,
}

impl LineSession {
    /// True when both come from one login.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.number == other.number
    }

    /// Counts up from one with each login.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }
}

/// The line itself: one connection for the tenant's life, and the session of the last login.
pub(crate) struct Line {
    connection: RwLock<kite::Connection>,
    session: RwLock<Option<LineSession>>,
    state: watch::Sender<BrokerState>,
    clock: Clock,
    count: AtomicU64,
    /// Sealed tokens that the broker has ended and that may still stand in their rows.
    dead: Mutex<Vec<Arc<[u8]>>>,
}

impl Line {
    /// A line without a session yet.
    pub(crate) fn new(connection: kite::Connection, clock: Clock) -> Self {
        let (state, _) = watch::channel(BrokerState::Expired { since: clock.now() });
        let (session, dead) = (RwLock::new(None), Mutex::default());
        let connection = RwLock::new(connection);
        Self { connection, session, state, clock, count: AtomicU64::new(1), dead }
    }

    /// A login (or the boot) brought an access token; `sealed` is how its row has it.
    pub(crate) fn revive(&self, api_key: &str, access_token: &str, sealed: &[u8]) {
        let mut held = self.session.write().unwrap_or_else(PoisonError::into_inner);
        let session = self.connection().session(api_key, kite::Secret::new(access_token));
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        *held = Some(LineSession { kite: session, number, sealed: sealed.into() });
        // Session and state change under one lock, so that no state of an old session outlives a login.
        self.state.send_replace(BrokerState::Live);
    }

    /// The line by another way out, with the account's budgets. Not in use yet.
    pub(crate) fn by(&self, egress: kite::Egress) -> Result<kite::Connection, kite::Error> {
        self.connection().rerouted(egress)
    }

    /// Everything leaves by this connection from now on; what is on its way ends as it began.
    pub(crate) fn leave_by(&self, connection: kite::Connection) {
        let mut session = self.session.write().unwrap_or_else(PoisonError::into_inner);
        *self.connection.write().unwrap_or_else(PoisonError::into_inner) = connection.clone();
        if let Some(session) = session.as_mut() {
            session.kite = session.kite.on(&connection);
        }
    }

    /// Asks the broker now and then whether the session lives, and right after its tokens die: while all is quiet nothing
    /// else would notice, and the first order of the day would be the one to find out.
    pub(crate) async fn watch(self: Arc<Self>, probe_s: u64) {
        loop {
            tokio::time::sleep(until_probe(self.clock.now(), probe_s)).await;
            if let Some(session) = self.session() {
                // What the answer says of the line is noted on the way; the profile itself is of no use here.
                let _ = self.heard(&session, session.kite.profile().await);
            }
        }
    }

    /// The sealed tokens that died since the last call.
    pub(crate) fn take_dead(&self) -> Vec<Arc<[u8]>> {
        std::mem::take(&mut *self.dead.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How the line stands, now and from now on.
    pub(crate) fn state(&self) -> watch::Receiver<BrokerState> {
        self.state.subscribe()
    }

    pub(crate) fn standing(&self) -> BrokerState {
        self.state.borrow().clone()
    }

    pub(crate) fn is_live(&self) -> bool {
        *self.state.borrow() == BrokerState::Live
    }

    /// Session and state of one and the same instant.
    pub(crate) fn facts(&self) -> LineFacts {
        let held = self.session.read().unwrap_or_else(PoisonError::into_inner);
        LineFacts { state: self.standing(), session: held.as_ref().map(LineSession::number) }
    }

    /// The session, where the broker has not ended it.
    pub(crate) fn session(&self) -> Option<LineSession> {
        self.session.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The session, for whoever cannot go on without.
    pub(crate) fn need_session(&self) -> Result<LineSession, BrokerError> {
        self.session().ok_or(BrokerError::NoSession)
    }

    /// Learns from how a call ended, and words its error. True state: only the newest session may end itself.
    pub(crate) fn heard<T>(
        &self,
        session: &LineSession,
        answer: Result<T, kite::Error>,
    ) -> Result<T, BrokerError> {
        match answer {
            Ok(value) => {
                self.reached(session);
                Ok(value)
            }
            Err(error) => {
                self.failed(session, &error);
                Err(worded(&error))
            }
        }
    }

    /// The broker answered.
    fn reached(&self, session: &LineSession) {
        self.where_newest(session, |state| {
            let was_unreachable = matches!(state, BrokerState::Unreachable { .. });
            if was_unreachable {
                *state = BrokerState::Live;
            }
            was_unreachable
        });
    }

    /// The broker did not answer, or ended the session.
    pub(crate) fn failed(&self, session: &LineSession, error: &kite::Error) {
        if error.is_session_expired() {
            self.expire(session);
        } else if is_silence(error) {
            let (since, why) = (self.clock.now(), error.to_string());
            self.where_newest(session, |state| {
                let was_live = *state == BrokerState::Live;
                if was_live {
                    *state = BrokerState::Unreachable { since, why };
                }
                was_live
            });
        }
    }

    /// This session is dead. A newer one stays.
    fn expire(&self, session: &LineSession) {
        let mut held = self.session.write().unwrap_or_else(PoisonError::into_inner);
        let same = held.as_ref().is_some_and(|newest| newest.number == session.number);
        if same {
            *held = None;
            self.dead.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&session.sealed));
            self.state.send_replace(BrokerState::Expired { since: self.clock.now() });
        }
    }

    /// Changes the state, unless a newer session has the say.
    fn where_newest(&self, session: &LineSession, change: impl FnOnce(&mut BrokerState) -> bool) {
        let held = self.session.read().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_some_and(|newest| newest.is_same(session)) {
            self.state.send_if_modified(change);
        }
    }

    pub(crate) fn connection(&self) -> kite::Connection {
        self.connection.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How long to the next probe.
fn until_probe(now: Timestamp, probe_s: u64) -> Duration {
    let dead_at = now.date().at_seconds(TOKENS_DIE_S);
    let next = if dead_at > now { dead_at } else { now.date().next().at_seconds(TOKENS_DIE_S) };
    let to_death = Duration::from_micros(next.micros_since(now).max(0).unsigned_abs());
    Duration::from_secs(probe_s.max(1)).min(to_death)
}

/// A broker that says *slower* can be reached: orders may still be sent.
fn is_silence(error: &kite::Error) -> bool {
    error.is_transport() && !matches!(error, kite::Error::RateLimited { .. })
}

/// An error of a read, in the words of this package.
fn worded(error: &kite::Error) -> BrokerError {
    if error.is_session_expired() {
        BrokerError::NoSession
    } else if error.is_transport() {
        BrokerError::Unreachable(error.to_string())
    } else {
        BrokerError::Refused(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_probed_every_so_often_and_right_after_the_tokens_die() {
        let at = |seconds| "2026-11-23".parse::<market::TradingDate>().unwrap().at_seconds(seconds);
        let wait = |seconds| until_probe(at(seconds), 60).as_secs();
        assert_eq!(wait(10 * 3600), 60);
        assert_eq!(wait(6 * 3600 - 30), 32);
        assert_eq!(wait(6 * 3600 + 2), 60);
        assert_eq!(wait(86_399), 60);
    }

    #[test]
    fn only_the_token_that_died_is_named_for_forgetting() {
        let endpoints = kite::Endpoints::at("http://127.0.0.1:1".parse().unwrap());
        let connection = kite::Connection::new(endpoints, kite::Egress::Direct).unwrap();
        let line = Line::new(connection, Clock::wall());
        line.revive("key", "first", b"sealed first");
        let first = line.session().unwrap();
        line.expire(&first);
        line.revive("key", "second", b"sealed second");
        line.expire(&first);
        assert_eq!(line.take_dead(), [Arc::from(b"sealed first".as_slice())]);
        assert!(line.take_dead().is_empty());
        let silent = kite::Error::TimedOut { limit_ms: 7_000 };
        line.failed(&first, &silent);
        assert_eq!(
            line.facts().state,
            BrokerState::Live,
            "an old session's silence says nothing of the newest"
        );
        assert!(line.session().unwrap().number() > first.number() && line.is_live());
    }
}
