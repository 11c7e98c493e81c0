//! What can go wrong, in words for the trader who reads them. Knows nothing of the engine's own error types.

mod explain;
mod quote;

pub(crate) use explain::{Circumstances, explain};
pub use quote::quoted;
pub(crate) use quote::{TEXT_BYTES, name, names};

use crate::step::Trace;
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
    /// The guest used up the processor time of a call.
    #[error("{call} ran longer than {limit_ms} ms and was stopped")]
    TimedOut {
        /// Which call.
        call: Call,
        /// The limit it passed.
        limit_ms: u64,
    },
    /// The guest got too little processor time to come back in any reasonable time.
    #[error(
        "{call} was not done after {wall_ms} ms, in which the machine gave it too little processor time, and was \
         stopped: run fewer strategies, or give the host more processors"
    )]
    Starved {
        /// Which call.
        call: Call,
        /// The limit it passed.
        wall_ms: u64,
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
    /// The host itself fell over while the guest was running.
    #[error(
        "the host failed during {call}: {reason}; this is a fault of the host, not of the strategy: report it"
    )]
    HostFault {
        /// During which call.
        call: Call,
        /// The host's own words.
        reason: String,
    },
}

/// Why a run did not come to life, with what it had to say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{failure}")]
pub struct StartFailure {
    /// What happened.
    pub failure: Failure,
    /// The log lines of the call that failed; what else it asked for is void.
    pub last_words: Vec<Trace>,
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
    /// The address space for that many machines cannot be reserved.
    #[error(
        "room for {machines} runs cannot be reserved: {reason}. Ask for fewer runs, or lift the limit on address space \
         (`ulimit -v unlimited`)"
    )]
    NoPool {
        /// What was asked.
        machines: u32,
        /// What the system said.
        reason: String,
    },
    /// The engine refused its configuration.
    #[error("the WebAssembly engine cannot start: {0}")]
    Engine(String),
    /// The ticker thread could not be started.
    #[error("the thread that measures call times cannot start: {0}")]
    Ticker(String),
}

impl Failure {
    /// True when nothing is wrong with the strategy: the host had no room, no time or a fault of its own.
    pub const fn is_of_the_host(&self) -> bool {
        match self {
            Self::Starved { .. } | Self::NoRoom { .. } | Self::HostFault { .. } => true,
            Self::Trapped { .. }
            | Self::TimedOut { .. }
            | Self::OutOfMemory { .. }
            | Self::Returned { .. }
            | Self::Protocol { .. } => false,
        }
    }
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

/// The remedy for what an author cannot mend.
pub(crate) const HOST_FAULT: &str = "this is a fault of the host, not of the strategy: report it";

/// A call that had its time, on its way through the engine as an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OutOfTime {
    /// Of its thread.
    #[error("the call used up its processor time")]
    Cpu,
    /// On the wall, with little of the processor.
    #[error("the call lasted too long")]
    Wall,
}

/// A panic of the host during a call, on its way as an error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct HostPanic(pub(crate) String);

/// A rule of the WIT package that a guest broke, on its way through the engine as an error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Broken(String);

impl Broken {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
