//! The exchange's settlement auctions: holders offer shares that others failed to deliver (reference §5, §7.1).
//!
//! NSE holds one a day, from 14:00 to 14:45, for the shares that are short. Here a seed decides which shares those are,
//! how many are wanted and up to which price; a tester may call one for any share at any time. Offers stand until the
//! end and are then matched at one price, which is that of the auction: all who asked for no more than that sell, the
//! lowest offers first and of equal ones the earliest, until what is wanted is there. The rest are cancelled.
//!
//! Knows sessions, shares and seeds and no order.

use crate::noise::{between, mix};
use crate::tape::Tape;
use market::{InstrumentKind, Price, Symbol, Timestamp, TradingDate, Venue};
use serde::{Deserialize, Serialize};

/// When the day's auctions take offers, in seconds after midnight.
const OPENS_SECONDS: i64 = 14 * 3_600;
const CLOSES_SECONDS: i64 = 14 * 3_600 + 45 * 60;
/// One share in so many is short on a day.
const ONE_IN: u64 = 6;
/// How many shares are wanted.
const LEAST_WANTED: u64 = 20;
const MOST_WANTED: u64 = 2_000;
/// What buyers give above the previous close, in 1/100 percent.
const LEAST_PREMIUM: u64 = 0;
const MOST_PREMIUM: u64 = 300;
const WHOLE: i64 = 10_000;

/// One auction of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Auction {
    /// Its number, which an offer must name.
    pub number: u32,
    /// The share that is short.
    pub symbol: Symbol,
    /// From when offers are taken.
    pub opens: Timestamp,
    /// When they are matched.
    pub closes: Timestamp,
    /// How many shares are wanted.
    pub wanted: u32,
    /// The price that all who sell get.
    pub price: Price,
    /// True once it has been matched.
    pub matched: bool,
}

/// A tester's call for an auction that begins at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallAuction {
    /// Which share is short.
    pub symbol: Symbol,
    /// How many are wanted.
    pub wanted: u32,
    /// The price that all who sell get.
    pub price: Price,
    /// How long offers are taken.
    pub seconds: u32,
}

impl Auction {
    /// True while offers are taken.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.opens <= now && now < self.closes && !self.matched
    }
}

/// The auctions of a date, in the order of their numbers. None on a day without a session that contains them.
pub(crate) fn of_the_day(key: u64, tape: &Tape, date: TradingDate) -> Vec<Auction> {
    let (opens, closes) = (date.at_seconds(OPENS_SECONDS), date.at_seconds(CLOSES_SECONDS));
    let hours = tape.clock.calendar.hours(date);
    if !hours.is_some_and(|(from, to)| from <= opens && closes <= to) {
        return Vec::new();
    }
    let day = mix(key, date.midnight().seconds().unsigned_abs());
    let mut auctions = Vec::new();
    for slot in tape.listed() {
        let instrument = &tape.listings[slot].instrument;
        let share = instrument.kind == InstrumentKind::Equity && instrument.symbol.venue() == Venue::Nse;
        let place = mix(day, u64::from(instrument.token));
        if !share || !place.is_multiple_of(ONE_IN) {
            continue;
        }
        let premium = between(place, 1, LEAST_PREMIUM, MOST_PREMIUM) as i64;
        let board = &tape.boards[slot];
        let price = Price::from_units(board.close.units() * (WHOLE + premium) / WHOLE);
        auctions.push(Auction {
            number: auctions.len() as u32 + 1,
            symbol: instrument.symbol.clone(),
            opens,
            closes,
            wanted: between(place, 2, LEAST_WANTED, MOST_WANTED) as u32,
            price: price.round_to(instrument.tick_size),
            matched: false,
        });
    }
    auctions
}
