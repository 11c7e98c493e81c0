//! A call as it comes through the door: parameters, credentials, source, limits, faults.
//!
//! Knows HTTP and sessions; what a call is about is decided in `routes`.

mod fault_layer;
mod params;
mod signed;
mod veil_layer;

pub(crate) use fault_layer::spoil;
pub(crate) use params::{Params, Plain};
pub(crate) use signed::{Signed, check_plan};
pub(crate) use veil_layer::see_through;
