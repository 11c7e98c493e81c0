//! The records that Kite answers with, one file a family.
//!
//! Plain data as the broker gave it, in our types. What follows from a record is decided elsewhere.

pub(crate) mod account;
pub(crate) mod alert;
pub(crate) mod book;
pub(crate) mod cost;
pub(crate) mod gtt;
pub(crate) mod holding;
pub(crate) mod order;
pub(crate) mod position;
pub(crate) mod quote;
pub(crate) mod trade;
