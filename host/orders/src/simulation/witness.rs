//! Keeps books of its own on everything that is written, sent and told, and says which promise was broken.
//!
//! It shares the vocabulary with the order core and no code: what the core got wrong it must not get wrong too.

use super::broker::{Broker, Whole};
use super::promise::{Held, holds};
use super::rows::{self, Booked, Row, TradeKey};
use super::spoken::ACCOUNT;
use super::store::{self, Tables};
use super::truth;
use crate::{
    AskedFor, Event, KillSwitch, Mode, ModifyCall, Reading, StoredOrder, SwitchScope, Switches, Write,
};
use market::{OrderRequest, OrderState, RunOrderId, Timestamp};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The witness's books.
#[derive(Debug, Default)]
pub(super) struct Witness {
    pub(super) rows: BTreeMap<i64, Row>,
    pub(super) trades: BTreeMap<TradeKey, Booked>,
    pub(super) switches: Switches,
    /// Every tag that ever left, over all restarts and backups.
    sent: BTreeMap<String, Timestamp>,
    /// Orders that were first written by the process that runs now.
    born_here: BTreeSet<i64>,
    /// The session that the process uses, and the newest one under which it has dealt with a whole reading.
    session: Option<u32>,
    read_under: Option<u32>,
    /// Orders with our tags in a reading that no row knew, not accepted by a person.
    pub(super) strangers: BTreeSet<String>,
    /// Orders whose withdrawal was asked for and written down.
    pub(super) unwanted: BTreeSet<i64>,
    accepted: BTreeSet<String>,
    /// Rows up to this number come from a backup: the broker may know more of them than they do.
    pub(super) restored_up_to: i64,
    /// Orders that a person settled: what they are called is that person's word.
    pub(super) settled: BTreeSet<i64>,
    /// In which second of the true time each order was made.
    made_in: BTreeMap<i64, i64>,
    /// What our tags begin with.
    prefix: String,
    /// The broker's numbers of orders of which a change may have been made without our knowing.
    unclear: BTreeSet<String>,
    calls: VecDeque<Timestamp>,
}

impl Witness {
    /// `prefix`: what our tags begin with.
    pub(super) fn new(prefix: String) -> Self {
        Self { prefix, ..Self::default() }
    }

    /// A process has died, and with it what it knew.
    pub(super) fn process_begins(&mut self) {
        self.born_here.clear();
        (self.session, self.read_under) = (None, None);
    }

    /// A backup was brought back: what is durable is what was.
    pub(super) fn goes_back_to(&mut self, tables: &Tables) {
        self.rows = tables.rows().map(|row| (row.id, row)).collect();
        self.trades = tables.booked().collect();
        self.restored_up_to = self.rows.keys().next_back().copied().unwrap_or(0);
        self.switches = tables.switches.clone();
        self.unwanted.clear();
        self.strangers.clear();
    }

    /// The process uses this session from now on; none when it was told that the session is dead.
    pub(super) fn session_is(&mut self, session: Option<u32>) {
        self.session = session;
    }

    /// The process has dealt with a whole reading that began, and was made, under this session.
    pub(super) fn read(&mut self, token: u32, reading: &Reading) {
        self.read_under = self.read_under.max(Some(token));
        for order in reading.orders.rows.iter().filter(|order| order.account.as_deref() == Some(ACCOUNT)) {
            for tag in order.tags.iter().filter(|tag| tag.starts_with(&self.prefix)) {
                if !self.accepted.contains(tag) && !self.rows.values().any(|row| row.tag == *tag) {
                    self.strangers.insert(tag.clone());
                }
            }
        }
    }

    /// A step is durable: everything that it changed is held against what was durable before.
    pub(super) fn committed(
        &mut self,
        now: Timestamp,
        writes: &[Write],
        tables: &Tables,
        broker: &Broker,
    ) -> Held {
        for write in writes {
            match write {
                Write::Insert(order) => self.is_admitted(now, order, tables)?,
                Write::Update { .. } | Write::Wish { .. } => {}
                Write::Answered { .. } | Write::Call { .. } | Write::CallAnswered { .. } => {}
                Write::Adopt { number, .. } => {
                    for (key, booked) in tables.booked().filter(|(key, _)| key.3 == *number) {
                        self.trade_is(key, booked, broker)?;
                    }
                }
                Write::Switch { .. } => {}
                Write::Trades(trades) => {
                    for trade in trades {
                        let key = rows::key(&trade.trade);
                        let booked = rows::booked(&tables.trades[&key]);
                        self.trade_is(key, booked, broker)?;
                    }
                }
                Write::Risk { .. } | Write::Foreign(_) => {}
                Write::ForeignAccepted { tags, .. } => {
                    self.strangers.retain(|tag| !tags.contains(tag));
                    self.accepted.extend(tags.iter().cloned());
                }
            }
        }
        for id in store::touched(writes) {
            let row = tables.orders.get(&id).map(rows::row);
            row.map_or(Ok(()), |row| self.row_is(row, now, broker))?;
        }
        Ok(())
    }

    fn row_is(&mut self, row: Row, now: Timestamp, broker: &Broker) -> Held {
        let is_restored = row.id <= self.restored_up_to;
        match self.rows.get(&row.id) {
            Some(before) => truth::changed(before, &row, is_restored)?,
            None => self.is_new(&row)?,
        }
        self.is_proven(&row, now, broker)?;
        if !is_restored && !self.settled.contains(&row.id) {
            truth::is_true(&row, broker)?;
        }
        self.rows.insert(row.id, row);
        Ok(())
    }

    /// An order is called absent when the book has lacked it for long enough, and not while the book shows it.
    fn is_proven(&self, row: &Row, now: Timestamp, broker: &Broker) -> Held {
        let is_news = self.rows.get(&row.id).is_none_or(|before| before.state != row.state);
        if row.state != OrderState::Absent || !is_news {
            return Ok(());
        }
        let id = row.id;
        let waited_s = self.sent.get(&row.tag).map(|sent| now.micros_since(*sent) / 1_000_000);
        holds("I19", waited_s.is_none_or(|waited| waited >= 120), || {
            format!("order {id} was called absent {waited_s:?} seconds after it was sent")
        })?;
        let is_shown = broker.orders.iter().find(|order| {
            let is_listed = order.listed_at.is_some_and(|at| now.micros_since(at) > 20_000_000);
            order.now.tag.as_deref() == Some(row.tag.as_str()) && is_listed
        });
        holds("I19", is_shown.is_none(), || {
            format!("order {id} was called absent, the book shows {is_shown:?}")
        })
    }

    /// A new live order is within the limits, or refused.
    fn is_admitted(&mut self, now: Timestamp, order: &StoredOrder, tables: &Tables) -> Held {
        let record = &order.record;
        if record.state == OrderState::Refused || record.mode == Mode::Paper || order.is_exit {
            return Ok(());
        }
        let (id, limits) = (record.id, &tables.limits);
        holds("I12", !self.stops(&record.run_id), || {
            format!("order {id} was admitted under the kill switch")
        })?;
        holds("I11", tables.latch.is_none(), || format!("order {id} was admitted after the day's loss"))?;
        holds("I11", record.quantity <= limits.max_order_quantity, || format!("order {id} is too large"))?;
        holds("I13", self.strangers.is_empty(), || format!("order {id} was admitted beside strangers"))?;
        self.made_in.insert(id, now.seconds());
        let never_left = |row: &Row| matches!(row.state, OrderState::Refused | OrderState::Abandoned);
        let live = || self.rows.values().filter(|row| row.is_live && !never_left(row));
        // One that waits for a person stands only while its own day's book may show it.
        let (escalated, today) = (OrderState::Escalated, record.created_at.date());
        let is_over = |row: &Row| row.number.is_none() || row.created_at.date() < today;
        let has_ended = |row: &Row| row.state.is_final() || (row.state == escalated && is_over(row));
        let open = live().filter(|row| !has_ended(row)).count() as u64;
        holds("I11", open < u64::from(limits.max_open_orders), || {
            format!("order {id} beside {open} open ones")
        })?;
        // A wall clock that is set back brings a second again.
        let second = record.created_at.seconds();
        let in_one = |row: &&Row| {
            row.created_at.seconds() == second && self.made_in.get(&row.id) == Some(&now.seconds())
        };
        let in_second = live().filter(|row| !row.is_exit && in_one(row)).count() as u64;
        holds("I11", in_second < u64::from(limits.orders_per_second), || {
            format!("order {id} came after {in_second} in one second of {}", limits.orders_per_second)
        })
    }

    /// What somebody asked for in a step that is durable: a withdrawal must not be forgotten.
    pub(super) fn asked(&mut self, event: &Event) {
        let wanted: Vec<i64> = match event {
            Event::Intents(asked) => {
                // What a run withdraws before it asks for it was nothing then.
                let comes_later = |at: usize, wanted: &RunOrderId| {
                    let mut later = asked.asked[at..].iter();
                    later.any(|one| matches!(one, AskedFor::Place { id, .. } if id == wanted))
                };
                let of_run = |(at, one): (usize, &AskedFor)| match one {
                    AskedFor::Cancel { id } if !comes_later(at, id) => {
                        let mut rows = self.rows.values();
                        rows.find(|row| row.run == asked.run.id && row.run_order == *id).map(|row| row.id)
                    }
                    AskedFor::Cancel { .. } | AskedFor::Place { .. } | AskedFor::Modify { .. } => None,
                };
                asked.asked.iter().enumerate().filter_map(of_run).collect()
            }
            Event::Withdraw { ids } => ids.clone(),
            // The host's was told of where it was made durable: what the core hears may be older.
            Event::Switch { scope: SwitchScope::Host, .. } => return,
            // Whoever moved a switch was told that it is moved: it must hold from now on, over restarts too.
            Event::Switch { scope, on, .. } => {
                let switch = KillSwitch { on: *on, ..KillSwitch::default() };
                return self.switches.set(scope, switch);
            }
            _ => return,
        };
        let stands = |id: &i64| self.rows.get(id).is_some_and(|row| !row.state.is_final());
        self.unwanted.extend(wanted.into_iter().filter(stands));
    }

    fn stops(&self, run: &str) -> bool {
        let of_run = self.switches.runs.get(run).is_some_and(|switch| switch.on);
        self.switches.tenant.on || self.switches.host.on || of_run
    }

    fn is_new(&mut self, row: &Row) -> Held {
        let newest = self.rows.keys().next_back().copied().unwrap_or(0);
        holds("I9", row.id > newest, || format!("order number {} was given after {newest}", row.id))?;
        let twin = self.rows.values().find(|other| other.tag == row.tag && !row.tag.is_empty());
        holds("I2", twin.is_none(), || format!("orders {} and {twin:?} share a tag", row.id))?;
        self.born_here.insert(row.id);
        Ok(())
    }

    /// A trade as it is durable now.
    pub(super) fn trade_is(&mut self, key: TradeKey, booked: Booked, broker: &Broker) -> Held {
        if let Some(before) = self.trades.get(&key) {
            let same = (before.quantity, before.price) == (booked.quantity, booked.price);
            holds("I5", same, || format!("trade {key:?} became {booked:?}, it was {before:?}"))?;
        } else if booked.is_live {
            let date = |at: Timestamp| at.date().to_string();
            let truth = broker.trades.iter().find(|t| {
                (t.id == key.2 && t.number == key.3) && t.symbol == booked.symbol && date(t.at) == key.0
            });
            let same = truth.is_some_and(|t| (t.quantity, t.price) == (booked.quantity, booked.price));
            holds("I5", same, || format!("trade {key:?} {booked:?} was booked, the exchange has {truth:?}"))?;
        }
        self.trades.insert(key, booked);
        Ok(())
    }

    /// An order goes to the socket.
    pub(super) fn posts(&mut self, now: Timestamp, tag: &str, request: &OrderRequest, token: u32) -> Held {
        let row = self.rows.values().find(|row| row.tag == tag);
        let Some(row) = row.cloned() else {
            return holds("I1", false, || format!("{tag} left without a durable row"));
        };
        let sending = row.state == OrderState::Sending;
        holds("I1", sending, || format!("order {} left while its row says {}", row.id, row.state))?;
        let same = (&row.symbol, row.side, row.quantity) == (&request.symbol, request.side, request.quantity);
        holds("I1", same, || format!("order {} left as {request:?}", row.id))?;
        holds("I15", row.is_live, || format!("paper order {} left", row.id))?;
        let late = self.born_here.contains(&row.id);
        holds("I1", late, || format!("order {} of the process before was sent late", row.id))?;
        let stopped = !row.is_exit && self.stops(&row.run);
        holds("I12", !stopped, || format!("order {} left under the kill switch", row.id))?;
        let (id, is_exit) = (row.id, row.is_exit);
        holds("I13", is_exit || self.strangers.is_empty(), || {
            format!("order {id} left although {:?} are nobody's", self.strangers)
        })?;
        self.may_send(token, id)?;
        let before = self.sent.insert(tag.to_owned(), now);
        holds("I2", before.is_none(), || format!("order {id} left a second time; first at {before:?}"))
    }

    /// What is changed or withdrawn is ours: other hands' orders are nobody's here.
    pub(super) fn touches(&self, id: i64, number: &str) -> Held {
        let is_ours = self.rows.get(&id).is_some_and(|row| row.number.as_deref() == Some(number));
        holds("I20", is_ours, || format!("order {number} of the broker's was touched as order {id}"))
    }

    /// A change goes to the socket. `is_clear`: we shall know what came of it.
    pub(super) fn changes(&mut self, call: &ModifyCall, token: u32, is_clear: bool) -> Held {
        let id = call.id;
        self.touches(id, &call.number)?;
        let run = self.rows.get(&id).map(|row| row.run.clone()).unwrap_or_default();
        holds("I12", !self.stops(&run), || format!("order {id} changed under the kill switch"))?;
        if !is_clear {
            self.unclear.insert(call.number.clone());
        }
        self.may_send(token, id)
    }

    /// A change reaches the broker: what it does not name must stay as it is, as far as we could know that.
    pub(super) fn change_arrives(
        &self,
        broker: &Broker,
        now: Timestamp,
        call: &ModifyCall,
        to: Whole,
    ) -> Held {
        let Some(index) = broker.find(now, &call.number) else { return Ok(()) };
        let order = &broker.orders[index];
        if order.touched || self.unclear.contains(&call.number) || order.now.status.is_over() {
            return Ok(());
        }
        let (is, change) = (&order.now, &call.change);
        let keeps = (change.quantity.is_some() || to.quantity == is.quantity)
            && (change.price.is_some() || to.price == is.price || change.kind.is_some())
            && (change.trigger.is_some() || to.trigger == is.trigger || change.kind.is_some());
        holds("I17", keeps, || format!("change {change:?} of order {} makes {to:?} of {is:?}", call.id))
    }

    fn may_send(&self, token: u32, id: i64) -> Held {
        let known = self.session == Some(token);
        holds("I13", known, || format!("order {id} left on session {token}, not {:?}", self.session))?;
        holds("I13", self.read_under == Some(token), || {
            format!("order {id} left on session {token}, read last under {:?}", self.read_under)
        })
    }

    /// A call of ours goes to the socket.
    pub(super) fn calls(&mut self, now: Timestamp) -> Held {
        self.calls.push_back(now);
        while self.calls.front().is_some_and(|first| now.micros_since(*first) >= 1_000_000) {
            self.calls.pop_front();
        }
        holds("I11", self.calls.len() <= 10, || format!("{} calls within a second", self.calls.len()))
    }
}
