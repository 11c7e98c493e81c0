//! Standard output and error, gathered line by line and bounded.

use crate::limits::Limits;
use crate::step::LogLevel;
use bytes::Bytes;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Both streams of one machine. Machine and streams live on one thread at a time, so the lock is never waited for.
pub(crate) struct Output(Arc<Shared>);

struct Shared {
    /// Something was written in the call at hand. Most calls write nothing, and must not pay for it.
    written: AtomicBool,
    /// Something was ever written.
    printed: AtomicBool,
    /// The most a guest may write at once.
    write_bytes: usize,
    lines: Mutex<Lines>,
}

/// Lines that are whole, and the beginnings of the next ones.
struct Lines {
    whole: Vec<(LogLevel, String)>,
    begun: [Begun; 2],
    line_bytes: usize,
    /// What the call at hand may still write, and what every call may.
    left: Quota,
    per_call: Quota,
    lost: u32,
}

/// A line that is not ended yet.
#[derive(Default)]
struct Begun {
    bytes: Vec<u8>,
    /// Some of it, or all, came after the quota was used up.
    lost: bool,
}

#[derive(Clone, Copy)]
struct Quota {
    lines: u32,
    bytes: usize,
}

#[derive(Clone, Copy)]
enum Channel {
    Out = 0,
    Err = 1,
}

struct Sink {
    shared: Arc<Shared>,
    channel: Channel,
}

impl Output {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self(Arc::new(Shared {
            written: AtomicBool::new(false),
            printed: AtomicBool::new(false),
            write_bytes: limits.write_bytes,
            lines: Mutex::new(Lines::new(limits)),
        }))
    }

    pub(crate) fn stdout(&self) -> impl StdoutStream + 'static {
        Sink { shared: Arc::clone(&self.0), channel: Channel::Out }
    }

    pub(crate) fn stderr(&self) -> impl StdoutStream + 'static {
        Sink { shared: Arc::clone(&self.0), channel: Channel::Err }
    }

    /// True when anything was ever written.
    pub(crate) fn has_printed(&self) -> bool {
        self.0.printed.load(Ordering::Relaxed)
    }

    /// The whole lines since the last time.
    pub(crate) fn take(&self) -> Vec<(LogLevel, String)> {
        if !self.0.written.load(Ordering::Relaxed) {
            return Vec::new();
        }
        std::mem::take(&mut lock(&self.0).whole)
    }

    /// The call is over: what was begun is a line, and the next call has its full share again. Answers what was not
    /// taken yet, and how many lines were lost, in whole or in part.
    pub(crate) fn end_call(&self) -> (Vec<(LogLevel, String)>, u32) {
        if !self.0.written.swap(false, Ordering::Relaxed) {
            return (Vec::new(), 0);
        }
        let mut lines = lock(&self.0);
        lines.end_line(Channel::Out);
        lines.end_line(Channel::Err);
        lines.left = lines.per_call;
        (std::mem::take(&mut lines.whole), std::mem::take(&mut lines.lost))
    }
}

impl Lines {
    fn new(limits: &Limits) -> Self {
        let per_call = Quota { lines: limits.log_lines_per_event, bytes: limits.log_bytes_per_event };
        Self {
            whole: Vec::new(),
            begun: Default::default(),
            line_bytes: limits.log_line_bytes,
            left: per_call,
            per_call,
            lost: 0,
        }
    }

    /// A flood is cut here, so that a guest cannot make the host hold more than its share, and counted.
    fn write(&mut self, channel: Channel, bytes: &[u8]) {
        for &byte in bytes {
            if byte == b'\n' {
                self.end_line(channel);
                continue;
            }
            let begun = &mut self.begun[channel as usize];
            if self.left.bytes == 0 || self.left.lines == 0 {
                begun.lost = true;
            } else if begun.bytes.len() < self.line_bytes {
                self.left.bytes -= 1;
                begun.bytes.push(byte);
            }
        }
    }

    fn end_line(&mut self, channel: Channel) {
        let begun = std::mem::take(&mut self.begun[channel as usize]);
        self.lost = self.lost.saturating_add(u32::from(begun.lost));
        if begun.bytes.is_empty() {
            return;
        }
        let level = match channel {
            Channel::Out => LogLevel::Info,
            Channel::Err => LogLevel::Error,
        };
        self.left.lines = self.left.lines.saturating_sub(1);
        self.whole.push((level, String::from_utf8_lossy(&begun.bytes).into_owned()));
    }
}

impl IsTerminal for Sink {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Sink {
    /// The way of WASI 0.3, which is not linked.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(Self { shared: Arc::clone(&self.shared), channel: self.channel })
    }
}

impl OutputStream for Sink {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.shared.written.store(true, Ordering::Relaxed);
        self.shared.printed.store(true, Ordering::Relaxed);
        lock(&self.shared).write(self.channel, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(self.shared.write_bytes)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Sink {
    async fn ready(&mut self) {}
}

fn lock(shared: &Shared) -> MutexGuard<'_, Lines> {
    shared.lines.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(lines: u32, bytes: usize) -> (Output, Box<dyn OutputStream>) {
        let limits = Limits {
            log_lines_per_event: lines,
            log_bytes_per_event: bytes,
            log_line_bytes: 5,
            ..Limits::default()
        };
        let output = Output::new(&limits);
        let stream = output.stdout().p2_stream();
        (output, stream)
    }

    fn print(stream: &mut Box<dyn OutputStream>, text: &'static str) {
        stream.write(Bytes::from_static(text.as_bytes())).unwrap();
    }

    fn texts(lines: Vec<(LogLevel, String)>) -> Vec<String> {
        lines.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn lines_beyond_their_number_are_counted_and_the_next_call_has_its_own() {
        let (output, mut stream) = output(2, 100);
        assert!(!output.has_printed());
        print(&mut stream, "one\n\ntwo\nthree\nfour\nfi");
        assert_eq!(texts(output.take()), ["one", "two"]);
        print(&mut stream, "ve");
        assert_eq!(output.end_call(), (Vec::new(), 3), "three, four and five");
        print(&mut stream, "six");
        let (lines, lost) = output.end_call();
        assert_eq!((texts(lines), lost), (vec!["six".to_owned()], 0));
        assert!(output.has_printed());
    }

    #[test]
    fn bytes_beyond_their_number_are_counted_by_the_lines_they_were_in() {
        let (output, mut stream) = output(100, 6);
        print(&mut stream, "abcd\nefgh\nij\n");
        let (lines, lost) = output.end_call();
        assert_eq!((texts(lines), lost), (vec!["abcd".to_owned(), "ef".to_owned()], 2));
    }

    #[test]
    fn a_long_line_is_cut_like_any_log_line() {
        let (output, mut stream) = output(100, 100);
        print(&mut stream, "abcdefgh\n");
        let (lines, lost) = output.end_call();
        assert_eq!((texts(lines), lost), (vec!["abcde".to_owned()], 0));
    }
}
