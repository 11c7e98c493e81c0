//! The open files of the day. Errors are told once until the file works again; lines it cost are counted.

use super::super::name::LogFileName;
use crate::private;
use market::TradingDate;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A file that nobody wrote to for so long is closed, so that many tenants do not eat the descriptors.
const IDLE_AFTER: Duration = Duration::from_secs(30);
/// How long to wait before old files that the archive did not have are looked at again.
const PRUNE_RETRY: Duration = Duration::from_secs(60);
/// Bytes that one file may hold back in memory.
const BUFFER_BYTES: usize = 256 * 1024;

/// All files the writer has to do with.
pub(in crate::log) struct Files {
    folder: PathBuf,
    open: HashMap<LogFileName, Open>,
    days_kept: Option<u32>,
    /// What the archive has of each, by bytes; none where there is no archive.
    archived: Option<Arc<Mutex<HashMap<LogFileName, u64>>>>,
    pruned: Option<TradingDate>,
    prune_at: Instant,
    /// Lines that a disk which works again had not taken.
    lost: Vec<(LogFileName, u64)>,
}

struct Open {
    buffer: Vec<u8>,
    lines: u64,
    file: Option<File>,
    lost_lines: u64,
    used: Instant,
}

impl Files {
    pub(in crate::log) fn new(
        folder: PathBuf,
        days_kept: Option<u32>,
        archived: Option<Arc<Mutex<HashMap<LogFileName, u64>>>>,
    ) -> Self {
        let (open, lost, prune_at) = (HashMap::new(), Vec::new(), Instant::now());
        Self { folder, open, days_kept, archived, pruned: None, prune_at, lost }
    }

    /// Once a day, deletes the files that are older than they are kept. What the archive lacks stays and is looked at again.
    pub(in crate::log) fn prune(&mut self, today: TradingDate) {
        let is_due = self.pruned != Some(today) && Instant::now() >= self.prune_at;
        let Some(days_kept) = self.days_kept.filter(|_| is_due) else { return };
        let oldest = (1..days_kept.max(1)).fold(today, |date, _| date.previous());
        match self.delete_before(oldest) {
            Ok(0) => self.pruned = Some(today),
            Ok(held_back) => {
                tracing::debug!(held_back, "old log files wait for the archive before they are deleted");
                self.prune_at = Instant::now() + PRUNE_RETRY;
            }
            Err(error) => {
                tracing::error!("old log files are not deleted: {error:#}");
                self.pruned = Some(today);
            }
        }
    }

    /// Lines that were lost to files which can be written again.
    pub(super) fn take_lost(&mut self) -> Vec<(LogFileName, u64)> {
        std::mem::take(&mut self.lost)
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
            let works = open.file.is_some();
            if works && open.lost_lines > 0 {
                let lost_lines = std::mem::take(&mut open.lost_lines);
                tracing::warn!(broker_id = name.broker_id(), lost_lines, "the log can be written again");
                self.lost.push((name.clone(), lost_lines));
            }
        }
        // What was lost is remembered until somebody was told.
        self.open.retain(|_, open| open.lost_lines > 0 || open.used.elapsed() < IDLE_AFTER);
    }

    /// Deletes log files and nothing else; how many were old enough but are not in the archive yet.
    fn delete_before(&self, oldest: TradingDate) -> io::Result<usize> {
        let mut held_back = 0;
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().and_then(LogFileName::parse);
            let Some(name) = name.filter(|name| name.date() < oldest) else { continue };
            if !self.is_safe(&name, entry.metadata()?.len()) {
                held_back += 1;
                continue;
            }
            std::fs::remove_file(self.folder.join(name.to_string()))?;
            tracing::info!(broker_id = name.broker_id(), file = %name, "old log file deleted");
        }
        Ok(held_back)
    }

    /// True when the archive has every byte of the file, or there is none that should.
    fn is_safe(&self, name: &LogFileName, bytes: u64) -> bool {
        let Some(archived) = &self.archived else { return true };
        archived.lock().unwrap_or_else(PoisonError::into_inner).get(name) == Some(&bytes)
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
        if let Err(error) = self.write(folder, name) {
            self.fail(name, &error);
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

fn open_to_append(path: &Path) -> io::Result<File> {
    let is_link = std::fs::symlink_metadata(path).is_ok_and(|meta| !meta.is_file());
    if is_link {
        return Err(io::Error::other(format!("{} is not a plain file: remove it", path.display())));
    }
    private::append_to_file(path)
}
