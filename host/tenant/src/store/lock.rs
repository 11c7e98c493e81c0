//! One process per data folder. The lock is the kernel's, so it ends with the process, however it ends.

use crate::error::OpenError;
use crate::private;
use std::fs::{File, TryLockError};
use std::path::Path;

/// Held as long as the store is open.
pub(super) struct FolderLock {
    _file: File,
}

impl FolderLock {
    pub(super) fn take(data_dir: &Path) -> Result<Self, OpenError> {
        let failed = |why: std::io::Error| OpenError::File {
            path: data_dir.display().to_string(),
            why: why.to_string(),
        };
        private::make_folder(data_dir).map_err(failed)?;
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
