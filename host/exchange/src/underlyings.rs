//! What futures and options are listed on, at every exchange: data, and nothing but data.
//!
//! Venues, lots, multipliers, ticks, largest orders and the rules of expiry follow the exchanges' published contract
//! specifications as far as the reference states them (§9.1, §15) and are plausible otherwise; prices are of the right
//! size and no more than that. Circulars move all of it: a new circular is a new line here.

use crate::catalog::{BANK_NIFTY, BANKEX, NIFTY, SENSEX};
use market::{Instrument, InstrumentToken, Price, Symbol, Venue};

/// The last day of any month, for [`Expiry::Day`].
pub(crate) const MONTH_END: u8 = 31;

/// One thing with futures, and perhaps options, at one exchange.
pub(crate) struct Underlying {
    /// First part of the contracts' symbols.
    pub(crate) name: &'static str,
    pub(crate) venue: Venue,
    pub(crate) spot: SpotSource,
    /// Quantities are multiples of this. 1 at CDS, BCD, MCX and NCO, where quantity counts lots.
    pub(crate) lot_size: u32,
    /// Units in one of quantity: what a price has to be multiplied by beside the quantity.
    pub(crate) multiplier: i64,
    pub(crate) future_tick: Price,
    pub(crate) option_tick: Price,
    pub(crate) freeze_quantity: u32,
    /// How many months of futures are listed at once, and which months there are.
    pub(crate) listed_months: usize,
    pub(crate) months: Months,
    pub(crate) expiry: Expiry,
    /// Day price band of the futures, in percent.
    pub(crate) circuit_percent: i64,
    /// Lots in an average trade of a future, and of an option.
    pub(crate) trade_lots: (u32, u32),
    pub(crate) options: Option<Options>,
}

/// The options on an underlying.
pub(crate) struct Options {
    /// Distance between strikes.
    pub(crate) step: Price,
    /// Strikes on each side of the money.
    pub(crate) each_side: i64,
    /// True where options expire every week.
    pub(crate) weekly: bool,
    /// Yearly, for their prices.
    pub(crate) volatility: f64,
}

/// Where the price of an underlying comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum SpotSource {
    /// It is listed itself.
    Listed(InstrumentToken),
    /// It is not: a path of its own.
    Unlisted {
        /// What is traded, whatever the size of a contract: all of one good move together.
        good: &'static str,
        rupees: f64,
        /// Deviation over one walked second.
        sigma: f64,
    },
}

/// Months in which contracts end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Months {
    Every,
    /// February, April, June and so on.
    Even,
    /// March, May, July, September and December.
    Silver,
}

/// The last trading day of a month's contract; moved before holidays of its exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// The last one of the month, 0 for Sunday. Weekly options expire on the same weekday.
    LastWeekday(i64),
    /// So many business days before the last business day.
    BusinessDaysBeforeLast(usize),
    /// A day of the month.
    Day(u8),
}

impl Months {
    pub(crate) const fn contains(self, month: u8) -> bool {
        match self {
            Self::Every => true,
            Self::Even => month.is_multiple_of(2),
            Self::Silver => matches!(month, 3 | 5 | 7 | 9 | 12),
        }
    }
}

impl Underlying {
    /// That of a contract.
    pub(crate) fn of(contract: &Instrument) -> Option<&'static Self> {
        let venue = contract.symbol.venue();
        UNDERLYINGS.iter().find(|known| known.name == contract.name && known.venue == venue)
    }

    /// That of a contract of which only the symbol is known, listed or not: the longest name it begins with.
    pub(crate) fn named_in(symbol: &Symbol) -> Option<&'static Self> {
        let after = |known: &&Self| symbol.name().strip_prefix(known.name);
        let fits = |known: &&Self| {
            known.venue == symbol.venue()
                && after(known).is_some_and(|rest| rest.starts_with(char::is_numeric))
        };
        UNDERLYINGS.iter().filter(fits).max_by_key(|known| known.name.len())
    }

    /// Its place among those of its exchange.
    pub(crate) fn number(&self) -> u32 {
        let same_venue = UNDERLYINGS.iter().filter(|known| known.venue == self.venue);
        same_venue.take_while(|known| known.name != self.name).count() as u32
    }
}

const TUESDAY: Expiry = Expiry::LastWeekday(2);
const THURSDAY: Expiry = Expiry::LastWeekday(4);
/// Two business days before the last one of the month, as the currency contracts of both exchanges.
const CURRENCY: Expiry = Expiry::BusinessDaysBeforeLast(2);
const QUARTER_PAISA: Price = Price::from_units(25);

/// A future on an index or a share, without options.
const fn equity(
    name: &'static str,
    venue: Venue,
    token: u32,
    (lot_size, freeze_quantity): (u32, u32),
    expiry: Expiry,
) -> Underlying {
    Underlying {
        name,
        venue,
        spot: SpotSource::Listed(token),
        lot_size,
        multiplier: 1,
        future_tick: Price::from_paise(10),
        option_tick: Price::from_paise(5),
        freeze_quantity,
        listed_months: 3,
        months: Months::Every,
        expiry,
        circuit_percent: 10,
        trade_lots: (3, 10),
        options: None,
    }
}

/// Futures on a currency in lots of 1 000.
const fn currency(
    name: &'static str,
    venue: Venue,
    (rupees, sigma): (f64, f64),
    listed_months: usize,
) -> Underlying {
    Underlying {
        name,
        venue,
        spot: SpotSource::Unlisted { good: name, rupees, sigma },
        lot_size: 1,
        multiplier: 1_000,
        future_tick: QUARTER_PAISA,
        option_tick: QUARTER_PAISA,
        freeze_quantity: 10_000,
        listed_months,
        months: Months::Every,
        expiry: CURRENCY,
        circuit_percent: 3,
        trade_lots: (40, 100),
        options: None,
    }
}

/// Two months of futures on a commodity.
const fn commodity(
    name: &'static str,
    (good, rupees, sigma): (&'static str, f64, f64),
    (multiplier, tick_paise, freeze_quantity): (i64, i64, u32),
    (months, expiry): (Months, Expiry),
) -> Underlying {
    Underlying {
        name,
        venue: Venue::Mcx,
        spot: SpotSource::Unlisted { good, rupees, sigma },
        lot_size: 1,
        multiplier,
        future_tick: Price::from_paise(tick_paise),
        option_tick: Price::from_paise(5),
        freeze_quantity,
        listed_months: 2,
        months,
        expiry,
        circuit_percent: 9,
        trade_lots: (2, 4),
        options: None,
    }
}

const fn with_options(
    of: Underlying,
    step: Price,
    each_side: i64,
    weekly: bool,
    volatility: f64,
) -> Underlying {
    Underlying { options: Some(Options { step, each_side, weekly, volatility }), ..of }
}

const fn at(venue: Venue, listed_months: usize, of: Underlying) -> Underlying {
    Underlying { venue, listed_months, ..of }
}

const fn rupees(rupees: i64) -> Price {
    Price::from_rupees(rupees)
}

const CRUDE_OIL: Underlying =
    commodity("CRUDEOIL", ("CRUDEOIL", 5_640.0, 8.0e-5), (100, 100, 100), (Months::Every, Expiry::Day(19)));
const NATURAL_GAS: Underlying =
    commodity("NATURALGAS", ("NATURALGAS", 402.0, 1.2e-4), (1_250, 10, 48), (Months::Every, Expiry::Day(25)));
const EVERY_MONTHS_END: (Months, Expiry) = (Months::Every, Expiry::Day(MONTH_END));

/// Everything that has contracts. Those with options come first at their exchange: their place is part of their tokens.
pub(crate) const UNDERLYINGS: [Underlying; 23] = [
    with_options(equity("NIFTY", Venue::Nfo, NIFTY, (65, 1_800), TUESDAY), rupees(50), 5, true, 0.13),
    with_options(
        equity("BANKNIFTY", Venue::Nfo, BANK_NIFTY, (30, 600), TUESDAY),
        rupees(100),
        5,
        false,
        0.13,
    ),
    equity("RELIANCE", Venue::Nfo, 738_561, (500, 40_000), TUESDAY),
    equity("INFY", Venue::Nfo, 408_065, (400, 32_000), TUESDAY),
    with_options(equity("SENSEX", Venue::Bfo, SENSEX, (20, 1_000), THURSDAY), rupees(100), 3, true, 0.13),
    with_options(equity("BANKEX", Venue::Bfo, BANKEX, (30, 900), THURSDAY), rupees(100), 3, false, 0.14),
    with_options(currency("USDINR", Venue::Cds, (89.4, 1.2e-5), 3), Price::from_paise(25), 3, false, 0.03),
    currency("EURINR", Venue::Cds, (103.6, 1.8e-5), 2),
    currency("USDINR", Venue::Bcd, (89.4, 1.2e-5), 2),
    with_options(CRUDE_OIL, rupees(50), 3, false, 0.34),
    // Quoted for 10 g: one lot is a kilogram, 100 g, and so on; the guinea is quoted for its own 8 g.
    commodity("GOLD", ("GOLD", 126_300.0, 4.5e-5), (100, 100, 10), (Months::Even, Expiry::Day(5))),
    commodity("GOLDM", ("GOLD", 126_300.0, 4.5e-5), (10, 100, 100), (Months::Every, Expiry::Day(5))),
    commodity("GOLDGUINEA", ("GOLD", 101_200.0, 4.5e-5), (1, 100, 1_250), EVERY_MONTHS_END),
    commodity("GOLDPETAL", ("GOLD", 12_650.0, 4.5e-5), (1, 100, 10_000), EVERY_MONTHS_END),
    commodity("SILVER", ("SILVER", 156_400.0, 7.0e-5), (30, 100, 20), (Months::Silver, Expiry::Day(5))),
    commodity("SILVERM", ("SILVER", 156_400.0, 7.0e-5), (5, 100, 120), EVERY_MONTHS_END),
    NATURAL_GAS,
    commodity("NATGASMINI", ("NATURALGAS", 402.0, 1.2e-4), (250, 10, 240), (Months::Every, Expiry::Day(25))),
    commodity("LEADMINI", ("LEAD", 183.2, 4.0e-5), (1_000, 5, 100), EVERY_MONTHS_END),
    commodity("ZINCMINI", ("ZINC", 304.5, 5.0e-5), (1_000, 5, 100), EVERY_MONTHS_END),
    commodity("COPPER", ("COPPER", 1_012.0, 5.0e-5), (2_500, 5, 28), EVERY_MONTHS_END),
    at(Venue::Nco, 1, CRUDE_OIL),
    at(Venue::Nco, 1, NATURAL_GAS),
];
