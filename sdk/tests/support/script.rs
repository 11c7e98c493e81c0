//! A strategy that does one thing a tick, in the order of a list, and writes down what it hears.
#![allow(dead_code, reason = "each test binary uses its own part of it")]

use sdk::prelude::*;
use sdk::testing::Desk;

pub(crate) const TCS: &str = "NSE:TCS";

pub(crate) type Step = fn(&mut Context) -> Result;

/// Does one thing per tick, in order.
pub(crate) struct Script {
    steps: std::vec::IntoIter<Step>,
}

pub(crate) struct Steps(Vec<Step>);

impl sdk::params::Parameters for Steps {
    fn declare() -> Vec<sdk::manifest::Parameter> {
        Vec::new()
    }
    fn fill(_values: &mut sdk::params::Values) -> Result<Self> {
        Ok(Steps(Vec::new()))
    }
}

impl Strategy for Script {
    type Params = Steps;
    const INSTRUMENTS: &'static [&'static str] = &[TCS];
    const CANDLES: &'static [Interval] = &[Interval::Minute, Interval::Day];
    const WARM_UP: &'static [(Interval, u32)] = &[(Interval::Day, 5)];
    fn new(Steps(steps): Steps) -> Self {
        Script { steps: steps.into_iter() }
    }
    fn on_tick(&mut self, ctx: &mut Context, _tick: &Tick) -> Result {
        self.steps.next().map_or(Ok(()), |step| step(ctx))
    }
    fn on_order(&mut self, _ctx: &mut Context, update: &OrderUpdate) -> Result {
        info!("{} {:?}", update.order.id, update.order.status);
        Ok(())
    }
    fn on_timer(&mut self, ctx: &mut Context, id: u64) -> Result {
        info!("timer {id} at {}", ctx.now());
        Ok(())
    }
    fn on_notice(&mut self, _ctx: &mut Context, notice: &Notice) -> Result {
        info!("{:?}: {}", notice.kind, notice.text);
        Ok(())
    }
}

pub(crate) fn script(steps: &[Step]) -> Desk<Script> {
    let mut desk = Desk::new(Steps(steps.to_vec()));
    desk.knows(TCS);
    desk
}
