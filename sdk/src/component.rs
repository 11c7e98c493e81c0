//! The exports of a component, over one run kept for the life of the instance.
//!
//! Only [`export!`](crate::export) uses this.

use crate::bindings::bulkhead::strategy::manifest::{Manifest as WireManifest, Value};
use crate::bindings::exports::bulkhead::strategy::guest;
use crate::columns::{self, Columns};
use crate::door;
use crate::error::Result;
use crate::manifest::{Manifest, Package};
use crate::params::Parameters;
use crate::runner::Runner;
use crate::strategy::Strategy;
use std::cell::RefCell;

/// Where [`export!`](crate::export) keeps the run: empty until `start`.
pub type Slot<S> = RefCell<Option<Runner<S>>>;

pub fn describe<S: Strategy>(package: Package) -> WireManifest {
    door::manifest(Manifest::of::<S>(package))
}

pub fn start<S: Strategy>(slot: &Slot<S>, params: Vec<(String, Value)>) -> Result<(), String> {
    let run = S::Params::fill(&mut door::values(params)).and_then(Runner::start);
    slot.replace(Some(run.map_err(|error| error.to_string())?));
    Ok(())
}

pub fn on_ticks<S: Strategy>(slot: &Slot<S>, batch: &guest::Batch) -> Result<u32, String> {
    with(slot, |run| {
        let columns = Columns::of(batch.count, &batch.columns)?;
        run.ticks(batch.count, |index| columns::tick(columns.row(index)))
    })
}

pub fn on_candles<S: Strategy>(slot: &Slot<S>, batch: &guest::Batch) -> Result<u32, String> {
    with(slot, |run| {
        let columns = Columns::of(batch.count, &batch.columns)?;
        run.candles(batch.count, |index| columns::candle(columns.row(index)))
    })
}

pub fn on_order<S: Strategy>(slot: &Slot<S>, update: guest::OrderUpdate) -> Result<(), String> {
    with(slot, |run| run.order(&door::order_update(update)))
}

pub fn on_timer<S: Strategy>(slot: &Slot<S>, id: u64) -> Result<(), String> {
    with(slot, |run| run.timer(id))
}

pub fn on_notice<S: Strategy>(slot: &Slot<S>, notice: guest::Notice) -> Result<(), String> {
    with(slot, |run| run.notice(&door::notice(notice)))
}

pub fn stop<S: Strategy>(slot: &Slot<S>) -> Result<(), String> {
    with(slot, |run| run.stop())
}

fn with<S: Strategy, T>(slot: &Slot<S>, call: impl FnOnce(&mut Runner<S>) -> Result<T>) -> Result<T, String> {
    match slot.borrow_mut().as_mut() {
        Some(run) => call(run).map_err(|error| error.to_string()),
        None => Err("the run has not been started".to_owned()),
    }
}
