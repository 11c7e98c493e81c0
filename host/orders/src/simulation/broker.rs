//! A broker in the shape of Kite Connect, of its own making: it shares the vocabulary with the order core and nothing else.
//!
//! It does what it is told at the instant it is told; what is lost or late on the way is the network's.

mod matching;
mod order;
mod people;
mod reading;

pub(super) use matching::lot_of as lot;
pub(super) use order::{BrokerOrder, BrokerTrade, Status, View};
pub(super) use reading::{DayUnits, Listing};

use super::dice::Dice;
use super::fault::{Fault, Faults};
use market::{OrderKind, OrderRequest, Price, Symbol, Timestamp, TradingDate, Venue};
use order::Fate;
use std::collections::VecDeque;

/// Order calls that Kite takes of one account in a calendar second.
const CALLS_PER_SECOND: usize = 10;
/// The same in a calendar minute.
const CALLS_PER_MINUTE: usize = 400;
/// When the exchange opens and closes, in seconds since IST midnight.
pub(super) const OPENS_S: i64 = 9 * 3600 + 15 * 60;
pub(super) const CLOSES_S: i64 = 15 * 3600 + 30 * 60;
/// The smallest step of a price, in 1/10 000 rupee.
pub(super) const TICK: i64 = 500;

/// What the order system answered, before the network has its way with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// Done, or on its way; the broker's number.
    Took(String),
    /// 400 with a reason.
    No,
    /// 429.
    TooMany,
    /// 403: the token is dead.
    SessionDead,
}

/// What a change makes of an order: it travels whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whole {
    pub(super) kind: OrderKind,
    pub(super) quantity: u32,
    pub(super) price: i64,
    pub(super) trigger: i64,
}

/// The broker, its exchange and its account.
#[derive(Debug)]
pub(super) struct Broker {
    pub(super) faults: Faults,
    dice: Dice,
    pub(super) orders: Vec<BrokerOrder>,
    pub(super) trades: Vec<BrokerTrade>,
    pub(super) prices: Vec<(Symbol, i64)>,
    /// Number of the newest login, and whether its token lives.
    pub(super) session: u32,
    pub(super) is_alive: bool,
    /// Nothing trades any more; orders come and go.
    pub(super) is_quiet: bool,
    /// The book begins here.
    book_from: Timestamp,
    numbers_of: TradingDate,
    next_number: u64,
    next_trade: u64,
    calls: VecDeque<Timestamp>,
    /// Orders that changed since the ticker last looked.
    pub(super) changed: Vec<usize>,
}

impl Broker {
    pub(super) fn new(seed: u64, faults: Faults, now: Timestamp) -> Self {
        let mut dice = Dice::apart(seed, 1);
        let names = [(Venue::Nse, "INFY"), (Venue::Nse, "TCS"), (Venue::Nfo, "NIFTY26DECFUT")];
        let symbols = names.into_iter().filter_map(|(venue, name)| Symbol::new(venue, name));
        let prices = symbols.map(|symbol| (symbol, TICK * dice.between(2_000, 60_000))).collect();
        let session = 1;
        Self {
            faults,
            dice,
            orders: Vec::new(),
            trades: Vec::new(),
            prices,
            session,
            is_alive: true,
            is_quiet: false,
            book_from: now.date().midnight(),
            numbers_of: now.date(),
            next_number: 0,
            next_trade: 0,
            calls: VecDeque::new(),
            changed: Vec::new(),
        }
    }

    pub(super) fn is_open(now: Timestamp) -> bool {
        let second = now.micros_of_day() / 1_000_000;
        !now.date().is_weekend() && (OPENS_S..CLOSES_S).contains(&second)
    }

    /// Takes an order.
    pub(super) fn place(&mut self, now: Timestamp, token: u32, tag: &str, request: &OrderRequest) -> Reply {
        if let Some(no) = self.door(now, token) {
            return no;
        }
        let sensible = request.quantity > 0 && request.price.units() % TICK == 0;
        let known = self.prices.iter().any(|(symbol, _)| *symbol == request.symbol);
        if !sensible || !known || tag.len() > 20 || self.faults.strikes(Fault::Refused, &mut self.dice) {
            return Reply::No;
        }
        let index = self.enter(now, Some(tag.to_owned()), request);
        self.foul(now, index);
        if self.faults.strikes(Fault::TwinTag, &mut self.dice) && self.dice.chance(400) {
            let twin = self.enter(now, Some(tag.to_owned()), request);
            self.orders[twin].is_twin = true;
        }
        Reply::Took(self.orders[index].now.number.clone())
    }

    /// Changes a standing order, whole.
    pub(super) fn modify(&mut self, now: Timestamp, token: u32, number: &str, to: Whole) -> Reply {
        if let Some(no) = self.door(now, token) {
            return no;
        }
        let Some(index) = self.find(now, number) else { return Reply::No };
        let order = &mut self.orders[index];
        if !order.stands() || to.quantity <= order.now.filled || to.price % TICK != 0 {
            return Reply::No;
        }
        let now_as = &mut order.now;
        (now_as.kind, now_as.quantity) = (to.kind, to.quantity);
        (now_as.price, now_as.trigger, now_as.is_modified) = (to.price, to.trigger, true);
        if now_as.status == Status::TriggerPending && !to.kind.needs_trigger() {
            now_as.status = Status::Open;
        }
        self.note(index, now);
        Reply::Took(number.to_owned())
    }

    /// Withdraws a standing order.
    pub(super) fn cancel(&mut self, now: Timestamp, token: u32, number: &str) -> Reply {
        if let Some(no) = self.door(now, token) {
            return no;
        }
        let Some(index) = self.find(now, number) else { return Reply::No };
        if self.orders[index].now.status.is_over() {
            return Reply::No;
        }
        if !self.faults.strikes(Fault::CancelIgnored, &mut self.dice) {
            let in_ms = self.dice.between(1, 800);
            self.orders[index].cancels_at = Some(now.plus_micros(in_ms * 1_000));
        }
        Reply::Took(number.to_owned())
    }

    /// A login: the token of before is dead.
    pub(super) fn login(&mut self) -> u32 {
        (self.session, self.is_alive) = (self.session + 1, true);
        self.session
    }

    /// The token is flushed, or somebody signed in elsewhere.
    pub(super) fn end_session(&mut self) {
        self.is_alive = false;
    }

    /// The book of the day begins: what was before is shown no more.
    pub(super) fn turn_book(&mut self, now: Timestamp) {
        self.book_from = now.date().midnight();
    }

    /// Numbers begin anew with the date, so that those of yesterday come again.
    fn number(&mut self, now: Timestamp) -> u64 {
        if self.numbers_of != now.date() {
            (self.numbers_of, self.next_number, self.next_trade) = (now.date(), 0, 0);
        }
        self.next_number += 1;
        self.next_number
    }

    pub(super) fn price(&self, symbol: &Symbol) -> Option<i64> {
        self.prices.iter().find(|(known, _)| known == symbol).map(|(_, price)| *price)
    }

    pub(super) fn find(&self, now: Timestamp, number: &str) -> Option<usize> {
        let from = self.book_from;
        let of_today = |order: &&BrokerOrder| order.placed_at >= from && order.now.number == number;
        let index = self.orders.iter().rposition(|order| of_today(&order));
        index.filter(|_| now >= from)
    }

    /// Session and budget. A call over the budget has no effect.
    fn door(&mut self, now: Timestamp, token: u32) -> Option<Reply> {
        if token != self.session || !self.is_alive {
            return Some(Reply::SessionDead);
        }
        self.count(now);
        let since = |span: i64| {
            let begins = now.seconds().div_euclid(span) * span;
            self.calls.iter().filter(|call| call.seconds() >= begins).count()
        };
        (since(1) > CALLS_PER_SECOND || since(60) > CALLS_PER_MINUTE).then_some(Reply::TooMany)
    }

    fn count(&mut self, now: Timestamp) {
        self.calls.push_back(now);
        while self.calls.front().is_some_and(|first| now.micros_since(*first) > 120_000_000) {
            self.calls.pop_front();
        }
    }

    fn enter(&mut self, now: Timestamp, tag: Option<String>, request: &OrderRequest) -> usize {
        let number = format!("{:06}", 100_000 + self.number(now));
        let mut order = BrokerOrder::new(number, tag, request, now);
        order.settles_at = now.plus_micros(self.dice.between(1, 400) * 1_000);
        if !Self::is_open(now) {
            order.fate = Fate::Reject;
        }
        self.orders.push(order);
        self.changed.push(self.orders.len() - 1);
        self.orders.len() - 1
    }

    /// What may become of an order that was taken.
    fn foul(&mut self, now: Timestamp, index: usize) {
        let (faults, dice) = (self.faults, &mut self.dice);
        let order = &mut self.orders[index];
        if faults.strikes(Fault::StuckAtRisk, dice) {
            order.settles_at = now.plus_seconds(dice.between(5, 100));
        }
        if faults.strikes(Fault::RefusedLater, dice) {
            order.fate = Fate::Reject;
        }
        if faults.strikes(Fault::RefusedUnlisted, dice) {
            (order.fate, order.listed_at) = (Fate::Reject, None);
        } else if faults.strikes(Fault::ListedLate, dice) {
            order.listed_at = Some(now.plus_seconds(dice.between(1, 400)));
        } else if faults.strikes(Fault::BookStale, dice) {
            order.listed_at = Some(now.plus_seconds(dice.between(1, 90)));
        }
    }

    fn note(&mut self, index: usize, now: Timestamp) {
        self.orders[index].note(now);
        self.changed.push(index);
    }
}

/// A price that the exchange takes.
pub(super) const fn on_tick(units: i64) -> Price {
    Price::from_units(units.div_euclid(TICK) * TICK)
}
