//! One trading day of an account: as a whole, and in parts, one a strategy and one for what nobody's strategy traded.
//!
//! The whole has a book of its own: one part's buy can close another's short in the account, and then the parts' round
//! trips, realised amounts and charges are not the whole's. Results before charges do sum up, to the last unit.

use crate::book::{Book, Carried};
use crate::charges::{Bill, Charges, RateTable};
use market::{Money, Price, Symbol, Timestamp, Trade, TradingDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Whose part of the account: a strategy's by its name, or `None` for trades by hand.
pub type Part = Option<String>;

/// A highest or lowest result with its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extreme {
    /// How much.
    pub amount: Money,
    /// When it was first reached.
    pub at: Timestamp,
}

/// One day's figures. MTM (mark to market) is `gross`, sampled whenever [`Day::sample`] is called while all positions
/// have a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DailyStats {
    /// The day.
    pub date: TradingDate,
    /// The day's result before charges: since the last close for what was carried in, since entry for the rest. Over
    /// what has a price.
    pub gross: Money,
    /// Brokerage, taxes and fees of the day's fills, item by item.
    pub charges: Charges,
    /// Gross less charges.
    pub net: Money,
    /// Booked by closing, by weighted average cost.
    pub realised: Money,
    /// What closing at the last prices would book, since entry. Over what has a price.
    pub unrealised: Money,
    /// Fills.
    pub trades: usize,
    /// Round trips closed today that brought more than nothing, before charges.
    pub wins: usize,
    /// Round trips closed today that brought less than nothing.
    pub losses: usize,
    /// Everything bought and sold.
    pub turnover: Money,
    /// The course of MTM.
    pub curve: Curve,
    /// Open positions without a price: they are in no figure.
    pub unpriced: u32,
}

/// The course of MTM, as far as the stats need it. Its highest point before a fall is at least the zero that the day
/// begins with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Curve {
    /// The highest MTM; `None` before the first sample.
    pub max: Option<Extreme>,
    /// The lowest MTM.
    pub min: Option<Extreme>,
    /// The deepest fall from a high before, positive.
    pub drawdown: Money,
}

/// One day of an account.
#[derive(Debug, Clone)]
pub struct Day {
    rates: Arc<RateTable>,
    total: Sheet,
    parts: BTreeMap<Part, Sheet>,
}

#[derive(Debug, Clone)]
struct Sheet {
    book: Book,
    bill: Bill,
    curve: Curve,
}

impl Day {
    /// A day that begins with these positions of the account.
    pub fn open(
        date: TradingDate,
        rates: Arc<RateTable>,
        carried: impl IntoIterator<Item = Carried>,
    ) -> Self {
        Self { rates, total: Sheet::new(Book::open_day(date, carried)), parts: BTreeMap::new() }
    }

    /// Gives a part the positions that it carries in. Call before its first trade.
    pub fn open_part(&mut self, part: &Part, carried: impl IntoIterator<Item = Carried>) {
        let book = Book::open_day(self.date(), carried);
        self.parts.insert(part.clone(), Sheet::new(book));
    }

    /// The day after, which begins with what is open now.
    pub fn next(&self, date: TradingDate) -> Self {
        let mut next = Self::open(date, Arc::clone(&self.rates), self.total.book.carry_over());
        for (part, sheet) in &self.parts {
            let carried = sheet.book.carry_over();
            if !carried.is_empty() {
                next.open_part(part, carried);
            }
        }
        next
    }

    /// The day.
    pub fn date(&self) -> TradingDate {
        self.total.book.date()
    }

    /// Books a fill for its part. False when it was booked before, whoever's it was then: no fill is two parts'. Its price
    /// is a price for all.
    pub fn trade(&mut self, part: &Part, trade: &Trade) -> bool {
        if !self.total.trade(trade, &self.rates) {
            return false;
        }
        let date = self.date();
        let sheet = self.parts.entry(part.clone()).or_insert_with(|| Sheet::new(Book::new(date)));
        sheet.trade(trade, &self.rates);
        if let Some((time, price)) = self.total.book.last(&trade.symbol) {
            for sheet in self.parts.values_mut() {
                sheet.book.mark(&trade.symbol, time, price);
            }
        }
        true
    }

    /// Tells a price with its own time. True when it is news.
    pub fn mark(&mut self, symbol: &Symbol, time: Timestamp, price: Price) -> bool {
        let mut is_news = false;
        for sheet in self.sheets_mut() {
            is_news |= sheet.book.mark(symbol, time, price);
        }
        is_news
    }

    /// Takes a sample of MTM, of every part in which all positions have a price.
    pub fn sample(&mut self, at: Timestamp) {
        self.sheets_mut().for_each(|sheet| sheet.sample(at));
    }

    /// Goes on with the course of MTM that was seen earlier today: of the whole, then of the parts.
    pub fn resume(&mut self, whole: Option<Curve>, parts: &BTreeMap<Part, Curve>) {
        self.total.curve = whole.unwrap_or_default();
        for (part, curve) in parts {
            if let Some(sheet) = self.parts.get_mut(part) {
                sheet.curve = *curve;
            }
        }
    }

    /// The exchange's own close of this day, for what is open.
    pub fn close_at(&mut self, symbol: &Symbol, close: Price) {
        self.sheets_mut().for_each(|sheet| sheet.book.close_at(symbol, close));
    }

    /// The exchange's own close of the day before, for what was carried in.
    pub fn set_previous_close(&mut self, symbol: &Symbol, close: Price) {
        self.sheets_mut().for_each(|sheet| sheet.book.set_previous_close(symbol, close));
    }

    /// True when something traded, or a price of this day was told of something held.
    pub fn has_news(&self) -> bool {
        self.books().any(Book::has_news)
    }

    /// The book of the whole account.
    pub fn book(&self) -> &Book {
        &self.total.book
    }

    /// The books of the parts that traded or hold something today.
    pub fn parts(&self) -> impl Iterator<Item = (&Part, &Book)> {
        self.parts.iter().map(|(part, sheet)| (part, &sheet.book))
    }

    /// The whole's book and every part's. What two parts hold against each other is nothing in the whole.
    pub fn books(&self) -> impl Iterator<Item = &Book> {
        std::iter::once(&self.total).chain(self.parts.values()).map(|sheet| &sheet.book)
    }

    /// The account's figures.
    pub fn stats(&self) -> DailyStats {
        self.total.stats()
    }

    /// Every part's figures.
    pub fn by_part(&self) -> BTreeMap<Part, DailyStats> {
        self.parts.iter().map(|(part, sheet)| (part.clone(), sheet.stats())).collect()
    }

    fn sheets_mut(&mut self) -> impl Iterator<Item = &mut Sheet> {
        std::iter::once(&mut self.total).chain(self.parts.values_mut())
    }
}

impl Sheet {
    fn new(book: Book) -> Self {
        Self { book, bill: Bill::default(), curve: Curve::default() }
    }

    fn trade(&mut self, trade: &Trade, rates: &RateTable) -> bool {
        let is_new = self.book.add(trade);
        if is_new {
            self.bill.trade(&self.book, trade, rates);
        }
        is_new
    }

    fn sample(&mut self, at: Timestamp) {
        let totals = self.book.totals();
        if totals.unpriced == 0 {
            self.curve.sample(at, totals.day);
        }
    }

    fn stats(&self) -> DailyStats {
        let (totals, charges) = (self.book.totals(), self.bill.charges());
        DailyStats {
            date: self.book.date(),
            gross: totals.day,
            charges,
            net: totals.day - charges.total(),
            realised: totals.realised,
            unrealised: totals.unrealised,
            trades: self.book.fills(),
            wins: totals.wins,
            losses: totals.losses,
            turnover: self.book.turnover(),
            curve: self.curve,
            unpriced: totals.unpriced,
        }
    }
}

impl Curve {
    /// Takes a result into the course.
    pub fn sample(&mut self, at: Timestamp, amount: Money) {
        if self.max.is_none_or(|max| amount > max.amount) {
            self.max = Some(Extreme { amount, at });
        }
        if self.min.is_none_or(|min| amount < min.amount) {
            self.min = Some(Extreme { amount, at });
        }
        let peak = self.max.map_or(Money::ZERO, |max| max.amount.max(Money::ZERO));
        self.drawdown = self.drawdown.max(peak - amount);
    }
}
