//! The charges of a day as its fills come in: order by order, with what was bought and sold again of one scrip on one
//! day netted as intraday, and the depository's fee for what left the account.
//!
//! Netting, as Zerodha words it: the same share bought and sold in one session under CNC is charged as intraday, and the
//! brokerage of both orders is the intraday one on all of them, however little of them met; so it is for holdings sold
//! and bought back (support.zerodha.com, "Why was the brokerage charged on delivery trades?"). Units meet first in,
//! first out. What was sold and not bought back is a delivery: one depository fee a scrip and day (kite.md §8.1: a CNC buy
//! is a holding from the next day on).

use super::Charges;
use super::rates::{Rule, Segment};
use super::table::RateTable;
use crate::book::Book;
use market::{Money, Price, Product, Side, Symbol, Trade, TradingDate};
use std::collections::{BTreeMap, VecDeque};

/// The charges of one day.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bill {
    scrips: BTreeMap<(Symbol, Product), Scrip>,
    total: Charges,
}

/// One scrip's orders of the day.
#[derive(Debug, Clone, Default)]
struct Scrip {
    orders: BTreeMap<OrderKey, Turnover>,
    /// Units that met no trade of the other side yet, oldest first, all of one side.
    open: VecDeque<Lot>,
    charges: Charges,
}

type OrderKey = (String, Side);

/// What an order's fills came to.
#[derive(Debug, Clone, Copy, Default)]
struct Turnover {
    /// Bought and sold again on the day.
    netted: Money,
    rest: Money,
}

#[derive(Debug, Clone)]
struct Lot {
    order: OrderKey,
    units: i64,
    price: Price,
}

/// The rules of one scrip on one day.
struct Rules<'a> {
    own: Option<&'a Rule>,
    /// For what is netted: `None` where nothing is.
    netted: Option<&'a Rule>,
    nets: bool,
    multiplier: i64,
}

impl Bill {
    /// The bill of a whole book.
    pub(crate) fn of(book: &Book, rates: &RateTable) -> Self {
        let mut bill = Self::default();
        for fill in book.trades() {
            let rules = Rules::of(&fill.symbol, fill.product, book, rates);
            let scrip = bill.scrips.entry((fill.symbol.clone(), fill.product)).or_default();
            bill.total -= scrip.charges;
            scrip.take(fill, &rules);
            bill.total += scrip.charges;
        }
        bill
    }

    /// Takes in a fill that the book has just booked.
    pub(crate) fn trade(&mut self, book: &Book, trade: &Trade, rates: &RateTable) {
        let rules = Rules::of(&trade.symbol, trade.product, book, rates);
        let scrip = self.scrips.entry((trade.symbol.clone(), trade.product)).or_default();
        self.total -= scrip.charges;
        let mut fills = book.fills_of(&trade.symbol, trade.product);
        if fills.next_back() == Some(trade) {
            scrip.take(trade, &rules);
        } else {
            *scrip = Scrip::default();
            book.fills_of(&trade.symbol, trade.product).for_each(|fill| scrip.take(fill, &rules));
        }
        self.total += scrip.charges;
    }

    pub(crate) fn charges(&self) -> Charges {
        self.total
    }
}

impl Scrip {
    fn take(&mut self, trade: &Trade, rules: &Rules<'_>) {
        let order = (trade.order_id.clone(), trade.side);
        let mut left = i64::from(trade.quantity);
        let fee_before = self.depository(rules);
        while rules.nets && left > 0 {
            let Some(mut lot) = self.open.front().cloned().filter(|lot| lot.order.1 != trade.side) else {
                break;
            };
            let units = left.min(lot.units);
            let value = lot.price * units * rules.multiplier;
            self.change(&lot.order, rules, |turnover| {
                turnover.rest -= value;
                turnover.netted += value;
            });
            let value = trade.price * units * rules.multiplier;
            self.change(&order, rules, |turnover| turnover.netted += value);
            left -= units;
            lot.units -= units;
            self.open.pop_front();
            if lot.units > 0 {
                self.open.push_front(lot);
            }
        }
        if left > 0 {
            let value = trade.price * left * rules.multiplier;
            self.change(&order, rules, |turnover| turnover.rest += value);
            if rules.nets {
                self.open.push_back(Lot { order, units: left, price: trade.price });
            }
        }
        self.charges -= fee_before;
        self.charges += self.depository(rules);
    }

    fn change(&mut self, order: &OrderKey, rules: &Rules<'_>, change: impl FnOnce(&mut Turnover)) {
        let turnover = self.orders.entry(order.clone()).or_default();
        let is_new = turnover.netted.is_zero() && turnover.rest.is_zero();
        let before = if is_new { Charges::default() } else { rules.charges(order.1, *turnover) };
        change(turnover);
        let after = rules.charges(order.1, *turnover);
        self.charges -= before;
        self.charges += after;
    }

    fn depository(&self, rules: &Rules<'_>) -> Charges {
        let left_the_account = self.open.front().is_some_and(|lot| lot.order.1 == Side::Sell);
        match rules.own {
            Some(rule) if left_the_account => rule.depository(),
            Some(_) | None => Charges::default(),
        }
    }
}

impl<'a> Rules<'a> {
    fn of(symbol: &Symbol, product: Product, book: &Book, rates: &'a RateTable) -> Self {
        let (segment, venue, date): (_, _, TradingDate) =
            (Segment::of(symbol, product), symbol.venue(), book.date());
        let nets = segment == Segment::EquityDelivery;
        Self {
            own: rates.rule(segment, venue, date),
            netted: rates.rule(Segment::EquityIntraday, venue, date).filter(|_| nets),
            nets,
            multiplier: book.multiplier(symbol),
        }
    }

    fn charges(&self, side: Side, turnover: Turnover) -> Charges {
        let (Some(own), false) = (self.own, turnover.netted != Money::ZERO && self.netted.is_none()) else {
            return Charges { unrated: 1, ..Charges::default() };
        };
        match self.netted.filter(|_| !turnover.netted.is_zero()) {
            None => own.charges(side, turnover.rest),
            Some(intraday) => {
                let brokerage = intraday.brokerage(turnover.netted + turnover.rest);
                let (one, other) = (intraday.levies(side, turnover.netted), own.levies(side, turnover.rest));
                intraday.with_brokerage(brokerage, one.plus(other))
            }
        }
    }
}
