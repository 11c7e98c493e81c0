//! The live end of a log. A watcher that lags is told how many lines it missed; it never holds up the writer.

use super::line::LogLine;
use std::sync::Arc;
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// What a watcher gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TailItem {
    /// The next line.
    Line(Arc<LogLine>),
    /// The watcher was too slow for so many lines; they are in the file.
    Missed(u64),
}

/// One watcher.
#[derive(Debug)]
pub struct Tail {
    lines: Receiver<Arc<LogLine>>,
}

impl Tail {
    pub(super) fn new(lines: Receiver<Arc<LogLine>>) -> Self {
        Self { lines }
    }

    /// Waits for the next line. `None` once the log is closed. Safe to cancel.
    pub async fn next(&mut self) -> Option<TailItem> {
        match self.lines.recv().await {
            Ok(line) => Some(TailItem::Line(line)),
            Err(RecvError::Lagged(lines)) => Some(TailItem::Missed(lines)),
            Err(RecvError::Closed) => None,
        }
    }
}
