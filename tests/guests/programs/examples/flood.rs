//! Writes as many log lines as it is told to on every tick; without end by default.

use sdk::prelude::*;

#[derive(Parameters)]
struct Params {
    /// Lines on every tick; 0 is without end.
    #[param(default = 0)]
    lines: u32,
    /// Length of each line in bytes.
    #[param(default = 100, max = 100_000)]
    length: u32,
}

struct Flood {
    params: Params,
    written: u64,
}

#[sdk::strategy]
impl Strategy for Flood {
    type Params = Params;
    const INSTRUMENTS: &'static [&'static str] = &["NSE:INFY"];

    fn new(params: Params) -> Self {
        Self { params, written: 0 }
    }

    fn on_tick(&mut self, _ctx: &mut Context, _tick: &Tick) -> Result {
        let mut left = self.params.lines;
        loop {
            self.written += 1;
            info!("{:>length$}", self.written, length = self.params.length as usize);
            left = left.wrapping_sub(1);
            if left == 0 {
                return Ok(());
            }
        }
    }
}

sdk::export!(Flood, "flood");
