//! The sandbox: one strategy as a deterministic state machine, event in, traces out.
//!
//! It gates, compiles, caches and runs strategy components under hard limits. Everything a guest can read is a function
//! of the events this crate was handed. It knows no tenant, no network, no database and no wall clock of its own.
#![warn(missing_docs)]

mod bindings;
mod compile;
mod convert;
mod engine;
mod event;
mod failure;
mod gate;
mod imports;
pub mod journal;
mod limits;
mod machine;
mod manifest;
mod program;
mod step;
mod view;
mod wasi;

pub use compile::{Compiler, compile_child_main};
pub use engine::Engine;
pub use event::{
    Event, GuestOrderStatus, HeldPosition, NoticeKind, OrderUpdate, OrderView, RefusalCode, Start,
};
pub use failure::{Call, EngineError, Failure, Refusal, StartFailure, quoted};
pub use gate::GateReport;
pub use limits::{CompileLimits, Limits};
pub use machine::Machine;
pub use manifest::{
    Hears, Manifest, ParamError, Parameter, ParameterKind, Params, Value, WarmUp, WarmUpCount,
    WarmUpInterval, WarmUpWish,
};
pub use program::Program;
pub use step::{LogLevel, Step, Trace};
pub use view::Seen;
