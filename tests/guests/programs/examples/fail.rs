//! Returns an error from its first tick.

use sdk::prelude::*;

struct Fail;

#[sdk::strategy]
impl Strategy for Fail {
    type Params = ();
    const INSTRUMENTS: &'static [&'static str] = &["NSE:INFY"];

    fn new((): ()) -> Self {
        Fail
    }

    fn on_tick(&mut self, _ctx: &mut Context, tick: &Tick) -> Result {
        Err(Error::new(format_args!("I do not like {}", tick.last_price)))
    }
}

sdk::export!(Fail, "fail");
