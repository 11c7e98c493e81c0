//! Request tokens and access tokens: who may act as whom, and until when.
//!
//! Pure: the time comes in as an argument. Knows api keys and user ids as text and nothing of orders.

use crate::config::SimAccount;
use crate::reply::Refusal;
use market::Timestamp;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// How long a request token may wait to be exchanged.
pub(crate) const REQUEST_TOKEN_TTL_S: i64 = 5 * 60;
/// When access tokens die, in seconds after IST midnight.
pub(crate) const TOKEN_DEATH_S: i64 = 6 * 3600;

/// How long a dead access token is still known as its owner's, in seconds after it would have expired.
const REMEMBERED_S: i64 = 24 * 3600;
/// How many tokens may wait or be remembered; of more, the ones that end first are forgotten.
const TOKENS_KEPT: usize = 1_000;

const BAD_REQUEST_TOKEN: &str = "Token is invalid or has expired.";
const BAD_CHECKSUM: &str = "Invalid `checksum`.";
const BAD_ACCESS: &str = "Incorrect `api_key` or `access_token`.";

/// A login that was made good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) user_id: String,
    pub(crate) access_token: String,
    pub(crate) public_token: String,
    pub(crate) login_time: Timestamp,
}

/// Whom an access token stands for, dead or alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenOwner {
    pub(crate) api_key: String,
    pub(crate) user_id: String,
}

#[derive(Debug)]
struct Waiting {
    owner: TokenOwner,
    expires_at: Timestamp,
    number: u64,
}

#[derive(Debug)]
struct Live {
    owner: TokenOwner,
    expires_at: Timestamp,
    alive: bool,
    number: u64,
}

/// All tokens of one simulator.
#[derive(Debug)]
pub(crate) struct Sessions {
    accounts: Vec<SimAccount>,
    chance: ChaCha20Rng,
    waiting: HashMap<String, Waiting>,
    issued: HashMap<String, Live>,
    /// Tokens in the order they were made.
    last_number: u64,
}

impl Sessions {
    /// Tokens are drawn from `entropy`: the same gives the same ones in the same order.
    pub(crate) fn new(accounts: Vec<SimAccount>, entropy: [u8; 32]) -> Self {
        let chance = ChaCha20Rng::from_seed(entropy);
        Self { accounts, chance, waiting: HashMap::new(), issued: HashMap::new(), last_number: 0 }
    }

    /// The accounts that may sign in through an app.
    pub(crate) fn accounts_of<'a>(&'a self, api_key: &'a str) -> impl Iterator<Item = &'a SimAccount> {
        self.accounts.iter().filter(move |account| account.api_key == api_key)
    }

    /// A fresh request token for a user of an app, or for the app's first user.
    pub(crate) fn request_token(
        &mut self,
        api_key: &str,
        user_id: Option<&str>,
        now: Timestamp,
    ) -> Option<String> {
        let wanted = |account: &&SimAccount| user_id.is_none_or(|id| id == account.user_id);
        let account = self.accounts_of(api_key).find(wanted)?;
        let owner = TokenOwner { api_key: account.api_key.clone(), user_id: account.user_id.clone() };
        let (token, number) = (self.random_word(), self.next_number());
        let expires_at = now.plus_seconds(REQUEST_TOKEN_TTL_S);
        self.waiting.retain(|_, waiting| now < waiting.expires_at);
        make_room(&mut self.waiting, |waiting| (true, waiting.expires_at, waiting.number));
        self.waiting.insert(token.clone(), Waiting { owner, expires_at, number });
        Some(token)
    }

    /// `POST /session/token`. The request token is spent by the first exchange that names its own app.
    pub(crate) fn exchange(
        &mut self,
        api_key: &str,
        request_token: &str,
        checksum: &str,
        now: Timestamp,
    ) -> Result<Grant, Refusal> {
        let secret = self.accounts_of(api_key).next().map(|account| account.api_secret.clone());
        let secret = secret.ok_or_else(|| Refusal::token("Invalid `api_key`."))?;
        if sha256_hex(&[api_key, request_token, &secret]) != checksum {
            return Err(Refusal::token(BAD_CHECKSUM));
        }
        let ours = |waiting: &Waiting| waiting.owner.api_key == api_key && now < waiting.expires_at;
        if !self.waiting.get(request_token).is_some_and(ours) {
            return Err(Refusal::token(BAD_REQUEST_TOKEN));
        }
        let waiting = self.waiting.remove(request_token).ok_or_else(|| Refusal::token(BAD_REQUEST_TOKEN))?;
        Ok(self.open(waiting.owner, now))
    }

    /// The user behind `api_key:access_token`, if that session lives.
    pub(crate) fn user_of(
        &self,
        api_key: &str,
        access_token: &str,
        now: Timestamp,
    ) -> Result<&SimAccount, Refusal> {
        let live = self.issued.get(access_token).filter(|live| live.alive && now < live.expires_at);
        let owner = live.map(|live| &live.owner).filter(|owner| owner.api_key == api_key);
        owner
            .and_then(|owner| self.accounts.iter().find(|account| account.user_id == owner.user_id))
            .ok_or_else(|| Refusal::token(BAD_ACCESS))
    }

    /// Whose token it is or was, whatever key it came with.
    pub(crate) fn owner_of(&self, access_token: &str) -> Option<&TokenOwner> {
        self.issued.get(access_token).map(|live| &live.owner)
    }

    /// `DELETE /session/token`.
    pub(crate) fn close(&mut self, api_key: &str, access_token: &str) -> bool {
        let live = self.issued.get_mut(access_token).filter(|live| live.owner.api_key == api_key);
        live.is_some_and(|live| std::mem::replace(&mut live.alive, false))
    }

    /// Kills every session of an app; how many there were.
    pub(crate) fn expire(&mut self, api_key: &str) -> usize {
        let doomed = self.issued.values_mut().filter(|live| live.alive && live.owner.api_key == api_key);
        doomed.map(|live| live.alive = false).count()
    }

    /// Sets the end of every living session of an app, where that is sooner; how many there are.
    pub(crate) fn expire_at(&mut self, api_key: &str, at: Timestamp) -> usize {
        let doomed = self.issued.values_mut().filter(|live| live.alive && live.owner.api_key == api_key);
        doomed.map(|live| live.expires_at = live.expires_at.min(at)).count()
    }

    fn open(&mut self, owner: TokenOwner, now: Timestamp) -> Grant {
        for live in self.issued.values_mut().filter(|live| live.owner == owner) {
            live.alive = false;
        }
        let access_token = self.random_word();
        let public_token = self.random_word();
        let user_id = owner.user_id.clone();
        self.issued.retain(|_, live| now < live.expires_at.plus_seconds(REMEMBERED_S));
        make_room(&mut self.issued, |live| (live.alive, live.expires_at, live.number));
        let number = self.next_number();
        let live = Live { owner, expires_at: next_token_death(now), alive: true, number };
        self.issued.insert(access_token.clone(), live);
        Grant { user_id, access_token, public_token, login_time: now }
    }

    const fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// 32 letters and digits that nobody can guess.
    pub(crate) fn random_word(&mut self) -> String {
        const LETTERS: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        (0..32).map(|_| char::from(LETTERS[(self.chance.next_u64() % 62) as usize])).collect()
    }
}

/// Lower-case hex of the SHA-256 of the parts, one after the other.
pub(crate) fn sha256_hex(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}

/// Forgets the token that comes first by `rank` when there are too many.
fn make_room<T, R: Ord>(tokens: &mut HashMap<String, T>, rank: impl Fn(&T) -> R) {
    if tokens.len() >= TOKENS_KEPT
        && let Some(first) = tokens.iter().min_by_key(|(_, token)| rank(token)).map(|(word, _)| word.clone())
    {
        tokens.remove(&first);
    }
}

fn next_token_death(now: Timestamp) -> Timestamp {
    let today = now.date().at_seconds(TOKEN_DEATH_S);
    if now < today { today } else { now.date().next().at_seconds(TOKEN_DEATH_S) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "demo-uk9394";
    const SECRET: &str = "demo-secret-uk9394";

    fn sessions() -> Sessions {
        Sessions::new(vec![SimAccount::demo("UK9394", "A"), SimAccount::demo("UK1234", "B")], [7; 32])
    }

    fn noon() -> Timestamp {
        Timestamp::parse_ist("2026-11-23 12:00:00").unwrap()
    }

    fn sign_in(sessions: &mut Sessions, now: Timestamp) -> String {
        let token = sessions.request_token(KEY, None, now).unwrap();
        let checksum = sha256_hex(&[KEY, &token, SECRET]);
        sessions.exchange(KEY, &token, &checksum, now).unwrap().access_token
    }

    #[test]
    fn a_request_token_is_spent_by_its_first_exchange() {
        let mut sessions = sessions();
        let token = sessions.request_token(KEY, None, noon()).unwrap();
        let checksum = sha256_hex(&[KEY, &token, SECRET]);
        assert_eq!(sessions.exchange(KEY, &token, "00", noon()).unwrap_err().message, BAD_CHECKSUM);
        assert!(sessions.exchange(KEY, &token, &checksum, noon()).is_ok());
        assert_eq!(sessions.exchange(KEY, &token, &checksum, noon()).unwrap_err().message, BAD_REQUEST_TOKEN);
    }

    #[test]
    fn a_request_token_expires_after_five_minutes() {
        let mut sessions = sessions();
        let token = sessions.request_token(KEY, None, noon()).unwrap();
        let checksum = sha256_hex(&[KEY, &token, SECRET]);
        let late = noon().plus_seconds(REQUEST_TOKEN_TTL_S);
        assert!(sessions.exchange(KEY, &token, &checksum, late).is_err());
    }

    #[test]
    fn access_tokens_die_at_six_in_the_morning() {
        let mut sessions = sessions();
        let token = sign_in(&mut sessions, noon());
        let six = Timestamp::parse_ist("2026-11-24 06:00:00").unwrap();
        assert!(sessions.user_of(KEY, &token, six.plus_seconds(-1)).is_ok());
        assert!(sessions.user_of(KEY, &token, six).is_err());
    }

    #[test]
    fn dead_tokens_are_known_for_a_day_and_never_too_many() {
        let mut sessions = sessions();
        let first = sign_in(&mut sessions, noon());
        let tomorrow = noon().plus_seconds(86_400);
        sign_in(&mut sessions, tomorrow);
        assert!(sessions.owner_of(&first).is_some());
        sign_in(&mut sessions, tomorrow.plus_seconds(86_400));
        assert!(sessions.owner_of(&first).is_none());
        for _ in 0..TOKENS_KEPT + 5 {
            sign_in(&mut sessions, tomorrow.plus_seconds(86_400));
            sessions.request_token(KEY, None, tomorrow.plus_seconds(86_400));
        }
        assert_eq!((sessions.issued.len(), sessions.waiting.len()), (TOKENS_KEPT, TOKENS_KEPT));
        assert_eq!(sessions.issued.values().filter(|live| live.alive).count(), 1);
    }

    #[test]
    fn a_newer_login_replaces_the_older_token_and_no_one_elses() {
        let mut sessions = sessions();
        let first = sign_in(&mut sessions, noon());
        let second = sign_in(&mut sessions, noon());
        assert!(sessions.user_of(KEY, &first, noon()).is_err());
        assert!(sessions.user_of(KEY, &second, noon()).is_ok());
        assert!(sessions.user_of("demo-uk1234", &second, noon()).is_err());
        assert_eq!(sessions.owner_of(&first).unwrap().user_id, "UK9394");
    }
}
