//! What a run knows by its journal, and what it must be told so that it knows what is. Pure.

use super::sessions::TradingDay;
use market::{Intent, Money, Price, RunOrderId, Timestamp};
use sandbox::journal::Entry;
use sandbox::{
    Event, GuestOrderStatus, HeldPosition, NoticeKind, OrderUpdate, OrderView, RefusalCode, Trace,
};
use std::collections::{BTreeMap, BTreeSet};

/// What a run is told of a change that it asked for and that the crash took along.
const CHANGE_LOST: &str = "not changed: the host restarted before it was answered";

/// A run as its journal left it.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Its orders; none where it asked for one and heard nothing yet.
    orders: BTreeMap<RunOrderId, Option<OrderView>>,
    /// Orders that it asked to change, and of which it has heard nothing since.
    changing: BTreeSet<RunOrderId>,
    /// The time of the newest event.
    pub(super) heard_at: Timestamp,
    /// Up to when it knows of the trading day's changes.
    day: Timestamp,
    cash: Option<Money>,
    is_signed_out: bool,
    has_no_feed: bool,
}

/// An order as its row has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) order: OrderView,
    /// When it changed last.
    pub(super) changed_at: Timestamp,
}

impl Known {
    /// One more entry of the journal.
    pub(super) fn take(&mut self, entry: &Entry) {
        match entry {
            Entry::Start(beginning) => {
                let start = &beginning.start;
                *self = Self { day: start.now, cash: Some(start.cash), ..Self::default() };
                self.heard(start.now);
                self.orders = start.orders.iter().map(|order| (order.id, Some(order.clone()))).collect();
            }
            Entry::Ticks(ticks) => ticks.iter().for_each(|tick| self.heard(tick.time)),
            Entry::Candles(_) => {}
            Entry::Event(event) => self.take_event(event),
            Entry::Traces(traces) => {
                for trace in traces {
                    self.take_trace(trace);
                }
            }
        }
    }

    /// The updates that bring the run from what it knows to what the rows say, each with the time of its row's change.
    ///
    /// # Errors
    /// When the rows cannot be those of this journal.
    pub(super) fn changes(&self, rows: &[Row]) -> Result<Vec<OrderUpdate>, String> {
        let with_row: BTreeSet<RunOrderId> = rows.iter().map(|row| row.order.id).collect();
        if let Some(id) = self.orders.keys().find(|id| !with_row.contains(id)) {
            return Err(format!("it asked for order {id}, which has no row"));
        }
        let changed = rows.iter().map(|row| self.change(row)).collect::<Result<Vec<_>, _>>()?;
        Ok(changed.into_iter().flatten().collect())
    }

    /// Everything that it must be told before it hears the market again, oldest first; that the host restarted comes last.
    pub(super) fn catch_up(
        &self,
        changes: Vec<OrderUpdate>,
        day: &mut TradingDay,
        cash: Option<Money>,
        now: Timestamp,
    ) -> Vec<Event> {
        let mut events: Vec<Event> = day.due(now);
        events.extend(changes.into_iter().map(Event::Order));
        events.sort_by_key(time);
        events.extend(cash.filter(|cash| self.cash != Some(*cash)).map(|amount| Event::Cash { amount }));
        let notice = |kind, text: String| Event::Notice { kind, now, text };
        if self.is_signed_out {
            events.push(notice(NoticeKind::BrokerSessionBack, "the broker session is live".to_owned()));
        }
        if self.has_no_feed {
            events.push(notice(NoticeKind::FeedBack, "the feed begins anew with the host".to_owned()));
        }
        let gap_s = now.micros_since(self.heard_at).max(0) / 1_000_000;
        let text = format!(
            "the host restarted: nothing was heard of the market for {gap_s} s since {}, and bars of that time lack what \
             was traded then",
            self.heard_at.ist_text()
        );
        events.push(notice(NoticeKind::HostRestarted, text));
        events
    }

    /// Of a run that knows the trading day's changes up to an instant.
    pub(super) fn day(&self) -> Timestamp {
        self.day
    }

    fn take_trace(&mut self, trace: &Trace) {
        match trace {
            Trace::Intent(Intent::Place { id, .. }) => {
                self.orders.entry(*id).or_default();
            }
            Trace::Intent(Intent::Modify { id, .. }) => {
                self.changing.insert(*id);
            }
            Trace::Intent(Intent::Cancel { .. })
            | Trace::Log { .. }
            | Trace::Pnl { .. }
            | Trace::StateSet { .. }
            | Trace::StateDelete { .. }
            | Trace::TimerSet { .. }
            | Trace::TimerCancel { .. } => {}
        }
    }

    fn take_event(&mut self, event: &Event) {
        match event {
            Event::Order(update) => {
                self.heard(update.time);
                self.changing.remove(&update.order.id);
                self.orders.insert(update.order.id, Some(update.order.clone()));
            }
            Event::Timer { now, .. } | Event::Stop { now } => self.heard(*now),
            Event::Cash { amount } => self.cash = Some(*amount),
            Event::Session { now, .. } => {
                self.heard(*now);
                self.day = self.day.max(*now);
            }
            Event::Notice { kind, now, .. } => {
                self.heard(*now);
                match kind {
                    NoticeKind::FeedLost => self.has_no_feed = true,
                    NoticeKind::FeedBack => self.has_no_feed = false,
                    NoticeKind::BrokerSessionExpired => self.is_signed_out = true,
                    NoticeKind::BrokerSessionBack => self.is_signed_out = false,
                    NoticeKind::MarketOpen | NoticeKind::MarketClose => self.day = self.day.max(*now),
                    NoticeKind::HostRestarted | NoticeKind::Other => {}
                }
            }
        }
    }

    fn heard(&mut self, at: Timestamp) {
        self.heard_at = self.heard_at.max(at);
    }

    fn change(&self, row: &Row) -> Result<Option<OrderUpdate>, String> {
        let order = &row.order;
        let (filled, average_price) = match self.orders.get(&order.id) {
            Some(Some(known)) if is_known(known, order) => return Ok(self.lost_change(row)),
            Some(Some(known)) => (known.filled, known.average_price),
            Some(None) if order.status == GuestOrderStatus::Pending && order.filled == 0 => return Ok(None),
            // One that it asked for, or one that a person or the host placed for it.
            Some(None) | None => (0, Price::ZERO),
        };
        let Some(fill_quantity) = order.filled.checked_sub(filled) else {
            let (id, now) = (order.id, order.filled);
            return Err(format!("it heard of {filled} units filled of order {id}, whose row has {now}"));
        };
        let notional = order.average_price * i64::from(order.filled) - average_price * i64::from(filled);
        let fill_price = notional.per_unit(i64::from(fill_quantity));
        let time = row.changed_at.max(self.heard_at);
        Ok(Some(OrderUpdate { order: order.clone(), time, fill_quantity, fill_price }))
    }

    /// A change that the row knows nothing of was not made: the run would wait for its answer for ever.
    fn lost_change(&self, row: &Row) -> Option<OrderUpdate> {
        let order = &row.order;
        if !self.changing.contains(&order.id) || is_final(order.status) {
            return None;
        }
        let order =
            OrderView { refusal: RefusalCode::Other, message: CHANGE_LOST.to_owned(), ..order.clone() };
        Some(OrderUpdate { order, time: self.heard_at, fill_quantity: 0, fill_price: Price::ZERO })
    }
}

/// What a run holds once it has heard of these fills, flat positions left out.
pub(super) fn held_after(
    positions: &[HeldPosition],
    changes: &[OrderUpdate],
) -> BTreeMap<(String, &'static str), i64> {
    let mut held = BTreeMap::new();
    let mut add = |symbol: String, product: market::Product, quantity: i64| {
        *held.entry((symbol, product.as_str())).or_insert(0) += quantity;
    };
    for position in positions {
        add(position.symbol.to_string(), position.product, position.quantity);
    }
    for OrderUpdate { order, fill_quantity, .. } in changes {
        add(order.symbol.to_string(), order.product, order.side.sign() * i64::from(*fill_quantity));
    }
    held.retain(|_, quantity| *quantity != 0);
    held
}

/// True when the row says nothing that the run does not know. Words of a refused change stand in no row.
fn is_known(known: &OrderView, row: &OrderView) -> bool {
    let of = |order: &OrderView| {
        let terms = (order.kind, order.quantity, order.price, order.trigger, order.validity);
        (order.status, order.filled, order.average_price, terms)
    };
    of(known) == of(row)
}

fn is_final(status: GuestOrderStatus) -> bool {
    use GuestOrderStatus as S;
    match status {
        S::Refused | S::Abandoned | S::Complete | S::Cancelled | S::Rejected => true,
        S::Pending | S::Unknown | S::Open | S::TriggerPending | S::Partial => false,
    }
}

fn time(event: &Event) -> Timestamp {
    match event {
        Event::Order(update) => update.time,
        Event::Timer { now, .. }
        | Event::Notice { now, .. }
        | Event::Session { now, .. }
        | Event::Stop { now } => *now,
        Event::Cash { .. } => Timestamp::EPOCH,
    }
}

#[cfg(test)]
mod tests;
