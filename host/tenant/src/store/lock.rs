//! One process per data folder, and only in a folder that can be trusted with money. The lock is the kernel's, so it
//! ends with the process, however it ends.

use crate::error::OpenError;
use crate::private;
use rustix::fs::statfs;
use rustix::process::geteuid;
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// File systems of other machines, by the number the kernel gives them. Their locks and syncs are promises of a server
/// that may be gone: a database there is not durable, and two hosts may both believe that they hold it.
const NETWORK_FILE_SYSTEMS: [(u32, &str); 5] =
    [(0x6969, "NFS"), (0xff53_4d42, "CIFS"), (0xfe53_4d42, "SMB2"), (0x517b, "SMB"), (0x5346_414f, "AFS")];

/// What everybody may do to a folder: change what stands in it.
const OTHERS_WRITE: u32 = 0o002;

/// Held as long as the store is open.
pub(super) struct FolderLock {
    _file: File,
}

impl FolderLock {
    pub(super) fn take(data_dir: &Path) -> Result<Self, OpenError> {
        let failed = |why: io::Error| unusable(data_dir, why.to_string());
        private::make_folder(data_dir).map_err(failed)?;
        check_folder(data_dir)?;
        let path = data_dir.join("lock");
        let file = private::make_file(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                Err(OpenError::InUse { data_dir: data_dir.display().to_string() })
            }
            Err(TryLockError::Error(why)) => Err(failed(why)),
        }
    }
}

/// A folder that others may write to, or that lies on another machine, is refused before anything is made in it.
fn check_folder(data_dir: &Path) -> Result<(), OpenError> {
    let folder = std::fs::metadata(data_dir).map_err(|why| unusable(data_dir, why.to_string()))?;
    let kind = statfs(data_dir).map_err(|why| unusable(data_dir, why.to_string()))?.f_type;
    // The kernel's number has 32 bits; the word that carries it may be longer, and signed.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
    let wrong = fault(folder.mode(), folder.uid(), geteuid().as_raw(), kind as u32);
    wrong.map_or(Ok(()), |why| Err(unusable(data_dir, why)))
}

/// What is wrong with a folder of this mode, owner and kind, for a process of this user.
fn fault(mode: u32, owner: u32, user: u32, kind: u32) -> Option<String> {
    if owner != user {
        return Some(format!(
            "it belongs to user {owner}, and this process runs as user {user}: run it as the owner, or give the folder \
             and what is in it to that user (chown -R)"
        ));
    }
    if mode & OTHERS_WRITE != 0 {
        return Some("every user of this machine may write to it: take that away (chmod o-w)".to_owned());
    }
    let (_, name) = NETWORK_FILE_SYSTEMS.iter().find(|(number, _)| *number == kind)?;
    Some(format!(
        "it lies on {name}, where neither locks nor syncs can be relied on: use a disk of this machine"
    ))
}

fn unusable(data_dir: &Path, why: String) -> OpenError {
    OpenError::File { path: data_dir.display().to_string(), why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const EXT4: u32 = 0xef53;

    #[test]
    fn only_a_folder_of_ones_own_on_a_disk_of_this_machine_will_do() {
        let cases = [
            (0o700, 1000, EXT4, None),
            (0o775, 1000, EXT4, None),
            // Of overlays and of the shared folders that sandboxes use.
            (0o700, 1000, 0x794c_7630, None),
            (0o700, 1000, 0x0102_1997, None),
            (0o700, 0, EXT4, Some("belongs to user 0")),
            (0o777, 1000, EXT4, Some("chmod o-w")),
            (0o700, 1000, 0x6969, Some("on NFS")),
            (0o700, 1000, 0xff53_4d42, Some("on CIFS")),
            (0o700, 1000, 0xfe53_4d42, Some("on SMB2")),
            (0o700, 1000, 0x517b, Some("on SMB,")),
        ];
        for (mode, owner, kind, expected) in cases {
            let said = fault(mode, owner, 1000, kind);
            match expected {
                None => assert_eq!(said, None),
                Some(words) => assert!(said.as_deref().is_some_and(|said| said.contains(words)), "{said:?}"),
            }
        }
    }

    #[test]
    fn a_folder_that_everybody_may_write_to_is_refused_and_nothing_is_made_in_it() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let refused = FolderLock::take(dir.path()).err().unwrap().to_string();
        assert!(refused.contains("chmod o-w"), "{refused}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        FolderLock::take(dir.path()).map(drop).unwrap();
    }

    #[test]
    fn a_second_holder_is_told_who_is_in_the_way_until_the_first_lets_go() {
        let dir = tempfile::tempdir().unwrap();
        let first = FolderLock::take(dir.path()).unwrap();
        let refused = FolderLock::take(dir.path()).err().unwrap().to_string();
        assert!(refused.contains("in use by another bulkhead process"), "{refused}");
        drop(first);
        FolderLock::take(dir.path()).map(drop).unwrap();
    }
}
