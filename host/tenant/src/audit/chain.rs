//! The chain: each entry's hash covers the entry and the hash before it. Pure; knows no database.
//!
//! Whoever can write the database can also make a whole new chain. That is found by whoever kept a head elsewhere.

use sha2::{Digest, Sha256};
use std::fmt;

/// Written before everything that is hashed, so that these hashes are of nothing else.
const DOMAIN: &[u8] = b"bulkhead audit 1\0";

/// One entry as its row has it: the very texts that were hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its place.
    pub number: u64,
    /// When, in microseconds since 1970.
    pub at_micros: i64,
    /// By whom.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
    /// JSON.
    pub details: String,
    /// What the row says its hash is.
    pub hash: [u8; 32],
}

/// The end of a chain: kept elsewhere, it proves later that nothing was cut off or rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// How many entries there ever were.
    pub number: u64,
    /// The last one's hash.
    pub hash: [u8; 32],
}

/// What an entry about the removal of older ones says: where the chain begins since.
pub type Checkpoint = Head;

/// The first thing that is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// The entry it was found at.
    pub number: u64,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {}: {}", self.number, self.why)
    }
}

/// Follows a chain, entry by entry.
#[derive(Debug, Clone)]
pub struct ChainCheck {
    chain: String,
    head: Head,
}

impl Head {
    /// Of a chain without entries.
    pub const EMPTY: Self = Self { number: 0, hash: [0; 32] };

    /// The hash as text.
    pub fn hash_text(&self) -> String {
        hex::encode(self.hash)
    }

    /// The hash of the entry that comes next.
    pub(crate) fn next(&self, chain: &str, link: &Link) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        hash.update(self.hash);
        hash.update(link.number.to_be_bytes());
        hash.update(link.at_micros.to_be_bytes());
        for text in [chain, &link.actor, &link.action, &link.subject, &link.details] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hash.finalize().into()
    }
}

impl ChainCheck {
    /// Of one chain, by its name, which is hashed too. `from` is what the newest entry about removed ones says.
    pub fn new(chain: &str, from: Option<Checkpoint>) -> Self {
        Self { chain: chain.to_owned(), head: from.unwrap_or(Head::EMPTY) }
    }

    /// Where the chain has come to.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Takes the next entry, in the order of the numbers.
    ///
    /// # Errors
    /// When it does not follow on what came before.
    pub fn take(&mut self, link: &Link) -> Result<(), Break> {
        let due = self.head.number + 1;
        let broken = |why: String| Err(Break { number: link.number, why });
        if link.number > due {
            let last = link.number - 1;
            return broken(format!(
                "entries {due} to {last} are missing and no removal of them was written down"
            ));
        }
        if link.number < due {
            return broken(format!("it should have been removed: the chain begins at {due}"));
        }
        let hash = self.head.next(&self.chain, link);
        if hash != link.hash {
            return broken(
                "its hash does not fit: it, or the one before it, was altered, inserted or moved".to_owned(),
            );
        }
        self.head = Head { number: link.number, hash };
        Ok(())
    }
}
