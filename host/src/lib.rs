//! The host: web door, supervisor of runs, command line, composition root.
//!
//! The top floor. It moves values between the floors below and decides nothing about orders, money or isolation:
//! those are `tenant`'s and `ledger`'s. It never names a broker id, except to print one.

#![forbid(unsafe_code)]

pub mod app;
pub mod cli;
pub mod config;
mod control;
mod exit;
mod halt;
mod operator;
pub mod programs;
pub mod runs;
mod sheet;
pub mod web;
