//! How what the broker says changes an order. Pure and monotone: units filled never fall, what is final stays.
//!
//! Updates come twice, late and backwards, over three ways; the order of arrival must not matter.

use super::record::{OrderRecord, RefusalCode};
use market::{OrderKind, OrderState, Price};

/// What the broker says of one order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    pub(super) broker_order_id: String,
    pub(super) state: OrderState,
    pub(super) filled: u32,
    pub(super) average_price: Price,
    /// Quantity, price and trigger as they stand; `None` where the broker's record is of a protected market order.
    pub(super) terms: Option<Terms>,
    pub(super) refusal: RefusalCode,
    pub(super) message: String,
}

/// What a modification may change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Terms {
    pub(super) kind: OrderKind,
    pub(super) quantity: u32,
    pub(super) price: Price,
    pub(super) trigger: Price,
}

/// A change that is news.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Merged {
    pub(super) order: OrderRecord,
    pub(super) fill_quantity: u32,
    pub(super) fill_price: Price,
}

/// The order after what was seen, if that changes anything.
pub(super) fn merge(order: &OrderRecord, seen: &Seen) -> Option<Merged> {
    let mut after = order.clone();
    after.broker_order_id.get_or_insert_with(|| seen.broker_order_id.clone());
    let (mut fill_quantity, mut fill_price) = (0, Price::ZERO);
    if seen.filled > order.filled {
        fill_quantity = seen.filled - order.filled;
        let before = order.average_price * i64::from(order.filled);
        let notional = seen.average_price * i64::from(seen.filled) - before;
        fill_price = notional.per_unit(i64::from(fill_quantity));
        (after.filled, after.average_price) = (seen.filled, seen.average_price);
    }
    let state = state_after(order, seen, after.filled);
    if rank(state) >= rank(order.state)
        && !order.state.is_final()
        && let Some(terms) = seen.terms
    {
        Terms { kind: after.kind, quantity: after.quantity, price: after.price, trigger: after.trigger } =
            terms;
    }
    if state != order.state {
        (after.state, after.refusal) = (state, seen.refusal);
        after.message.clone_from(&seen.message);
    }
    (after != *order).then_some(Merged { order: after, fill_quantity, fill_price })
}

fn state_after(order: &OrderRecord, seen: &Seen, filled: u32) -> OrderState {
    let proven_wrong = matches!(order.state, OrderState::Absent | OrderState::Escalated);
    if order.state.is_final() && !proven_wrong {
        return order.state;
    }
    let seen_state = match seen.state {
        OrderState::Open | OrderState::Acked if filled > 0 => OrderState::Partial,
        other => other,
    };
    if rank(seen_state) >= rank(order.state) { seen_state } else { order.state }
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
    use crate::orders::paper::test_order;
    use proptest::prelude::*;

    fn seen(state: OrderState, filled: u32, average: i64) -> Seen {
        Seen {
            broker_order_id: "B1".into(),
            state,
            filled,
            average_price: Price::from_rupees(average),
            terms: None,
            refusal: RefusalCode::None,
            message: String::new(),
        }
    }

    #[test]
    fn a_second_fill_is_priced_by_the_change_of_the_notional() {
        let order = test_order(100);
        let first = merge(&order, &seen(OrderState::Open, 40, 100)).unwrap();
        assert_eq!((first.fill_quantity, first.fill_price), (40, Price::from_rupees(100)));
        assert_eq!(first.order.state, OrderState::Partial);
        let second = merge(&first.order, &seen(OrderState::Complete, 100, 106)).unwrap();
        assert_eq!((second.fill_quantity, second.fill_price), (60, Price::from_rupees(110)));
        assert_eq!(second.order.state, OrderState::Complete);
    }

    #[test]
    fn what_is_final_stays_and_what_was_thought_absent_is_adopted() {
        let done = merge(&test_order(10), &seen(OrderState::Complete, 10, 5)).unwrap().order;
        assert_eq!(merge(&done, &seen(OrderState::Open, 4, 5)), None);
        let absent = OrderRecord { state: OrderState::Absent, ..test_order(10) };
        assert_eq!(merge(&absent, &seen(OrderState::Open, 0, 0)).unwrap().order.state, OrderState::Open);
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_does_not_matter(shuffle in Just(vec![0usize, 1, 2, 3, 4, 5]).prop_shuffle()) {
            let story = [
                seen(OrderState::Acked, 0, 0),
                seen(OrderState::Open, 0, 0),
                seen(OrderState::Open, 3, 100),
                seen(OrderState::Open, 7, 101),
                seen(OrderState::Complete, 10, 102),
                seen(OrderState::Complete, 10, 102),
            ];
            let (mut order, mut filled) = (test_order(10), 0);
            for at in shuffle {
                if let Some(merged) = merge(&order, &story[at]) {
                    prop_assert!(merged.order.filled >= order.filled);
                    filled += merged.fill_quantity;
                    order = merged.order;
                }
            }
            prop_assert_eq!((order.state, order.filled, filled), (OrderState::Complete, 10, 10));
        }
    }
}
