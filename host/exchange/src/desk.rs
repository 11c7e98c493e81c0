//! The order book of all accounts: rows, their histories, and which of them stand at which instrument.

use crate::order::{Order, OrderStatus, PlaceOrder};
use market::{InstrumentToken, Money, OrderKind, Timestamp, Validity, Venue};
use std::collections::BTreeMap;

/// Milliseconds of a snowflake's epoch, 2010-01-01 UTC: today's ids have 19 digits.
const SNOWFLAKE_EPOCH_MS: i64 = 1_262_304_000_000;
const SNOWFLAKE_BITS: u32 = 22;

/// One order with everything that is not in its row.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) order: Order,
    pub(crate) history: Vec<Order>,
    /// Place of its instrument.
    pub(crate) place: usize,
    /// Place of its account.
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
}

#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) entries: Vec<Entry>,
    ids: BTreeMap<String, usize>,
    /// Orders that stand, by the place of their instrument.
    pub(crate) resting: Vec<Vec<usize>>,
    counter: u64,
}

impl Desk {
    pub(crate) fn new(places: usize) -> Self {
        Self { resting: vec![Vec::new(); places], ..Self::default() }
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
        (place, token): (usize, InstrumentToken),
        command: PlaceOrder,
        now: Timestamp,
    ) -> usize {
        let number = self.count();
        let order_id = order_id(now, number);
        let index = self.entries.len();
        self.ids.insert(order_id.clone(), index);
        let expires = command.ttl_minutes.map(|minutes| now.plus_seconds(i64::from(minutes) * 60));
        let protection = command.request.market_protection;
        let order = new_row(user_id, token, command, now, order_id, number);
        self.entries.push(Entry {
            order,
            history: Vec::new(),
            place,
            account,
            value: Money::ZERO,
            ahead: 0,
            rank: number,
            changes: 0,
            protection,
            bound: [Money::ZERO; 3],
            expires,
        });
        index
    }

    /// Forgets every finished order. The answer maps old places to new ones.
    pub(crate) fn forget_finished(&mut self) -> BTreeMap<usize, usize> {
        let mut moved = BTreeMap::new();
        let mut kept = Vec::new();
        for (old, entry) in std::mem::take(&mut self.entries).into_iter().enumerate() {
            if entry.order.status.is_final() {
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

/// 19 digits: milliseconds since 2010 and a counter.
fn order_id(now: Timestamp, number: u64) -> String {
    let ms = (now.micros() / 1_000 - SNOWFLAKE_EPOCH_MS).unsigned_abs();
    ((ms << SNOWFLAKE_BITS) | (number & ((1 << SNOWFLAKE_BITS) - 1))).to_string()
}

/// NSE equity ids begin with 13, derivatives with 15, and have 16 digits.
pub(crate) fn exchange_order_id(venue: Venue, number: u64) -> String {
    let prefix = if venue.is_derivatives() { 15 } else { 13 };
    format!("{prefix}{number:014}")
}

fn new_row(
    user_id: &str,
    token: InstrumentToken,
    command: PlaceOrder,
    now: Timestamp,
    order_id: String,
    number: u64,
) -> Order {
    let PlaceOrder { request, tag, disclosed_quantity, ttl_minutes } = command;
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
        trigger_price: if request.kind.needs_trigger() { request.trigger } else { market::Price::ZERO },
        average_price: market::Price::ZERO,
        filled_quantity: 0,
        pending_quantity: request.quantity,
        cancelled_quantity: 0,
        // Shown as 0 once protection has become a limit, which for MARKET is at once.
        market_protection: if request.kind == OrderKind::StopMarket { request.market_protection } else { 0 },
        tags: tag.iter().cloned().collect(),
        tag,
        guid: format!("01X{number:010X}"),
    }
}
