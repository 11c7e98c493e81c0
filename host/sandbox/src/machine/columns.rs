//! Batches as columns, in buffers that are used again: no allocation a tick once they have grown.

use crate::bindings::exports::bulkhead::strategy::guest;
use market::{Candle, Tick};

/// The columns of the batch at hand.
pub(crate) struct Columns {
    ticks: guest::Ticks,
    candles: guest::Candles,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            ticks: guest::Ticks {
                tokens: Vec::new(),
                times: Vec::new(),
                last_prices: Vec::new(),
                last_quantities: Vec::new(),
                average_prices: Vec::new(),
                volumes: Vec::new(),
                bids: Vec::new(),
                asks: Vec::new(),
                opens: Vec::new(),
                highs: Vec::new(),
                lows: Vec::new(),
                closes: Vec::new(),
            },
            candles: guest::Candles {
                tokens: Vec::new(),
                seconds: Vec::new(),
                starts: Vec::new(),
                opens: Vec::new(),
                highs: Vec::new(),
                lows: Vec::new(),
                closes: Vec::new(),
                volumes: Vec::new(),
            },
        }
    }
}

impl Columns {
    pub(crate) fn ticks(&self) -> &guest::Ticks {
        &self.ticks
    }

    pub(crate) fn candles(&self) -> &guest::Candles {
        &self.candles
    }

    pub(crate) fn fill_ticks(&mut self, batch: &[Tick]) {
        let to = &mut self.ticks;
        refill(&mut to.tokens, batch, |tick| tick.token);
        refill(&mut to.times, batch, |tick| tick.time.micros());
        refill(&mut to.last_prices, batch, |tick| tick.last_price.units());
        refill(&mut to.last_quantities, batch, |tick| tick.last_quantity);
        refill(&mut to.average_prices, batch, |tick| tick.average_price.units());
        refill(&mut to.volumes, batch, |tick| tick.volume);
        refill(&mut to.bids, batch, |tick| tick.bid().units());
        refill(&mut to.asks, batch, |tick| tick.ask().units());
        refill(&mut to.opens, batch, |tick| tick.open.units());
        refill(&mut to.highs, batch, |tick| tick.high.units());
        refill(&mut to.lows, batch, |tick| tick.low.units());
        refill(&mut to.closes, batch, |tick| tick.close.units());
    }

    pub(crate) fn fill_candles(&mut self, batch: &[Candle]) {
        let to = &mut self.candles;
        refill(&mut to.tokens, batch, |candle| candle.token);
        refill(&mut to.seconds, batch, |candle| candle.interval.seconds() as u32);
        refill(&mut to.starts, batch, |candle| candle.start.micros());
        refill(&mut to.opens, batch, |candle| candle.open.units());
        refill(&mut to.highs, batch, |candle| candle.high.units());
        refill(&mut to.lows, batch, |candle| candle.low.units());
        refill(&mut to.closes, batch, |candle| candle.close.units());
        refill(&mut to.volumes, batch, |candle| candle.volume);
    }
}

fn refill<E, T>(column: &mut Vec<T>, batch: &[E], value: impl Fn(&E) -> T) {
    column.clear();
    column.extend(batch.iter().map(value));
}
