//! Copies of the log files in object storage, under `{broker_id}/logs/{broker_id}_{date}.log`.
//!
//! The files on disk are the spool: whatever is not yet in the storage is tried again until it is, and trading never
//! waits for it. This knows log file names and one storage; it knows no tenant and reads no line.

mod changed;
mod storage;

pub use storage::{ArchiveError, Storage};

use crate::log::LogWriter;
use changed::{Changed, Seen};
use market::Timestamp;
use serde::Serialize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The longest wait between two tries while the storage is down.
const MAX_BACKOFF: Duration = Duration::from_secs(300);
/// How long the last upload at shutdown may take; what is left goes up after the next start.
const CLOSE_WITHIN: Duration = Duration::from_secs(20);

/// How the archive stands, for `/readyz`, metrics and people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ArchiveStatus {
    /// Where it goes, without credentials.
    pub url: String,
    /// Files put there since the start.
    pub uploads: u64,
    /// Files that are newer here than there, after the last try.
    pub waiting: usize,
    /// When everything was last known to be there.
    pub complete_at: Option<Timestamp>,
    /// Why the last try failed; `None` when it did not.
    pub error: Option<String>,
}

/// The running archive.
#[derive(Debug)]
pub struct Archive {
    status: Arc<Mutex<ArchiveStatus>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Archive {
    /// Starts copying the writer's files to the storage, at once and then every `interval` (one minute is usual).
    pub(crate) fn start(storage: Storage, writer: LogWriter, interval: Duration) -> Self {
        let status = ArchiveStatus { url: storage.url().to_owned(), ..ArchiveStatus::default() };
        let status = Arc::new(Mutex::new(status));
        let (stop, stopped) = watch::channel(false);
        let worker = Worker { storage, writer, status: Arc::clone(&status), changed: Changed::default() };
        let task = tokio::spawn(worker.run(interval, stopped));
        Self { status, stop, task }
    }

    /// How it stands.
    pub fn status(&self) -> ArchiveStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Uploads what is new for the last time and ends. Close the log writer first.
    pub async fn close(self) -> ArchiveStatus {
        // Fails only when the task is gone already.
        let _ = self.stop.send(true);
        if tokio::time::timeout(CLOSE_WITHIN, self.task).await.is_err() {
            tracing::warn!("the last upload of the logs took too long: it goes on after the next start");
        }
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Worker {
    storage: Storage,
    writer: LogWriter,
    status: Arc<Mutex<ArchiveStatus>>,
    changed: Changed,
}

impl Worker {
    async fn run(mut self, interval: Duration, mut stopped: watch::Receiver<bool>) {
        let mut failures = 0;
        loop {
            failures = if self.round().await { 0 } else { failures + 1 };
            let wait = wait_after(failures, interval);
            let told = tokio::time::timeout(wait, stopped.wait_for(|stop| *stop)).await.is_ok();
            if told {
                self.round().await;
                return;
            }
        }
    }

    /// Uploads every file that changed. True when all of them arrived.
    async fn round(&mut self) -> bool {
        let (uploaded, waiting, error) = self.upload_changed().await;
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        status.uploads += uploaded;
        status.waiting = waiting;
        if error.is_none() {
            status.complete_at = Some(self.writer.now());
        }
        match (&status.error, &error) {
            (None, Some(error)) => {
                tracing::warn!(waiting, "cannot archive the logs, will try again: {error}")
            }
            (Some(_), None) => tracing::info!("the logs are archived again"),
            (None, None) | (Some(_), Some(_)) => {}
        }
        status.error = error;
        status.error.is_none()
    }

    /// One pass over all files.
    async fn upload_changed(&mut self) -> (u64, usize, Option<String>) {
        let writer = self.writer.clone();
        let scan = tokio::task::spawn_blocking(move || {
            writer.flush();
            changed::scan(writer.folder())
        });
        match scan.await {
            Ok(Ok(files)) => self.upload(files).await,
            Ok(Err(error)) => (0, 0, Some(format!("cannot list the log folder: {error:#}"))),
            Err(_) => (0, 0, Some("the host is shutting down".to_owned())),
        }
    }

    /// Uploads, waiting, error. A file that cannot be read holds none up; the storage being down for one is taken as being
    /// down for the rest.
    async fn upload(&mut self, files: Vec<Seen>) -> (u64, usize, Option<String>) {
        let pending = self.changed.pending(files);
        let (mut uploaded, mut waiting, mut unreadable) = (0, pending.len(), None);
        for file in pending {
            match self.bring_up(file).await {
                Ok(sent) => uploaded += u64::from(sent),
                Err(error @ ArchiveError::Unreadable { .. }) => {
                    unreadable.get_or_insert(format!("{error:#}"));
                    continue;
                }
                Err(
                    error @ (ArchiveError::Copy { .. }
                    | ArchiveError::Storage { .. }
                    | ArchiveError::Url { .. }
                    | ArchiveError::SecretInUrl),
                ) => return (uploaded, waiting, Some(format!("{error:#}"))),
            }
            waiting -= 1;
        }
        (uploaded, waiting, unreadable)
    }

    /// Makes one object equal to its file. False when it was already.
    async fn bring_up(&mut self, file: Seen) -> Result<bool, ArchiveError> {
        // What an earlier process put there is asked for once; the object must also be younger than the file.
        let is_there = !self.changed.knows(&file.name) && self.storage.holds(&file).await?;
        if !is_there {
            let path = self.writer.folder().join(file.name.to_string());
            self.storage.put(&file.name, &path, file.bytes).await?;
        }
        self.writer.is_archived(file.name.clone(), file.bytes);
        self.changed.is_up(file);
        Ok(!is_there)
    }
}

/// One second, doubled with each failure, and never less often than [`MAX_BACKOFF`].
fn wait_after(failures: u32, interval: Duration) -> Duration {
    if failures == 0 {
        return interval;
    }
    let backoff = Duration::from_secs(1).saturating_mul(2_u32.saturating_pow(failures - 1));
    backoff.min(MAX_BACKOFF)
}

#[cfg(test)]
mod tests;
