//! A tenant's log: lines for people, one file a day, pushed live to whoever watches.
//!
//! A [`TenantLog`] is made for one tenant and writes that tenant's id into every line; callers cannot name another.
//! It knows no strategy and no web. Writing never waits for the disk: lines go through a bounded queue to one
//! writer thread ([`LogWriter`]), and what does not fit is counted and reported in the log itself.

mod disk;
mod escape;
mod line;
mod name;
mod quota;
mod read;
mod tail;

pub use disk::LogWriter;
pub use escape::escape;
pub use line::{Level, LogLine};
pub use name::{BadBrokerId, LogFileName};
pub use quota::LogLimits;
pub use read::{Filter, LogError, LogFile};
pub use tail::{Tail, TailItem};

use market::{Timestamp, TradingDate};
use quota::{Grant, Quota, Writer};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::broadcast;

/// One tenant's log. A cheap handle.
#[derive(Clone)]
pub struct TenantLog {
    inner: Arc<Inner>,
}

struct Inner {
    name: name::Owner,
    writer: LogWriter,
    quota: Mutex<Quota>,
    watchers: broadcast::Sender<Arc<LogLine>>,
}

impl std::fmt::Debug for TenantLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TenantLog({})", self.inner.name)
    }
}

impl TenantLog {
    /// The log of one tenant. The id decides the file names, so it is checked here again.
    ///
    /// # Errors
    /// When the id is not 1 to 20 capital letters and digits.
    pub(crate) fn new(broker_id: &str, writer: &LogWriter) -> Result<Self, BadBrokerId> {
        let name = name::Owner::new(broker_id)?;
        let limits = writer.limits();
        let now = writer.now();
        let on_disk = writer.size_of(&name.file(now.date()));
        let (watchers, _) = broadcast::channel(limits.tail_lines);
        let quota = Mutex::new(Quota::new(limits, now, on_disk));
        let inner = Arc::new(Inner { name, writer: writer.clone(), quota, watchers });
        writer.register(Arc::downgrade(&inner));
        Ok(Self { inner })
    }

    /// Writes one line of this host. Never blocks and never fails: what the quota or the queue refuses is counted and
    /// reported.
    pub fn write(&self, level: Level, run: Option<&str>, text: &str) {
        self.inner.write(Writer::Host, level, run, text);
    }

    /// Writes one line of a run, out of the runs' own quota: a chatty one cannot silence what the host says of orders.
    pub fn write_of_run(&self, level: Level, run: &str, text: &str) {
        self.inner.write(Writer::Run, level, Some(run), text);
    }

    /// The lines from now on, pushed.
    pub fn tail(&self) -> Tail {
        Tail::new(self.inner.watchers.subscribe())
    }

    /// The newest lines of a date that pass the filter, oldest first. An unwritten date has none.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub async fn read(&self, date: TradingDate, filter: Filter) -> Result<Vec<LogLine>, LogError> {
        let path = self.inner.writer.path(&self.inner.name.file(date));
        self.off_thread(move || read::lines(&path, &filter)).await
    }

    /// The dates that have a file, oldest first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn dates(&self) -> Result<Vec<TradingDate>, LogError> {
        let (folder, owner) = (self.inner.writer.folder().to_owned(), self.inner.name.clone());
        self.off_thread(move || read::dates(&folder, &owner)).await
    }

    /// The file of a date, for download. `None` when nothing was written that day.
    ///
    /// # Errors
    /// When the file is there and cannot be opened.
    pub async fn open(&self, date: TradingDate) -> Result<Option<LogFile>, LogError> {
        let file = self.inner.name.file(date);
        let path = self.inner.writer.path(&file);
        self.off_thread(move || read::open(&path, file)).await
    }

    /// Lines lost so far to quotas, a full queue or a failing disk.
    pub fn suppressed(&self) -> u64 {
        self.inner.quota().total_suppressed()
    }

    /// Runs blocking file work after everything written before is on disk.
    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        let writer = self.inner.writer.clone();
        let task = tokio::task::spawn_blocking(move || {
            writer.flush();
            work()
        });
        task.await.unwrap_or(Err(LogError::Interrupted))
    }
}

impl Inner {
    fn write(&self, writer: Writer, level: Level, run: Option<&str>, text: &str) {
        let line = LogLine::new(self.writer.now(), level, run, text);
        let mut quota = self.quota();
        let record = line.record(&self.name);
        match quota.ask(writer, line.time, record.len()) {
            Grant::Yes => self.send(&mut quota, writer, line, record),
            Grant::YesAfter { suppressed } => {
                self.report(&mut quota, line.time, suppressed);
                self.send(&mut quota, writer, line, record);
            }
            Grant::No => {}
        }
    }

    /// Reports what was suppressed once its second is over, even when nobody writes any more.
    fn settle(&self, now: Timestamp, closing: bool) {
        let mut quota = self.quota();
        if let Some(suppressed) = quota.due(now, closing) {
            self.report(&mut quota, now, suppressed);
        }
    }

    /// Lines that the disk did not take; said when it takes lines again.
    fn lost_on_disk(&self, lines: u64) {
        self.quota().lost(lines);
    }

    fn is_of(&self, file: &LogFileName) -> bool {
        file.is_of(&self.name)
    }

    fn report(&self, quota: &mut Quota, time: Timestamp, suppressed: u64) {
        let text = format!(
            "suppressed {suppressed} lines: the log's quota or its queue was full, or the disk did not take them"
        );
        let line = LogLine::new(time, Level::Warn, None, &text);
        let record = line.record(&self.name);
        self.send(quota, Writer::Host, line, record);
    }

    fn send(&self, quota: &mut Quota, writer: Writer, line: LogLine, record: String) {
        let file = self.name.file(line.time.date());
        if self.writer.send(writer, file, record) {
            // Nobody watching is no error.
            let _ = self.watchers.send(Arc::new(line));
        } else {
            quota.lost(1);
        }
    }

    fn quota(&self) -> MutexGuard<'_, Quota> {
        self.quota.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Registered = Weak<Inner>;

#[cfg(test)]
mod tests;
