//! Never comes back from its first tick.

use sdk::prelude::*;

/// What the macros write must not take the author's names for the standard ones.
#[allow(dead_code, reason = "the name only has to be there")]
struct Vec;
#[allow(dead_code, reason = "the name only has to be there")]
struct String;

struct Spin;

#[sdk::strategy]
impl Strategy for Spin {
    type Params = ();
    const INSTRUMENTS: &'static [&'static str] = &["NSE:INFY"];

    fn new((): ()) -> Self {
        Spin
    }

    fn on_tick(&mut self, _ctx: &mut Context, _tick: &Tick) -> Result {
        let mut turns = 0_u64;
        loop {
            turns = std::hint::black_box(turns.wrapping_add(1));
        }
    }
}

sdk::export!(Spin, "spin");
