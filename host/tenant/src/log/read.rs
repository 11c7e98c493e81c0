//! Reading log files back: by date, filtered, newest lines only. Paths come ready-made from typed parts.

use super::escape::escape;
use super::line::{Level, LogLine};
use super::name::{LogFileName, Owner};
use market::TradingDate;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// Lines that one reading returns at most.
const MAX_LINES: usize = 10_000;
const DEFAULT_LINES: usize = 1_000;
/// Bytes of one line in a file; longer ones were not written here.
const MAX_RECORD_BYTES: u64 = 256 * 1024;

/// Which lines to return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Only this run's.
    pub run: Option<String>,
    /// Only this level and what matters more.
    pub level: Option<Level>,
    /// Only lines that contain this text, in any case.
    pub text: Option<String>,
    /// The newest so many, at most 10 000.
    pub limit: usize,
}

/// A log that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file or folder gave an error.
    #[error("cannot read the log: {0}")]
    Disk(#[from] io::Error),
    /// The host is going down.
    #[error("the host is shutting down: read the log again when it is back")]
    Interrupted,
}

/// An opened log file for download.
#[derive(Debug)]
pub struct LogFile {
    /// The file, at its beginning.
    pub file: File,
    /// Its name, for the download.
    pub name: LogFileName,
    /// Bytes in it when it was opened. Whoever announces them must send no more: the file may grow.
    pub bytes: u64,
}

impl Default for Filter {
    fn default() -> Self {
        Self { run: None, level: None, text: None, limit: DEFAULT_LINES }
    }
}

impl Filter {
    fn passes(&self, line: &LogLine, text: Option<&str>) -> bool {
        self.level.is_none_or(|level| line.level >= level)
            && self.run.as_ref().is_none_or(|run| line.run.as_ref() == Some(run))
            && text.is_none_or(|text| line.text.to_lowercase().contains(text))
    }
}

pub(super) fn lines(path: &Path, filter: &Filter) -> Result<Vec<LogLine>, LogError> {
    let Some(file) = open_plain(path)? else { return Ok(Vec::new()) };
    let limit = filter.limit.min(MAX_LINES);
    // Lines hold escaped text, so what is looked for is escaped too.
    let text = filter.text.as_ref().map(|text| escape(text).to_lowercase());
    let mut newest = VecDeque::new();
    each_record(BufReader::new(file), |record| {
        let line = LogLine::parse(record).filter(|line| filter.passes(line, text.as_deref()));
        let Some(line) = line.filter(|_| limit > 0) else { return };
        if newest.len() == limit {
            newest.pop_front();
        }
        newest.push_back(line);
    })?;
    Ok(newest.into())
}

pub(super) fn dates(folder: &Path, owner: &Owner) -> Result<Vec<TradingDate>, LogError> {
    let mut dates = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let name = name.to_str().and_then(LogFileName::parse);
        dates.extend(name.filter(|name| name.is_of(owner)).map(|name| name.date()));
    }
    dates.sort_unstable();
    Ok(dates)
}

pub(super) fn open(path: &Path, name: LogFileName) -> Result<Option<LogFile>, LogError> {
    let Some(file) = open_plain(path)? else { return Ok(None) };
    let bytes = file.metadata()?.len();
    Ok(Some(LogFile { file, name, bytes }))
}

/// Opens a plain file, not what a link points to. `None` when there is nothing.
fn open_plain(path: &Path) -> Result<Option<File>, LogError> {
    match std::fs::symlink_metadata(path) {
        Ok(meta) if meta.is_file() => Ok(Some(File::open(path)?)),
        Ok(_) => Err(io::Error::other("the log is not a plain file").into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn each_record(mut file: impl BufRead, mut take: impl FnMut(&str)) -> io::Result<()> {
    let mut record = Vec::new();
    loop {
        record.clear();
        if (&mut file).take(MAX_RECORD_BYTES).read_until(b'\n', &mut record)? == 0 {
            return Ok(());
        }
        if let Ok(text) = std::str::from_utf8(record.strip_suffix(b"\n").unwrap_or(&record)) {
            take(text);
        }
    }
}
