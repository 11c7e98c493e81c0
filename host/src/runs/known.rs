//! What a run knows by its journal, and what it must be told so that it knows what is. Pure.

use super::sessions::TradingDay;
use market::{Intent, Money, Price, RunOrderId, Timestamp};
use sandbox::journal::Entry;
use sandbox::{Event, GuestOrderStatus, HeldPosition, NoticeKind, OrderUpdate, OrderView, Trace};
use std::collections::{BTreeMap, BTreeSet};

/// A run as its journal left it.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Its orders; none where it asked for one and heard nothing yet.
    orders: BTreeMap<RunOrderId, Option<OrderView>>,
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
                    if let Trace::Intent(Intent::Place { id, .. }) = trace {
                        self.orders.entry(*id).or_default();
                    }
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

    fn take_event(&mut self, event: &Event) {
        match event {
            Event::Order(update) => {
                self.heard(update.time);
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
            Some(Some(known)) if is_known(known, order) => return Ok(None),
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
mod tests {
    use super::*;
    use market::{Calendar, OrderKind, OrderRequest, Product, Side, TradingDate, Validity};
    use sandbox::{RefusalCode, Start};

    fn noon() -> Timestamp {
        TradingDate::new(2026, 11, 23).unwrap().at_seconds(12 * 3_600)
    }

    fn order(id: RunOrderId, status: GuestOrderStatus, filled: u32, average: i64) -> OrderView {
        OrderView {
            id,
            symbol: "NSE:INFY".parse().unwrap(),
            side: Side::Buy,
            kind: OrderKind::Market,
            product: Product::Mis,
            status,
            quantity: 100,
            filled,
            price: Price::ZERO,
            trigger: Price::ZERO,
            average_price: Price::from_rupees(average),
            refusal: RefusalCode::None,
            message: String::new(),
            validity: Validity::Day,
            market_protection: -1,
            placed_at: noon(),
        }
    }

    fn row(order: OrderView) -> Row {
        Row { order, changed_at: noon().plus_seconds(60) }
    }

    fn heard(order: OrderView) -> Entry {
        let (time, fill_price) = (noon(), Price::ZERO);
        Entry::Event(Event::Order(OrderUpdate { order, time, fill_quantity: 0, fill_price }))
    }

    fn asked(id: RunOrderId) -> Entry {
        let request = OrderRequest::market("NSE:INFY".parse().unwrap(), Side::Buy, 100);
        Entry::Traces(vec![Trace::Intent(Intent::Place { id, request })])
    }

    fn known(entries: &[Entry]) -> Known {
        let mut known = Known { day: noon(), ..Known::default() };
        entries.iter().for_each(|entry| known.take(entry));
        known
    }

    #[test]
    fn a_run_is_told_what_changed_and_what_traded_by_the_change_of_the_notional() {
        use GuestOrderStatus::{Abandoned, Complete, Partial, Pending, Refused};
        let known = known(&[
            heard(order(1, Partial, 40, 100)),
            heard(order(2, Complete, 100, 100)),
            asked(3),
            asked(4),
            asked(5),
        ]);
        let rows = [
            row(order(1, Complete, 100, 106)),
            row(order(2, Complete, 100, 100)),
            row(order(3, Abandoned, 0, 0)),
            row(order(4, Pending, 0, 0)),
            row(order(5, Refused, 0, 0)),
            row(order(6, Complete, 100, 9)),
        ];
        let told = known.changes(&rows).unwrap();
        let shown: Vec<_> = told
            .iter()
            .map(|told| (told.order.id, told.order.status, told.fill_quantity, told.fill_price))
            .collect();
        let rupees = Price::from_rupees;
        assert_eq!(
            shown,
            [
                (1, Complete, 60, rupees(110)),
                (3, Abandoned, 0, rupees(0)),
                (5, Refused, 0, rupees(0)),
                (6, Complete, 100, rupees(9)),
            ]
        );
    }

    #[test]
    fn rows_that_lack_an_order_or_a_fill_are_not_those_of_the_journal() {
        let filled = known(&[heard(order(1, GuestOrderStatus::Partial, 40, 100))]);
        let said = filled.changes(&[row(order(1, GuestOrderStatus::Open, 30, 100))]).unwrap_err();
        assert!(said.contains("40 units filled of order 1, whose row has 30"), "{said}");
        let said = known(&[asked(7)]).changes(&[]).unwrap_err();
        assert_eq!(said, "it asked for order 7, which has no row");
    }

    #[test]
    fn a_run_hears_of_the_days_it_missed_in_their_order_and_of_the_restart_last() {
        let lost = Event::Notice { kind: NoticeKind::FeedLost, now: noon(), text: String::new() };
        let known = known(&[heard(order(1, GuestOrderStatus::Open, 0, 0)), Entry::Event(lost)]);
        let change = Row {
            changed_at: noon().plus_seconds(4 * 3_600),
            order: order(1, GuestOrderStatus::Complete, 100, 5),
        };
        let changes = known.changes(&[change]).unwrap();
        let mut day = TradingDay::new(Calendar::nse([]), known.day());
        let now = noon().plus_seconds(86_400);
        let events = known.catch_up(changes, &mut day, Some(Money::from_rupees(5)), now);
        let kinds: Vec<String> = events
            .iter()
            .map(|event| match event {
                Event::Notice { kind, .. } => format!("{kind:?}"),
                other => format!("{other:?}").split([' ', '(']).next().unwrap_or_default().to_owned(),
            })
            .collect();
        let expected = ["MarketClose", "Order", "Session", "MarketOpen", "Cash", "FeedBack", "HostRestarted"];
        assert_eq!(kinds, expected);
        let Some(Event::Notice { text, .. }) = events.last() else { panic!("a notice") };
        assert!(text.contains("for 86400 s since 2026-11-23 12:00:00"), "{text}");
        assert!(day.due(now).is_empty(), "and of each change once");
    }

    #[test]
    fn a_beginning_forgets_what_was_before_it() {
        let start = Start { now: noon(), orders: vec![order(9, GuestOrderStatus::Open, 0, 0)], ..blank() };
        let text = String::new;
        let beginning = sandbox::journal::Beginning {
            component: text(),
            engine: text(),
            build: text(),
            architecture: text(),
            start,
        };
        let known = known(&[asked(1), Entry::Start(Box::new(beginning))]);
        assert_eq!(known.changes(&[row(order(9, GuestOrderStatus::Open, 0, 0))]).unwrap(), []);
        assert_eq!((known.heard_at, known.day()), (noon(), noon()));
    }

    #[test]
    fn what_is_held_after_the_fills_leaves_out_what_is_flat() {
        let symbol: market::Symbol = "NSE:INFY".parse().unwrap();
        let held = HeldPosition {
            symbol,
            product: Product::Mis,
            quantity: -60,
            average_price: Price::ZERO,
            cost: Money::ZERO,
            realised: Money::ZERO,
        };
        let known = known(&[heard(order(1, GuestOrderStatus::Partial, 40, 100))]);
        let changes = known.changes(&[row(order(1, GuestOrderStatus::Complete, 100, 100))]).unwrap();
        assert!(held_after(std::slice::from_ref(&held), &changes).is_empty());
        assert_eq!(held_after(&[held], &[]).into_values().collect::<Vec<_>>(), [-60]);
    }

    fn blank() -> Start {
        Start {
            params: BTreeMap::new(),
            instruments: Vec::new(),
            now: noon(),
            session: None,
            cash: Money::ZERO,
            positions: Vec::new(),
            orders: Vec::new(),
            next_order_id: 1,
            state: BTreeMap::new(),
            warm_up: Vec::new(),
            seed: 1,
            today_realised: Money::ZERO,
        }
    }
}
