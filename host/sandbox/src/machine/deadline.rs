//! What surrounds every call into a guest: the deadline before, the explained error after. Knows no machine.

use super::desk::Desk;
use super::meter::FIRST_CHECK;
use crate::failure::{Call, Circumstances, Failure, HostPanic, explain};
use crate::limits::Limits;
use crate::step::Trace;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use wasmtime::Store;

/// Sets the deadline of a call.
pub(crate) fn begin(store: &mut Store<Desk>, call: Call) {
    let desk = store.data_mut();
    desk.limiter.begin_call();
    let (limit_ms, wall_ms) = times(&desk.limits, call);
    desk.meter.begin(limit_ms, wall_ms);
    store.set_epoch_deadline(FIRST_CHECK);
}

/// Runs what may call a guest, so that a panic of the host's own code ends this run and nothing else. What it leaves
/// half done is in the store, which is dropped.
pub(crate) fn guarded<T>(body: impl FnOnce() -> wasmtime::Result<T>) -> wasmtime::Result<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| Err(HostPanic(message(&*panic)).into()))
}

/// Collects the output of a call, and explains the engine's error if there is one.
pub(crate) fn finish<T>(
    store: &mut Store<Desk>,
    call: Call,
    answer: wasmtime::Result<T>,
) -> Result<T, Failure> {
    let desk = store.data_mut();
    desk.meter.end();
    desk.end_output();
    answer.map_err(|error| {
        let (limit_ms, wall_ms) = times(&desk.limits, call);
        let circumstances = Circumstances {
            call,
            limit_ms,
            wall_ms,
            hostcall_kib: (desk.limits.hostcall_bytes >> 10) as u64,
            refused_memory_mib: desk.limiter.refused().then_some((desk.limits.memory_bytes >> 20) as u64),
            last_lines: desk.traces.lines(),
        };
        explain(&error, &circumstances)
    })
}

/// The lines of a call that failed; everything else it asked for is void.
pub(crate) fn last_words(store: &mut Store<Desk>) -> Vec<Trace> {
    let traces = store.data_mut().traces.take().into_iter();
    traces.filter(|trace| matches!(trace, Trace::Log { .. })).collect()
}

fn times(limits: &Limits, call: Call) -> (u64, u64) {
    let limit_ms = match call {
        Call::Describe | Call::Start => limits.start_ms,
        Call::Stop => limits.stop_ms,
        Call::Ticks | Call::Candles | Call::Order | Call::Timer | Call::Notice => limits.event_ms,
    };
    (limit_ms, limit_ms.saturating_mul(u64::from(limits.wall_factor.max(1))))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without words".to_owned())
}
