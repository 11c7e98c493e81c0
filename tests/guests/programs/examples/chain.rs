//! Places, changes, withdraws and trades in turn, with a timer beside, and writes at every event what it has become: a chain of digests, each
//! made from the one before and from what the event said. Whoever reads its log sees whether its memory went on exactly.

use sdk::prelude::*;

/// Far enough below the market that an order rests.
const RESTING_PERCENT: f64 = 92.0;

/// Short enough to be overdue after every crash.
const TIMER: Duration = Duration::from_millis(400);

#[derive(Parameters)]
struct Params {
    /// What to trade.
    #[param(default = "NSE:INFY")]
    instrument: Symbol,
    /// Acts on every so many ticks.
    #[param(default = 1, min = 1)]
    every: u32,
}

struct Chain {
    params: Params,
    count: u64,
    digest: u64,
    ticks: u32,
    acts: u32,
    resting: Option<OrderId>,
}

/// What an event said, as a number (FNV-1a).
fn word(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |word, byte| (word ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Chain {
    fn hear(&mut self, said: &str) {
        let word = word(said);
        self.count += 1;
        self.digest = (self.digest.rotate_left(5) ^ word).wrapping_mul(0x0100_0000_01b3);
        info!("chain {} {word:016x} {:016x} {said}", self.count, self.digest);
    }

    fn act(&mut self, ctx: &mut Context, last: Price) -> Result {
        let symbol = self.params.instrument.clone();
        let below = |percent: f64| ctx.round(&symbol, last.percent(percent));
        let (low, lower) = (below(RESTING_PERCENT), below(RESTING_PERCENT - 1.0));
        let act = self.acts % 4;
        self.acts += 1;
        match (act, self.resting) {
            (0, _) => self.resting = Some(ctx.buy(&symbol, 1).limit(low)?),
            // It may have ended meanwhile: then there is nothing to change, and the chain goes on.
            (1, Some(id)) => drop(ctx.modify(id).price(lower).send()),
            (2, Some(id)) => drop(ctx.cancel(id)),
            (_, _) => {
                let side = if self.acts.is_multiple_of(8) { Side::Sell } else { Side::Buy };
                let id = ctx.order_for(side, &symbol, 1).market()?;
                self.hear(&format!("placed {}", id.0));
                return Ok(());
            }
        }
        let id = self.resting.map_or(0, |id| id.0);
        self.hear(if act == 0 { format!("placed {id}") } else { format!("act {act} on {id}") }.as_str());
        Ok(())
    }
}

#[sdk::strategy]
impl Strategy for Chain {
    type Params = Params;

    fn new(params: Params) -> Self {
        Self { params, count: 0, digest: 0, ticks: 0, acts: 0, resting: None }
    }

    fn on_start(&mut self, ctx: &mut Context) -> Result {
        ctx.timer(1).every(TIMER)?;
        Ok(())
    }

    fn on_tick(&mut self, ctx: &mut Context, tick: &Tick) -> Result {
        self.ticks += 1;
        self.hear(&format!("tick {} {}", tick.time.micros(), tick.last_price));
        if self.ticks.is_multiple_of(self.params.every) { self.act(ctx, tick.last_price) } else { Ok(()) }
    }

    fn on_order(&mut self, _ctx: &mut Context, update: &OrderUpdate) -> Result {
        let order = &update.order;
        self.hear(&format!("order {} {:?} {} of {}", order.id.0, order.status, order.filled, order.quantity));
        Ok(())
    }

    fn on_timer(&mut self, _ctx: &mut Context, id: u64) -> Result {
        self.hear(&format!("timer {id}"));
        Ok(())
    }

    fn on_notice(&mut self, _ctx: &mut Context, notice: &Notice) -> Result {
        self.hear(&format!("notice {:?}", notice.kind));
        Ok(())
    }
}

sdk::export!(Chain, "chain");
