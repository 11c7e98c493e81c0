//! Whether the database can be written to, and room for what must still be written when the disk is full.
//!
//! A file of ballast lies in the data folder. When a write finds no room it is given up: withdrawals and the ends of
//! orders are written into what it leaves, while new orders are refused. It is laid down again, and orders are taken
//! again, once the disk has room for it twice. What fails otherwise fails for good: after a failed write or sync nobody
//! knows what the disk holds, so nothing is written any more until the host is started again. Knows no SQL.

use crate::error::{OpenError, StoreError};
use crate::private;
use rustix::fs::{FallocateFlags, fallocate, statvfs};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::watch;

/// Room kept for what must be written on a full disk, in bytes.
const BALLAST_BYTES: u64 = 64 << 20;

/// How often a full disk is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// The file of ballast.
const BALLAST_NAME: &str = "ballast";

/// How the database takes what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Health {
    /// It takes everything.
    #[default]
    Good,
    /// The disk is full: new orders are refused, withdrawals go on.
    Full,
    /// A write or sync failed: nothing is written until the host is started again.
    Failed,
}

impl Health {
    /// Why no new order may leave, and what to do; none while it is good.
    pub fn trouble(self) -> Option<&'static str> {
        match self {
            Self::Good => None,
            Self::Full => Some(
                "the disk of the data folder is full: make room on it, and orders are taken again by themselves; \
                 withdrawals go on meanwhile",
            ),
            Self::Failed => Some(
                "the disk of the data folder failed: mend it, then start the host again, and it will compare everything \
                 with the broker first; withdrawals go on meanwhile",
            ),
        }
    }
}

/// The ballast and what the writers heard.
pub(crate) struct Space {
    folder: PathBuf,
    health: watch::Sender<Health>,
}

impl Space {
    /// Lays the ballast down. Without room for it, the database begins as one on a full disk.
    pub(super) fn open(data_dir: &Path) -> Result<Arc<Self>, OpenError> {
        let space = Arc::new(Self { folder: data_dir.to_owned(), health: watch::Sender::default() });
        match space.lay_ballast() {
            Ok(()) => {}
            Err(why) if why.kind() == io::ErrorKind::StorageFull => space.run_full("no room for the ballast"),
            Err(why) => {
                let path = space.ballast().display().to_string();
                return Err(OpenError::File { path, why: why.to_string() });
            }
        }
        tokio::spawn(look_again(Arc::downgrade(&space)));
        Ok(space)
    }

    /// How the database takes what is written.
    pub(crate) fn health(&self) -> Health {
        *self.health.borrow()
    }

    /// False while what is left of the disk is kept for withdrawals and the ends of orders, and where nothing is written.
    pub(super) fn takes_gathered(&self) -> bool {
        match self.health() {
            Health::Good => true,
            Health::Full => self.has_room(BALLAST_BYTES / 2),
            Health::Failed => false,
        }
    }

    /// A write went wrong. What has nothing to do with the disk changes nothing.
    pub(crate) fn heard(&self, error: &StoreError) {
        match error {
            StoreError::Full(why) => self.run_full(why),
            StoreError::Failed(why) => self.fail(why),
            StoreError::Database(_) | StoreError::Unreadable { .. } => {}
        }
    }

    /// An error where nothing may be written any more.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match self.health() {
            Health::Good | Health::Full => Ok(()),
            Health::Failed => Err(StoreError::Failed("it failed before; nothing is written any more".into())),
        }
    }

    fn run_full(&self, why: &str) {
        let begins = self.health.send_if_modified(|health| {
            let begins = *health == Health::Good;
            if begins {
                *health = Health::Full;
            }
            begins
        });
        if begins {
            tracing::error!("the disk of {} is full ({why}): no new orders", self.folder.display());
        }
        // Also where it was full already: a look may just have laid it down again.
        if let Err(why) = std::fs::remove_file(self.ballast())
            && why.kind() != io::ErrorKind::NotFound
        {
            tracing::error!("the ballast cannot be given up: {why}");
        }
    }

    fn fail(&self, why: &str) {
        let begins = self.health.send_replace(Health::Failed) != Health::Failed;
        if begins {
            tracing::error!(
                "the disk of {} failed ({why}): nothing is written any more. Mend it and start the host again",
                self.folder.display()
            );
        }
    }

    /// Takes orders again where the disk has room again.
    fn look(&self) {
        if self.health() != Health::Full || !self.has_room(2 * BALLAST_BYTES) || self.lay_ballast().is_err() {
            return;
        }
        let recovered = self.health.send_if_modified(|health| {
            let recovered = *health == Health::Full;
            if recovered {
                *health = Health::Good;
            }
            recovered
        });
        if recovered {
            tracing::info!("the disk of {} has room again: orders are taken", self.folder.display());
        }
    }

    fn has_room(&self, bytes: u64) -> bool {
        statvfs(&self.folder).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) >= bytes)
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join(BALLAST_NAME)
    }

    fn lay_ballast(&self) -> io::Result<()> {
        let file = private::make_file(&self.ballast())?;
        let laid = if file.metadata()?.len() == BALLAST_BYTES { Ok(()) } else { fill(&file) };
        if laid.is_err() {
            // Half a ballast would take room and give little.
            let _ = std::fs::remove_file(self.ballast());
        }
        laid
    }
}

/// Blocks of the disk for the whole length, whatever the file system offers for that.
fn fill(mut file: &File) -> io::Result<()> {
    match fallocate(file, FallocateFlags::empty(), 0, BALLAST_BYTES) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {}
        other => return Ok(other?),
    }
    let piece = vec![0; 1 << 20];
    for _ in 0..BALLAST_BYTES >> 20 {
        file.write_all(&piece)?;
    }
    file.sync_all()
}

async fn look_again(space: Weak<Space>) {
    loop {
        tokio::time::sleep(LOOK_AGAIN).await;
        let Some(space) = space.upgrade() else { return };
        // A file system without allocation is written to, which takes a while.
        let _ = tokio::task::spawn_blocking(move || space.look()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> StoreError {
        StoreError::Full("database or disk is full".into())
    }

    #[tokio::test]
    async fn a_full_disk_gets_the_ballast_back_when_it_has_room_and_then_takes_orders_again() {
        let folder = tempfile::tempdir().unwrap();
        let space = Space::open(folder.path()).unwrap();
        let ballast = folder.path().join("ballast");
        assert_eq!((space.health(), ballast.metadata().unwrap().len()), (Health::Good, 64 << 20));
        space.heard(&full());
        assert_eq!((space.health(), ballast.exists()), (Health::Full, false));
        space.check().unwrap();
        assert!(space.takes_gathered(), "this disk has room for what nobody waits for, too");
        assert!(space.health().trouble().unwrap().contains("make room"));
        let mut told = space.health.subscribe();
        told.changed().await.unwrap();
        assert_eq!((space.health(), ballast.metadata().unwrap().len()), (Health::Good, 64 << 20));
    }

    #[tokio::test]
    async fn what_failed_stays_failed_whatever_is_heard_later() {
        let folder = tempfile::tempdir().unwrap();
        let space = Space::open(folder.path()).unwrap();
        space.heard(&StoreError::Failed("disk I/O error".into()));
        space.heard(&full());
        space.look();
        assert_eq!((space.health(), space.takes_gathered()), (Health::Failed, false));
        assert!(space.check().unwrap_err().to_string().contains("nothing is written any more"));
        assert!(space.health().trouble().unwrap().contains("start the host again"));
    }

    #[tokio::test]
    async fn an_error_that_is_not_the_disks_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let space = Space::open(folder.path()).unwrap();
        space.heard(&StoreError::Database("database is locked".into()));
        assert_eq!(space.health(), Health::Good);
    }
}
