//! One run: takes the host's calls and walks the strategy through its events, one at a time.
//!
//! The same code runs in the component and under the test desk. Knows no wire form: batches come as a length and
//! a way to read the event at an index.

use crate::context::{Context, renew};
use crate::error::{Error, Result};
use crate::market_data::{Candle, Tick};
use crate::order::OrderUpdate;
use crate::strategy::{Notice, Strategy};
use crate::time::Timestamp;
use crate::{batch, directory};

/// One run of a strategy.
#[derive(Debug)]
pub struct Runner<S> {
    strategy: S,
    ctx: Context,
}

impl<S: Strategy> Runner<S> {
    /// The first event.
    pub fn start(params: S::Params, now: Timestamp) -> Result<Self> {
        batch::begin();
        directory::load();
        let mut runner = Self { strategy: S::new(params), ctx: Context { now, ..Context::default() } };
        runner.strategy.on_start(&mut runner.ctx)?;
        Ok(runner)
    }

    /// A batch of ticks, oldest first. Answers how many were taken: all, or up to the first that left a trace.
    pub fn ticks(&mut self, count: u32, tick: impl Fn(usize) -> Tick) -> Result<u32> {
        self.take(count, |strategy, ctx, index| {
            let tick = tick(index);
            ctx.now = tick.time;
            strategy.on_tick(ctx, &tick)
        })
    }

    /// A batch of bars, under the same rule.
    pub fn candles(&mut self, count: u32, candle: impl Fn(usize) -> Candle) -> Result<u32> {
        self.take(count, |strategy, ctx, index| {
            let candle = candle(index);
            ctx.now = candle.end();
            strategy.on_candle(ctx, &candle)
        })
    }

    /// One of the run's own orders changed.
    pub fn order(&mut self, update: &OrderUpdate) -> Result {
        self.event(update.time);
        self.strategy.on_order(&mut self.ctx, update)
    }

    /// A timer went off.
    pub fn timer(&mut self, id: u64, now: Timestamp) -> Result {
        self.event(now);
        renew(&self.ctx, id);
        self.strategy.on_timer(&mut self.ctx, id)
    }

    /// Something that is no market event.
    pub fn notice(&mut self, notice: &Notice) -> Result {
        self.event(notice.time);
        self.strategy.on_notice(&mut self.ctx, notice)
    }

    /// The last event.
    pub fn stop(&mut self, now: Timestamp) -> Result {
        self.event(now);
        self.strategy.on_stop(&mut self.ctx)
    }

    /// The strategy itself.
    pub fn strategy(&self) -> &S {
        &self.strategy
    }

    fn event(&mut self, now: Timestamp) {
        batch::begin();
        self.ctx.now = now;
    }

    fn take(
        &mut self,
        count: u32,
        mut handle: impl FnMut(&mut S, &mut Context, usize) -> Result<(), Error>,
    ) -> Result<u32> {
        batch::begin();
        for index in 0..count {
            batch::advance_to(index);
            handle(&mut self.strategy, &mut self.ctx, index as usize)?;
            if batch::traced() {
                return Ok(index + 1);
            }
        }
        Ok(count)
    }
}
