//! Buys once, and never comes back from the first tick after it holds what it bought.

use sdk::prelude::*;

const INFY: &str = "NSE:INFY";

struct Grasp {
    has_asked: bool,
}

#[sdk::strategy]
impl Strategy for Grasp {
    type Params = ();
    const INSTRUMENTS: &'static [&'static str] = &[INFY];

    fn new((): ()) -> Self {
        Self { has_asked: false }
    }

    fn on_tick(&mut self, ctx: &mut Context, _tick: &Tick) -> Result {
        if !self.has_asked {
            ctx.buy(INFY, 3).market()?;
            self.has_asked = true;
        }
        if ctx.position(INFY).quantity == 0 {
            return Ok(());
        }
        let mut turns = 0_u64;
        loop {
            turns = std::hint::black_box(turns.wrapping_add(1));
        }
    }
}

sdk::export!(Grasp, "grasp");
