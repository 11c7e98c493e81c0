//! Sets its timer anew for the very moment at which it went off: it is always due.

use sdk::prelude::*;

#[derive(Parameters)]
struct Params {
    /// What to hear.
    #[param(default = "NSE:INFY")]
    #[allow(dead_code, reason = "to be heard of is enough")]
    instrument: Symbol,
}

struct Rearm;

#[sdk::strategy]
impl Strategy for Rearm {
    type Params = Params;

    fn new(_params: Params) -> Self {
        Rearm
    }

    fn on_start(&mut self, ctx: &mut Context) -> Result {
        let now = ctx.now();
        ctx.timer(1).at(now)?;
        Ok(())
    }

    fn on_timer(&mut self, ctx: &mut Context, id: u64) -> Result {
        let now = ctx.now();
        ctx.timer(id).at(now)?;
        Ok(())
    }
}

sdk::export!(Rearm, "rearm");
