//! Which log files are newer here than in the storage. Log files only grow, so within one process their size tells.

use crate::log::LogFileName;
use std::collections::HashMap;
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

/// Every log file in the folder. Links and foreign files are left alone.
pub(super) fn scan(folder: &Path) -> io::Result<Vec<Seen>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        let name = entry.file_name();
        let name = name.to_str().and_then(LogFileName::parse);
        let changed_at = meta.modified()?;
        files.extend(name.filter(|_| meta.is_file()).map(|name| Seen {
            name,
            bytes: meta.len(),
            changed_at,
        }));
    }
    Ok(files)
}
