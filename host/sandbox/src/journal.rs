//! A run's journal as bytes: every event that the run was given, and what it answered to each.
//!
//! [`Recorder`] writes it, [`Reader`] reads it, [`Rerun`] gives a recorded run's events to a machine and compares the
//! answers. Numbers are exact, whatever they are: nothing passes through text or floats. Knows no file and no database.

mod bytes;
mod frame;
mod market;
mod reader;
mod recorder;
mod rerun;
#[cfg(test)]
mod tests;
mod wire;

pub use bytes::Malformed;
pub use reader::{Entries, Reader};
pub use recorder::{Recorded, Recorder};
pub use rerun::{Divergence, Rerun, RerunError};

use crate::event::{Event, Start};
use crate::program::Program;
use crate::step::Trace;
use ::market::{Candle, Tick};

/// One thing in a journal.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A machine begins.
    Start(Box<Beginning>),
    /// Ticks that one call took, oldest first.
    Ticks(Vec<Tick>),
    /// Finished bars that one call took, oldest first.
    Candles(Vec<Candle>),
    /// Anything else.
    Event(Event),
    /// What the strategy did with the event before, in the order done. An event that left nothing has no such entry.
    Traces(Vec<Trace>),
}

/// How a machine began, and what it was made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Beginning {
    /// SHA-256 of the component, in hex.
    pub component: String,
    /// The engine, its settings and what the host's words mean to a guest.
    pub engine: String,
    /// SHA-256 of the program that ran it, in hex; empty where that was not known.
    pub build: String,
    /// The processor's architecture.
    pub architecture: String,
    /// What it began with.
    pub start: Start,
}

impl Beginning {
    /// Of a program in this process.
    pub fn new(program: &Program, start: Start) -> Self {
        Self {
            component: program.sha256_hex(),
            engine: program.engine_name(),
            build: crate::compile::build_name(),
            architecture: std::env::consts::ARCH.to_owned(),
            start,
        }
    }

    /// What stands against running it again with this program in this process: machine code of another engine or processor
    /// need not give the same bits. Another build of the host is no hindrance, because every answer is compared.
    ///
    /// # Errors
    /// What differs, in words.
    pub fn check(&self, program: &Program) -> Result<(), String> {
        let here = [program.sha256_hex(), program.engine_name(), std::env::consts::ARCH.to_owned()];
        let recorded = [&self.component, &self.engine, &self.architecture];
        let names = ["component", "engine", "processor architecture"];
        for ((name, recorded), here) in names.into_iter().zip(recorded).zip(here) {
            if *recorded != here {
                return Err(format!("it was recorded under {name} {recorded}, and here is {here}"));
            }
        }
        Ok(())
    }
}

impl Entry {
    /// How many events it holds. What was answered is no event.
    pub fn events(&self) -> u64 {
        match self {
            Self::Start(_) | Self::Event(_) => 1,
            Self::Ticks(ticks) => ticks.len() as u64,
            Self::Candles(candles) => candles.len() as u64,
            Self::Traces(_) => 0,
        }
    }
}
