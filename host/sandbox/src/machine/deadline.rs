//! What surrounds every call into a guest: the deadline before, the explained error after. Knows no machine.

use super::desk::Desk;
use crate::failure::{Call, Circumstances, Failure, explain};
use wasmtime::Store;

/// Sets the deadline of a call.
pub(crate) fn begin(store: &mut Store<Desk>, call: Call) -> u64 {
    let desk = store.data_mut();
    let limits = &desk.limits;
    let limit_ms = match call {
        Call::Describe | Call::Start => limits.start_ms,
        Call::Stop => limits.stop_ms,
        Call::Ticks | Call::Candles | Call::Order | Call::Timer | Call::Notice => limits.event_ms,
    };
    desk.limiter.begin_call();
    // The tick under way is not a whole one.
    store.set_epoch_deadline(limit_ms + 1);
    limit_ms
}

/// Collects the output of a call, and explains the engine's error if there is one.
pub(crate) fn finish<T>(
    store: &mut Store<Desk>,
    call: Call,
    limit_ms: u64,
    answer: wasmtime::Result<T>,
) -> Result<T, Failure> {
    let desk = store.data_mut();
    desk.end_output();
    answer.map_err(|error| {
        let circumstances = Circumstances {
            call,
            limit_ms,
            hostcall_kib: (desk.limits.hostcall_bytes >> 10) as u64,
            refused_memory_mib: desk.limiter.refused().then_some((desk.limits.memory_bytes >> 20) as u64),
            last_lines: desk.traces.lines(),
        };
        explain(&error, &circumstances)
    })
}
