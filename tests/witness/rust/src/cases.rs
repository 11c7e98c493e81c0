//! Every case, in the order in which they run. The clock moves in the last ones alone.

mod alerts;
mod day;
mod limits;
mod margins;
mod market;
mod orders;
mod portfolio;
mod session;
mod ticker;
mod triggers;
mod varieties;
mod venues;

use crate::desk::{Desk, Outcome};
use std::pin::Pin;

/// A case, ready to run at a desk of its own.
pub type Case = fn(Desk) -> Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Names functions as cases.
macro_rules! cases {
    ($($name:ident),+ $(,)?) => {
        /// The cases of this file.
        pub fn cases() -> Vec<(&'static str, super::Case)> {
            vec![$((stringify!($name), |desk| Box::pin($name(desk)))),+]
        }
    };
}
use cases;

/// All of them.
pub fn all() -> Vec<(&'static str, Case)> {
    let files = [
        session::cases,
        orders::cases,
        market::cases,
        portfolio::cases,
        triggers::cases,
        margins::cases,
        limits::cases,
        ticker::cases,
        venues::cases,
        alerts::cases,
        varieties::cases,
        day::cases,
    ];
    files.iter().flat_map(|cases| cases()).collect()
}
