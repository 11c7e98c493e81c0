//! What a run held at a place in its recording: positions, orders, timers, stored values, its last words.

use super::error::ReplayError;
use super::feed::Fed;
use super::place::Place;
use super::report::{At, PositionLine, Snapshot, StandingLine, StoredLine, TimerLine};
use super::tape::{Entry, Tape};
use super::{head, words};
use market::{Money, Timestamp};
use sandbox::{Program, Seen, Trace};
use std::collections::{BTreeMap, VecDeque};
use tenant::Recorded;

/// Lines that are shown of what it wrote last.
const LINES_SHOWN: usize = 20;

/// Runs a recorded run again up to a place.
///
/// # Errors
/// When the journal cannot be read, or the run had failed by then.
pub fn until(
    recorded: &Recorded,
    tape: &Tape<'_>,
    program: &Program,
    place: Place,
) -> Result<Snapshot, ReplayError> {
    let first_day = tape.start()?.now.date();
    let (mut fed, mut lines) = (Fed::new(program), VecDeque::new());
    let (mut event, mut at, mut last, mut is_over) = (0, Timestamp::EPOCH, None, true);
    for entry in tape.entries() {
        let entry = entry?;
        if matches!(entry, Entry::Traces(_)) {
            continue;
        }
        let time = at.max(entry.time());
        if place.is_passed(event + 1, time, first_day) {
            is_over = false;
            break;
        }
        (event, at) = (event + 1, time);
        for trace in fed.hear(&entry) {
            if let Trace::Log { level, text } = trace {
                lines.push_back(format!(
                    "{} {} {}",
                    time.ist_text(),
                    words::level_word(level),
                    words::cut(&text)
                ));
            }
        }
        lines.drain(..lines.len().saturating_sub(LINES_SHOWN));
        last = Some(entry);
    }
    let mut notes = Vec::new();
    if is_over {
        notes.push("the recording ends there".to_owned());
    }
    let seen = fed.seen();
    if seen.is_none() {
        let why = fed.failed().unwrap_or("nothing had begun");
        notes.push(format!("the run held nothing any more: {why}"));
    }
    let what = last.as_ref().map_or_else(|| "before the start".to_owned(), |entry| tape.words(entry));
    let seen = seen.unwrap_or_else(|| nothing(at));
    Ok(snapshot(recorded, &seen, (event, at, what), lines.into(), notes))
}

fn snapshot(
    recorded: &Recorded,
    seen: &Seen,
    (event, at, what): (u64, Timestamp, String),
    lines: Vec<String>,
    notes: Vec<String>,
) -> Snapshot {
    Snapshot {
        run: head(recorded),
        event,
        at: At(at),
        what,
        cash: seen.cash,
        today_realised: seen.today_realised,
        unrealised: seen.unrealised,
        positions: positions(seen),
        orders: standing(seen),
        timers: seen.timers.iter().map(|(id, at)| TimerLine { id: *id, at: At(*at) }).collect(),
        stored: stored(seen),
        lines,
        notes,
    }
}

fn positions(seen: &Seen) -> Vec<PositionLine> {
    let each = seen.positions.iter().map(|position| PositionLine {
        symbol: position.symbol.to_string(),
        product: position.product.to_string(),
        quantity: position.quantity,
        average_price: position.average_price,
        realised: position.realised,
    });
    each.collect()
}

fn standing(seen: &Seen) -> Vec<StandingLine> {
    let standing = seen.orders.iter().filter(|order| !order.status.is_final());
    let each = standing.map(|order| StandingLine {
        order: order.id,
        what: words::view(order),
        status: words::status(order.status),
        filled: order.filled,
    });
    each.collect()
}

fn stored(seen: &Seen) -> Vec<StoredLine> {
    let each = seen.state.iter().map(|(key, value)| StoredLine {
        key: words::cut(key),
        bytes: value.len(),
        start: words::start(value),
    });
    each.collect()
}

/// What is held after a failure.
fn nothing(now: Timestamp) -> Seen {
    Seen {
        now,
        cash: Money::ZERO,
        positions: Vec::new(),
        orders: Vec::new(),
        timers: BTreeMap::new(),
        state: BTreeMap::new(),
        today_realised: Money::ZERO,
        unrealised: Money::ZERO,
    }
}
