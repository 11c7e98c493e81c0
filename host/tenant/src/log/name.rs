//! Names of log files, built from typed parts only, so that no text from outside can leave the folder.

use market::TradingDate;
use std::fmt;
use std::sync::Arc;

const MAX_ID_BYTES: usize = 20;

/// An id that is no broker id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a broker id is 1 to {MAX_ID_BYTES} capital letters and digits")]
pub struct BadBrokerId;

/// The tenant a log belongs to, as it stands in file names and lines.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Owner(Arc<str>);

/// `{broker_id}_{date}.log`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LogFileName {
    owner: Owner,
    date: TradingDate,
}

impl Owner {
    pub(super) fn new(text: &str) -> Result<Self, BadBrokerId> {
        let shaped = (1..=MAX_ID_BYTES).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if shaped { Ok(Self(text.into())) } else { Err(BadBrokerId) }
    }

    pub(super) fn file(&self, date: TradingDate) -> LogFileName {
        LogFileName { owner: self.clone(), date }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl LogFileName {
    /// Reads a file name back. `None` for every file that is no log.
    pub fn parse(text: &str) -> Option<Self> {
        let (owner, date) = text.strip_suffix(".log")?.split_once('_')?;
        Some(Self { owner: Owner::new(owner).ok()?, date: date.parse().ok()? })
    }

    /// Whose log it is.
    pub fn broker_id(&self) -> &str {
        &self.owner.0
    }

    /// Which IST day it holds.
    pub fn date(&self) -> TradingDate {
        self.date
    }

    pub(super) fn is_of(&self, owner: &Owner) -> bool {
        self.owner == *owner
    }
}

impl fmt::Display for LogFileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}.log", self.owner, self.date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_capital_letters_and_digits_name_an_owner() {
        for wrong in
            ["", "uk9394", "UK 9394", "../UK9394", "UK9394_", "UK９", "UK9394\0", "A23456789012345678901"]
        {
            assert_eq!(Owner::new(wrong), Err(BadBrokerId), "{wrong}");
        }
        Owner::new("UK9394").unwrap();
    }

    #[test]
    fn a_file_name_survives_the_way_out_and_back() {
        let name = LogFileName::parse("UK9394_2026-11-23.log").unwrap();
        assert_eq!(name.to_string(), "UK9394_2026-11-23.log");
        assert_eq!(name.broker_id(), "UK9394");
        for wrong in
            ["UK9394_2026-02-30.log", "UK9394.log", "UK9394_2026-11-23.log.gz", "a/UK9394_2026-11-23.log"]
        {
            assert_eq!(LogFileName::parse(wrong), None, "{wrong}");
        }
    }
}
