//! Instruments, the last snapshots and finished bars.

use crate::bindings::bulkhead::strategy::market::Host;
use crate::bindings::bulkhead::strategy::types::{Candle, Instrument, Interval, Level, Tick};
use crate::convert;
use crate::machine::Desk;

impl Host for Desk {
    fn instruments(&mut self) -> wasmtime::Result<Vec<Instrument>> {
        Ok(self.view.instruments().iter().map(convert::instrument_out).collect())
    }

    fn find(&mut self, symbol: String) -> wasmtime::Result<Option<Instrument>> {
        Ok(self.view.instrument(&symbol).map(convert::instrument_out))
    }

    fn last_tick(&mut self, token: u32) -> wasmtime::Result<Option<Tick>> {
        Ok(self.view.last_tick(token).map(convert::tick_out))
    }

    fn depth(&mut self, token: u32) -> wasmtime::Result<(Vec<Level>, Vec<Level>)> {
        let depth = self.view.last_tick(token).and_then(|tick| tick.depth);
        Ok(depth.map(|depth| convert::depth_out(&depth)).unwrap_or_default())
    }

    fn candles(&mut self, token: u32, interval: Interval, count: u32) -> wasmtime::Result<Vec<Candle>> {
        let bars = self.view.candles.last(token, convert::interval_in(interval), count as usize);
        Ok(bars.map(convert::candle_out).collect())
    }
}
