//! What may become of a row, and what must be so at the broker for a row to say so. Keeps no books.

use super::broker::{Broker, Status};
use super::promise::{Held, holds};
use super::rows::Row;
use market::OrderState;

/// What may become of a row.
pub(super) fn changed(before: &Row, after: &Row, is_restored: bool) -> Held {
    let id = after.id;
    let same = (&before.run, before.run_order, &before.tag, before.is_live, before.is_exit)
        == (&after.run, after.run_order, &after.tag, after.is_live, after.is_exit)
        && (&before.symbol, before.side, before.product) == (&after.symbol, after.side, after.product);
    holds("I9", same, || format!("order {id} became another one: {before:?} to {after:?}"))?;
    let renumbered = before.number.is_some() && before.number != after.number;
    holds("I9", !renumbered, || format!("order {id} was {:?} and is {:?}", before.number, after.number))?;
    holds("I7", after.filled >= before.filled, || {
        format!("order {id} had {} units filled, and now {}", before.filled, after.filled)
    })?;
    // Only a proof of absence can be wrong: the book may show the order later.
    let was_ours = before.state == OrderState::Absent || (is_restored && before.number.is_none());
    let may_change = !before.state.is_final() || was_ours;
    holds("I8", may_change || before.state == after.state, || {
        format!("order {id} was {} and became {}", before.state, after.state)
    })
}

/// What a row says must be so at the broker, or have been so.
pub(super) fn is_true(row: &Row, broker: &Broker) -> Held {
    if !row.is_live {
        return Ok(());
    }
    let by_tag: Vec<_> =
        broker.orders.iter().filter(|order| order.now.tag.as_deref() == Some(row.tag.as_str())).collect();
    let id = row.id;
    let named =
        by_tag.iter().filter(|order| row.number.as_ref().is_none_or(|number| *number == order.now.number));
    let units = named.map(|order| order.now.filled).max().unwrap_or(0);
    holds("I7", row.filled <= units, || {
        format!("order {id} has {} units filled, the exchange {units}", row.filled)
    })?;
    let never_left = matches!(row.state, OrderState::Refused | OrderState::Abandoned | OrderState::Intent);
    holds("I4", !never_left || by_tag.is_empty(), || {
        format!("order {id} is {} and at the broker", row.state)
    })?;
    if by_tag.len() != 1 {
        return Ok(());
    }
    let status = by_tag[0].now.status;
    let agrees = match row.state {
        OrderState::Complete => status == Status::Complete,
        OrderState::Cancelled => status == Status::Cancelled,
        OrderState::Rejected => status == Status::Rejected,
        OrderState::Refused
        | OrderState::Intent
        | OrderState::Sending
        | OrderState::Ambiguous
        | OrderState::Abandoned
        | OrderState::Acked
        | OrderState::Open
        | OrderState::TriggerPending
        | OrderState::Partial
        | OrderState::Absent
        | OrderState::Escalated => true,
    };
    holds("I4", agrees, || format!("order {id} is {}, the broker has it {status:?}", row.state))
}
