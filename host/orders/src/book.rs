//! What the broker says of an account, in the words of the order path. Data only; whoever speaks the broker's wire makes it.

use crate::facts::Now;
use market::{OrderKind, OrderState, Price, Product, Side, Symbol, Timestamp, Trade};

/// A list of the broker's.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing<T> {
    /// The records that could be read.
    pub rows: Vec<T>,
    /// How many could not. A list with a hole proves no absence.
    pub unreadable: usize,
}

/// One reading of the broker's book: orders, then trades, then, where they were asked for, positions.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// When its first call was made.
    pub began: Now,
    /// Under which session.
    pub session: u64,
    /// The day's orders, of all who trade on the account.
    pub orders: Listing<BookOrder>,
    /// The day's trades.
    pub trades: Listing<Trade>,
    /// What was bought and sold on the day by the broker's own reckoning.
    pub positions: Option<Listing<DayPosition>>,
}

/// One order of the broker's.
#[derive(Debug, Clone, PartialEq)]
pub struct BookOrder {
    /// The broker's number.
    pub number: String,
    /// Whose it is, where the record says so.
    pub account: Option<String>,
    /// Every mark it carries.
    pub tags: Vec<String>,
    /// What is traded, where the word is known.
    pub symbol: Option<Symbol>,
    /// Which way, where the word is known.
    pub side: Option<Side>,
    /// Where it stands, in our words. A word that nobody knows is never final.
    pub state: OrderState,
    /// The broker's own word.
    pub status: String,
    /// True where the word is one that is known here.
    pub is_word_known: bool,
    /// Why, in the broker's words.
    pub message: String,
    /// Units in all.
    pub quantity: u32,
    /// Units traded.
    pub filled: u32,
    /// Average over all fills, rounded by the broker.
    pub average_price: Price,
    /// How the price is named; none where the word is unknown.
    pub kind: Option<OrderKind>,
    /// Limit price.
    pub price: Price,
    /// Trigger.
    pub trigger: Price,
    /// True once it was changed.
    pub is_modified: bool,
    /// When the broker registered it.
    pub placed_at: Option<Timestamp>,
    /// When the exchange last changed it, to the second.
    pub changed_at: Option<Timestamp>,
}

/// What was traded on the day in one instrument, by the broker's reckoning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayPosition {
    /// Of what.
    pub symbol: Symbol,
    /// How it is held.
    pub product: Product,
    /// Units bought today.
    pub bought: i64,
    /// Units sold today.
    pub sold: i64,
}

impl<T> Listing<T> {
    /// A list without holes.
    pub const fn whole(rows: Vec<T>) -> Self {
        Self { rows, unreadable: 0 }
    }

    /// The same list read in other words; what cannot be counts as unreadable.
    pub fn map<U>(self, read: impl FnMut(T) -> Option<U>) -> Listing<U> {
        let count = self.rows.len();
        let rows: Vec<U> = self.rows.into_iter().filter_map(read).collect();
        Listing { unreadable: self.unreadable + count - rows.len(), rows }
    }

    /// True when every record could be read: only then does a missing one prove anything.
    pub const fn is_whole(&self) -> bool {
        self.unreadable == 0
    }
}
