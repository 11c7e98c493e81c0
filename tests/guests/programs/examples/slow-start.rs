//! Never comes back from its start.

use sdk::prelude::*;

struct SlowStart;

#[sdk::strategy]
impl Strategy for SlowStart {
    type Params = ();

    fn new((): ()) -> Self {
        SlowStart
    }

    fn on_start(&mut self, _ctx: &mut Context) -> Result {
        let mut turns = 0_u64;
        loop {
            turns = std::hint::black_box(turns.wrapping_add(1));
        }
    }
}

sdk::export!(SlowStart, "slow-start");
