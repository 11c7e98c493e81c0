//! A world's happenings in few words, for whoever looks into a broken promise.

use super::store;
use crate::{AskedFor, Effect, Event, OrderRecord, Write};
use std::fmt::Write as _;

/// One step: what happened, what was written, what was done. Nothing where nothing came of it.
pub(super) fn step(event: &Event, writes: &[Write], effects: &[Effect]) -> Option<String> {
    let is_of_book = matches!(event, Event::Time | Event::Reading(_) | Event::ReadingFailed);
    let reads_alone = effects.iter().all(|effect| matches!(effect, Effect::ReadBook { .. }));
    if is_of_book && writes.is_empty() && reads_alone {
        return None;
    }
    let mut text = heard(event);
    for write in writes {
        let _ = write!(text, "\n      writes {}", written(write));
    }
    for effect in effects {
        let _ = write!(text, "\n      does {}", done(effect));
    }
    Some(text)
}

fn heard(event: &Event) -> String {
    match event {
        Event::Intents(asked) => {
            let words = asked.asked.iter().map(|one| match one {
                AskedFor::Place { id, request, tag } => {
                    let r = request;
                    format!(
                        "place {id}: {} {} {} {} at {} ({tag})",
                        r.side, r.quantity, r.symbol, r.kind, r.price
                    )
                }
                AskedFor::Modify { id, change } => format!("change {id}: {change:?}"),
                AskedFor::Cancel { id } => format!("cancel {id}"),
            });
            format!("{} asks: {}", asked.run.id, words.collect::<Vec<_>>().join("; "))
        }
        Event::Reading(reading) => {
            let rows = reading.orders.rows.iter();
            let rows = rows.map(|o| format!("{} {} {}/{}", o.number, o.status, o.filled, o.quantity));
            let rows: Vec<_> = rows.collect();
            let (trades, holes) = (reading.trades.rows.len(), reading.orders.unreadable);
            format!(
                "reading under {} that began {:?}: [{}], {trades} trades, {holes} holes, positions {:?}",
                reading.session,
                reading.began.since_boot,
                rows.join(", "),
                reading.positions.as_ref().map(|positions| positions.rows.len())
            )
        }
        Event::Heard(o) => {
            format!("ticker: {} {:?} {} {}/{}", o.number, o.tags, o.status, o.filled, o.quantity)
        }
        other => format!("{other:?}"),
    }
}

fn written(write: &Write) -> String {
    match write {
        Write::Insert(order) => format!("new {}", row(&order.record)),
        Write::Update { order, .. } => row(&order.record),
        Write::Trades(trades) => {
            let words = trades.iter().map(|t| format!("{:?} for {:?}", store::key(&t.trade), t.run_id));
            format!("trades {}", words.collect::<Vec<_>>().join(", "))
        }
        other => format!("{other:?}"),
    }
}

fn done(effect: &Effect) -> String {
    match effect {
        Effect::Place(call) => format!("place {} under {} ({})", call.id, call.session, call.tag),
        Effect::Tell(update) => format!(
            "tell {}: {} +{} at {}",
            update.order.run_id,
            row(&update.order),
            update.fill_quantity,
            update.fill_price
        ),
        Effect::Traded(trade) => format!("traded {:?}", store::key(&trade.trade)),
        Effect::Say(said) => format!("say {}", said.text),
        other => format!("{other:?}"),
    }
}

fn row(o: &OrderRecord) -> String {
    format!(
        "order {} ({} {}) {} {:?} {}/{} at {} price {}",
        o.id,
        o.run_id,
        o.run_order_id,
        o.state,
        o.broker_order_id,
        o.filled,
        o.quantity,
        o.average_price,
        o.price
    )
}
