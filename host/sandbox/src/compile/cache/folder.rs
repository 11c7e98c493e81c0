//! The cache's folder: what a crash left half written is removed, and what was used longest ago makes room.
//!
//! Compiled code is read into memory as a whole, so a file that goes while a run uses its code takes nothing away.

use rustix::fs::{Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, futimens};
use std::ffi::OsStr;
use std::fs::{self, DirEntry, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How compiled code is called.
pub(super) const KEPT: &str = "cwasm";
/// How it is called until it is whole.
pub(super) const DRAFT: &str = "new";

struct Kept {
    used: SystemTime,
    path: PathBuf,
    bytes: u64,
}

/// Removes what was half written when a host went down. Only for a host that has the folder to itself.
pub(super) fn clear_drafts(folder: &Path) -> io::Result<()> {
    for entry in entries(folder)? {
        let path = entry?.path();
        if path.extension() == Some(OsStr::new(DRAFT)) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Removes what was used longest ago until there is room for so many bytes more.
pub(super) fn make_room(folder: &Path, more: u64, limit: u64) -> io::Result<()> {
    let mut kept = Vec::new();
    for entry in entries(folder)? {
        let entry = entry?;
        if entry.path().extension() == Some(OsStr::new(KEPT)) {
            let metadata = entry.metadata()?;
            kept.push(Kept { used: metadata.modified()?, path: entry.path(), bytes: metadata.len() });
        }
    }
    kept.sort_by_key(|kept| kept.used);
    let mut total = kept.iter().map(|kept| kept.bytes).sum::<u64>().saturating_add(more);
    for oldest in kept {
        if total <= limit {
            break;
        }
        fs::remove_file(&oldest.path)?;
        total -= oldest.bytes;
    }
    Ok(())
}

/// Remembers that a file was used now.
pub(super) fn touch(file: &File) -> io::Result<()> {
    let times = Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
    };
    Ok(futimens(file, &times)?)
}

/// What is in the folder; nothing when it is not there yet.
fn entries(folder: &Path) -> io::Result<Box<dyn Iterator<Item = io::Result<DirEntry>>>> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(Box::new(entries)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Box::new(std::iter::empty())),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            entries(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_used_longest_ago_goes_first_and_only_as_much_as_must() {
        let folder = tempfile::tempdir().unwrap();
        for (age_s, name) in [(30, "b.cwasm"), (40, "a.cwasm"), (20, "c.cwasm"), (90, "other")] {
            let file = File::create(folder.path().join(name)).unwrap();
            file.set_len(10).unwrap();
            let now = file.metadata().unwrap().modified().unwrap();
            file.set_modified(now - Duration::from_secs(age_s)).unwrap();
        }
        make_room(folder.path(), 5, 35).unwrap();
        assert_eq!(
            names(folder.path()),
            ["a.cwasm", "b.cwasm", "c.cwasm", "other"],
            "there is room as it is"
        );
        touch(&File::open(folder.path().join("a.cwasm")).unwrap()).unwrap();
        make_room(folder.path(), 10, 35).unwrap();
        assert_eq!(names(folder.path()), ["a.cwasm", "c.cwasm", "other"], "a was used since");
    }

    #[test]
    fn drafts_go_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.12-0.new", "b.cwasm"] {
            File::create(folder.path().join(name)).unwrap();
        }
        clear_drafts(folder.path()).unwrap();
        assert_eq!(names(folder.path()), ["b.cwasm"]);
        clear_drafts(&folder.path().join("nowhere")).unwrap();
    }
}
