//! A recorded run, looked at again: is it the same, what would another version have done, what did it hold, and how did an
//! order come to be?
//!
//! Everything here is a function of a recording: it asks no broker, sends nothing and writes nothing. It knows neither the
//! web nor the command line, which both show its reports.

mod again;
mod books;
mod bound;
mod compare;
mod error;
mod explain;
mod place;
mod play;
mod report;
mod tape;
pub mod text;
mod until;
mod venue;
mod words;

pub use again::again;
pub use bound::{Bound, GiveUp};
pub use compare::compare;
pub use error::ReplayError;
pub use explain::{explain, find};
pub use place::Place;
pub use report::{
    At, Difference, Divergence, Explained, Link, OrderLine, OrderPair, Outcome, PositionLine, Replayed,
    RunHead, Snapshot, StandingLine, StoredLine, TimerLine, Version,
};
pub use tape::Tape;
pub use until::until;
pub use venue::{PaperOrder, Venue};

use tenant::Recorded;

/// Which run a report is of.
fn head(recorded: &Recorded) -> RunHead {
    let run = &recorded.run;
    RunHead {
        run_id: run.id.clone(),
        broker_id: recorded.tenant.clone(),
        strategy_name: run.strategy_name.clone(),
        version: run.version,
        mode: run.mode.as_str().to_owned(),
        sha256: recorded.sha256.clone(),
    }
}
