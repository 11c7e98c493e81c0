//! Standard output and error, gathered line by line and bounded.

use crate::step::LogLevel;
use bytes::Bytes;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// The most a guest may write at once.
const PERMIT_BYTES: usize = 64 << 10;

/// Both streams of one machine. Machine and streams live on one thread at a time, so the lock is never waited for.
pub(crate) struct Output(Arc<Shared>);

struct Shared {
    /// Something was written in the call at hand. Most calls write nothing, and must not pay for it.
    written: AtomicBool,
    lines: Mutex<Lines>,
}

/// Lines that are whole, and the beginnings of the next ones.
struct Lines {
    whole: Vec<(LogLevel, String)>,
    begun: [Vec<u8>; 2],
    line_bytes: usize,
    bytes_left: usize,
    bytes_per_call: usize,
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
    pub(crate) fn new(line_bytes: usize, bytes_per_call: usize) -> Self {
        let lines = Mutex::new(Lines {
            whole: Vec::new(),
            begun: [Vec::new(), Vec::new()],
            line_bytes,
            bytes_left: bytes_per_call,
            bytes_per_call,
        });
        Self(Arc::new(Shared { written: AtomicBool::new(false), lines }))
    }

    pub(crate) fn stdout(&self) -> impl StdoutStream + 'static {
        Sink { shared: Arc::clone(&self.0), channel: Channel::Out }
    }

    pub(crate) fn stderr(&self) -> impl StdoutStream + 'static {
        Sink { shared: Arc::clone(&self.0), channel: Channel::Err }
    }

    /// The whole lines since the last time.
    pub(crate) fn take(&self) -> Vec<(LogLevel, String)> {
        if !self.0.written.load(Ordering::Relaxed) {
            return Vec::new();
        }
        std::mem::take(&mut lock(&self.0).whole)
    }

    /// The call is over: what was begun is a line, and the next call has its full share again. Answers what was not
    /// taken yet.
    pub(crate) fn end_call(&self) -> Vec<(LogLevel, String)> {
        if !self.0.written.swap(false, Ordering::Relaxed) {
            return Vec::new();
        }
        let mut lines = lock(&self.0);
        lines.end_line(Channel::Out);
        lines.end_line(Channel::Err);
        lines.bytes_left = lines.bytes_per_call;
        std::mem::take(&mut lines.whole)
    }
}

impl Lines {
    fn write(&mut self, channel: Channel, bytes: &[u8]) {
        // A flood is cut here, so that a guest cannot make the host hold more than its share.
        let bytes = &bytes[..bytes.len().min(self.bytes_left)];
        self.bytes_left -= bytes.len();
        for &byte in bytes {
            if byte == b'\n' {
                self.end_line(channel);
            } else if self.begun[channel as usize].len() < self.line_bytes {
                self.begun[channel as usize].push(byte);
            }
        }
    }

    fn end_line(&mut self, channel: Channel) {
        let begun = &mut self.begun[channel as usize];
        if begun.is_empty() {
            return;
        }
        let level = match channel {
            Channel::Out => LogLevel::Info,
            Channel::Err => LogLevel::Error,
        };
        let text = String::from_utf8_lossy(begun).into_owned();
        begun.clear();
        self.whole.push((level, text));
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
        lock(&self.shared).write(self.channel, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT_BYTES)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Sink {
    async fn ready(&mut self) {}
}

fn lock(shared: &Shared) -> MutexGuard<'_, Lines> {
    shared.lines.lock().unwrap_or_else(PoisonError::into_inner)
}
