//! Which address an account's orders leave from: what is set, what it must be, and what was proved last.
//!
//! Decides nothing but whether new orders may leave; who proves, and when again, stands elsewhere.

use crate::egress;
use kite::{Egress, WayOut};
use market::Timestamp;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// What is set for the way out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EgressSetting {
    /// The way.
    pub egress: Egress,
    /// The address that the world must see. Where it is another, or cannot be proved, no order leaves.
    pub expected: Option<IpAddr>,
}

/// The way that one request really took, and what the world saw of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenWay {
    /// As far as to the broker's door.
    pub way: WayOut,
    /// The address that a page on the other side saw, where one was asked.
    pub seen_as: Option<IpAddr>,
}

/// How the last proof went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressProof {
    /// When.
    pub at: Timestamp,
    /// The way, or why it could not be gone.
    pub outcome: Result<SeenWay, String>,
}

/// What is set and what is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EgressStanding {
    /// What is set.
    pub setting: EgressSetting,
    /// How the last proof went; none before the first.
    pub proof: Option<EgressProof>,
}

/// Shared by whoever sends, whoever proves and whoever sets.
#[derive(Debug, Default)]
pub(crate) struct Prover {
    standing: Mutex<Arc<EgressStanding>>,
    again: Notify,
    /// Held by whoever goes the way for a person: they take turns.
    turn: tokio::sync::Mutex<()>,
}

impl EgressSetting {
    /// In words, without a proxy's password.
    pub fn words(&self) -> String {
        match self.expected {
            Some(address) => format!("{}, to be seen as {address}", self.egress),
            None => self.egress.to_string(),
        }
    }
}

impl SeenWay {
    /// In words for an operator.
    pub fn words(&self) -> String {
        match self.seen_as {
            Some(address) => format!("{}. The page that was asked saw {address}", self.way),
            None => self.way.to_string(),
        }
    }

    /// The address that the broker sees, as far as it can be told: what a page saw, else where the socket was bound. Behind a
    /// proxy, the socket's own address says nothing. Without one, a page that was reached by the other family of addresses
    /// than the broker says nothing.
    pub fn address(&self) -> Option<IpAddr> {
        match &self.way.egress {
            Egress::Proxy(_) => self.seen_as,
            Egress::Direct | Egress::From(_) => match (self.seen_as, self.own()) {
                (Some(seen), Some(own)) => (seen.is_ipv4() == own.is_ipv4()).then_some(seen),
                (Some(_), None) => None,
                (None, own) => own,
            },
        }
    }

    /// The address of this machine that the socket to the broker, or to the proxy, was bound to.
    fn own(&self) -> Option<IpAddr> {
        self.way.local.map(|local| local.ip().to_canonical())
    }

    /// Why the address cannot be told.
    fn untold(&self) -> String {
        match (&self.way.egress, self.seen_as) {
            (Egress::Direct | Egress::From(_), Some(seen)) => {
                let own = self.own().map_or_else(|| "an unknown address".to_owned(), |own| own.to_string());
                format!(
                    "the page that tells the address saw {seen}, while the broker is reached from {own}, which is of another \
                     kind: the operator must leave from an address (--from) by which both are reached"
                )
            }
            (Egress::Direct | Egress::From(_) | Egress::Proxy(_), _) => {
                "the operator must name a page that tells it (--echo-url)".to_owned()
            }
        }
    }
}

impl EgressStanding {
    /// The address that orders leave from, where that was proved.
    pub fn address(&self) -> Option<IpAddr> {
        self.proof.as_ref()?.outcome.as_ref().ok()?.address()
    }

    /// Why no new order may leave, where none may.
    pub fn hindrance(&self) -> Option<String> {
        let expected = self.setting.expected?;
        let way = &self.setting.egress;
        let Some(proof) = &self.proof else {
            return Some(format!(
                "orders must leave from {expected}, which is being proved: try again in a moment"
            ));
        };
        match &proof.outcome {
            Err(why) => {
                Some(format!("orders must leave from {expected}, and that could not be proved ({why})"))
            }
            Ok(seen) if seen.address() == Some(expected.to_canonical()) => None,
            Ok(seen) => Some(match seen.address() {
                Some(other) => format!(
                    "orders must leave from {expected}, but leave from {other} ({way}): the operator must set the way out right"
                ),
                None => format!(
                    "orders must leave from {expected}, but which address they leave from ({way}) cannot be told: {}",
                    seen.untold()
                ),
            }),
        }
    }
}

impl Prover {
    pub(crate) fn new(setting: EgressSetting) -> Self {
        let standing = Mutex::new(Arc::new(EgressStanding { setting, proof: None }));
        Self { standing, again: Notify::new(), turn: tokio::sync::Mutex::default() }
    }

    pub(crate) fn standing(&self) -> Arc<EgressStanding> {
        Arc::clone(&self.lock())
    }

    /// Takes what an order leaves by, unless none may leave: what is taken is of the way that was judged.
    ///
    /// # Errors
    /// Why no order may leave.
    pub(crate) fn leaving<T>(&self, take: impl FnOnce() -> T) -> Result<T, String> {
        let standing = self.lock();
        standing.hindrance().map_or_else(|| Ok(take()), Err)
    }

    /// Another way is in use from now on: nothing is proved of it yet. `leave` puts it in use; nobody sees the one without
    /// the other.
    pub(crate) fn set(&self, setting: EgressSetting, leave: impl FnOnce()) {
        let mut standing = self.lock();
        *standing = Arc::new(EgressStanding { setting, proof: None });
        leave();
        drop(standing);
        self.again.notify_one();
    }

    /// Keeps a proof, unless the way was set anew meanwhile. What stood before, where this says something else. Then `leave`
    /// puts in use what was proved: a connection that stood from before may still leave by the way of before.
    pub(crate) fn keep(
        &self,
        of: &EgressSetting,
        proof: EgressProof,
        leave: impl FnOnce(),
    ) -> Option<Arc<EgressStanding>> {
        let mut standing = self.lock();
        if standing.setting != *of {
            return None;
        }
        let fresh = Arc::new(EgressStanding { setting: of.clone(), proof: Some(proof) });
        let before = std::mem::replace(&mut *standing, Arc::clone(&fresh));
        let is_news = before.proof.is_none()
            || before.address() != fresh.address()
            || before.hindrance() != fresh.hindrance();
        if is_news {
            leave();
        }
        is_news.then_some(before)
    }

    /// Asks for a proof now.
    pub(crate) fn prove_again(&self) {
        self.again.notify_one();
    }

    /// The turn of whoever goes the way for a person.
    pub(crate) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// A good proof of what is set that is no older than that.
    pub(crate) fn fresh(&self, now: Timestamp, age: Duration) -> Option<SeenWay> {
        let standing = self.standing();
        let proof = standing.proof.as_ref()?;
        let old = u64::try_from(now.micros_since(proof.at)).ok().map(Duration::from_micros);
        proof.outcome.as_ref().ok().filter(|_| old.is_some_and(|old| old < age)).cloned()
    }

    pub(crate) async fn asked_again(&self) {
        self.again.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Arc<EgressStanding>> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// From the row: the way, and the address where one must be seen.
pub(crate) fn read_setting(way: &str, expected: Option<&str>) -> Option<EgressSetting> {
    let egress = egress::read(way)?;
    let expected = expected.map(str::parse).transpose().ok()?;
    Some(EgressSetting { egress, expected })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::net::SocketAddr;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn seen(egress: Egress, local: &str, seen_as: Option<&str>) -> Result<SeenWay, String> {
        let local = Some(SocketAddr::new(ip(local), 4_000));
        let way = WayOut { egress, local, peer: None, host: "broker".into(), status: 200 };
        Ok(SeenWay { way, seen_as: seen_as.map(ip) })
    }

    fn said(
        egress: Egress,
        expected: Option<&str>,
        outcome: Option<Result<SeenWay, String>>,
    ) -> Option<String> {
        let setting = EgressSetting { egress, expected: expected.map(ip) };
        let proof = outcome.map(|outcome| EgressProof { at: Timestamp::from_micros(0), outcome });
        EgressStanding { setting, proof }.hindrance()
    }

    #[test]
    fn an_order_leaves_only_from_the_address_that_was_proved_where_one_is_expected() {
        let (own, proxy) = (Egress::From(ip("10.0.0.2")), Egress::Proxy("http://proxy:1".parse().unwrap()));
        let here = |seen_as| seen(own.clone(), "10.0.0.2", seen_as);
        let there = |seen_as| seen(proxy.clone(), "10.0.0.9", seen_as);
        let over_v6 = |seen_as| seen(Egress::Direct, "2001:db8::9", seen_as);
        let passes = [
            said(own.clone(), None, None),
            said(own.clone(), None, Some(Err("down".into()))),
            said(own.clone(), Some("10.0.0.2"), Some(here(None))),
            said(own.clone(), Some("203.0.113.7"), Some(here(Some("203.0.113.7")))),
            said(proxy.clone(), Some("203.0.113.7"), Some(there(Some("203.0.113.7")))),
        ];
        assert!(passes.iter().all(Option::is_none), "{passes:?}");
        let refused = [
            (said(own.clone(), Some("10.0.0.2"), None), "being proved"),
            (said(own.clone(), Some("10.0.0.2"), Some(Err("it is down".into()))), "it is down"),
            (said(own.clone(), Some("203.0.113.7"), Some(here(None))), "but leave from 10.0.0.2"),
            (
                said(own.clone(), Some("10.0.0.2"), Some(here(Some("203.0.113.7")))),
                "but leave from 203.0.113.7",
            ),
            (said(proxy.clone(), Some("203.0.113.7"), Some(there(None))), "--echo-url"),
            (said(proxy.clone(), Some("10.0.0.9"), Some(there(None))), "--echo-url"),
            (
                said(Egress::Direct, Some("203.0.113.7"), Some(over_v6(Some("203.0.113.7")))),
                "of another kind",
            ),
        ];
        for (told, words) in refused {
            assert!(told.as_ref().is_some_and(|told| told.contains(words)), "{words}: {told:?}");
        }
    }

    #[test]
    fn a_proof_of_a_way_that_was_set_anew_meanwhile_is_worth_nothing() {
        let old = EgressSetting { egress: Egress::Direct, expected: Some(ip("10.0.0.1")) };
        let prover = Prover::new(old.clone());
        let proof = |at| EgressProof {
            at: Timestamp::from_micros(at),
            outcome: seen(Egress::Direct, "10.0.0.1", None),
        };
        let put_in_use = Cell::new(0);
        let leave = || put_in_use.set(put_in_use.get() + 1);
        assert!(prover.keep(&old, proof(1), leave).is_some(), "the first is news");
        assert!(prover.keep(&old, proof(2), leave).is_none(), "the same again is none");
        assert_eq!(put_in_use.get(), 1, "what was proved is in use, and stays while it says the same");
        assert_eq!((prover.standing().hindrance(), prover.leaving(|| 7)), (None, Ok(7)));
        let changed = EgressProof { outcome: seen(Egress::Direct, "10.0.0.2", None), ..proof(2) };
        assert!(prover.keep(&old, changed, leave).is_some());
        assert_eq!(put_in_use.get(), 2, "another address: orders leave by the connection that was proved");
        prover.set(EgressSetting { expected: Some(ip("10.0.0.3")), ..old.clone() }, leave);
        assert_eq!(put_in_use.get(), 3);
        assert!(prover.keep(&old, proof(3), leave).is_none());
        assert_eq!(put_in_use.get(), 3, "the way of a proof that came too late is not put in use");
        assert!(prover.leaving(|| 7).is_err());
        assert!(prover.standing().hindrance().unwrap().contains("being proved"));
    }
}
