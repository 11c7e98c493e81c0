//! What a run held at a place in its recording: positions, orders, timers, stored values, its last words.

use super::bound::Bound;
use super::error::ReplayError;
use super::place::Place;
use super::report::{At, PositionLine, Snapshot, StandingLine, StoredLine, TimerLine};
use super::tape::{Tape, end_of, time_of};
use super::{head, words};
use market::{Money, Timestamp, TradingDate};
use sandbox::journal::{Entry, Rerun};
use sandbox::{Machine, Program, Seen, Trace};
use std::collections::{BTreeMap, VecDeque};
use tenant::Recorded;

/// Lines that are shown of what it wrote last.
const LINES_SHOWN: usize = 20;

/// Runs a recorded run again up to a place.
///
/// # Errors
/// When the journal cannot be read, or the bound is reached.
pub fn until(
    recorded: &Recorded,
    tape: &Tape<'_>,
    program: &Program,
    place: Place,
    bound: &mut Bound,
) -> Result<Snapshot, ReplayError> {
    let first_day = tape.beginning()?.start.now.date();
    let (mut rerun, mut lines, mut notes) = (Rerun::anywhere(program), VecDeque::new(), Vec::new());
    let (mut event, mut at, mut what) = (0, Timestamp::EPOCH, "before the start".to_owned());
    let mut is_over = true;
    for entry in tape.entries() {
        let (number, entry) = entry?;
        bound.count(entry.events())?;
        let first = number - entry.events() + 1;
        let (kept, is_cut) = up_to(place, entry, first, first_day);
        let Some(entry) = kept else {
            is_over = false;
            break;
        };
        at = time_of(&entry).map_or(at, |time| at.max(time));
        if let Entry::Traces(traces) = &entry {
            keep_lines(&mut lines, at, traces);
        } else {
            event = first + entry.events() - 1;
            what = tape.words(&entry);
        }
        if let Err(error) = rerun.take(event, &entry) {
            notes.push(format!("the replay ended there: {error}"));
            is_over = false;
            break;
        }
        if is_cut {
            is_over = false;
            break;
        }
    }
    if is_over {
        notes.push("the recording ends there".to_owned());
    }
    let seen = rerun.machine().and_then(Machine::seen);
    if seen.is_none() {
        notes.push("the run held nothing there: it had not begun, or had failed".to_owned());
    }
    let seen = seen.unwrap_or_else(|| nothing(at));
    Ok(snapshot(recorded, &seen, (event, at, what), lines.into(), notes))
}

/// The part of an entry that does not lie behind the place, and whether something does.
fn up_to(place: Place, entry: Entry, first: u64, day: TradingDate) -> (Option<Entry>, bool) {
    let part = |times: Vec<Timestamp>| {
        let within = times.iter().zip(first..).take_while(|(at, event)| !place.is_passed(*event, **at, day));
        (within.count(), times.len())
    };
    let (kept, of) = match &entry {
        Entry::Ticks(ticks) => part(ticks.iter().map(|tick| tick.time).collect()),
        Entry::Candles(candles) => part(candles.iter().map(end_of).collect()),
        Entry::Start(_) | Entry::Event(_) => part(vec![time_of(&entry).unwrap_or(Timestamp::EPOCH)]),
        // What was done with an event belongs to it.
        Entry::Traces(_) => (1, 1),
    };
    let entry = match entry {
        _ if kept == 0 => return (None, true),
        Entry::Ticks(ticks) => Entry::Ticks(ticks[..kept].to_vec()),
        Entry::Candles(candles) => Entry::Candles(candles[..kept].to_vec()),
        whole @ (Entry::Start(_) | Entry::Event(_) | Entry::Traces(_)) => whole,
    };
    (Some(entry), kept < of)
}

fn keep_lines(lines: &mut VecDeque<String>, at: Timestamp, traces: &[Trace]) {
    for trace in traces {
        if let Trace::Log { level, text } = trace {
            lines.push_back(format!("{} {} {}", at.ist_text(), words::level_word(*level), words::cut(text)));
        }
    }
    lines.drain(..lines.len().saturating_sub(LINES_SHOWN));
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
