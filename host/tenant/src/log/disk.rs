//! The one writer thread of the host: takes lines from a bounded queue and appends them to the files of the day.
//!
//! It knows files and bytes, not levels or tenants' rights. Buffers reach the disk within [`FLUSH_EVERY`].

mod files;

use super::Registered;
use super::name::LogFileName;
use super::quota::{LogLimits, Writer};
use crate::Clock;
use crate::private;
pub(super) use files::Files;
use market::Timestamp;
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a line may stay in memory.
const FLUSH_EVERY: Duration = Duration::from_millis(100);

/// The host's writer. A cheap handle; the thread ends with [`LogWriter::close`] or the last handle.
#[derive(Clone)]
pub struct LogWriter {
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    limits: LogLimits,
    clock: Clock,
    queue: SyncSender<Order>,
    /// Lines in the queue.
    waiting: Arc<AtomicUsize>,
    /// What the archive has, by bytes.
    archived: Archived,
    logs: Arc<Mutex<Vec<Registered>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

type Archived = Arc<Mutex<HashMap<LogFileName, u64>>>;

enum Order {
    Line { file: LogFileName, record: String },
    Flush(SyncSender<()>),
    Close,
}

impl fmt::Debug for LogWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogWriter({})", self.shared.folder.display())
    }
}

impl LogWriter {
    /// Starts the writer on a folder, which is made where it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made or the thread cannot start.
    pub(crate) fn start(folder: impl Into<PathBuf>, limits: LogLimits, clock: Clock) -> io::Result<Self> {
        let folder = folder.into();
        private::make_folder(&folder)?;
        let (queue, orders) = mpsc::sync_channel(limits.queue_lines);
        let logs = Arc::new(Mutex::new(Vec::new()));
        let (waiting, archived) = (Arc::new(AtomicUsize::new(0)), Archived::default());
        let needed = limits.is_archived.then(|| Arc::clone(&archived));
        let files = Files::new(folder.clone(), limits.days_kept, needed);
        let work =
            Work { files, logs: Arc::clone(&logs), clock: clock.clone(), waiting: Arc::clone(&waiting) };
        let name = "bulkhead-log".to_owned();
        let thread = std::thread::Builder::new().name(name).spawn(move || work.run(&orders))?;
        let thread = Mutex::new(Some(thread));
        let shared = Shared { folder, limits, clock, queue, waiting, archived, logs, thread };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The folder of the files.
    pub fn folder(&self) -> &Path {
        &self.shared.folder
    }

    /// Waits until everything written before is in the files. Blocks: keep it off the async threads.
    pub fn flush(&self) {
        let (done, flushed) = mpsc::sync_channel(1);
        if self.shared.queue.send(Order::Flush(done)).is_ok() {
            // A writer that ended meanwhile has flushed on its way out.
            let _ = flushed.recv();
        }
    }

    /// Writes everything that waits and ends the thread. What is written after this is lost and counted. Blocks.
    pub fn close(&self) {
        let thread = self.shared.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            for log in registered(&self.shared.logs) {
                log.settle(self.now(), true);
            }
            // Both fail only when the thread is gone already.
            let _ = self.shared.queue.send(Order::Close);
            let _ = thread.join();
        }
    }

    pub(super) fn limits(&self) -> &LogLimits {
        &self.shared.limits
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    pub(super) fn path(&self, file: &LogFileName) -> PathBuf {
        self.shared.folder.join(file.to_string())
    }

    pub(super) fn size_of(&self, file: &LogFileName) -> u64 {
        std::fs::metadata(self.path(file)).map_or(0, |meta| meta.len())
    }

    pub(super) fn register(&self, log: Registered) {
        let mut logs = self.shared.logs.lock().unwrap_or_else(PoisonError::into_inner);
        logs.retain(|known| known.strong_count() > 0);
        logs.push(log);
    }

    /// The archive has so many bytes of a file.
    pub(crate) fn is_archived(&self, file: LogFileName, bytes: u64) {
        self.shared.archived.lock().unwrap_or_else(PoisonError::into_inner).insert(file, bytes);
    }

    /// Queues one line. False when the queue is closed or has no place for such a line.
    pub(super) fn send(&self, writer: Writer, file: LogFileName, record: String) -> bool {
        let limits = &self.shared.limits;
        let places = match writer {
            Writer::Host => limits.queue_lines,
            Writer::Run => limits.queue_lines.saturating_sub(limits.queue_lines_of_host),
        };
        // Counted before it is queued, so that the count never lags behind; exactness to a line is not needed.
        if self.shared.waiting.fetch_add(1, Ordering::Relaxed) >= places {
            self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
            return false;
        }
        match self.shared.queue.try_send(Order::Line { file, record }) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
                false
            }
        }
    }
}

/// What the writer thread has.
struct Work {
    files: Files,
    logs: Arc<Mutex<Vec<Registered>>>,
    clock: Clock,
    waiting: Arc<AtomicUsize>,
}

impl Work {
    fn run(mut self, orders: &mpsc::Receiver<Order>) {
        let mut next_flush = Instant::now() + FLUSH_EVERY;
        loop {
            match orders.recv_timeout(next_flush.saturating_duration_since(Instant::now())) {
                Ok(Order::Line { file, record }) => self.append(&file, &record),
                Ok(Order::Flush(done)) => {
                    self.files.flush();
                    // Whoever asked may have given up.
                    let _ = done.send(());
                }
                Ok(Order::Close) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if Instant::now() >= next_flush {
                self.files.flush();
                self.settle();
                self.files.prune(self.clock.now().date());
                next_flush = Instant::now() + FLUSH_EVERY;
            }
        }
        for late in orders.try_iter() {
            if let Order::Line { file, record } = late {
                self.append(&file, &record);
            }
        }
        self.files.flush();
    }

    fn append(&mut self, file: &LogFileName, record: &str) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.files.append(file, record);
    }

    /// Tells the logs what the disk cost them, and lets each say what it lost.
    fn settle(&mut self) {
        let logs = registered(&self.logs);
        for (file, lines) in self.files.take_lost() {
            if let Some(log) = logs.iter().find(|log| log.is_of(&file)) {
                log.lost_on_disk(lines);
            }
        }
        let now = self.clock.now();
        logs.iter().for_each(|log| log.settle(now, false));
    }
}

fn registered(logs: &Mutex<Vec<Registered>>) -> Vec<Arc<super::Inner>> {
    let logs = logs.lock().unwrap_or_else(PoisonError::into_inner);
    logs.iter().filter_map(Registered::upgrade).collect()
}
