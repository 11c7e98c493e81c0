//! What trades come to over the days of a recording: result, charges, open positions. Pure.
//!
//! The ledger keeps one day; this carries what is open from one to the next and sums what was booked.

use super::report::Outcome;
use ledger::{Book, Carried, Charges, RateTable};
use market::{InstrumentToken, Money, Price, Symbol, Tick, Timestamp, Trade, TradingDate};
use sandbox::HeldPosition;
use std::collections::HashMap;

/// The books of one run over all its days.
#[derive(Debug)]
pub(super) struct Books<'a> {
    rates: &'a RateTable,
    day: Option<Book>,
    carried: Vec<Carried>,
    symbols: HashMap<InstrumentToken, Symbol>,
    realised: Money,
    charges: Money,
    fills: usize,
}

impl<'a> Books<'a> {
    /// Nothing traded yet; `held` is what a recording begins with.
    pub(super) fn new(rates: &'a RateTable, held: &[HeldPosition]) -> Self {
        let open = held.iter().filter(|position| position.quantity != 0);
        let carried = open.map(|position| Carried {
            symbol: position.symbol.clone(),
            product: position.product,
            quantity: position.quantity,
            cost: position.cost.abs(),
            close_price: None,
            last: None,
            multiplier: 1,
            realised_before: Money::ZERO,
        });
        Self {
            rates,
            day: None,
            carried: carried.collect(),
            symbols: HashMap::new(),
            realised: Money::ZERO,
            charges: Money::ZERO,
            fills: 0,
        }
    }

    /// Books a fill.
    pub(super) fn trade(&mut self, trade: &Trade) {
        self.symbols.entry(trade.token).or_insert_with(|| trade.symbol.clone());
        let booked = self.on(trade.date()).add(trade);
        self.fills += usize::from(booked);
    }

    /// Tells a price of something held; of nothing else is it of interest.
    pub(super) fn price(&mut self, tick: &Tick) {
        self.mark(tick.token, tick.time, tick.last_price);
    }

    /// Learns the name of an instrument before anything of it trades.
    pub(super) fn name(&mut self, token: InstrumentToken, symbol: &Symbol) {
        if self.carried.iter().any(|carried| carried.symbol == *symbol) {
            self.symbols.insert(token, symbol.clone());
        }
    }

    /// Everything as it stands.
    pub(super) fn outcome(&self) -> Outcome {
        let totals = self.day.as_ref().map(Book::totals).unwrap_or_default();
        let charges = self.charges + self.day.as_ref().map_or(Money::ZERO, |day| self.charges_of(day));
        let realised = self.realised + totals.realised;
        let open = match &self.day {
            Some(day) => day.carry_over().len(),
            None => self.carried.len(),
        };
        let gross = realised + totals.unrealised;
        Outcome {
            fills: self.fills,
            realised,
            unrealised: totals.unrealised,
            gross,
            charges,
            net: gross - charges,
            open_positions: open,
            unpriced: totals.unpriced,
        }
    }

    fn mark(&mut self, token: InstrumentToken, time: Timestamp, price: Price) {
        let Some(symbol) = self.symbols.get(&token).cloned() else { return };
        self.on(time.date()).mark(&symbol, time, price);
    }

    /// The book of a date; a later date than the last closes that one's day.
    fn on(&mut self, date: TradingDate) -> &mut Book {
        if let Some(day) = self.day.take_if(|day| day.date() < date) {
            self.realised += day.totals().realised;
            self.charges += self.charges_of(&day);
            self.carried = day.carry_over();
        }
        let carried = &mut self.carried;
        self.day.get_or_insert_with(|| Book::open_day(date, std::mem::take(carried)))
    }

    fn charges_of(&self, day: &Book) -> Money {
        Charges::of_book(day, self.rates).total()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::{Product, Side};

    fn trade(id: &str, day: u8, second: i64, side: Side, rupees: i64) -> Trade {
        Trade {
            trade_id: id.to_owned(),
            order_id: id.to_owned(),
            symbol: "NSE:INFY".parse().unwrap(),
            token: 1,
            side,
            product: Product::Cnc,
            quantity: 10,
            price: Price::from_rupees(rupees),
            time: TradingDate::new(2026, 11, day).unwrap().at_seconds(36_000 + second),
        }
    }

    #[test]
    fn what_is_open_over_night_is_booked_when_it_is_closed_and_each_day_is_charged() {
        let rates = RateTable::zerodha();
        let mut books = Books::new(&rates, &[]);
        let bought = trade("1", 23, 0, Side::Buy, 100);
        books.trade(&bought);
        books.price(&Tick::at(1, bought.time.plus_seconds(60), Price::from_rupees(103)));
        let first = books.outcome();
        let rupees = Money::from_rupees;
        assert_eq!((first.unrealised, first.gross, first.open_positions), (rupees(30), rupees(30), 1));
        assert!(first.charges > Money::ZERO);
        books.trade(&trade("2", 24, 0, Side::Sell, 105));
        let done = books.outcome();
        assert_eq!((done.realised, done.unrealised, done.open_positions), (rupees(50), Money::ZERO, 0));
        assert_eq!((done.fills, done.net), (2, done.gross - done.charges));
        assert!(done.charges > first.charges, "the second day costs something too");
    }

    #[test]
    fn a_recording_that_begins_with_a_position_counts_it() {
        let rates = RateTable::zerodha();
        let held = HeldPosition {
            symbol: "NSE:INFY".parse().unwrap(),
            product: Product::Cnc,
            quantity: 10,
            average_price: Price::from_rupees(100),
            cost: Money::from_rupees(1_000),
            realised: Money::ZERO,
        };
        let mut books = Books::new(&rates, &[held]);
        books.name(1, &"NSE:INFY".parse().unwrap());
        books.price(&Tick::at(1, trade("1", 23, 0, Side::Buy, 1).time, Price::from_rupees(104)));
        let outcome = books.outcome();
        assert_eq!((outcome.unrealised, outcome.fills), (Money::from_rupees(40), 0));
    }
}
