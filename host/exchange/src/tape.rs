//! All instruments together: lists them, moves their prices in time, keeps their boards.
//!
//! Knows no account and no order.

use crate::board::{Bar, Board};
use crate::cash::{bse_listings, nse_listings};
use crate::catalog::BSE_INDICES;
use crate::clock::{MarketClock, has_ended};
use crate::contracts::{contract_listing, contract_listings};
use crate::crowd::Flow;
use crate::history::History;
use crate::listing::{Listing, Segment};
use crate::model::{Model, Spot, on_tick};
use crate::noise::{Keys, between, mix, place_of};
use crate::pit::Pit;
use crate::setup::TICK_INTERVAL_MS;
use crate::underlyings::{SpotSource, Underlying};
use market::{Calendar, Instrument, InstrumentKind, InstrumentToken, Price, Symbol, Timestamp, Venue};
use std::collections::BTreeMap;

/// Rupees that change hands in an average tick of a share.
const RUPEES_PER_TICK: f64 = 150_000.0;
/// BSE sees one share in so many that NSE sees.
const BSE_PART: u32 = 12;
const TICK_MICROS: i64 = TICK_INTERVAL_MS * 1_000;

/// A slot is for good: what is no longer listed keeps its own, so that the books of the day still name it.
#[derive(Debug)]
pub(crate) struct Tape {
    pub(crate) clock: MarketClock,
    pub(crate) model: Model,
    pub(crate) listings: Vec<Listing>,
    pub(crate) boards: Vec<Board>,
    pub(crate) nudges: Vec<f64>,
    by_token: BTreeMap<InstrumentToken, usize>,
    by_symbol: BTreeMap<Symbol, usize>,
    /// Decides the flow of orders in every contract, together with the contract's own number.
    contract_key: u64,
    /// The next tick: start of its interval and slot of its instrument.
    cursor: (i64, usize),
}

impl Tape {
    /// `also` are contracts that must be there beside those of the nearest expiries.
    pub(crate) fn new(seed: u64, now: Timestamp, calendar: Calendar, also: Vec<Instrument>) -> Self {
        let clock = MarketClock::new(calendar);
        let mut keys = Keys::new(seed);
        let cash = nse_listings();
        let mut tape = Self {
            model: Model::new(&mut keys, &cash),
            clock,
            listings: Vec::new(),
            boards: Vec::new(),
            nudges: Vec::new(),
            by_token: BTreeMap::new(),
            by_symbol: BTreeMap::new(),
            contract_key: keys.next(),
            cursor: (0, 0),
        };
        for listing in cash {
            tape.add(listing, now, keys.next());
        }
        // Whatever is not of NSE's cash market has keys of its own, so that it moves no other path.
        for listing in bse_listings() {
            tape.list_at_bse(listing, now);
        }
        for listing in also.into_iter().filter_map(contract_listing) {
            tape.list(listing, now);
        }
        // What expires today stays until the date changes, which settles it.
        tape.unlist_expired(now.date().midnight());
        tape.add_contracts(now);
        tape.catch_up(0, now);
        tape.move_cursor_after(now);
        tape
    }

    /// Lists the contracts of the nearest expiries that are not there yet.
    pub(crate) fn list_contracts(&mut self, now: Timestamp) {
        let first = self.listings.len();
        self.add_contracts(now);
        self.catch_up(first, now);
    }

    fn add_contracts(&mut self, now: Timestamp) {
        let spot = |underlying: &Underlying| {
            self.spot_of(underlying).map_or(0.0, |spot| self.model.spot(spot, &self.clock, now, &self.nudges))
        };
        for listing in contract_listings(&self.clock.calendar, now, spot) {
            if self.slot_of(&listing.instrument.symbol).is_none() {
                self.list(listing, now);
            }
        }
    }

    /// Takes what has expired off the list.
    pub(crate) fn unlist_expired(&mut self, now: Timestamp) {
        let expired = self.listed().filter(|slot| self.has_expired(*slot, now));
        for slot in expired.collect::<Vec<_>>() {
            let instrument = &self.listings[slot].instrument;
            self.by_token.remove(&instrument.token);
            self.by_symbol.remove(&instrument.symbol);
        }
    }

    /// True until a contract is taken off the list.
    pub(crate) fn is_listed(&self, slot: usize) -> bool {
        self.slot(self.listings[slot].instrument.token) == Some(slot)
    }

    /// True when a contract's last session has ended.
    pub(crate) fn has_expired(&self, slot: usize, now: Timestamp) -> bool {
        let (expiry, group) = (self.listings[slot].instrument.expiry, self.pit(slot).group());
        expiry.is_some_and(|expiry| has_ended(&self.clock.calendar, group, expiry, now))
    }

    /// Where a slot trades.
    pub(crate) fn pit(&self, slot: usize) -> Pit {
        self.listings[slot].instrument.symbol.venue().into()
    }

    /// Every listed slot of a pit.
    pub(crate) fn listed_in(&self, pit: Pit) -> Vec<usize> {
        self.listed().filter(|slot| self.pit(*slot) == pit).collect()
    }

    /// Every listed slot, shares first.
    pub(crate) fn listed(&self) -> impl Iterator<Item = usize> {
        (0..self.listings.len()).filter(|slot| self.is_listed(*slot))
    }

    pub(crate) fn slot(&self, token: InstrumentToken) -> Option<usize> {
        self.by_token.get(&token).copied()
    }

    pub(crate) fn slot_of(&self, symbol: &Symbol) -> Option<usize> {
        self.by_symbol.get(symbol).copied()
    }

    /// A symbol's slot, also when it is listed no more.
    pub(crate) fn any_slot_of(&self, symbol: &Symbol, token: InstrumentToken) -> Option<usize> {
        let is =
            |listing: &Listing| listing.instrument.token == token && listing.instrument.symbol == *symbol;
        self.listings.iter().rposition(is)
    }

    /// How far testers have moved the prices off their paths, logarithmic; those that were moved.
    pub(crate) fn nudges(&self) -> BTreeMap<Symbol, f64> {
        let moved = self.listed().filter(|slot| self.nudges[*slot] != 0.0);
        moved.map(|slot| (self.listings[slot].instrument.symbol.clone(), self.nudges[slot])).collect()
    }

    /// Moves the prices off their paths as they were before; the boards follow with their next tick.
    pub(crate) fn set_nudges(&mut self, nudges: &BTreeMap<Symbol, f64>) {
        for (symbol, nudge) in nudges {
            if let Some(slot) = self.slot_of(symbol) {
                self.nudges[slot] = *nudge;
            }
        }
    }

    /// When the next tick is due, and whose.
    pub(crate) fn next_due(&self) -> (Timestamp, usize) {
        let (start, slot) = self.cursor;
        (Timestamp::from_micros(start + self.phase(slot)), slot)
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
        let slot = (0..self.listings.len()).find(|slot| self.phase(*slot) > within);
        self.cursor = slot.map_or((start + TICK_MICROS, 0), |slot| (start, slot));
    }

    /// Where the market goes in a tick, unless a test holds its price.
    pub(crate) fn next_price(&self, slot: usize, at: Timestamp) -> Price {
        let board = &self.boards[slot];
        if board.price_held { board.last } else { self.price_at(slot, at) }
    }

    /// An instrument's day begins with an auction.
    pub(crate) fn begin_day(&mut self, slot: usize, now: Timestamp, opens: Timestamp) {
        self.boards[slot].close = self.boards[slot].last;
        self.limit(slot);
        self.boards[slot].begin_day(now, opens);
    }

    /// A pit's day begins.
    pub(crate) fn open_day(&mut self, pit: Pit, at: Timestamp) {
        for slot in self.listed_in(pit) {
            // The limits of the day depend on the close before it.
            self.boards[slot].close = self.boards[slot].last;
            self.limit(slot);
            let price = self.next_price(slot, at);
            self.boards[slot].open_day(at, price);
        }
    }

    /// The path goes on from `price`.
    pub(crate) fn nudge(&mut self, slot: usize, at: Timestamp, price: Price) {
        self.nudges[slot] = 0.0;
        let worth = self.worth(slot, at).max(1e-4);
        self.nudges[slot] = (price.to_wire().max(1e-4) / worth).ln();
    }

    /// The path's price within today's limits, on the tick.
    fn price_at(&self, slot: usize, at: Timestamp) -> Price {
        let board = &self.boards[slot];
        let tick_size = self.listings[slot].instrument.tick_size;
        on_tick(self.worth(slot, at), tick_size).clamp(board.lower, board.upper)
    }

    /// Rupees at an instant, nudges included.
    fn worth(&self, slot: usize, at: Timestamp) -> f64 {
        self.model.worth(slot, &self.clock, at, &self.nudges)
    }

    /// Lists a contract.
    fn list(&mut self, listing: Listing, now: Timestamp) {
        // Numbers repeat from exchange to exchange, tokens do not.
        let nfo = listing.instrument.symbol.venue() == Venue::Nfo;
        let number = if nfo { listing.exchange_token } else { listing.instrument.token };
        let key = mix(self.contract_key, u64::from(number));
        let underlying = Underlying::of(&listing.instrument);
        let spot = underlying.and_then(|underlying| self.spot_of(underlying)).unwrap_or(Spot::Slot(0));
        let options = underlying.and_then(|underlying| underlying.options.as_ref());
        let expiry = listing.instrument.expiry.and_then(|date| self.clock.hours(listing.group(), date));
        let ends = expiry.map_or(now, |(_, close)| close);
        self.model.add_contract(&listing, spot, options.map_or(0.0, |options| options.volatility), ends);
        self.add(listing, now, key);
    }

    /// Lists a share or index of BSE.
    fn list_at_bse(&mut self, listing: Listing, now: Timestamp) {
        let token = listing.instrument.token;
        let key = mix(self.contract_key, u64::from(token));
        let at_nse = Symbol::new(Venue::Nse, listing.instrument.symbol.name());
        match BSE_INDICES.iter().find(|index| index.token == token) {
            Some(index) => self.model.add_index(index, mix(key, 1)),
            None => self.model.add_mirror(at_nse.and_then(|symbol| self.slot_of(&symbol)).unwrap_or(0)),
        }
        self.add(listing, now, key);
    }

    /// Where an underlying's price comes from. `None` when it should be listed and is not.
    fn spot_of(&self, underlying: &Underlying) -> Option<Spot> {
        Some(match underlying.spot {
            SpotSource::Listed(token) => Spot::Slot(self.slot(token)?),
            SpotSource::Unlisted { good, rupees, sigma } => {
                let key = mix(self.contract_key, place_of(good));
                Spot::Path { rupees, sigma, key, group: underlying.venue.into() }
            }
        })
    }

    /// Gives a listing, whose pricing the model knows, its slot.
    fn add(&mut self, listing: Listing, now: Timestamp, key: u64) {
        let slot = self.listings.len();
        self.by_token.insert(listing.instrument.token, slot);
        self.by_symbol.insert(listing.instrument.symbol.clone(), slot);
        self.listings.push(listing);
        self.nudges.push(0.0);
        self.boards.push(self.first_board(slot, now, key));
        self.limit(slot);
    }

    /// The path's price as history knows it: without nudges and limits.
    fn price_in_history(&self, slot: usize, at: Timestamp) -> Price {
        let tick_size = self.listings[slot].instrument.tick_size;
        self.model.price_of_path((slot, None), &self.clock, at, tick_size)
    }

    /// What one instrument's candles are made of.
    pub(crate) fn history(&self, slot: usize, now: Timestamp) -> History {
        History {
            instrument: self.listings[slot].instrument.clone(),
            slot,
            clock: self.clock.clone(),
            model: self.model.clone(),
            board: self.boards[slot].clone(),
            now,
        }
    }

    /// What an instrument derives from is worth so much; itself where it derives from nothing.
    pub(crate) fn spot_price(&self, slot: usize, at: Timestamp) -> Price {
        let spot = self.model.spot_behind(slot, &self.clock, at, &self.nudges);
        Price::from_wire(spot).unwrap_or(Price::ZERO)
    }

    /// Ticks are spread evenly over the interval, in the order of the list.
    fn phase(&self, slot: usize) -> i64 {
        slot as i64 * TICK_MICROS / self.listings.len() as i64
    }

    /// The board at the beginning of the last session that has begun; the tape then lives through what there was of it.
    fn first_board(&self, slot: usize, now: Timestamp, key: u64) -> Board {
        let group = self.listings[slot].group();
        let (open, _) = self.last_session(group, now);
        let price = |at: Timestamp| self.price_in_history(slot, at);
        let day = Bar::at(open, price(open));
        Board::new(self.flow(slot, now, key), open, day, price(self.clock.last_close(group, open)))
    }

    fn flow(&self, slot: usize, now: Timestamp, key: u64) -> Flow {
        let listing = &self.listings[slot];
        let rupees = self.price_in_history(slot, now).to_wire().max(0.05);
        let lot_size = listing.instrument.lot_size;
        let (future_lots, option_lots) =
            Underlying::of(&listing.instrument).map_or((3, 10), |underlying| underlying.trade_lots);
        let lots_open = |least, most| u64::from(lot_size) * between(key, 7, least, most);
        let shares = (RUPEES_PER_TICK / rupees) as u32 + 1;
        let (trade_size, quiet_percent, spread, open_interest) = match listing.instrument.kind {
            InstrumentKind::Equity if listing.segment == Segment::Bse => (shares / BSE_PART + 1, 40, 3, 0),
            InstrumentKind::Equity => (shares, 15, 2, 0),
            InstrumentKind::Index => (0, 0, 1, 0),
            InstrumentKind::Future => (lot_size * future_lots, 25, 3, lots_open(20_000, 200_000)),
            InstrumentKind::Call | InstrumentKind::Put => {
                (lot_size * option_lots, 50, 3, lots_open(5_000, 90_000))
            }
        };
        let tick_size = listing.instrument.tick_size;
        Flow { key, tick_size, lot_size, trade_size, quiet_percent, spread, open_interest }
    }

    /// Sets today's circuit limits from the previous close.
    fn limit(&mut self, slot: usize) {
        let listing = &self.listings[slot];
        let tick_size = listing.instrument.tick_size;
        let close = self.boards[slot].close;
        // An option's band follows its underlying: a tenth of it, either way. Where that is not listed, the strike,
        // which lies near the money, stands for it.
        let tenth = |price: Price| Price::from_units(price.units() / 10);
        let reach = if listing.instrument.kind.is_option() {
            let underlying = listing.underlying.and_then(|token| self.slot(token));
            tenth(underlying.map_or(listing.instrument.strike, |slot| self.boards[slot].close))
        } else {
            Price::from_units(close.units() * listing.circuit_percent / 100)
        };
        // Rounded towards the close, so that no limit lies outside the band.
        let (low, high) = ((close - reach).max(tick_size), close + reach);
        let step = tick_size.units();
        let lower = Price::from_units((low.units() + step - 1) / step * step);
        let upper = Price::from_units(high.units() / step * step);
        self.boards[slot].set_limits(lower, upper);
    }
}
