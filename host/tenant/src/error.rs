//! What can go wrong, in words for people. Nothing here knows HTTP.

use crate::reason::BadReason;
use ::orders::Unsettleable;

/// The tenants could not be opened. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process holds the data folder.
    #[error("{data_dir} is in use by another bulkhead process: stop it, or give this one another --data-dir")]
    InUse {
        /// The folder.
        data_dir: String,
    },
    /// The database was written by a newer release.
    #[error(
        "the database has schema {found}, this release knows {known}: start the newer release, or restore a backup made before it"
    )]
    NewerSchema {
        /// What stands in the file.
        found: i64,
        /// What this release knows.
        known: i64,
    },
    /// Tables that money hangs on are damaged, and nobody can say whose rows.
    #[error(
        "the database is damaged ({found}): put a backup back, or look with `sqlite3 bulkhead.db .recover` at a copy of it"
    )]
    Damaged {
        /// What was found, in SQLite's words.
        found: String,
    },
    /// The SQLite that was linked is too old.
    #[error("SQLite {found} is too old, {needed} or newer is needed: rebuild with the bundled one")]
    OldSqlite {
        /// What was linked.
        found: String,
        /// What is needed.
        needed: &'static str,
    },
    /// The key is missing, unreadable or not the one that sealed the rows.
    #[error("{0}")]
    Key(String),
    /// A folder or file could not be used.
    #[error("cannot use {path}: {why}")]
    File {
        /// Which one.
        path: String,
        /// What the system says.
        why: String,
    },
    /// The broker's or archive's address cannot be used.
    #[error("{0}")]
    Address(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A way out that was not set.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// This machine cannot use it. The text says why.
    #[error("{0}")]
    Unusable(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An order was not settled. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// The reason cannot be kept.
    #[error(transparent)]
    BadReason(#[from] BadReason),
    /// The order is not a person's to settle, or not so.
    #[error(transparent)]
    Unsettleable(#[from] Unsettleable),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The database failed, or holds something that should not be there.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// SQLite said no, and the disk is not why.
    #[error("the database failed: {0}")]
    Database(String),
    /// There is no room on the disk. Nothing of the write is kept.
    #[error("the disk of the data folder is full ({0}): make room on it")]
    Full(String),
    /// A write or sync failed, or the file is damaged: what the disk holds of the write is unknown.
    #[error("the disk of the data folder failed ({0}): mend it, then start the host again")]
    Failed(String),
    /// A row that cannot be read.
    #[error("the database holds an unreadable {what}: {why}")]
    Unreadable {
        /// What it should be.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

/// A sign-in failed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Kite does not know the api key.
    #[error("Kite does not know this api key: copy it from the app page at developers.kite.trade")]
    UnknownApiKey,
    /// The checksum over the secret did not fit.
    #[error("the api secret does not fit this api key: copy it again from developers.kite.trade")]
    WrongSecret,
    /// The request token was used before, has expired or belongs to another app.
    #[error("this request token was used before or has expired: sign in at Kite again for a new one")]
    UsedToken,
    /// Kite said no in words of its own.
    #[error("Kite refused the sign-in: {0}")]
    Refused(String),
    /// Kite could not be reached or did not answer.
    #[error("Kite cannot be reached just now ({0}): try again in a moment")]
    BrokerDown(String),
    /// The browser's sign-in took too long, was used already, or was never begun here.
    #[error("this sign-in has expired or was used already: begin again")]
    UnknownState,
    /// Something empty or far too long was given.
    #[error("{0}")]
    BadInput(String),
    /// Kite named the user in a way that cannot be kept.
    #[error("Kite named the user `{0}`, which is no broker id")]
    StrangeUser(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Nobody is signed in with what was shown.
#[derive(Debug, thiserror::Error)]
pub enum NotSignedIn {
    /// Unknown, expired or revoked.
    #[error("not signed in: the session is unknown, has expired or was revoked")]
    Unknown,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A strategy could not be stored or used.
#[derive(Debug, thiserror::Error)]
pub enum StrategyError {
    /// The name is empty, too long or has control characters.
    #[error("a strategy's name must have 1 to 100 printable characters")]
    BadName,
    /// A strategy with this name exists.
    #[error("there is a strategy named `{0}` already: upload a new version of it, or choose another name")]
    NameTaken(String),
    /// One of the bounds is reached.
    #[error("{what} are limited to {max}: delete some that are not needed")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many may be.
        max: u32,
    },
    /// No such version.
    #[error("this strategy has no version {0}")]
    UnknownVersion(u32),
    /// It cannot go while something depends on it.
    #[error("run {0} of this strategy has not stopped: stop it first")]
    Running(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The broker could not answer a read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BrokerError {
    /// There is no live session at the broker.
    #[error("the Kite session has ended: sign in again")]
    NoSession,
    /// The broker cannot be reached.
    #[error("Kite cannot be reached: {0}")]
    Unreachable(String),
    /// The broker said no.
    #[error("Kite refused: {0}")]
    Refused(String),
}
