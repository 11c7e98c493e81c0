//! How one order came to be: event, handler, log lines, intent, gate, the way to the broker, its answers and fills.
//!
//! The first part stands in the journal, the rest in the order's own history and rows.

use super::bound::Bound;
use super::error::ReplayError;
use super::head;
use super::report::{At, Explained, Link};
use super::tape::{Tape, handler_of, time_of};
use super::words;
use market::{Intent, OrderState, RunOrderId, Timestamp};
use sandbox::journal::Entry;
use sandbox::{Event, OrderUpdate, Trace};
use serde_json::Value;
use tenant::audit::{AuditAction, AuditRecord};
use tenant::{Recorded, RecordedOrder, TradeRecord};

/// Orders that are named when one is not found.
const NAMED_MAX: usize = 20;

/// Where in its journal an order was asked for.
struct Asked {
    event: u64,
    at: Timestamp,
    what: String,
    handler: &'static str,
    traces: Vec<Trace>,
}

/// Follows an order from its event to its end. `history` is what the audit has of it.
///
/// # Errors
/// When the journal cannot be read, or the time is over.
pub fn explain(
    recorded: &Recorded,
    tape: &Tape<'_>,
    found: &RecordedOrder,
    history: &[AuditRecord],
    bound: &mut Bound,
) -> Result<Explained, ReplayError> {
    let record = &found.order;
    let (asked, later) = read(tape, record.run_order_id, bound)?;
    let cause = asked.as_ref().map(|asked| asked.at);
    let mut chain = Vec::new();
    let mut notes = Vec::new();
    match asked {
        Some(asked) => chain.extend(begun(asked, record.run_order_id)),
        None => notes.push(
            "no event of the journal asked for it: a person or the host closed a position with it, or its journal is \
             no longer kept"
                .to_owned(),
        ),
    }
    let mut way = vec![gate(found)];
    match history {
        [] => way.extend(own_way(recorded, found)),
        history => way.extend(history.iter().map(|record| audited(record, &recorded.sha256))),
    }
    let way = behind(way, later, &["orderSending", "sent"]);
    let fills = fills(&recorded.trades, record.broker_order_id.as_deref());
    chain.extend(behind(way, fills, &["orderAnswered", "orderSending", "sent"]));
    for link in &mut chain {
        link.micros_since = link.at.zip(cause).map(|(at, cause)| at.0.micros_since(cause));
    }
    Ok(Explained {
        run: head(recorded),
        order: record.run_order_id,
        number: record.id,
        tag: record.tag.clone(),
        broker_order_id: record.broker_order_id.clone(),
        what: words::wish_of(record),
        state: record.state.to_string(),
        chain,
        notes,
    })
}

/// The order that is named by the run's number, our id, its tag or the broker's number.
///
/// # Errors
/// When the run has no such order.
pub fn find<'a>(recorded: &'a Recorded, wanted: &str) -> Result<&'a RecordedOrder, ReplayError> {
    let is = |one: &&RecordedOrder| {
        let order = &one.order;
        order.run_order_id.to_string() == wanted
            || format!("{}-{}", order.run_id, order.run_order_id) == wanted
            || order.tag == wanted
            || order.broker_order_id.as_deref() == Some(wanted)
    };
    recorded.orders.iter().find(is).ok_or_else(|| {
        let numbers: Vec<String> =
            recorded.orders.iter().take(NAMED_MAX).map(|one| one.order.run_order_id.to_string()).collect();
        let known = match recorded.orders.len() {
            0 => "It has placed none".to_owned(),
            all => format!("It has {all}: {}{}", numbers.join(", "), if all > NAMED_MAX { " …" } else { "" }),
        };
        ReplayError::UnknownOrder { run: recorded.run.id.clone(), order: wanted.to_owned(), known }
    })
}

/// Where the order was asked for, and what the run asked and heard of it later.
fn read(
    tape: &Tape<'_>,
    id: RunOrderId,
    bound: &mut Bound,
) -> Result<(Option<Asked>, Vec<Link>), ReplayError> {
    let (mut asked, mut later) = (None, Vec::new());
    let (mut now, mut before) = (Timestamp::EPOCH, None);
    for entry in tape.entries() {
        let (event, entry) = entry?;
        bound.count(1)?;
        let Entry::Traces(traces) = entry else {
            now = time_of(&entry).map_or(now, |time| now.max(time));
            if let Entry::Event(Event::Order(update)) = &entry
                && update.order.id == id
            {
                later.push(told(update));
            }
            before = Some(entry);
            continue;
        };
        let Some(cause) = before.as_ref().filter(|_| traces.iter().any(|trace| names(trace, id))) else {
            continue;
        };
        if traces.iter().any(|trace| places(trace, id)) {
            let (what, handler) = (tape.words(cause), handler_of(cause));
            asked = Some(Asked { event, at: now, what, handler, traces });
        } else {
            let wishes = traces.iter().filter_map(|trace| match trace {
                Trace::Intent(intent) if names(trace, id) => Some(words::intent(intent)),
                _ => None,
            });
            later.extend(wishes.map(|text| link("intent", Some(now), text)));
        }
    }
    Ok((asked, later))
}

fn places(trace: &Trace, order: RunOrderId) -> bool {
    matches!(trace, Trace::Intent(Intent::Place { id, .. }) if *id == order)
}

/// True for an intent about the order.
fn names(trace: &Trace, order: RunOrderId) -> bool {
    match trace {
        Trace::Intent(Intent::Place { id, .. } | Intent::Modify { id, .. } | Intent::Cancel { id }) => {
            *id == order
        }
        Trace::Log { .. }
        | Trace::Pnl { .. }
        | Trace::StateSet { .. }
        | Trace::StateDelete { .. }
        | Trace::TimerSet { .. }
        | Trace::TimerCancel { .. } => false,
    }
}

/// From the event to the intent.
fn begun(asked: Asked, id: RunOrderId) -> Vec<Link> {
    let at = Some(asked.at);
    let mut links = vec![
        link("event", at, format!("event {}: {}", asked.event, asked.what)),
        link("handler", None, asked.handler.to_owned()),
    ];
    for trace in &asked.traces {
        match trace {
            Trace::Log { .. } => links.push(link("log", None, words::trace(trace))),
            Trace::Intent(intent) if names(trace, id) => {
                links.push(link("intent", None, words::intent(intent)))
            }
            _ => {}
        }
    }
    links
}

/// What was done, and what came of it, in one line: by time, but nothing of `news` before the gate nor, `intent`s apart,
/// before the first link of the first kind in `after` that there is. An effect follows its cause whatever their clocks say;
/// at one instant, the cause comes first.
fn behind(way: Vec<Link>, news: Vec<Link>, after: &[&str]) -> Vec<Link> {
    let place = |kind: &&str| way.iter().position(|link| link.kind == **kind);
    let cause = after.iter().find_map(place).unwrap_or(0);
    let mut merged = Vec::with_capacity(way.len() + news.len());
    let mut news = news.into_iter().peekable();
    for (place, link) in way.into_iter().enumerate() {
        let before = link.at.map(|at| at.0);
        let may = |one: &Link| place > 0 && (place > cause || one.kind == "intent");
        while let Some(one) = news.next_if(|one| may(one) && ends_at(one) < before) {
            merged.push(one);
        }
        merged.push(link);
    }
    merged.extend(news);
    merged
}

/// The exchange's clock has whole seconds, so what it says happened at any time within.
fn ends_at(link: &Link) -> Option<Timestamp> {
    let at = link.at?.0;
    let is_whole = link.kind == "fill" && at.micros().rem_euclid(1_000_000) == 0;
    Some(if is_whole { at.plus_micros(999_999) } else { at })
}

/// What the risk gate said.
fn gate(found: &RecordedOrder) -> Link {
    let order = &found.order;
    let said = if order.state == OrderState::Refused {
        format!("refused: {} ({})", order.message, order.refusal.as_str())
    } else {
        "passed".to_owned()
    };
    link("gate", Some(order.created_at), said)
}

/// What the order's own row tells where the audit has nothing: the send, the end.
fn own_way(recorded: &Recorded, found: &RecordedOrder) -> Vec<Link> {
    let order = &found.order;
    let mut links = Vec::new();
    if let Some(sent_at) = found.sent_at {
        let text = format!("sent under the component {}", recorded.sha256);
        links.push(link("sent", Some(sent_at), text));
    }
    if order.state != OrderState::Refused {
        let said = if order.message.is_empty() { String::new() } else { format!(": {}", order.message) };
        let number = order.broker_order_id.as_deref().unwrap_or("none");
        let (filled, quantity) = (order.filled, order.quantity);
        let text = format!("{}, {filled} of {quantity} filled, broker's number {number}{said}", order.state);
        links.push(link("row", Some(order.updated_at), text));
    }
    links
}

/// One entry of the audit.
fn audited(record: &AuditRecord, sha256: &str) -> Link {
    let state = record.details["state"].as_str().map(|state| format!("{state}, ")).unwrap_or_default();
    let mut text = format!("{state}by {}", record.actor);
    let names_component = record.details.get("component").is_some();
    if record.action == AuditAction::OrderSending.as_str() && !names_component {
        text += &format!(", under the component {sha256}");
    }
    if let Some(reason) = record.details["reason"].as_str() {
        text += &format!(": {reason}");
    }
    Link {
        kind: record.action.clone(),
        at: Some(At(record.at)),
        micros_since: None,
        text,
        actor: Some(record.actor.clone()),
        details: Some(record.details.clone()).filter(|details| !details.is_null()),
    }
}

fn fills(trades: &[TradeRecord], number: Option<&str>) -> Vec<Link> {
    let own = trades.iter().filter(|record| Some(record.trade.order_id.as_str()) == number);
    let fills = own.map(|record| {
        let trade = &record.trade;
        let text = format!(
            "{} {} at {}, trade {}, by the exchange's clock",
            trade.side, trade.quantity, trade.price, trade.trade_id
        );
        link("fill", Some(trade.time), text)
    });
    fills.collect()
}

fn told(update: &OrderUpdate) -> Link {
    link("told", Some(update.time), words::order(update))
}

fn link(kind: &str, at: Option<Timestamp>, text: String) -> Link {
    let kind = kind.to_owned();
    Link { kind, at: at.map(At), micros_since: None, text, actor: None, details: None::<Value> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_follows_its_cause_whatever_their_clocks_say() {
        let at = |kind: &str, micros| link(kind, Some(Timestamp::from_micros(micros)), String::new());
        let kinds = |links: &[Link]| links.iter().map(|link| link.kind.clone()).collect::<Vec<_>>();
        let way = vec![
            at("gate", 7_400_000),
            at("orderSending", 7_500_000),
            at("orderAnswered", 8_100_000),
            at("orderChanged", 9_000_000),
        ];
        // Told by a clock that stood behind, filled in a second that ended before the answer, and once much later.
        let told = vec![at("intent", 7_450_000), at("told", 7_000_000), at("told", 8_500_000)];
        let way = behind(way, told, &["orderSending", "sent"]);
        assert_eq!(
            kinds(&way),
            ["gate", "intent", "orderSending", "told", "orderAnswered", "told", "orderChanged"]
        );
        let fills = vec![at("fill", 7_000_000), at("fill", 20_000_000)];
        let chain = behind(way, fills, &["orderAnswered", "orderSending", "sent"]);
        assert_eq!(kinds(&chain)[3..], ["told", "orderAnswered", "fill", "told", "orderChanged", "fill"]);
    }
}
