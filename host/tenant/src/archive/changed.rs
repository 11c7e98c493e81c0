//! Which log files are newer here than in the storage. Log files only grow, so within one process their size tells.

use crate::log::LogFileName;
use std::collections::HashMap;
use std::fs::{DirEntry, Metadata};
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// A log file as the folder shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) name: LogFileName,
    pub(super) bytes: u64,
    pub(super) changed_at: SystemTime,
}

/// What is known to be in the storage, by size.
#[derive(Debug, Default)]
pub(super) struct Changed {
    there: HashMap<LogFileName, u64>,
}

impl Changed {
    /// The files to look at, oldest date first.
    pub(super) fn pending(&self, files: Vec<Seen>) -> Vec<Seen> {
        let mut pending = files;
        pending.retain(|file| self.there.get(&file.name) != Some(&file.bytes));
        pending.sort_by_key(|file| (file.name.date(), file.name.broker_id().to_owned()));
        pending
    }

    pub(super) fn knows(&self, name: &LogFileName) -> bool {
        self.there.contains_key(name)
    }

    pub(super) fn is_up(&mut self, file: Seen) {
        self.there.insert(file.name, file.bytes);
    }
}

/// Every log file in the folder. Links and foreign files are left alone, and so is what cannot be looked at, such as a file
/// that is deleted meanwhile: the next scan sees what there is.
pub(super) fn scan(folder: &Path) -> io::Result<Vec<Seen>> {
    Ok(std::fs::read_dir(folder)?.filter_map(|entry| look_at(&entry.ok()?)).collect())
}

fn look_at(entry: &DirEntry) -> Option<Seen> {
    let name = LogFileName::parse(entry.file_name().to_str()?)?;
    let meta = entry.metadata().ok().filter(Metadata::is_file)?;
    Some(Seen { name, bytes: meta.len(), changed_at: meta.modified().ok()? })
}
