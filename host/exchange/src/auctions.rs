//! What accounts do in the exchange's auctions: they offer, and at the end they sell or are sent home.
//!
//! Which auctions there are is decided elsewhere.

use crate::auction::{Auction, CallAuction, of_the_day};
use crate::exchange::Exchange;
use crate::holding::Holding;
use crate::order::PlaceOrder;
use crate::refusal::Refusal;
use crate::validate::check_tick;
use market::{InstrumentKind, Timestamp, TradingDate, Variety};

/// The longest that a called auction takes offers, in seconds.
const LONGEST_S: u32 = 24 * 3_600;

impl Exchange {
    /// The day's auctions, by number.
    pub fn auctions(&self) -> &[Auction] {
        &self.auctions
    }

    /// What an account holds of shares that are in auction today and may still be offered, with the auction's number.
    pub fn auctioned_holdings(&self, user: &str) -> Vec<(Holding, u32)> {
        let still = |auction: &&Auction| !auction.matched && self.now < auction.closes;
        let holdings = self.holdings(user).into_iter();
        let numbered = holdings.filter_map(|holding| {
            let auction =
                self.auctions.iter().filter(still).find(|auction| auction.symbol == holding.symbol)?;
            Some((holding, auction.number))
        });
        numbered.collect()
    }

    /// Begins an auction at once, for tests that need one.
    ///
    /// # Errors
    /// When it is for no share, for nothing, off the tick, or one for that share is on.
    pub fn call_auction(&mut self, call: CallAuction) -> Result<Auction, Refusal> {
        let slot = self.tradable_slot(&call.symbol)?;
        let instrument = &self.tape.listings[slot].instrument;
        if instrument.kind != InstrumentKind::Equity {
            return Err(Refusal::input("Only shares are auctioned."));
        }
        if call.wanted == 0 || !(1..=LONGEST_S).contains(&call.seconds) {
            return Err(Refusal::input(format!(
                "An auction needs a quantity above 0 and a length of 1 to {LONGEST_S} seconds."
            )));
        }
        check_tick("price", "price", call.price, instrument.tick_size)?;
        let closes = self.now.plus_seconds(i64::from(call.seconds));
        if closes.date() != self.now.date() {
            return Err(Refusal::input("An auction must end on the date on which it begins."));
        }
        if self.auctions.iter().any(|other| other.symbol == call.symbol && other.is_open(self.now)) {
            return Err(Refusal::input(format!("{} is in auction already.", call.symbol)));
        }
        let auction = Auction {
            number: self.auctions.iter().map(|other| other.number).max().unwrap_or(0) + 1,
            symbol: call.symbol,
            opens: self.now,
            closes,
            wanted: call.wanted,
            price: call.price,
            matched: false,
        };
        // Found first by those who hold the share, before one that is yet to begin.
        self.auctions.insert(0, auction.clone());
        self.touched.auctions = true;
        Ok(auction)
    }

    /// An offer needs the number of an auction of its share that takes offers now.
    pub(crate) fn check_auction(&self, command: &PlaceOrder) -> Result<(), Refusal> {
        if command.request.variety != Variety::Auction {
            return Ok(());
        }
        let Some(number) = command.auction_number else {
            return Err(Refusal::input("Missing or empty field `auction_number`"));
        };
        let symbol = &command.request.symbol;
        let ours = |auction: &&Auction| auction.number == number && auction.symbol == *symbol;
        let Some(auction) = self.auctions.iter().find(ours) else {
            return Err(Refusal::input(format!(
                "Invalid `auction_number`. {symbol} is not in auction {number} today: see the list of auctions."
            )));
        };
        if !auction.is_open(self.now) {
            let (opens, closes) = (clock(auction.opens), clock(auction.closes));
            return Err(Refusal::input(format!(
                "Auction {number} takes offers from {opens} to {closes} only."
            )));
        }
        Ok(())
    }

    /// Matches every auction that ends by an instant, each at its own time.
    pub(crate) fn end_auctions(&mut self, by: Timestamp) {
        loop {
            let due = |auction: &&Auction| !auction.matched && auction.closes <= by;
            let Some(next) =
                self.auctions.iter().filter(due).min_by_key(|auction| (auction.closes, auction.number))
            else {
                return;
            };
            let next = next.clone();
            self.now = self.now.max(next.closes);
            self.match_auction(&next);
            for auction in self.auctions.iter_mut().filter(|auction| auction.number == next.number) {
                auction.matched = true;
            }
            self.touched.auctions = true;
        }
    }

    /// A date has its own auctions.
    pub(crate) fn begin_auctions(&mut self, date: TradingDate) {
        self.auctions = of_the_day(self.auction_key, &self.tape, date);
        self.touched.auctions = true;
    }

    fn match_auction(&mut self, auction: &Auction) {
        let mut left = auction.wanted;
        for index in self.offers(auction) {
            let order = &self.desk.entries[index].order;
            let quantity = if order.price <= auction.price { order.pending_quantity.min(left) } else { 0 };
            if quantity > 0 {
                left -= quantity;
                self.fill(index, quantity, auction.price);
            }
            if !self.desk.entries[index].order.status.is_final() {
                self.withdraw(index);
            }
        }
    }

    /// The offers of an auction, the lowest first and of equal ones the earliest.
    fn offers(&self, auction: &Auction) -> Vec<usize> {
        let standing = self.accounts.iter().flat_map(|account| account.standing.iter().copied());
        let mut offers: Vec<_> = standing
            .filter(|index| {
                let order = &self.desk.entries[*index].order;
                order.variety == Variety::Auction
                    && order.auction_number == Some(auction.number)
                    && order.symbol == auction.symbol
            })
            .collect();
        offers.sort_by_key(|index| (self.desk.entries[*index].order.price, self.desk.entries[*index].rank));
        offers
    }
}

/// `14:00:00`.
fn clock(at: Timestamp) -> String {
    at.ist_text().split_off("YYYY-MM-DD ".len())
}
