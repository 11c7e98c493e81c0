//! The trait that an author implements, and what it can say of itself.
//!
//! Knows nothing of the component model: `runner` calls it, `manifest` describes it.

use crate::context::Context;
use crate::error::Result;
use crate::market_data::{Candle, Interval, Tick};
use crate::order::OrderUpdate;
use crate::params::Parameters;
use crate::time::Timestamp;
use std::ops::BitOr;

/// A trading strategy. Every handler has a default that does nothing: write the ones you need.
///
/// A handler that returns an error ends the run as failed, with that text; a panic does the same.
/// Between events nothing runs: keep what you need in `self`.
pub trait Strategy: Sized + 'static {
    /// What the trader can set, by `#[derive(Parameters)]`; `()` for nothing.
    type Params: Parameters;

    /// One line for the gallery. The package's `description` where it is empty.
    const SUMMARY: &'static str = "";

    /// Which events to deliver. [`#[sdk::strategy]`](macro@crate::strategy) on the `impl` works it out from the
    /// handlers that are there; without it, everything that can come.
    const HEARS: Hears = Hears::POSSIBLE;

    /// Instruments beside those named by parameters. Who hears ticks or bars needs one, here or as a parameter.
    const INSTRUMENTS: &'static [&'static str] = &[];

    /// Bars to hear beside those named by parameters. Who hears bars needs an interval, here or as a parameter.
    const CANDLES: &'static [Interval] = &[];

    /// Bars that must be there before the first event; read them with [`Context::candles`] in `on_start`. What depends on
    /// parameters is said at the parameter: `#[param(warm_up = interval)]`.
    const WARM_UP: &'static [(Interval, u32)] = &[];

    /// Makes the strategy from its parameters, which are complete and within their bounds.
    fn new(params: Self::Params) -> Self;

    /// The run begins. Set timers here, read state and warm-up.
    fn on_start(&mut self, _ctx: &mut Context) -> Result {
        Ok(())
    }

    /// A new snapshot of one of the run's instruments.
    fn on_tick(&mut self, _ctx: &mut Context, _tick: &Tick) -> Result {
        Ok(())
    }

    /// A bar is finished.
    fn on_candle(&mut self, _ctx: &mut Context, _candle: &Candle) -> Result {
        Ok(())
    }

    /// One of the run's own orders changed.
    fn on_order(&mut self, _ctx: &mut Context, _update: &OrderUpdate) -> Result {
        Ok(())
    }

    /// A timer set by [`Context::timer`] went off.
    fn on_timer(&mut self, _ctx: &mut Context, _id: u64) -> Result {
        Ok(())
    }

    /// Something the run should know that is no market event.
    fn on_notice(&mut self, _ctx: &mut Context, _notice: &Notice) -> Result {
        Ok(())
    }

    /// The last event. What is asked for here is still written down and sent, but no answer comes. What is not withdrawn
    /// here stays as it is, unless the trader asked to square off: then the host withdraws and closes everything after
    /// this.
    fn on_stop(&mut self, _ctx: &mut Context) -> Result {
        Ok(())
    }
}

/// A set of event kinds: `Hears::TICKS | Hears::ORDERS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hears(u8);

impl Hears {
    /// No events but start and stop.
    pub const NONE: Hears = Hears(0);
    /// Ticks.
    pub const TICKS: Hears = Hears(1);
    /// Finished bars.
    pub const CANDLES: Hears = Hears(2);
    /// Changes of the run's own orders.
    pub const ORDERS: Hears = Hears(4);
    /// Timers.
    pub const TIMERS: Hears = Hears(8);
    /// Notices.
    pub const NOTICES: Hears = Hears(16);
    /// Everything.
    pub const ALL: Hears = Hears(31);
    /// Everything that can come: ticks only where an instrument is named, bars only where an interval is too.
    pub const POSSIBLE: Hears = Hears(63);

    /// Both sets together, where `|` cannot be used: in constants.
    pub const fn and(self, other: Hears) -> Hears {
        Hears(self.0 | other.0)
    }

    /// What of [`Hears::POSSIBLE`] is possible; any other set is what it is.
    pub(crate) fn resolve(self, instrument: bool, interval: bool) -> Hears {
        if self != Hears::POSSIBLE {
            return self;
        }
        let always = Hears::ORDERS | Hears::TIMERS | Hears::NOTICES;
        let ticks = if instrument { Hears::TICKS } else { Hears::NONE };
        let candles = if instrument && interval { Hears::CANDLES } else { Hears::NONE };
        always | ticks | candles
    }

    /// True when everything in `other` is in this set.
    pub const fn contains(self, other: Hears) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Hears {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.and(other)
    }
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoticeKind {
    /// No ticks come any more.
    FeedLost,
    /// Ticks come again; some may have been missed.
    FeedBack,
    /// The trader's broker session ended: orders will be refused until the next login.
    BrokerSessionExpired,
    /// Orders are possible again.
    BrokerSessionBack,
    /// The session opened.
    MarketOpen,
    /// The session closed.
    MarketClose,
    /// The host restarted; events may have been missed in between.
    HostRestarted,
    /// Something newer than this list; the text says what.
    Other,
}

/// Something the run should know that is no market event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// When.
    pub time: Timestamp,
    /// In words.
    pub text: String,
}
