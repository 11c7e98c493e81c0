//! How what the broker says changes an order. Pure and monotone: units filled never fall, what is final stays.
//!
//! Updates come twice, late and backwards, over three ways; the order of arrival must not matter.

#[cfg(test)]
use crate::planted::{Planted, is_planted};
use crate::record::{OrderRecord, RefusalCode};
use market::{Change, OrderKind, OrderRequest, OrderState, Price, Timestamp};

/// What the broker says of one order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) broker_order_id: String,
    pub(crate) state: OrderState,
    pub(crate) filled: u32,
    pub(crate) average_price: Price,
    /// Quantity, price and trigger as they stand; `None` where nobody has changed them.
    pub(crate) terms: Option<Terms>,
    /// When the exchange last changed the order, to the second; `None` where it did not say.
    pub(crate) changed_at: Option<Timestamp>,
    pub(crate) refusal: RefusalCode,
    pub(crate) message: String,
}

/// What a modification may change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Terms {
    pub(crate) kind: OrderKind,
    pub(crate) quantity: u32,
    pub(crate) price: Price,
    pub(crate) trigger: Price,
}

/// A change that is news.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Merged {
    pub(crate) order: OrderRecord,
    pub(crate) fill_quantity: u32,
    pub(crate) fill_price: Price,
    /// When the exchange made the terms what they are now, where they are new.
    pub(crate) terms_at: Option<Timestamp>,
}

impl Terms {
    /// As we have them of an order.
    pub(crate) fn of(order: &OrderRecord) -> Self {
        let OrderRecord { kind, quantity, price, trigger, .. } = *order;
        Self { kind, quantity, price, trigger }
    }

    /// The request with these terms.
    pub(crate) fn request(self, request: OrderRequest) -> OrderRequest {
        let Self { kind, quantity, price, trigger } = self;
        OrderRequest { kind, quantity, price, trigger, ..request }
    }

    /// These with some of them changed.
    pub(crate) fn with(self, change: &Change) -> Self {
        Self {
            kind: change.kind.unwrap_or(self.kind),
            quantity: change.quantity.unwrap_or(self.quantity),
            price: change.price.unwrap_or(self.price),
            trigger: change.trigger.unwrap_or(self.trigger),
        }
    }
}

/// The order after what was seen, if that changes anything. `terms_at` says how new the terms are that we have.
pub(crate) fn merge(order: &OrderRecord, terms_at: Option<Timestamp>, seen: &Seen) -> Option<Merged> {
    if is_settled(order) && seen.filled <= order.filled {
        return None;
    }
    let mut after = order.clone();
    after.broker_order_id.get_or_insert_with(|| seen.broker_order_id.clone());
    let (mut fill_quantity, mut fill_price) = (0, Price::ZERO);
    if seen.filled > order.filled {
        fill_quantity = seen.filled - order.filled;
        let before = order.average_price * i64::from(order.filled);
        let notional = seen.average_price * i64::from(seen.filled) - before;
        fill_price = notional.per_unit(i64::from(fill_quantity));
        #[cfg(test)]
        if is_planted(Planted::AverageIsFillPrice) {
            fill_price = seen.average_price;
        }
        (after.filled, after.average_price) = (seen.filled, seen.average_price);
    }
    #[cfg(test)]
    if is_planted(Planted::TrustOldUpdates) {
        after.filled = seen.filled;
    }
    let newer_terms = seen.terms.filter(|_| !is_settled(order) && !is_older(order, terms_at, seen));
    if let Some(terms) = newer_terms {
        Terms { kind: after.kind, quantity: after.quantity, price: after.price, trigger: after.trigger } =
            terms;
    }
    let state = state_after(order, seen, after.filled);
    if state != order.state {
        (after.state, after.refusal) = (state, seen.refusal);
        after.message.clone_from(&seen.message);
    }
    let terms_at = newer_terms.and(seen.changed_at);
    (after != *order).then_some(Merged { order: after, fill_quantity, fill_price, terms_at })
}

/// True when nothing the broker says can change the state. An end that the broker never gave a number to is our word
/// alone, and so is an absence; the broker's book knows better.
fn is_settled(order: &OrderRecord) -> bool {
    order.state.is_final() && order.broker_order_id.is_some() && order.state != OrderState::Absent
}

/// True when what was seen is from before what we know: fewer fills, a state left behind, or an earlier time.
fn is_older(order: &OrderRecord, terms_at: Option<Timestamp>, seen: &Seen) -> bool {
    let earlier = seen.changed_at.zip(terms_at).is_some_and(|(seen_at, known_at)| seen_at < known_at);
    let left_behind = !order.state.is_final() && rank(working(seen.state, seen.filled)) < rank(order.state);
    earlier || left_behind || seen.filled < order.filled
}

fn state_after(order: &OrderRecord, seen: &Seen, filled: u32) -> OrderState {
    // What a person must look at stays so until it can trade no more.
    let watched =
        order.state == OrderState::Escalated && order.broker_order_id.is_some() && !seen.state.is_final();
    if is_settled(order) || watched {
        return order.state;
    }
    let seen_state = working(seen.state, filled);
    let goes_on = order.state.is_final() || rank(seen_state) >= rank(order.state);
    if goes_on { seen_state } else { order.state }
}

/// What stands and has traded in part.
fn working(state: OrderState, filled: u32) -> OrderState {
    match state {
        OrderState::Open | OrderState::Acked if filled > 0 => OrderState::Partial,
        other => other,
    }
}

/// How far along a state is. A later one never gives way to an earlier one.
fn rank(state: OrderState) -> u8 {
    match state {
        OrderState::Intent | OrderState::Sending | OrderState::Ambiguous => 0,
        OrderState::Absent | OrderState::Escalated => 0,
        OrderState::Acked => 1,
        OrderState::TriggerPending => 2,
        OrderState::Open => 3,
        OrderState::Partial => 4,
        OrderState::Refused
        | OrderState::Abandoned
        | OrderState::Complete
        | OrderState::Cancelled
        | OrderState::Rejected => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::test_order;
    use proptest::prelude::*;

    fn seen(state: OrderState, filled: u32, average: i64) -> Seen {
        Seen {
            broker_order_id: "B1".into(),
            state,
            filled,
            average_price: Price::from_rupees(average),
            terms: None,
            changed_at: None,
            refusal: RefusalCode::None,
            message: String::new(),
        }
    }

    /// The same with its terms, as they stood so many seconds into the story.
    fn changed(seen: Seen, second: i64, quantity: u32, price: i64) -> Seen {
        let (kind, price, trigger) = (OrderKind::Limit, Price::from_rupees(price), Price::ZERO);
        let changed_at = Some(Timestamp::from_seconds(second));
        Seen { terms: Some(Terms { kind, quantity, price, trigger }), changed_at, ..seen }
    }

    #[test]
    fn a_second_fill_is_priced_by_the_change_of_the_notional() {
        let order = test_order(100);
        let first = merge(&order, None, &seen(OrderState::Open, 40, 100)).unwrap();
        assert_eq!((first.fill_quantity, first.fill_price), (40, Price::from_rupees(100)));
        assert_eq!(first.order.state, OrderState::Partial);
        let second = merge(&first.order, None, &seen(OrderState::Complete, 100, 106)).unwrap();
        assert_eq!((second.fill_quantity, second.fill_price), (60, Price::from_rupees(110)));
        assert_eq!(second.order.state, OrderState::Complete);
    }

    #[test]
    fn what_the_broker_ended_stays_and_what_only_we_ended_is_corrected_by_its_book() {
        let done = merge(&test_order(10), None, &seen(OrderState::Complete, 10, 5)).unwrap().order;
        assert_eq!(merge(&done, None, &seen(OrderState::Open, 4, 5)), None);
        for ours in [OrderState::Absent, OrderState::Rejected, OrderState::Abandoned] {
            let ended = OrderRecord { state: ours, refusal: RefusalCode::Exchange, ..test_order(10) };
            let found = merge(&ended, None, &seen(OrderState::Open, 4, 100)).unwrap();
            assert_eq!((found.order.state, found.order.refusal), (OrderState::Partial, RefusalCode::None));
            assert_eq!((found.fill_quantity, found.order.broker_order_id.as_deref()), (4, Some("B1")));
            let named = OrderRecord { broker_order_id: Some("B1".into()), ..ended };
            let later = merge(&named, None, &seen(OrderState::Open, 0, 0));
            assert_eq!(later.is_some(), ours == OrderState::Absent, "{ours} with the broker's number");
        }
    }

    #[test]
    fn an_escalated_order_fills_on_and_stays_escalated_until_it_can_trade_no_more() {
        let watched = OrderRecord {
            state: OrderState::Escalated,
            broker_order_id: Some("B1".into()),
            message: "look at it".into(),
            ..test_order(10)
        };
        let filled = merge(&watched, None, &seen(OrderState::Open, 4, 100)).unwrap();
        assert_eq!((filled.order.state, filled.fill_quantity), (OrderState::Escalated, 4));
        assert_eq!(filled.order.message, "look at it");
        let ended = merge(&filled.order, None, &seen(OrderState::Cancelled, 4, 100)).unwrap();
        assert_eq!(ended.order.state, OrderState::Cancelled);
    }

    /// Everything the broker ever says of one order: taken, resting, changed, filled in part, changed again.
    fn story() -> Vec<Seen> {
        vec![
            seen(OrderState::Acked, 0, 0),
            Seen { changed_at: Some(Timestamp::from_seconds(1)), ..seen(OrderState::Open, 0, 0) },
            changed(seen(OrderState::Open, 0, 0), 2, 10, 101),
            changed(seen(OrderState::Open, 3, 100), 3, 10, 101),
            changed(seen(OrderState::Open, 3, 100), 4, 12, 102),
            changed(seen(OrderState::Open, 7, 101), 5, 12, 102),
            changed(seen(OrderState::Open, 7, 101), 5, 12, 102),
        ]
    }

    /// The order after hearing these, and the units it was told of.
    fn after(heard: impl IntoIterator<Item = Seen>) -> (OrderRecord, u32) {
        let (mut order, mut terms_at, mut filled) = (test_order(10), None, 0);
        for seen in heard {
            if let Some(merged) = merge(&order, terms_at, &seen) {
                assert!(merged.order.filled >= order.filled);
                filled += merged.fill_quantity;
                terms_at = merged.terms_at.or(terms_at);
                order = merged.order;
            }
        }
        (order, filled)
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_does_not_matter(
            shuffle in Just((0..story().len()).collect::<Vec<_>>()).prop_shuffle(),
            end_at in 0..=story().len(),
        ) {
            let mut heard: Vec<Seen> = shuffle.into_iter().map(|at| story()[at].clone()).collect();
            let (standing, filled) = after(heard.clone());
            prop_assert_eq!((standing.state, standing.filled, filled), (OrderState::Partial, 7, 7));
            prop_assert_eq!((standing.quantity, standing.price), (12, Price::from_rupees(102)));
            heard.insert(end_at, changed(seen(OrderState::Complete, 12, 103), 6, 12, 102));
            let (done, filled) = after(heard);
            prop_assert_eq!((done.state, done.filled, filled), (OrderState::Complete, 12, 12));
            prop_assert_eq!((done.quantity, done.price), (12, Price::from_rupees(102)));
        }
    }
}
