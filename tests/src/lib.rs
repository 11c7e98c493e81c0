//! A world to test in: the real `bulkhead` binary as processes, real sockets, a real database, signed-in traders.
//!
//! Tests speak HTTP like everybody else; nothing here reaches into a package of the host.
#![forbid(unsafe_code)]

mod account;
mod binary;
mod process;
mod trader;
mod wait;
mod world;

pub use account::Account;
pub use binary::bulkhead;
pub use process::Process;
pub use trader::{Answer, Trader};
pub use wait::{eventually, within};
pub use world::{Setup, World};
