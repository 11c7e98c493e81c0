//! The exchange itself: its public face.

use crate::account::{Account, binds};
use crate::alert::Alert;
use crate::auction::{Auction, of_the_day};
use crate::board::Push;
use crate::clock::Boundary;
use crate::cover_range;
use crate::desk::Desk;
use crate::event::Event;
use crate::gtt::Gtt;
use crate::history::History;
use crate::holding::Holding;
use crate::hours::{Hours, check_hours};
use crate::late::Late;
use crate::legs;
use crate::listing::Listing;
use crate::margin::Margins;
use crate::noise::mix;
use crate::order::{Iceberg, Order, OrderStatus, PlaceOrder, TradeRecord};
use crate::pit::{Phase, Phases, Pit};
use crate::position::Positions;
use crate::quote::Quote;
use crate::refusal::{Refusal, RefusalKind};
use crate::setup::Setup;
use crate::summary::Books;
use crate::tape::Tape;
use crate::touched::Touched;
use crate::underlyings::Underlying;
use crate::validate;
use market::{Instrument, InstrumentToken, Money, Price, Product, Side, Symbol, Timestamp, Variety};
use std::collections::BTreeSet;

/// Sets the auctions' key apart from all others of the seed.
const AUCTIONS: u64 = 0xA0C7_1011;

/// A market, its order book and the accounts that trade on it.
#[derive(Debug)]
pub struct Exchange {
    pub(crate) now: Timestamp,
    /// What each pit is doing.
    pub(crate) phases: Phases,
    /// The next edge of a day.
    pub(crate) boundary: Boundary,
    pub(crate) tape: Tape,
    pub(crate) desk: Desk,
    pub(crate) accounts: Vec<Account>,
    /// Good-till-triggered orders, oldest first.
    pub(crate) gtts: Vec<Gtt>,
    /// The day's auctions.
    pub(crate) auctions: Vec<Auction>,
    /// Decides which they are.
    pub(crate) auction_key: u64,
    /// Alerts, oldest first.
    pub(crate) alerts: Vec<Alert>,
    /// Orders that are rejected later than they are taken.
    pub(crate) late: Late,
    pub(crate) events: Vec<Event>,
    /// Slots in which an account's own trade moved the tape, until it is published and settled.
    pub(crate) printed: BTreeSet<usize>,
    /// True while what accounts' own trades moved is being settled.
    pub(crate) settling: bool,
    /// Slots in which an account's order came, went or traded, until the new depth is published.
    pub(crate) shown: BTreeSet<usize>,
    /// Legs of iceberg orders that were filled, until the next ones are placed.
    pub(crate) filled_legs: Vec<usize>,
    pub(crate) touched: Touched,
}

impl Exchange {
    /// Opens at `setup.now`, with contracts for the expiries after it.
    pub fn new(setup: Setup) -> Self {
        Self::with_contracts(setup, Vec::new())
    }

    /// The same with these contracts listed beside those of the nearest expiries.
    pub(crate) fn with_contracts(setup: Setup, contracts: Vec<Instrument>) -> Self {
        let Setup { seed, now, calendar, accounts } = setup;
        let tape = Tape::new(seed, now, calendar, contracts);
        let accounts = accounts.into_iter().map(|account| Account::new(account, &tape)).collect();
        let auction_key = mix(seed, AUCTIONS);
        let mut exchange = Self {
            now,
            auctions: of_the_day(auction_key, &tape, now.date()),
            auction_key,
            phases: tape.clock.phases_at(now),
            boundary: tape.clock.first_after(now),
            desk: Desk::new(tape.listings.len(), now),
            tape,
            accounts,
            gtts: Vec::new(),
            alerts: Vec::new(),
            late: Late::default(),
            events: Vec::new(),
            printed: BTreeSet::new(),
            settling: false,
            shown: BTreeSet::new(),
            filled_legs: Vec::new(),
            touched: Touched::default(),
        };
        exchange.catch_up();
        exchange
    }

    /// Its time: that of the last `advance`.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// True during continuous trading of shares.
    pub fn is_open(&self) -> bool {
        self.phases.of(Pit::Cash) == Phase::Continuous
    }

    /// What happened since events were last taken.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// Everything listed, shares first.
    pub fn listings(&self) -> impl Iterator<Item = &Listing> {
        self.tape.listed().map(|slot| &self.tape.listings[slot])
    }

    /// The listing of a token.
    pub fn listing(&self, token: InstrumentToken) -> Option<&Listing> {
        self.tape.slot(token).map(|slot| &self.tape.listings[slot])
    }

    /// The listing of a symbol.
    pub fn find(&self, symbol: &Symbol) -> Option<&Listing> {
        self.tape.slot_of(symbol).map(|slot| &self.tape.listings[slot])
    }

    /// The newest quote.
    pub fn quote(&self, token: InstrumentToken) -> Option<Quote> {
        let slot = self.tape.slot(token)?;
        let board = &self.tape.boards[slot];
        let swing = board.flow.open_interest / 100;
        Some(Quote {
            tick: self.snapshot(slot),
            last_trade_time: (board.flow.trade_size > 0).then_some(board.time),
            lower_circuit_limit: board.lower,
            upper_circuit_limit: board.upper,
            oi_day_high: board.flow.open_interest + swing,
            oi_day_low: board.flow.open_interest,
        })
    }

    /// What an instrument's candles are made of, as of now. Working them out takes time and needs no exchange.
    pub fn history(&self, token: InstrumentToken) -> Option<History> {
        self.tape.slot(token).map(|slot| self.tape.history(slot, self.now))
    }

    /// Places an order; its id means that the front took it, and no more.
    ///
    /// # Errors
    /// When the request itself is wrong, or the market is closed to it.
    pub fn place(&mut self, user: &str, mut command: PlaceOrder) -> Result<String, Refusal> {
        let slot = self.tradable_slot(&command.request.symbol)?;
        legs::check(&command, self.tape.listings[slot].instrument.lot_size)?;
        let total = command.request.quantity;
        let first = command.iceberg.map(|wish| Iceberg::first(wish, total));
        command.request.quantity = first.map_or(total, |leg| leg.leg_quantity);
        self.place_leg(user, command, first)
    }

    /// Places an order that is not cut (any more).
    pub(crate) fn place_leg(
        &mut self,
        user: &str,
        command: PlaceOrder,
        leg: Option<Iceberg>,
    ) -> Result<String, Refusal> {
        let account = self.account(user).ok_or_else(|| unknown_account(user))?;
        let slot = self.tradable_slot(&command.request.symbol)?;
        let listing = &self.tape.listings[slot];
        let hours = self.hours_of(slot);
        validate::check(&command, listing, &self.tape.boards[slot])?;
        check_hours(&command, &self.tape.boards[slot], hours)?;
        self.check_auction(&command)?;
        self.check_consent(account, slot, &command.request)?;
        let after_market = command.request.variety == Variety::Amo;
        let index = self.write_row(account, user, slot, command);
        self.desk.entries[index].order.iceberg = leg;
        let order_id = self.desk.entries[index].order.order_id.clone();
        if after_market {
            self.record(index, OrderStatus::AmoReqReceived);
        } else {
            self.record(index, OrderStatus::PutOrderReqReceived);
            if !self.is_kept_for_late_reject(index) {
                self.enter(index);
                self.settle_prints();
            }
        }
        Ok(order_id)
    }

    /// The account ids, in the order of the setup.
    pub fn users(&self) -> Vec<&str> {
        self.accounts.iter().map(|account| account.user_id.as_str()).collect()
    }

    /// The day's orders, oldest first, and yesterday's until 06:00. Empty for a stranger, like everything below.
    pub fn orders(&self, user: &str) -> Vec<&Order> {
        let orders = self.account(user).map(|account| &self.accounts[account].orders);
        orders.into_iter().flatten().map(|index| &self.desk.entries[*index].order).collect()
    }

    /// One row for every state change of an order, oldest first.
    pub fn order_history(&self, user: &str, order_id: &str) -> Option<&[Order]> {
        let index = self.desk.find(self.account(user)?, order_id)?;
        Some(&self.desk.entries[index].history)
    }

    /// The day's trades, oldest first, and yesterday's until 06:00.
    pub fn trades(&self, user: &str) -> &[TradeRecord] {
        self.account(user).map_or(&[], |account| &self.accounts[account].trades)
    }

    /// Positions, net and of the day.
    pub fn positions(&self, user: &str) -> Positions {
        let last = |slot: usize| self.tape.boards[slot].last;
        self.account(user).map(|account| self.accounts[account].positions(last)).unwrap_or_default()
    }

    /// Shares in the depository.
    pub fn holdings(&self, user: &str) -> Vec<Holding> {
        self.account(user).map(|account| self.accounts[account].holdings(&self.tape)).unwrap_or_default()
    }

    /// Funds.
    pub fn margins(&self, user: &str) -> Option<Margins> {
        self.account(user).map(|account| self.funds_without(account, None))
    }

    /// What an order would bind if nothing else were held: for delivery, as margin, as premium. `None` for what is not listed.
    pub fn would_bind(
        &self,
        symbol: &Symbol,
        how: (Product, Side),
        quantity: i64,
        price: Price,
    ) -> Option<[Money; 3]> {
        let slot = self.tape.slot_of(symbol)?;
        Some(binds(&self.tape, slot, how, quantity, price))
    }

    /// Where the stop of a cover order may lie, from the last price on: (lowest, highest). `None` for what is not
    /// listed.
    pub fn trigger_range(&self, symbol: &Symbol, side: Side) -> Option<(Price, Price)> {
        let slot = self.tape.slot_of(symbol)?;
        let option = self.tape.listings[slot].instrument.kind.is_option();
        let band = if option { cover_range::OPTION_BAND } else { cover_range::BAND };
        Some(cover_range::range(side, self.tape.boards[slot].last, band))
    }

    /// Units in one of quantity. Of contracts that are listed no more it is that of their underlying.
    pub fn multiplier_of(&self, symbol: &Symbol) -> Option<i64> {
        let listed = self.find(symbol).map(|listing| listing.multiplier);
        listed.or_else(|| Underlying::named_in(symbol).map(|underlying| underlying.multiplier))
    }

    /// The day's sums, for checking a host.
    pub fn books(&self, user: &str) -> Option<Books> {
        self.account(user).map(|account| self.accounts[account].books(&self.tape, self.now.date()))
    }

    /// Moves an instrument to a price at once, as if it had traded there; the path goes on from there.
    ///
    /// # Errors
    /// When it is not listed, or the price is off the tick or outside the day's limits.
    pub fn set_price(&mut self, token: InstrumentToken, price: Price) -> Result<(), Refusal> {
        let slot = self.tape.slot(token).ok_or_else(not_listed)?;
        let (board, tick_size) = (&self.tape.boards[slot], self.tape.listings[slot].instrument.tick_size);
        if !price.is_multiple_of(tick_size) || price < board.lower || price > board.upper {
            let (lower, upper) = (board.lower, board.upper);
            return Err(Refusal::input(format!(
                "The price must be a multiple of {tick_size} between {lower} and {upper}."
            )));
        }
        self.tape.nudge(slot, self.now, price);
        self.touched.prices = true;
        self.push(slot, Push { price, through: u32::MAX, volume: 0 });
        Ok(())
    }

    /// Stops or resumes an instrument's price, for tests that need it to stand still. `set_price` still moves it.
    pub fn hold_price(&mut self, token: InstrumentToken, held: bool) {
        if let Some(slot) = self.tape.slot(token) {
            self.tape.boards[slot].price_held = held;
        }
    }

    /// Stops or resumes matching in an instrument: orders come in and stay open.
    pub fn hold_matching(&mut self, token: InstrumentToken, held: bool) {
        if let Some(slot) = self.tape.slot(token) {
            self.tape.boards[slot].matching_held = held;
            self.uncross(slot);
        }
    }

    /// How a slot's market stands for a new order.
    fn hours_of(&self, slot: usize) -> Hours {
        let pit = self.tape.pit(slot);
        let session_today = self.tape.clock.hours(pit.group(), self.now.date()).is_some();
        let after_hours = self.tape.clock.after_hours(pit, self.now);
        Hours { phase: self.phases.of(pit), session_today, after_hours }
    }

    /// True while a slot trades continuously.
    pub(crate) fn is_trading(&self, slot: usize) -> bool {
        self.phase_of(slot) == Phase::Continuous
    }

    /// What a slot's market is doing.
    pub(crate) fn phase_of(&self, slot: usize) -> Phase {
        self.phases.of(self.tape.pit(slot))
    }

    /// Writes a new order down, in no state yet.
    pub(crate) fn write_row(
        &mut self,
        account: usize,
        user: &str,
        slot: usize,
        command: PlaceOrder,
    ) -> usize {
        let token = self.tape.listings[slot].instrument.token;
        let index = self.desk.add((account, user), (slot, token), command, self.now);
        self.accounts[account].orders.push(index);
        self.stand(index);
        index
    }

    /// An order stands: with its account, and with its instrument unless it waits for an auction.
    pub(crate) fn stand(&mut self, index: usize) {
        let entry = &self.desk.entries[index];
        self.accounts[entry.account].standing.push(index);
        if entry.order.variety != Variety::Auction {
            self.desk.resting[entry.slot].push(index);
        }
    }

    pub(crate) fn account(&self, user: &str) -> Option<usize> {
        self.accounts.iter().position(|account| account.user_id == user)
    }

    /// Funds, leaving out what one standing order binds.
    pub(crate) fn funds_without(&self, account: usize, left_out: Option<usize>) -> Margins {
        let mut blocked = [Money::ZERO; 3];
        let standing = &self.accounts[account].standing;
        for index in standing.iter().filter(|index| Some(**index) != left_out) {
            for (sum, part) in blocked.iter_mut().zip(self.desk.entries[*index].still_bound()) {
                *sum += part;
            }
        }
        self.accounts[account].margins(&self.tape, blocked)
    }

    pub(crate) fn tradable_slot(&self, symbol: &Symbol) -> Result<usize, Refusal> {
        let slot = self.tape.slot_of(symbol).ok_or_else(not_listed)?;
        if self.tape.has_expired(slot, self.now) { Err(not_listed()) } else { Ok(slot) }
    }
}

pub(crate) fn unknown_account(user: &str) -> Refusal {
    Refusal::of(RefusalKind::User, format!("There is no account {user}."))
}

fn not_listed() -> Refusal {
    Refusal::input("The instrument you are placing an order for has either expired or does not exist.")
}
