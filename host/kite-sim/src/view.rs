//! The exchange's records in Kite's JSON shapes, field by field and in Kite's order.
//!
//! Pure translation: no state, no HTTP.

pub(crate) mod alerts;
pub(crate) mod gtt;
pub(crate) mod margins;
pub(crate) mod market_data;
pub(crate) mod order;
pub(crate) mod portfolio;
pub(crate) mod user;
