//! Where the run is within the batch of events at hand, and whether the event left a trace.
//!
//! Every door function that leaves a trace says so here; every door function that reads comes through [`settle`]
//! first, so that the host answers as of the event at hand. Knows no event.

use crate::door;
use std::cell::Cell;

#[derive(Clone, Copy)]
struct Cursor {
    /// The event at hand, counted from 0.
    index: u32,
    /// The event the host believes is at hand.
    told: u32,
    traced: bool,
}

thread_local! {
    static CURSOR: Cell<Cursor> = const { Cell::new(Cursor { index: 0, told: 0, traced: false }) };
}

/// A new call from the host: it believes in event 0.
pub(crate) fn begin() {
    CURSOR.set(Cursor { index: 0, told: 0, traced: false });
}

/// The batch's next event is at hand.
pub(crate) fn advance_to(index: u32) {
    CURSOR.set(Cursor { index, ..CURSOR.get() });
}

/// Tells the host which event is at hand, if it does not know. A batch that reads nothing never pays for this.
pub(crate) fn settle() {
    let cursor = CURSOR.get();
    if cursor.told != cursor.index {
        door::reached(cursor.index);
        CURSOR.set(Cursor { told: cursor.index, ..cursor });
    }
}

/// The event at hand is about to leave a trace: the batch ends with it.
pub(crate) fn trace() {
    settle();
    CURSOR.set(Cursor { traced: true, ..CURSOR.get() });
}

/// True when the event at hand left a trace.
pub(crate) fn traced() -> bool {
    CURSOR.get().traced
}
