//! Declares a parameter of every kind and writes what it was given.

use sdk::prelude::*;

#[derive(Debug, Clone, Copy, Choice)]
enum Style {
    Fast,
    VerySlow,
}

#[derive(Debug, Parameters)]
struct Params {
    /// A whole number.
    #[param(default = -5, min = -10, max = 10)]
    whole: i64,
    /// A whole number from zero.
    #[param(default = 3, min = 1, max = 5)]
    count: u32,
    /// A plain number.
    #[param(default = 0.5, min = 0.0, max = 1.0)]
    share: f64,
    /// A price.
    #[param(default = 1412.95, min = 1, max = 10000)]
    limit: Price,
    /// A toggle.
    #[param(default = true)]
    eager: bool,
    /// A text.
    #[param(default = "hello", max_length = 16)]
    note: String,
    /// One of two.
    #[param(default = Style::VerySlow)]
    style: Style,
    /// An instrument.
    #[param(default = "NSE:INFY")]
    instrument: Symbol,
    /// An interval.
    #[param(default = Interval::Minute5)]
    interval: Interval,
    /// One that must be given.
    #[param(min = 1, max = 100)]
    required: u32,
}

struct ManyParams {
    params: Params,
}

#[sdk::strategy]
impl Strategy for ManyParams {
    type Params = Params;
    const WARM_UP: &'static [(Interval, u32)] = &[(Interval::Minute, 20)];

    fn new(params: Params) -> Self {
        Self { params }
    }

    fn on_start(&mut self, _ctx: &mut Context) -> Result {
        let it = &self.params;
        info!("whole={} count={} share={} limit={}", it.whole, it.count, it.share, it.limit);
        info!("eager={} note={} style={:?}", it.eager, it.note, it.style);
        info!("instrument={} interval={} required={}", it.instrument, it.interval, it.required);
        Ok(())
    }
}

sdk::export!(ManyParams, "many-params");
