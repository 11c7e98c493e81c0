//! All instruments together: lists them, moves their prices in time, keeps their boards.
//!
//! Knows no account and no order.

use crate::board::{Bar, Board, Flow};
use crate::clock::MarketClock;
use crate::contracts::{cash_listings, contract_listings};
use crate::listing::{Listing, Segment};
use crate::model::Model;
use crate::noise::{Keys, between};
use crate::setup::TICK_INTERVAL_MS;
use market::{Calendar, InstrumentToken, Price, Symbol, Timestamp};
use std::collections::BTreeMap;

/// Rupees that change hands in an average tick of a share.
const RUPEES_PER_TICK: f64 = 150_000.0;
/// Samples from which a day that has begun is rebuilt.
const REBUILD_SAMPLES: i64 = 48;
const TICK_MICROS: i64 = TICK_INTERVAL_MS * 1_000;

#[derive(Debug)]
pub(crate) struct Tape {
    pub(crate) clock: MarketClock,
    pub(crate) model: Model,
    pub(crate) listings: Vec<Listing>,
    pub(crate) boards: Vec<Board>,
    nudges: Vec<f64>,
    by_token: BTreeMap<InstrumentToken, usize>,
    by_symbol: BTreeMap<Symbol, usize>,
    /// The next tick: start of its interval and place of its instrument.
    cursor: (i64, usize),
}

impl Tape {
    pub(crate) fn new(seed: u64, now: Timestamp, calendar: Calendar) -> Self {
        let clock = MarketClock::new(calendar);
        let mut keys = Keys::new(seed);
        let mut listings = cash_listings();
        let mut model = Model::new(&mut keys, &listings);
        let place_of = |token| listings.iter().position(|listing| listing.instrument.token == token);
        let spot = |token| place_of(token).map_or(0.0, |place| model.worth(place, &clock, now, &[]));
        let contracts = contract_listings(&clock.calendar, now, spot);
        let underlying: Vec<_> =
            contracts.iter().map(|contract| contract.underlying.and_then(place_of).unwrap_or(0)).collect();
        for (contract, place) in contracts.iter().zip(underlying) {
            let expiry = contract.instrument.expiry.and_then(|date| clock.calendar.hours(date));
            model.add_contract(contract, place, expiry.map_or(now, |(_, close)| close));
        }
        listings.extend(contracts);
        let by_token = listings.iter().enumerate().map(|(i, l)| (l.instrument.token, i)).collect();
        let by_symbol = listings.iter().enumerate().map(|(i, l)| (l.instrument.symbol.clone(), i)).collect();
        let nudges = vec![0.0; listings.len()];
        let mut tape =
            Self { clock, model, listings, boards: Vec::new(), nudges, by_token, by_symbol, cursor: (0, 0) };
        tape.boards =
            (0..tape.listings.len()).map(|place| tape.first_board(place, now, keys.next())).collect();
        (0..tape.listings.len()).for_each(|place| tape.limit(place));
        tape.move_cursor_after(now);
        tape
    }

    pub(crate) fn place(&self, token: InstrumentToken) -> Option<usize> {
        self.by_token.get(&token).copied()
    }

    pub(crate) fn place_of(&self, symbol: &Symbol) -> Option<usize> {
        self.by_symbol.get(symbol).copied()
    }

    /// When the next tick is due, and whose.
    pub(crate) fn next_due(&self) -> (Timestamp, usize) {
        let (start, place) = self.cursor;
        (Timestamp::from_micros(start + self.phase(place)), place)
    }

    /// Takes the next tick off the schedule.
    pub(crate) const fn step_cursor(&mut self) {
        self.cursor.1 += 1;
        if self.cursor.1 >= self.listings.len() {
            self.cursor = (self.cursor.0 + TICK_MICROS, 0);
        }
    }

    /// The next tick is the first one at or after `at`.
    pub(crate) fn move_cursor_to(&mut self, at: Timestamp) {
        self.move_cursor_after(at.plus_micros(-1));
    }

    /// The next tick is the first one after `at`.
    pub(crate) fn move_cursor_after(&mut self, at: Timestamp) {
        let start = at.micros().div_euclid(TICK_MICROS) * TICK_MICROS;
        let within = at.micros() - start;
        let place = (0..self.listings.len()).find(|place| self.phase(*place) > within);
        self.cursor = place.map_or((start + TICK_MICROS, 0), |place| (start, place));
    }

    /// Moves one price.
    pub(crate) fn tick(&mut self, place: usize, at: Timestamp) {
        let worth = self.price_at(place, at);
        self.boards[place].tick(at, worth);
    }

    /// A session begins everywhere.
    pub(crate) fn open_day(&mut self, at: Timestamp) {
        for place in 0..self.listings.len() {
            // The limits of the day depend on the close before it.
            self.boards[place].close = self.boards[place].last;
            self.limit(place);
            let held = self.boards[place].price_held;
            let price = if held { self.boards[place].last } else { self.price_at(place, at) };
            self.boards[place].open_day(at, price);
        }
    }

    /// Trades at `price` now and goes on from there.
    pub(crate) fn nudge(&mut self, place: usize, at: Timestamp, price: Price) {
        self.nudges[place] = 0.0;
        let worth = self.model.worth(place, &self.clock, at, &self.nudges).max(1e-4);
        self.nudges[place] = (price.to_wire().max(1e-4) / worth).ln();
        let quantity = self.boards[place].flow.lot_size * u32::from(self.boards[place].flow.trade_size > 0);
        self.boards[place].print(at, price, quantity);
        self.boards[place].refill(crate::board::tick_number(at));
    }

    /// The path's price within today's limits, on the tick.
    fn price_at(&self, place: usize, at: Timestamp) -> Price {
        let board = &self.boards[place];
        self.rounded(place, self.model.worth(place, &self.clock, at, &self.nudges))
            .clamp(board.lower, board.upper)
    }

    /// The path's price as history knows it: without nudges and limits.
    pub(crate) fn price_in_history(&self, place: usize, at: Timestamp) -> Price {
        self.rounded(place, self.model.worth(place, &self.clock, at, &[]))
    }

    fn rounded(&self, place: usize, rupees: f64) -> Price {
        let tick_size = self.listings[place].instrument.tick_size;
        Price::from_wire(rupees).unwrap_or(tick_size).round_to(tick_size).max(tick_size)
    }

    /// Ticks are spread evenly over the interval, in the order of the list.
    fn phase(&self, place: usize) -> i64 {
        place as i64 * TICK_MICROS / self.listings.len() as i64
    }

    fn first_board(&self, place: usize, now: Timestamp, key: u64) -> Board {
        let flow = self.flow(place, now, key);
        let close_now = self.clock.last_close(now);
        // The last session that has begun: today's, or the one that closed last.
        let (open, close) = self
            .clock
            .calendar
            .hours(now.date())
            .filter(|(open, _)| *open <= now)
            .or_else(|| self.clock.calendar.hours(close_now.plus_micros(-1).date()))
            .unwrap_or((now, now));
        let until = now.min(close);
        let mut day = Bar::at(open, self.price_in_history(place, open));
        let step = until.micros_since(open) / REBUILD_SAMPLES;
        for sample in 1..=REBUILD_SAMPLES {
            day.add(self.price_in_history(place, open.plus_micros(step * sample)), 0);
        }
        day.add(self.price_in_history(place, until), 0);
        day.volume = u64::from(flow.trade_size) * (until.micros_since(open) / TICK_MICROS).unsigned_abs();
        let previous = self.price_in_history(place, self.clock.last_close(open));
        Board::new(flow, until, day, previous)
    }

    fn flow(&self, place: usize, now: Timestamp, key: u64) -> Flow {
        let listing = &self.listings[place];
        let rupees = self.price_in_history(place, now).to_wire().max(0.05);
        let lot_size = listing.instrument.lot_size;
        let (trade_size, quiet_percent, spread, open_interest) = match listing.segment {
            Segment::Nse => ((RUPEES_PER_TICK / rupees) as u32 + 1, 15, 2, 0),
            Segment::Indices => (0, 0, 1, 0),
            Segment::NfoFut => (lot_size * 3, 25, 3, u64::from(lot_size) * between(key, 7, 20_000, 200_000)),
            Segment::NfoOpt => (lot_size * 10, 50, 3, u64::from(lot_size) * between(key, 7, 5_000, 90_000)),
        };
        let tick_size = listing.instrument.tick_size;
        Flow { key, tick_size, lot_size, trade_size, quiet_percent, spread, open_interest }
    }

    /// Sets today's circuit limits from the previous close.
    fn limit(&mut self, place: usize) {
        let listing = &self.listings[place];
        let tick_size = listing.instrument.tick_size;
        let close = self.boards[place].close;
        // An option's band follows its underlying: a tenth of it, either way.
        let reach = match listing.underlying.filter(|_| listing.segment == Segment::NfoOpt) {
            Some(token) => {
                self.place(token).map_or(close, |u| Price::from_units(self.boards[u].close.units() / 10))
            }
            None => Price::from_units(close.units() * listing.circuit_percent / 100),
        };
        // Rounded towards the close, so that no limit lies outside the band.
        let (low, high) = ((close - reach).max(tick_size), close + reach);
        let step = tick_size.units();
        let lower = Price::from_units((low.units() + step - 1) / step * step);
        let upper = Price::from_units(high.units() / step * step);
        self.boards[place].set_limits(lower, upper);
    }
}
