//! What stands behind a guest's imports: the view, the batch at hand and the cursor in it, the traces of the call.

use super::limiter::Limiter;
use super::meter::Meter;
use super::traces::Traces;
use crate::event::Start;
use crate::failure::Broken;
use crate::limits::Limits;
use crate::view::View;
use crate::wasi::{Output, Wasi};
use market::{Candle, Tick};
use std::sync::Arc;

/// The data of one store.
pub(crate) struct Desk {
    pub(crate) view: View,
    pub(crate) traces: Traces,
    pub(crate) limits: Arc<Limits>,
    pub(crate) limiter: Limiter,
    pub(crate) meter: Meter,
    pub(crate) wasi: Wasi,
    output: Output,
    ticks: Vec<Tick>,
    candles: Vec<Candle>,
    /// The event being handled, within the batch.
    cursor: usize,
}

impl Desk {
    pub(crate) fn new(start: Start, limits: &Arc<Limits>) -> Self {
        let output = Output::new(limits);
        let wasi = Wasi::new(start.seed, &output, limits);
        wasi.set_time(start.now);
        Self {
            view: View::new(start, limits),
            traces: Traces::new(Arc::clone(limits)),
            limiter: Limiter::new(limits),
            meter: Meter::default(),
            limits: Arc::clone(limits),
            wasi,
            output,
            ticks: Vec::new(),
            candles: Vec::new(),
            cursor: 0,
        }
    }

    /// A single event, which the view has taken already.
    pub(super) fn begin_event(&mut self) {
        self.ticks.clear();
        self.candles.clear();
        self.cursor = 0;
        self.wasi.set_time(self.view.now());
    }

    /// A batch of ticks; the view stands at the first.
    pub(super) fn begin_ticks(&mut self, batch: &[Tick]) {
        self.begin_event();
        self.ticks.extend_from_slice(batch);
        self.take(0, 0);
    }

    /// A batch of candles; the view stands at the first.
    pub(super) fn begin_candles(&mut self, batch: &[Candle]) {
        self.begin_event();
        self.candles.extend_from_slice(batch);
        self.take(0, 0);
    }

    /// Moves on to an event of the batch: forward only, and not past one that left a trace.
    pub(crate) fn reach(&mut self, index: usize) -> Result<(), Broken> {
        let length = self.batch_length();
        if index == self.cursor {
            return Ok(());
        }
        if index < self.cursor || index >= length {
            let at = self.cursor;
            return Err(Broken::new(format!("clock.reached({index}) at event {at} of a batch of {length}")));
        }
        if self.traces.left() {
            let at = self.cursor;
            return Err(Broken::new(format!(
                "it went on to event {index} after leaving a trace in event {at}"
            )));
        }
        self.take(self.cursor + 1, index);
        self.cursor = index;
        Ok(())
    }

    /// The guest answered how many it took.
    pub(super) fn end_batch(&mut self, taken: usize) -> Result<(), Broken> {
        let length = self.batch_length();
        if taken == 0 || taken > length {
            return Err(Broken::new(format!("it answered that it took {taken} of {length} events")));
        }
        if taken <= self.cursor {
            let at = self.cursor;
            return Err(Broken::new(format!("it looked at event {at} but answered that it took {taken}")));
        }
        self.reach(taken - 1)
    }

    /// Lines of standard output and error that are whole become log lines, before what comes next.
    pub(crate) fn flush_output(&mut self) {
        for (level, text) in self.output.take() {
            self.traces.log(level, text);
        }
    }

    pub(crate) fn end_output(&mut self) {
        let (lines, lost) = self.output.end_call();
        for (level, text) in lines {
            self.traces.log(level, text);
        }
        self.traces.lose_lines(lost);
    }

    /// True when the guest ever wrote to standard output or error.
    pub(super) fn has_printed(&self) -> bool {
        self.output.has_printed()
    }

    fn batch_length(&self) -> usize {
        self.ticks.len().max(self.candles.len())
    }

    /// The view moves on over these events of the batch.
    fn take(&mut self, first: usize, last: usize) {
        if let Some(ticks) = self.ticks.get(first..=last) {
            self.view.take_ticks(ticks);
        }
        if let Some(candles) = self.candles.get(first..=last) {
            candles.iter().for_each(|candle| self.view.take_candle(*candle));
        }
        self.wasi.set_time(self.view.now());
    }
}
