//! End to end: real processes, real sockets, a real database. One binary, one file a subject.
//!
//! What needs more than cargo (Azurite, the official clients, Chromium) says so when it is left out; `tests/run` runs it.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

mod archive;
mod audit;
mod bad_input;
mod books;
mod circles;
mod command;
mod demo;
mod egress;
mod host_faults;
mod isolation;
mod kill;
mod login;
mod recovery;
mod replay;
mod sandbox;
mod schemas;
mod session;
mod settle;
mod tidy;
mod trade;
