//! Trades in; positions, P&L, charges, daily stats and run statistics out.
//!
//! Pure arithmetic over fixed-point money: the same trades give the same figures in whatever order and however often
//! they are told. It knows no broker, no tenant, no store and no clock. A figure that is not known (a position without
//! a price, an order without a rate, a ratio over nothing) is `None` or counted as such, never zero.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod book;
mod charges;
mod day;
mod figures;

pub use book::{Book, Carried, Position, RoundTrip, TooLate, Totals};
pub use charges::{Brokerage, Charges, OrderCharge, Rate, RateTable, Rule, Segment, WrongRates};
pub use day::{Curve, DailyStats, Day, Extreme, Part};
pub use figures::Figures;
