//! Which log files are newer here than in the storage. Log files only grow, so their size tells.

use crate::log::LogFileName;
use std::collections::HashMap;
use std::io;
use std::path::Path;

/// What is known to be in the storage, by size.
#[derive(Debug, Default)]
pub(super) struct Changed {
    there: HashMap<LogFileName, u64>,
}

impl Changed {
    /// The files to look at, oldest date first.
    pub(super) fn pending(&self, files: Vec<(LogFileName, u64)>) -> Vec<(LogFileName, u64)> {
        let mut pending = files;
        pending.retain(|(name, size)| self.there.get(name) != Some(size));
        pending.sort_by_key(|(name, _)| (name.date(), name.broker_id().to_owned()));
        pending
    }

    pub(super) fn knows(&self, name: &LogFileName) -> bool {
        self.there.contains_key(name)
    }

    pub(super) fn is_up(&mut self, name: LogFileName, size: u64) {
        self.there.insert(name, size);
    }
}

/// Every log file in the folder with its size. Links and foreign files are left alone.
pub(super) fn scan(folder: &Path) -> io::Result<Vec<(LogFileName, u64)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        let name = entry.file_name();
        let name = name.to_str().and_then(LogFileName::parse);
        files.extend(name.filter(|_| meta.is_file()).map(|name| (name, meta.len())));
    }
    Ok(files)
}
