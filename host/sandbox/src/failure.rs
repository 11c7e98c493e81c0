//! What can go wrong, in words for the trader who reads them. Knows nothing of the engine's own error types.

mod explain;

pub(crate) use explain::{Circumstances, explain};

use serde::{Deserialize, Serialize};
use std::fmt;

/// The calls a host makes into a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Call {
    /// `describe`.
    Describe,
    /// `start`.
    Start,
    /// `on-ticks`.
    Ticks,
    /// `on-candles`.
    Candles,
    /// `on-order`.
    Order,
    /// `on-timer`.
    Timer,
    /// `on-notice`.
    Notice,
    /// `stop`.
    Stop,
}

/// Why a run is over. The machine that says so is dead and answers every further call with the same words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase", tag = "failure")]
pub enum Failure {
    /// The guest hit a fault: a panic, a bad memory access, unreachable code, too deep a recursion.
    #[error("{call} {reason}")]
    Trapped {
        /// During which call.
        call: Call,
        /// What happened, to follow the name of the call.
        reason: String,
    },
    /// The guest did not come back in time.
    #[error("{call} ran longer than {limit_ms} ms and was stopped")]
    TimedOut {
        /// Which call.
        call: Call,
        /// The limit it passed.
        limit_ms: u64,
    },
    /// The guest asked for more memory than a run may have.
    #[error("{call} asked for more than {limit_mib} MiB of memory")]
    OutOfMemory {
        /// During which call.
        call: Call,
        /// The limit in MiB.
        limit_mib: u64,
    },
    /// A handler answered with an error.
    #[error("{call} returned an error: {text}")]
    Returned {
        /// Which handler.
        call: Call,
        /// The guest's own words.
        text: String,
    },
    /// The guest broke the rules of the WIT package.
    #[error("{call} broke the protocol: {reason}")]
    Protocol {
        /// During which call.
        call: Call,
        /// Which rule and how.
        reason: String,
    },
    /// The host cannot hold one more run.
    #[error("the host has no room for another run: {reason}")]
    NoRoom {
        /// What ran out and what to do.
        reason: String,
    },
}

/// Why an upload is refused, and the way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{reason}: {remedy}")]
pub struct Refusal {
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

/// Why the engine cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The operating system cannot hold that many machines.
    #[error(
        "room for {machines} runs was asked for, but vm.max_map_count = {max_map_count} allows {possible}: \
         ask for fewer, or raise it with `sysctl vm.max_map_count={needed}`"
    )]
    TooManyMachines {
        /// What was asked.
        machines: u32,
        /// What the system allows.
        possible: u32,
        /// The system's setting.
        max_map_count: u64,
        /// The setting that would do.
        needed: u64,
    },
    /// The engine refused its configuration.
    #[error("the WebAssembly engine cannot start: {0}")]
    Engine(String),
    /// The ticker thread could not be started.
    #[error("the thread that measures call times cannot start: {0}")]
    Ticker(String),
}

impl Refusal {
    /// A reason and a remedy.
    pub fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { reason: reason.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Describe => "describe",
            Self::Start => "start",
            Self::Ticks => "on_tick",
            Self::Candles => "on_candle",
            Self::Order => "on_order",
            Self::Timer => "on_timer",
            Self::Notice => "on_notice",
            Self::Stop => "stop",
        })
    }
}

/// A rule of the WIT package that a guest broke, on its way through the engine as an error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Broken(String);

impl Broken {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
