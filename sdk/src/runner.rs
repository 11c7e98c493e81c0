//! One run: takes the host's calls and walks the strategy through its events, one at a time.
//!
//! The same code runs in the component and under the test desk. Knows no wire form: batches come as a length and
//! a way to read the event at an index.

use crate::context::{Context, renew};
use crate::error::{Error, Result};
use crate::market_data::{Candle, Tick};
use crate::order::OrderUpdate;
use crate::strategy::{Notice, Strategy};
use crate::{batch, directory};

/// One run of a strategy.
#[derive(Debug)]
pub struct Runner<S> {
    strategy: S,
    ctx: Context,
}

impl<S: Strategy> Runner<S> {
    /// The first event.
    pub fn start(params: S::Params) -> Result<Self> {
        batch::begin();
        directory::load();
        let mut runner = Self { strategy: S::new(params), ctx: Context::default() };
        runner.strategy.on_start(&mut runner.ctx)?;
        Ok(runner)
    }

    /// A batch of ticks, oldest first. Answers how many were taken: all, or up to the first that left a trace.
    pub fn ticks(&mut self, count: u32, tick: impl Fn(usize) -> Tick) -> Result<u32> {
        self.take(count, |strategy, ctx, index| strategy.on_tick(ctx, &tick(index)))
    }

    /// A batch of bars, under the same rule.
    pub fn candles(&mut self, count: u32, candle: impl Fn(usize) -> Candle) -> Result<u32> {
        self.take(count, |strategy, ctx, index| strategy.on_candle(ctx, &candle(index)))
    }

    /// One of the run's own orders changed.
    pub fn order(&mut self, update: &OrderUpdate) -> Result {
        self.event();
        self.ctx.heard(update);
        self.strategy.on_order(&mut self.ctx, update)
    }

    /// A timer went off.
    pub fn timer(&mut self, id: u64) -> Result {
        self.event();
        renew(&mut self.ctx, id);
        self.strategy.on_timer(&mut self.ctx, id)
    }

    /// Something that is no market event.
    pub fn notice(&mut self, notice: &Notice) -> Result {
        self.event();
        self.strategy.on_notice(&mut self.ctx, notice)
    }

    /// The last event.
    pub fn stop(&mut self) -> Result {
        self.event();
        self.strategy.on_stop(&mut self.ctx)
    }

    /// The strategy itself.
    pub fn strategy(&self) -> &S {
        &self.strategy
    }

    fn event(&mut self) {
        batch::begin();
        self.ctx.begin_event();
    }

    fn take(
        &mut self,
        count: u32,
        mut handle: impl FnMut(&mut S, &mut Context, usize) -> Result<(), Error>,
    ) -> Result<u32> {
        batch::begin();
        for index in 0..count {
            batch::advance_to(index);
            self.ctx.begin_event();
            handle(&mut self.strategy, &mut self.ctx, index as usize)?;
            if batch::traced() {
                return Ok(index + 1);
            }
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amounts::Price;
    use crate::testing::Desk;
    use crate::testing::door::REACHED;
    use crate::{debug, warn};

    /// Acts on ticks by their price: 2 is logged, 3 is read about, 4 is both, 5 is an error.
    struct ByPrice;

    impl Strategy for ByPrice {
        type Params = ();

        fn new((): ()) -> Self {
            ByPrice
        }

        fn on_tick(&mut self, ctx: &mut Context, tick: &Tick) -> Result {
            match tick.last_price.units() {
                2 => warn!("two"),
                3 => drop(ctx.orders()),
                4 => debug!("four, with {} orders", ctx.orders().len()),
                5 => return Err("five".into()),
                _ => {}
            }
            Ok(())
        }
    }

    /// How many are taken of a batch of these prices, and how far the host was told that it is.
    fn play(prices: &[i64]) -> (Result<u32>, u32) {
        // Installs the door of this thread.
        Desk::<ByPrice>::new(()).start();
        let mut run = Runner::<ByPrice>::start(()).unwrap();
        REACHED.set(0);
        let tick = |index: usize| Tick { last_price: Price::from_units(prices[index]), ..Tick::default() };
        (run.ticks(prices.len() as u32, tick), REACHED.get())
    }

    #[test]
    fn a_batch_without_traces_is_taken_whole_and_tells_nothing() {
        assert_eq!(play(&[1, 1, 1]), (Ok(3), 0));
        assert_eq!(play(&[]), (Ok(0), 0));
    }

    #[test]
    fn a_batch_ends_with_the_first_event_that_leaves_a_trace() {
        assert_eq!(play(&[1, 1, 2, 2, 1]), (Ok(3), 2));
        assert_eq!(play(&[2, 1]), (Ok(1), 0));
    }

    #[test]
    fn reading_tells_the_host_which_event_is_at_hand_and_ends_nothing() {
        assert_eq!(play(&[1, 3, 1, 3, 1]), (Ok(5), 3));
        assert_eq!(play(&[3, 4, 3]), (Ok(2), 1));
    }

    #[test]
    fn an_error_ends_the_run_with_its_text() {
        assert_eq!(play(&[1, 5]).0.unwrap_err().to_string(), "five");
    }
}
