//! The vocabulary of the house: prices, instruments, orders, ticks, candles, the trading calendar.
//!
//! Every other package speaks in these types. This one knows no broker, no tenant, no database and no clock:
//! it is pure data with the arithmetic that must be the same everywhere. Money is fixed point
//! (1/10 000 rupee in an `i64`), time is microseconds since the Unix epoch, dates are IST trading dates.
#![warn(missing_docs)]

mod calendar;
mod candle;
mod instrument;
mod intent;
mod order;
mod price;
mod tick;
mod time;
mod trade;

pub use calendar::{
    Calendar, CalendarError, CalendarFile, CalendarFileError, HolidayLine, HoursLine, Session, SpecialLine,
    VenueGroup,
};
pub use candle::{Candle, Interval};
pub use instrument::{Instrument, InstrumentKind, InstrumentToken, ParseSymbolError, Symbol, Venue};
pub use intent::{Change, Intent, OrderRequest, RequestError, RunOrderId};
pub use order::{OrderKind, OrderState, Product, Side, UnknownWord, Validity, Variety};
pub use price::{Money, ParsePriceError, Price, UNITS_PER_RUPEE};
pub use tick::{Depth, DepthLevel, Tick};
pub use time::{ParseDateError, Timestamp, TradingDate};
pub use trade::Trade;
