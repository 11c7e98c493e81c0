//! The open files of the day. Errors are told once until the file works again; lines it cost are counted.

use super::super::name::LogFileName;
use crate::private;
use market::TradingDate;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A file that nobody wrote to for so long is closed, so that many tenants do not eat the descriptors.
const IDLE_AFTER: Duration = Duration::from_secs(30);
/// Bytes that one file may hold back in memory.
const BUFFER_BYTES: usize = 256 * 1024;

/// All files the writer has to do with.
pub(super) struct Files {
    folder: PathBuf,
    open: HashMap<LogFileName, Open>,
    days_kept: Option<u32>,
    pruned: Option<TradingDate>,
}

struct Open {
    buffer: Vec<u8>,
    lines: u64,
    file: Option<File>,
    lost_lines: u64,
    used: Instant,
}

impl Files {
    pub(super) fn new(folder: PathBuf, days_kept: Option<u32>) -> Self {
        Self { folder, open: HashMap::new(), days_kept, pruned: None }
    }

    /// Once a day, deletes the files that are older than they are kept.
    pub(super) fn prune(&mut self, today: TradingDate) {
        let Some(days_kept) = self.days_kept.filter(|_| self.pruned != Some(today)) else { return };
        self.pruned = Some(today);
        let oldest = (1..days_kept.max(1)).fold(today, |date, _| date.previous());
        if let Err(error) = delete_before(&self.folder, oldest) {
            tracing::error!("old log files are not deleted: {error:#}");
        }
    }

    pub(super) fn append(&mut self, name: &LogFileName, record: &str) {
        let open = self.open.entry(name.clone()).or_insert_with(Open::new);
        open.buffer.extend_from_slice(record.as_bytes());
        open.lines += 1;
        open.used = Instant::now();
        if open.buffer.len() >= BUFFER_BYTES {
            open.flush(&self.folder, name);
        }
    }

    /// Hands every buffer to the system and closes what is idle.
    pub(super) fn flush(&mut self) {
        for (name, open) in &mut self.open {
            open.flush(&self.folder, name);
        }
        self.open.retain(|_, open| open.used.elapsed() < IDLE_AFTER);
    }
}

impl Open {
    fn new() -> Self {
        Self { buffer: Vec::new(), lines: 0, file: None, lost_lines: 0, used: Instant::now() }
    }

    fn flush(&mut self, folder: &Path, name: &LogFileName) {
        if self.buffer.is_empty() {
            return;
        }
        match self.write(folder, name) {
            Ok(()) if self.lost_lines > 0 => {
                tracing::warn!(
                    broker_id = name.broker_id(),
                    lost_lines = self.lost_lines,
                    "the log can be written again"
                );
                self.lost_lines = 0;
            }
            Ok(()) => {}
            Err(error) => self.fail(name, &error),
        }
        self.buffer.clear();
        self.lines = 0;
    }

    fn write(&mut self, folder: &Path, name: &LogFileName) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            empty => empty.insert(open_to_append(&folder.join(name.to_string()))?),
        };
        file.write_all(&self.buffer)
    }

    fn fail(&mut self, name: &LogFileName, error: &io::Error) {
        if self.lost_lines == 0 {
            tracing::error!(broker_id = name.broker_id(), file = %name, "cannot write the log: {error:#}");
        }
        self.lost_lines += self.lines;
        self.file = None;
    }
}

/// Deletes log files and nothing else.
fn delete_before(folder: &Path, oldest: TradingDate) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let name = name.to_str().and_then(LogFileName::parse);
        if let Some(name) = name.filter(|name| name.date() < oldest) {
            std::fs::remove_file(folder.join(name.to_string()))?;
            tracing::info!(broker_id = name.broker_id(), file = %name, "old log file deleted");
        }
    }
    Ok(())
}

fn open_to_append(path: &Path) -> io::Result<File> {
    let is_link = std::fs::symlink_metadata(path).is_ok_and(|meta| !meta.is_file());
    if is_link {
        return Err(io::Error::other(format!("{} is not a plain file: remove it", path.display())));
    }
    private::append_to_file(path)
}
