//! The order book of all accounts: rows, their histories, and which of them stand at which instrument.

use crate::order::{Order, OrderStatus, PlaceOrder};
use market::{InstrumentToken, Money, OrderKind, Timestamp, Validity, Variety, Venue};
use std::collections::BTreeMap;

/// Milliseconds of a snowflake's epoch, 2010-01-01 UTC: today's ids have 19 digits.
const SNOWFLAKE_EPOCH_MS: i64 = 1_262_304_000_000;
const SNOWFLAKE_BITS: u32 = 22;
/// Numbers in an exchange's order ids: with one a microsecond they repeat after three years.
const EXCHANGE_IDS: u64 = 100_000_000_000_000;

/// One order with everything that is not in its row.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) order: Order,
    pub(crate) history: Vec<Order>,
    /// Slot of its instrument.
    pub(crate) slot: usize,
    /// Index of its account.
    pub(crate) account: usize,
    /// Σ price × quantity of its fills.
    pub(crate) value: Money,
    /// Units of others that stand before it at its price.
    pub(crate) ahead: u32,
    /// Its turn among orders at the same price.
    pub(crate) rank: u64,
    pub(crate) changes: u32,
    /// What the client gave, for the limit it becomes.
    pub(crate) protection: i32,
    /// Money bound by the whole of it.
    pub(crate) bound: [Money; 3],
    /// End of its time to live.
    pub(crate) expires: Option<Timestamp>,
    /// Rows of its history that the journal has.
    pub(crate) rows_saved: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) entries: Vec<Entry>,
    ids: BTreeMap<String, usize>,
    /// Orders that stand, by the slot of their instrument.
    pub(crate) resting: Vec<Vec<usize>>,
    /// The number of the last thing that was numbered.
    counter: u64,
}

impl Desk {
    /// Numbers begin with the microsecond: an exchange that starts later begins above every number that an earlier one
    /// can have come to, so that ids never repeat, on one date or across dates.
    pub(crate) fn new(slots: usize, now: Timestamp) -> Self {
        let counter = now.micros().unsigned_abs();
        Self { resting: vec![Vec::new(); slots], counter, ..Self::default() }
    }

    /// Numbers go on above what was given out before.
    pub(crate) fn go_on_from(&mut self, counter: u64) {
        self.counter = self.counter.max(counter);
    }

    pub(crate) const fn counted(&self) -> u64 {
        self.counter
    }

    pub(crate) fn find(&self, account: usize, order_id: &str) -> Option<usize> {
        self.ids.get(order_id).copied().filter(|index| self.entries[*index].account == account)
    }

    /// The next number of anything.
    pub(crate) const fn count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Writes a new row in no state yet.
    pub(crate) fn add(
        &mut self,
        (account, user_id): (usize, &str),
        (slot, token): (usize, InstrumentToken),
        command: PlaceOrder,
        now: Timestamp,
    ) -> usize {
        let number = self.count();
        let order_id = order_id(now, number);
        // An after-market order lives from its release on.
        let lives = command.ttl_minutes.filter(|_| command.request.variety != Variety::Amo);
        let expires = lives.map(|minutes| end_of_life(now, minutes));
        let protection = command.request.market_protection;
        let order = new_row(user_id, token, command, now, order_id, number);
        self.put(Entry {
            order,
            history: Vec::new(),
            slot,
            account,
            value: Money::ZERO,
            ahead: 0,
            rank: number,
            changes: 0,
            protection,
            bound: [Money::ZERO; 3],
            expires,
            rows_saved: 0,
        })
    }

    /// A number like an order's that no order has.
    pub(crate) fn unused_order_id(&mut self, now: Timestamp) -> String {
        let number = self.count();
        order_id(now, number)
    }

    /// Takes the newest order off the desk again.
    pub(crate) fn take_last(&mut self) -> Option<(usize, Entry)> {
        let entry = self.entries.pop()?;
        self.ids.remove(&entry.order.order_id);
        Some((self.entries.len(), entry))
    }

    /// Puts an order on the desk. Its index.
    pub(crate) fn put(&mut self, entry: Entry) -> usize {
        let index = self.entries.len();
        self.ids.insert(entry.order.order_id.clone(), index);
        self.entries.push(entry);
        index
    }

    /// Forgets every order that ended before an instant. The answer maps old indices to new ones.
    pub(crate) fn forget_ended_before(&mut self, instant: Timestamp) -> BTreeMap<usize, usize> {
        let mut moved = BTreeMap::new();
        let mut kept = Vec::new();
        for (old, entry) in std::mem::take(&mut self.entries).into_iter().enumerate() {
            if entry.order.status.is_final() && entry.order.order_timestamp < instant {
                self.ids.remove(&entry.order.order_id);
            } else {
                self.ids.insert(entry.order.order_id.clone(), kept.len());
                moved.insert(old, kept.len());
                kept.push(entry);
            }
        }
        self.entries = kept;
        for resting in &mut self.resting {
            *resting = resting.iter().filter_map(|old| moved.get(old).copied()).collect();
        }
        moved
    }
}

impl Entry {
    /// The part of its money that still stands.
    pub(crate) fn still_bound(&self) -> [Money; 3] {
        let (pending, quantity) = (i64::from(self.order.pending_quantity), i64::from(self.order.quantity));
        self.bound.map(|money| money.scaled(pending, quantity))
    }

    pub(crate) fn is_open(&self) -> bool {
        self.order.status == OrderStatus::Open
    }
}

/// When an order with that many minutes to live ends.
pub(crate) const fn end_of_life(from: Timestamp, minutes: u32) -> Timestamp {
    from.plus_seconds(minutes as i64 * 60)
}

/// 19 digits: milliseconds since 2010 and a counter.
fn order_id(now: Timestamp, number: u64) -> String {
    let ms = (now.micros() / 1_000 - SNOWFLAKE_EPOCH_MS).unsigned_abs();
    ((ms << SNOWFLAKE_BITS) | (number & ((1 << SNOWFLAKE_BITS) - 1))).to_string()
}

/// NSE equity ids begin with 13, derivatives with 15, and have 16 digits.
pub(crate) fn exchange_order_id(venue: Venue, number: u64) -> String {
    let prefix = if venue.is_derivatives() { 15 } else { 13 };
    format!("{prefix}{:014}", number % EXCHANGE_IDS)
}

fn new_row(
    user_id: &str,
    token: InstrumentToken,
    command: PlaceOrder,
    now: Timestamp,
    order_id: String,
    number: u64,
) -> Order {
    let PlaceOrder { request, tag, disclosed_quantity, ttl_minutes, system_tags, iceberg: _, auction_number } =
        command;
    let keeps_trigger = request.kind.needs_trigger() || request.variety == Variety::Co;
    let ttl = ttl_minutes.unwrap_or(0);
    Order {
        user_id: user_id.to_owned(),
        order_id,
        exchange_order_id: None,
        parent_order_id: None,
        status: OrderStatus::PutOrderReqReceived,
        status_message: None,
        status_message_raw: None,
        order_timestamp: now,
        exchange_timestamp: None,
        exchange_update_timestamp: None,
        variety: request.variety,
        modified: false,
        symbol: request.symbol,
        token,
        kind: request.kind,
        side: request.side,
        validity: if ttl > 0 { Validity::Day } else { request.validity },
        validity_ttl: ttl,
        product: request.product,
        quantity: request.quantity,
        disclosed_quantity,
        price: if request.kind.needs_price() { request.price } else { market::Price::ZERO },
        trigger_price: if keeps_trigger { request.trigger } else { market::Price::ZERO },
        average_price: market::Price::ZERO,
        filled_quantity: 0,
        pending_quantity: request.quantity,
        cancelled_quantity: 0,
        // Shown as 0 once protection has become a limit, which for MARKET is at once.
        market_protection: if request.kind == OrderKind::StopMarket { request.market_protection } else { 0 },
        tags: tag.iter().cloned().chain(system_tags).collect(),
        tag,
        guid: format!("01X{number:010X}"),
        iceberg: None,
        auction_number,
    }
}
