//! Write trading strategies for Bulkhead, test them with plain `cargo test`, and compile them to components.
//!
//! # A moving-average cross in 30 lines
//!
//! ```
//! use sdk::prelude::*;
//! #[derive(Parameters)]
//! struct Params {
//!     /// What to trade.
//!     #[param(default = "NSE:INFY")]
//!     instrument: Symbol,
//!     /// How many to hold.
//!     #[param(default = 10, min = 1)]
//!     quantity: u32,
//! }
//!
//! struct Cross { params: Params, fast: Ema, slow: Ema, above: Option<bool> }
//! #[sdk::strategy]
//! impl Strategy for Cross {
//!     type Params = Params;
//!     fn new(params: Params) -> Self {
//!         Cross { params, fast: Ema::new(5), slow: Ema::new(20), above: None }
//!     }
//!     fn on_tick(&mut self, ctx: &mut Context, tick: &Tick) -> Result {
//!         let (fast, slow) = (self.fast.update(tick.last_price), self.slow.update(tick.last_price));
//!         let (Some(fast), Some(slow)) = (fast, slow) else { return Ok(()) };
//!         let above = fast > slow;
//!         if self.above.replace(above) == Some(!above) {
//!             let wanted = if above { self.params.quantity } else { 0 };
//!             ctx.target(&self.params.instrument, wanted.into())?;
//!         }
//!         Ok(())
//!     }
//! }
//! sdk::export!(Cross);
//!
//! // The test: a flat market warms the averages up, a rise makes them cross.
//! let mut desk = sdk::testing::Desk::<Cross>::with_defaults();
//! desk.ticks("NSE:INFY", &[100.0; 20]).tick("NSE:INFY", 120.0);
//! assert_eq!(desk.asked(), ["buy 10 NSE:INFY market"]);
//! ```
//!
//! # From nothing to a run
//!
//! 1. `bulkhead new my-strategy` makes a crate that compiles, with a test. By hand it is `cargo new --lib my-strategy`,
//!    and in its `Cargo.toml`:
//!    ```toml
//!    [lib]
//!    crate-type = ["cdylib", "rlib"]
//!    [dependencies]
//!    sdk = { path = "…/bulkhead/sdk" }
//!    serde = { version = "1", features = ["derive"] } # for state of your own types
//!    ```
//! 2. Write the strategy in `src/lib.rs`, its tests beside it, and run `cargo test`: no host and no wasm is needed.
//! 3. `cargo build --release --target wasm32-wasip2` makes `target/wasm32-wasip2/release/my_strategy.wasm`.
//!    `RUSTFLAGS=-Ctarget-feature=+simd128` before it makes indicators faster by a third and more.
//! 4. `bulkhead check my_strategy.wasm` says what an upload would say: whether it is accepted, or why not and what to do.
//! 5. Upload it. Name, version and summary are those of your `Cargo.toml`; the form the trader fills comes from your
//!    parameters.
//!
//! # What a strategy is
//!
//! A state machine. The host calls a handler of [`Strategy`] with one event; the handler looks at the [`Context`], asks
//! for what it wants and returns. Between events nothing runs, so there are no threads, no sleeping and no waiting: keep
//! what you need in `self`. Everything you can read is a function of the events you were given, which is why a
//! backtest, a paper run and a live run of the same bytes do the same.
//!
//! | handler | when |
//! |---|---|
//! | [`on_start`](Strategy::on_start) | once; warm-up is there to read, timers can be set |
//! | [`on_tick`](Strategy::on_tick) | a new snapshot of one of your instruments |
//! | [`on_candle`](Strategy::on_candle) | a bar is finished |
//! | [`on_order`](Strategy::on_order) | one of your own orders changed |
//! | [`on_timer`](Strategy::on_timer) | a timer went off |
//! | [`on_notice`](Strategy::on_notice) | feed lost or back, broker session gone or back, market open or close |
//! | [`on_stop`](Strategy::on_stop) | once; the run is over |
//!
//! Write the ones you need. [`#[sdk::strategy]`](macro@strategy) subscribes to exactly those; without the attribute
//! everything that can come is delivered. Who hears ticks must name an instrument, who hears bars an interval too, as a
//! parameter or in the constants of [`Strategy`]: an upload without is refused.
//!
//! A handler that returns an error ends the run as failed with that text, and a panic does the same, so return errors for
//! what should never happen and handle what will. **A run that ends leaves its orders standing and its positions open**,
//! by a stop, by an error or by a panic: nobody withdraws a target or a stop-loss that nobody follows any more, unless the
//! trader asks to *square off*. In [`on_stop`](Strategy::on_stop) you can withdraw and sell yourself; after an error
//! nothing of yours runs.
//!
//! # Parameters
//!
//! `#[derive(Parameters)]` on a struct of `i64`, `u32`, `f64`, [`Price`], `bool`, `String`, [`Symbol`], [`Interval`] and
//! enums with `#[derive(Choice)]`. `#[param(default = …, min = …, max = …, max_length = …)]` says the rest, and the doc
//! comment is the line the trader reads. A parameter without a default must be given; a `bool` without one is off. Lengths
//! count characters. The host checks everything before the run starts and subscribes to every [`Symbol`] and [`Interval`]
//! by itself. A rule that does not apply to the type does not compile.
//!
//! # Bars and warm-up
//!
//! Averages need a past. Ask for it and it is there before the first event: fixed in [`Strategy::WARM_UP`], or following
//! the parameters with `#[param(warm_up = …)]`, which says of which interval: that of another parameter, or one of its own.
//! `warm_up_times` and `warm_up_plus` make it more than the number itself.
//!
//! ```
//! use sdk::prelude::*;
//! #[derive(Parameters)]
//! struct Params {
//!     /// What to watch.
//!     #[param(default = "NSE:INFY")]
//!     instrument: Symbol,
//!     /// How long each bar is.
//!     #[param(default = Interval::Minute5)]
//!     bars: Interval,
//!     /// How many bars the slow average takes.
//!     #[param(default = 50, min = 2, max = 400, warm_up = bars)]
//!     slow: u32,
//! }
//!
//! struct Watch { params: Params, slow: Sma }
//! #[sdk::strategy]
//! impl Strategy for Watch {
//!     type Params = Params;
//!     fn new(params: Params) -> Self {
//!         Watch { slow: Sma::new(params.slow), params }
//!     }
//!     fn on_start(&mut self, ctx: &mut Context) -> Result {
//!         for bar in ctx.candles(&self.params.instrument, self.params.bars, self.params.slow) {
//!             self.slow.update(bar.close);
//!         }
//!         Ok(())
//!     }
//!     fn on_candle(&mut self, _ctx: &mut Context, bar: &Candle) -> Result {
//!         if let Some(average) = self.slow.update(bar.close) {
//!             info!("{} closed at {}, average {average:.2}", bar.symbol(), bar.close);
//!         }
//!         Ok(())
//!     }
//! }
//!
//! let mut desk = sdk::testing::Desk::<Watch>::with_defaults();
//! desk.warm_up("NSE:INFY", Interval::Minute5, &[100.0; 50]);
//! desk.candle("NSE:INFY", Interval::Minute5, [100.0, 151.0, 99.0, 150.0], 10);
//! desk.assert_logged("average 101.00");
//! ```
//!
//! A bar is stamped with its start and heard at its end, at the latest at the close. On a new listing or after a holiday
//! there may be fewer bars than asked for: look at what there is.
//!
//! # Orders
//!
//! Options first, the kind last. The answer comes at once: your own [`OrderId`], or what is wrong with the input. What
//! risk limits, broker and exchange make of it comes to `on_order`, with a [`Refusal`] where somebody said no.
//!
//! ```
//! # use sdk::prelude::*;
//! # fn ask(ctx: &mut Context, id: OrderId) -> Result {
//! ctx.buy("NSE:INFY", 10).limit(1500.0)?;
//! ctx.sell("NSE:INFY", 10).product(Product::Cnc).market()?;
//! ctx.sell("NSE:INFY", 10).stop(1480.0, 1479.5)?;
//! ctx.buy("NSE:INFY", 10).ioc().limit(1500.0)?;
//! ctx.modify(id).price(1501.0).send()?;
//! ctx.cancel(id)?;
//! ctx.target("NSE:INFY", -5)?; // trade until the run is 5 short
//! ctx.liquidate("NSE:INFY")?; // cancel what stands, trade back to flat; again and again does it once
//! # Ok(())
//! # }
//! ```
//!
//! Prices must be multiples of the instrument's tick size: [`Context::round`] makes them so.
//!
//! **The default product is intraday** ([`Product::Mis`]). An intraday position does not survive the day: about ten minutes
//! before the close the broker sells it itself, at whatever price, for a fee, and the strategy is not asked. So do one of
//! two things:
//!
//! - be flat before: `ctx.timer(FLATTEN).before_close(Duration::from_secs(15 * 60))?` in `on_start` and again at
//!   [`NoticeKind::MarketOpen`], and [`Context::liquidate`] when it goes off, as `sma-crossover` does;
//! - hold overnight with another product: [`Product::Cnc`] for shares, [`Product::Nrml`] for contracts, by
//!   `.product(…)` for one order or [`Context::use_product`] for the run, as `buy-and-hold` does.
//!
//! A change or a withdrawal can be refused, or come too late. The order's next update says so: it stands as before, and
//! [`OrderUpdate::refused_change`] is true. Handle it where the change mattered:
//!
//! ```
//! # use sdk::prelude::*;
//! # struct Mine { stop: OrderId }
//! # impl Mine {
//! fn on_order(&mut self, ctx: &mut Context, update: &OrderUpdate) -> Result {
//!     if update.is(self.stop) && update.refused_change() {
//!         warn!("the stop-loss could not be moved: {}", update.order.message);
//!         ctx.liquidate(&update.order.symbol)?;
//!     }
//!     Ok(())
//! }
//! # }
//! ```
//!
//! [`OrderStatus::Unknown`] means that nobody knows whether an order arrived: the host finds out and tells. Do not send it
//! again; [`Context::target`] and [`Context::liquidate`] count it.
//!
//! # Time, memory, words
//!
//! ```
//! # use sdk::prelude::*;
//! # fn ask(ctx: &mut Context) -> Result {
//! const FLATTEN: u64 = 1;
//! ctx.timer(FLATTEN).before_close(Duration::from_secs(15 * 60))?;
//! let days: u32 = ctx.state().get("days")?.unwrap_or(0);
//! ctx.state().set("days", &(days + 1))?; // survives the run
//! ctx.record_pnl("hedge", -12.5); // beside the host's own books; records are added up, so record differences
//! info!("day {days}, cash {}", ctx.cash()); // a line in the trader's log
//! # Ok(())
//! # }
//! ```
//!
//! [`Context::now`] is the host's clock at the event at hand and never runs backwards. Take the time from there: within a
//! batch `std::time::SystemTime` may still show the time of the event that the batch began with.
//!
//! State keeps whatever serialises: numbers, your own types with `#[derive(Serialize, Deserialize)]`, [`Order`]s, [`Candle`]s
//! and whole [`indicators`], so that an average over days goes on where it was. Order numbers begin anew with every run:
//! keep facts under names of your own, not under an [`OrderId`].
//!
//! Write with [`info!`] and its siblings rather than `println!`: printed lines reach the log too, but the sdk does not
//! see them, so where events arrive in batches such a line may be told under the time of a later event.
//!
//! # More than one day
//!
//! A run goes on over the night until it is stopped. Timers that are relative to the session must be set again every
//! morning, at [`NoticeKind::MarketOpen`]; [`Context::pnl_today`] begins anew with the date, [`Position::realised`] does not;
//! day orders are gone. [`testing::Desk::next_day`] plays a night in a test:
//!
//! ```
//! # use sdk::prelude::*;
//! # struct Days;
//! # #[sdk::strategy]
//! # impl Strategy for Days {
//! #     type Params = ();
//! #     fn new((): ()) -> Self { Days }
//! fn on_notice(&mut self, ctx: &mut Context, notice: &Notice) -> Result {
//!     if notice.kind == NoticeKind::MarketOpen {
//!         ctx.timer(1).before_close(Duration::from_secs(15 * 60))?;
//!     }
//!     Ok(())
//! }
//! # }
//! let mut desk = sdk::testing::Desk::<Days>::new(());
//! desk.next_day();
//! assert_eq!(desk.timers()[0].1.to_string(), "15:15:00");
//! ```
//!
//! [`indicators`] keep themselves up to date; [`testing::Desk`] plays ticks, bars, fills, refusals, timers and days, and
//! keeps to the host's own rules and limits.
#![warn(missing_docs)]

mod amounts;
mod batch;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod bindings;
#[cfg(any(target_family = "wasm", test))]
mod columns;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod component;
mod context;
mod directory;
mod door;
mod error;
mod export;
pub mod indicators;
pub mod log;
pub mod manifest;
mod market_data;
mod order;
mod parameter;
pub mod params;
#[doc(hidden)]
pub mod runner;
mod strategy;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
mod time;
mod token;
mod warm_up;

pub use amounts::{Money, Price, Quantity};
pub use context::{Context, Figures, Modification, OrderDraft, State, StateError, Timer, TimerError};
pub use error::{Error, Result};
pub use log::Level;
pub use market_data::{Candle, Depth, Instrument, InstrumentKind, Interval, Level as BookLevel, Tick};
pub use order::{
    Change, Order, OrderError, OrderId, OrderKind, OrderRequest, OrderStatus, OrderUpdate, Position, Product,
    Refusal, Side, Validity,
};
pub use params::Symbol;
pub use sdk_macros::{Choice, Parameters, strategy};
pub use strategy::{Hears, Notice, NoticeKind, Strategy};
pub use time::{Session, Timestamp};
pub use token::Token;

/// Everything a strategy usually needs: `use sdk::prelude::*;`.
pub mod prelude {
    pub use crate::indicators::{Atr, Bands, Bollinger, Ema, Rsi, Sma, Vwap};

    pub use crate::{
        Candle, Choice, Context, Error, Instrument, Interval, Money, Notice, NoticeKind, Order, OrderError,
        OrderId, OrderKind, OrderStatus, OrderUpdate, Parameters, Position, Price, Product, Quantity, Result,
        Side, Strategy, Symbol, Tick, Timestamp, debug, error, info, strategy, warn,
    };
    pub use std::time::Duration;
}

/// For the code that [`export!`] makes.
#[doc(hidden)]
#[cfg(target_family = "wasm")]
pub mod __private {
    pub use crate::{bindings, component};
}
