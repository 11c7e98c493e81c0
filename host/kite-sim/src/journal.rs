//! The exchange's state on disk, so that a broker's books outlive the process: one whole state, then its changes, a line
//! each.
//!
//! A line is handed to the system before the answer goes out, so a killed process loses nothing; there is no wait for the
//! disk, since nobody's money is in it. Knows files and lines and nothing of what they mean.

use exchange::State;
use serde::{Deserialize, Serialize};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The file's name in the data folder.
const NAME: &str = "simulator.jsonl";
/// What a file must begin with to be one of ours.
const FORMAT: u32 = 1;
/// A journal that has grown by this many bytes is written anew as one whole state.
const COMPACT_BYTES: u64 = 16 * 1024 * 1024;
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// The market that a journal belongs to: its prices follow from these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Market {
    pub(crate) seed: u64,
    pub(crate) always_open: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Head {
    format: u32,
    market: Market,
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file or its folder.
    #[error("the simulator's journal {path} cannot be used: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another simulator writes to it.
    #[error("another simulator uses {path}: stop it, or choose another --data-dir")]
    InUse {
        /// Which.
        path: PathBuf,
    },
    /// It was written by something else, or damaged in its middle.
    #[error(
        "line {line} of the simulator's journal {path} cannot be read ({reason}): move the file away to begin anew"
    )]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Where.
        line: usize,
        /// Why.
        reason: String,
    },
    /// Another seed or other hours.
    #[error(
        "the simulator's journal {path} is of a market with seed {seed} that is {}: start it like that, or choose another \
         --data-dir",
        hours_word(.always_open)
    )]
    OtherMarket {
        /// Which.
        path: PathBuf,
        /// Its seed.
        seed: u64,
        /// Its hours.
        always_open: bool,
    },
}

/// An open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    market: Market,
    file: File,
    /// Bytes after the whole state.
    grown: u64,
    /// Held as long as the journal is open.
    _owner: File,
}

impl Journal {
    /// Opens the journal of a folder, and reads what it holds.
    pub(crate) fn open(folder: &Path, market: Market) -> Result<(Self, Option<State>), JournalError> {
        let path = folder.join(NAME);
        let failed = |source| JournalError::File { path: path.clone(), source };
        DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder).map_err(failed)?;
        let owner = writable(&folder.join(format!("{NAME}.lock")), false).map_err(failed)?;
        owner.try_lock().map_err(|_| JournalError::InUse { path: path.clone() })?;
        let state = match File::open(&path) {
            Ok(file) => read(&path, file, market)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        let file = writable(&path, false).map_err(failed)?;
        Ok((Self { path, market, file, grown: COMPACT_BYTES, _owner: owner }, state))
    }

    /// True when the next state should be a whole one.
    pub(crate) const fn wants_whole(&self) -> bool {
        self.grown >= COMPACT_BYTES
    }

    /// Begins the file with a whole state.
    pub(crate) fn begin(&mut self, state: &State) -> Result<(), JournalError> {
        let path = self.path.clone();
        self.begin_anew(state).map_err(|source| JournalError::File { path, source })
    }

    /// Adds a change, or begins anew with a whole state. After a failure it wants a whole one.
    pub(crate) fn write(&mut self, state: &State) -> io::Result<()> {
        let written = if state.whole { self.begin_anew(state) } else { self.add(state) };
        if written.is_err() {
            self.grown = COMPACT_BYTES;
        }
        written
    }

    fn add(&mut self, state: &State) -> io::Result<()> {
        let line = line(state)?;
        self.file.write_all(&line)?;
        self.grown += line.len() as u64;
        Ok(())
    }

    /// The old file stays until the new one is complete.
    fn begin_anew(&mut self, state: &State) -> io::Result<()> {
        let new = self.path.with_extension("jsonl.new");
        let mut file = writable(&new, true)?;
        let mut bytes = line(&Head { format: FORMAT, market: self.market })?;
        bytes.extend(line(state)?);
        file.write_all(&bytes)?;
        file.sync_data()?;
        std::fs::rename(&new, &self.path)?;
        (self.file, self.grown) = (file, 0);
        Ok(())
    }
}

const fn hours_word(always_open: &bool) -> &'static str {
    if *always_open { "always open" } else { "open in NSE hours" }
}

fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn writable(path: &Path, empty: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    if empty {
        options.write(true).truncate(true)
    } else {
        options.append(true)
    };
    options.create(true).mode(FILE_MODE).open(path)
}

fn read(path: &Path, file: File, market: Market) -> Result<Option<State>, JournalError> {
    let unreadable =
        |line: usize, reason: String| JournalError::Unreadable { path: path.to_owned(), line, reason };
    let mut state: Option<State> = None;
    let mut lines = BufReader::new(file).lines().enumerate().peekable();
    while let Some((index, text)) = lines.next() {
        let text = text.map_err(|source| JournalError::File { path: path.to_owned(), source })?;
        if index == 0 {
            let head: Head = serde_json::from_str(&text).map_err(|error| unreadable(1, error.to_string()))?;
            if head.format != FORMAT {
                return Err(unreadable(1, format!("its format is {}, not {FORMAT}", head.format)));
            }
            if head.market != market {
                let Market { seed, always_open } = head.market;
                return Err(JournalError::OtherMarket { path: path.to_owned(), seed, always_open });
            }
            continue;
        }
        match (serde_json::from_str::<State>(&text), &mut state) {
            (Ok(change), Some(state)) => state.follow(change),
            (Ok(whole), None) if whole.whole => state = Some(whole),
            (Ok(_), None) => return Err(unreadable(index + 1, "a change of nothing".to_owned())),
            // The process was killed while it wrote the last line: its order was never answered.
            (Err(error), _) if lines.peek().is_none() => {
                tracing::warn!("the last line of {} is incomplete and is left out: {error}", path.display());
            }
            (Err(error), _) => return Err(unreadable(index + 1, error.to_string())),
        }
    }
    Ok(state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use exchange::{AccountSetup, Exchange, PlaceOrder, Setup};
    use market::{Calendar, Money, OrderRequest, Side, TradingDate};

    const MARKET: Market = Market { seed: 5, always_open: true };

    fn exchange() -> Exchange {
        let now = TradingDate::new(2026, 11, 23).unwrap().at_seconds(36_000);
        let account = AccountSetup {
            user_id: "UK9394".to_owned(),
            user_name: "A trader".to_owned(),
            cash: Money::from_rupees(1_000_000),
            holdings: Vec::new(),
        };
        Exchange::new(Setup { seed: 5, now, calendar: Calendar::always_open(), accounts: vec![account] })
    }

    fn buy(exchange: &mut Exchange) {
        let order = PlaceOrder::new(OrderRequest::market("NSE:INFY".parse().unwrap(), Side::Buy, 1));
        exchange.place("UK9394", order).unwrap();
    }

    fn written(folder: &Path, orders: usize) -> State {
        let (mut journal, _) = Journal::open(folder, MARKET).unwrap();
        let mut exchange = exchange();
        journal.begin(&exchange.take_state()).unwrap();
        for _ in 0..orders {
            buy(&mut exchange);
            journal.write(&exchange.take_changes().unwrap()).unwrap();
        }
        exchange.take_state()
    }

    #[test]
    fn what_was_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let state = written(folder.path(), 3);
        let (_, found) = Journal::open(folder.path(), MARKET).unwrap();
        assert_eq!(found, Some(state));
    }

    #[test]
    fn a_last_line_cut_short_costs_that_line_alone() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path(), 2);
        let path = folder.path().join(NAME);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 40]).unwrap();
        let (_, found) = Journal::open(folder.path(), MARKET).unwrap();
        let other = tempfile::tempdir().unwrap();
        assert_eq!(found.map(|state| state.now), Some(written(other.path(), 1).now));
    }

    #[test]
    fn damage_in_the_middle_another_market_and_another_owner_are_named() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path(), 2);
        let path = folder.path().join(NAME);
        let other = Market { seed: 6, ..MARKET };
        let said = Journal::open(folder.path(), other).unwrap_err().to_string();
        assert!(said.contains("seed 5") && said.contains("always open"), "{said}");
        let owner = Journal::open(folder.path(), MARKET).unwrap();
        let said = Journal::open(folder.path(), MARKET).unwrap_err().to_string();
        assert!(said.contains("another simulator uses"), "{said}");
        drop(owner);
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text.lines().collect();
        std::fs::write(&path, [lines[0], lines[1], "{}", lines[2], ""].join("\n")).unwrap();
        let said = Journal::open(folder.path(), MARKET).unwrap_err().to_string();
        assert!(said.contains("line 3") && said.contains("move the file away"), "{said}");
    }

    #[test]
    fn a_journal_that_has_grown_wants_to_begin_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(folder.path(), MARKET).unwrap();
        let mut exchange = exchange();
        journal.begin(&exchange.take_state()).unwrap();
        assert!(!journal.wants_whole());
        journal.grown = COMPACT_BYTES - 1;
        buy(&mut exchange);
        journal.write(&exchange.take_changes().unwrap()).unwrap();
        assert!(journal.wants_whole());
        journal.write(&exchange.take_state()).unwrap();
        assert!(!journal.wants_whole());
        assert_eq!(std::fs::read_to_string(folder.path().join(NAME)).unwrap().lines().count(), 2);
    }
}
