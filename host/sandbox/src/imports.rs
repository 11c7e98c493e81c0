//! What the guest may call, answered from the view. One file an interface; none of them waits for anything.

mod broker;
mod clock;
mod log;
mod market;
mod pnl;
mod portfolio;
mod state;

use crate::bindings::bulkhead::strategy::{manifest, types};
use crate::machine::Desk;

impl types::Host for Desk {}
impl manifest::Host for Desk {}
