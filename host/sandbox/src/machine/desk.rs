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

#[cfg(test)]
mod tests {
    use super::*;
    use market::{Interval, Price, Timestamp};

    fn price_of(number: usize) -> Price {
        Price::from_rupees(100 + number as i64)
    }

    /// At the first of five ticks, a second apart.
    fn at_first_of_five() -> Desk {
        let tick = |number: usize| Tick::at(1, Timestamp::from_seconds(number as i64), price_of(number));
        let mut desk = Desk::new(Start::nothing(), &Arc::new(Limits::default()));
        desk.begin_ticks(&(0..5).map(tick).collect::<Vec<_>>());
        desk
    }

    fn broken(outcome: Result<(), Broken>) -> String {
        outcome.expect_err("it must be refused").to_string()
    }

    fn seen(desk: &Desk) -> (Timestamp, Price) {
        (desk.view.now(), desk.view.last_tick(1).unwrap().last_price)
    }

    #[test]
    fn the_view_moves_exactly_as_far_as_the_guest_says_it_looked_and_took() {
        let mut desk = at_first_of_five();
        assert_eq!(seen(&desk), (Timestamp::from_seconds(0), price_of(0)));
        desk.reach(2).unwrap();
        assert_eq!(seen(&desk), (Timestamp::from_seconds(2), price_of(2)));
        desk.reach(2).unwrap();
        desk.end_batch(4).unwrap();
        assert_eq!(seen(&desk), (Timestamp::from_seconds(3), price_of(3)), "the fifth comes again");
    }

    #[test]
    fn nobody_takes_nothing_or_more_than_there_is() {
        assert_eq!(broken(at_first_of_five().end_batch(0)), "it answered that it took 0 of 5 events");
        assert_eq!(broken(at_first_of_five().end_batch(6)), "it answered that it took 6 of 5 events");
        at_first_of_five().end_batch(5).unwrap();
    }

    #[test]
    fn what_was_looked_at_is_taken() {
        let mut desk = at_first_of_five();
        desk.reach(3).unwrap();
        assert_eq!(broken(desk.end_batch(3)), "it looked at event 3 but answered that it took 3");
        let mut desk = at_first_of_five();
        desk.reach(3).unwrap();
        desk.end_batch(4).unwrap();
    }

    #[test]
    fn nobody_looks_back_or_past_the_end() {
        let mut desk = at_first_of_five();
        desk.reach(3).unwrap();
        assert_eq!(broken(desk.reach(2)), "clock.reached(2) at event 3 of a batch of 5");
        assert_eq!(broken(desk.reach(5)), "clock.reached(5) at event 3 of a batch of 5");
        assert_eq!(seen(&desk).1, price_of(3), "and nothing moved");
    }

    #[test]
    fn nobody_goes_on_after_a_trace() {
        let went_on = "it went on to event 4 after leaving a trace in event 1";
        let at_trace = || {
            let mut desk = at_first_of_five();
            desk.reach(1).unwrap();
            desk.traces.leave();
            desk
        };
        assert_eq!(broken(at_trace().reach(4)), went_on);
        assert_eq!(broken(at_trace().end_batch(5)), went_on);
        at_trace().end_batch(2).unwrap();
    }

    #[test]
    fn a_single_event_has_no_batch_to_look_around_in() {
        let mut desk = at_first_of_five();
        desk.begin_event();
        desk.reach(0).unwrap();
        assert_eq!(broken(desk.reach(1)), "clock.reached(1) at event 0 of a batch of 0");
    }

    #[test]
    fn bars_have_the_same_rules() {
        let [open, high, low, close] = [Price::from_rupees(1); 4];
        let bar = |minute: i64| {
            let (interval, start) = (Interval::Minute, Timestamp::from_seconds(minute * 60));
            Candle { token: 1, interval, start, open, high, low, close, volume: 1, oi: 0 }
        };
        let mut desk = Desk::new(Start::nothing(), &Arc::new(Limits::default()));
        desk.begin_candles(&[bar(0), bar(1), bar(2)]);
        assert_eq!(desk.view.now(), Timestamp::from_seconds(60), "the end of the first");
        desk.reach(1).unwrap();
        assert_eq!(desk.view.candles.last(1, Interval::Minute, 10).count(), 2);
        assert_eq!(broken(desk.end_batch(1)), "it looked at event 1 but answered that it took 1");
        assert_eq!(broken(desk.end_batch(4)), "it answered that it took 4 of 3 events");
        desk.end_batch(3).unwrap();
        assert_eq!(desk.view.now(), Timestamp::from_seconds(180));
    }
}
