//! Takes memory until there is no more, on its first tick.

use sdk::prelude::*;

const PIECE: usize = 1 << 20;

#[derive(Default)]
struct Hoard {
    pieces: Vec<Vec<u8>>,
}

#[sdk::strategy]
impl Strategy for Hoard {
    type Params = ();
    const INSTRUMENTS: &'static [&'static str] = &["NSE:INFY"];

    fn new((): ()) -> Self {
        Hoard::default()
    }

    fn on_tick(&mut self, _ctx: &mut Context, _tick: &Tick) -> Result {
        loop {
            // Not written to: this is about the bound on memory, and not about the time that filling it takes.
            self.pieces.push(std::hint::black_box(Vec::with_capacity(PIECE)));
        }
    }
}

sdk::export!(Hoard, "hoard");
