//! Panics on its third tick.

use sdk::prelude::*;

#[derive(Default)]
struct Trap {
    ticks: u32,
}

#[sdk::strategy]
impl Strategy for Trap {
    type Params = ();
    const INSTRUMENTS: &'static [&'static str] = &["NSE:INFY"];

    fn new((): ()) -> Self {
        Trap::default()
    }

    fn on_tick(&mut self, _ctx: &mut Context, _tick: &Tick) -> Result {
        self.ticks += 1;
        assert!(self.ticks < 3, "the third tick is one too many");
        Ok(())
    }
}

sdk::export!(Trap, "trap");
