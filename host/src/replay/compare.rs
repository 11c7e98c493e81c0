//! What another version would have done with the recorded market: its orders and its result, beside those of the version
//! that ran.
//!
//! Recorded answers belong to recorded orders, so both versions trade on one kind of paper, and only the market is the
//! recording's. What the run really came to stands beside it.

use super::books::Books;
use super::bound::Bound;
use super::error::ReplayError;
use super::play::{Played, play};
use super::report::{At, Difference, OrderLine, OrderPair, Outcome, Version};
use super::tape::Tape;
use super::venue::PaperOrder;
use super::{head, words};
use ledger::RateTable;
use market::Timestamp;
use sandbox::journal::Entry;
use sandbox::{Manifest, OrderView, Params, Program, Start, WarmUp};
use std::collections::{BTreeSet, HashMap};
use std::time::Instant;
use tenant::{Recorded, TradeRecord};

/// How far apart two orders of one instrument and side may be asked for and still be one order of both versions, in
/// microseconds.
const PAIR_WITHIN_US: i64 = 60_000_000;

/// How many orders of the other version, on each side in time, an order is offered. Where it is asked for hundreds of times
/// a second, each would be near to each.
const OFFERED: usize = 16;

/// Plays the version that ran and another one, and compares them.
///
/// # Errors
/// When the recording cannot be read, the other version cannot run on it, or the time is over.
pub fn compare(
    recorded: &Recorded,
    tape: &Tape<'_>,
    old: &Program,
    new: &Program,
    rates: &RateTable,
    bound: &mut Bound,
) -> Result<Difference, ReplayError> {
    let begun = Instant::now();
    let start = tape.beginning()?.start;
    let given = recorded.run.params.as_object().cloned().unwrap_or_default();
    let params = new.manifest().bind(given).map_err(|errors| ReplayError::Params(said(&errors)))?;
    check_instruments(new.manifest(), &params, &start)?;
    let mut notes = notes(new.manifest(), &params, &start);
    let before = play(old, &start.params, rates, tape.entries(), bound)?;
    let after = play(new, &params, rates, tape.entries(), bound)?;
    let orders = pairs(&before.orders, &after.orders);
    let count = |is: fn(&OrderPair) -> bool| orders.iter().filter(|pair| is(pair)).count();
    let span = before.span.unwrap_or((Timestamp::EPOCH, Timestamp::EPOCH));
    let really = really(tape, &recorded.trades, &start, rates, bound)?;
    if before.outcome.unpriced + after.outcome.unpriced > 0 {
        notes.push("a position was open at the end without a price: its worth is in no figure".to_owned());
    }
    let same_orders = orders.iter().all(|pair| pair.same);
    Ok(Difference {
        run: head(recorded),
        identical: same_orders && before.outcome == after.outcome && before.failed == after.failed,
        net_difference: after.outcome.net - before.outcome.net,
        recorded: really,
        only_old: count(|pair| pair.new.is_none()),
        only_new: count(|pair| pair.old.is_none()),
        both: count(|pair| pair.old.is_some() && pair.new.is_some()),
        orders,
        events: before.events,
        from: At(span.0),
        to: At(span.1),
        old: version(old, before),
        new: version(new, after),
        seconds: begun.elapsed().as_secs_f64(),
        notes,
    })
}

/// What the run's own trades came to, at the recording's last prices.
fn really(
    tape: &Tape<'_>,
    trades: &[TradeRecord],
    start: &Start,
    rates: &RateTable,
    bound: &mut Bound,
) -> Result<Outcome, ReplayError> {
    let mut books = Books::new(rates, &start.positions);
    start.instruments.iter().for_each(|one| books.name(one.token, &one.symbol));
    let mut trades = trades.iter().map(|record| &record.trade).peekable();
    for entry in tape.entries() {
        let Entry::Ticks(ticks) = entry?.1 else { continue };
        bound.count(ticks.len() as u64)?;
        for tick in &ticks {
            while let Some(trade) = trades.next_if(|trade| trade.time <= tick.time) {
                books.trade(trade);
            }
            books.price(tick);
        }
    }
    trades.for_each(|trade| books.trade(trade));
    Ok(books.outcome())
}

fn version(program: &Program, played: Played) -> Version {
    let manifest = program.manifest();
    Version {
        name: format!("{} {}", manifest.name, manifest.version),
        sha256: program.sha256_hex(),
        orders: played.orders.len(),
        outcome: played.outcome,
        failed: played.failed,
    }
}

/// Both versions' orders beside each other: of one instrument and side the nearest in time first come together.
fn pairs(old: &[PaperOrder], new: &[PaperOrder]) -> Vec<OrderPair> {
    let mut near = near(old, new);
    near.sort_unstable();
    let (mut olds, mut news) = (BTreeSet::new(), BTreeSet::new());
    let mut made: Vec<(Timestamp, OrderPair)> = Vec::new();
    for (_, i, k) in near {
        if !olds.contains(&i) && !news.contains(&k) {
            olds.insert(i);
            news.insert(k);
            made.push((old[i].view.placed_at, pair(Some(&old[i]), Some(&new[k]))));
        }
    }
    let alone = |all: &[PaperOrder], taken: &BTreeSet<usize>| -> Vec<PaperOrder> {
        let left = all.iter().enumerate().filter(|(place, _)| !taken.contains(place));
        left.map(|(_, order)| order.clone()).collect()
    };
    made.extend(alone(old, &olds).iter().map(|one| (one.view.placed_at, pair(Some(one), None))));
    made.extend(alone(new, &news).iter().map(|one| (one.view.placed_at, pair(None, Some(one)))));
    made.sort_by_key(|(at, pair)| (*at, pair.old.as_ref().or(pair.new.as_ref()).map(|line| line.order)));
    made.into_iter().map(|(_, pair)| pair).collect()
}

/// Which orders may be one of both versions, and how far apart they were asked for: of each old one the nearest new ones.
fn near(old: &[PaperOrder], new: &[PaperOrder]) -> Vec<(i64, usize, usize)> {
    let mut alike: HashMap<_, Vec<(Timestamp, usize)>> = HashMap::new();
    for (k, order) in new.iter().enumerate() {
        alike.entry((&order.view.symbol, order.view.side)).or_default().push((order.view.placed_at, k));
    }
    alike.values_mut().for_each(|orders| orders.sort_unstable());
    let (mut near, mut beside) = (Vec::new(), HashMap::new());
    for (i, order) in old.iter().enumerate() {
        let view = &order.view;
        let others = alike.get(&(&view.symbol, view.side)).map_or(&[][..], Vec::as_slice);
        // The first of an instant is offered the first, the second the second.
        let rank: &mut usize = beside.entry((&view.symbol, view.side, view.placed_at)).or_default();
        let middle = others.len().min(others.partition_point(|(at, _)| *at < view.placed_at) + *rank);
        *rank += 1;
        let offered = middle.saturating_sub(OFFERED)..others.len().min(middle + OFFERED);
        let apart = others[offered].iter().map(|(at, k)| (at.micros_since(view.placed_at).abs(), i, *k));
        near.extend(apart.filter(|(apart, ..)| *apart <= PAIR_WITHIN_US));
    }
    near
}

fn pair(old: Option<&PaperOrder>, new: Option<&PaperOrder>) -> OrderPair {
    let (symbol, side) = old
        .or(new)
        .map(|order| (order.view.symbol.to_string(), order.view.side.to_string()))
        .unwrap_or_default();
    let traded = |order: &&PaperOrder| order.view.filled > 0;
    let both = old.filter(traded).zip(new.filter(traded));
    OrderPair {
        symbol,
        side,
        price_difference: both.map(|(old, new)| new.view.average_price - old.view.average_price),
        same: old.zip(new).is_some_and(|(old, new)| is_same(old, new)),
        old: old.map(line),
        new: new.map(line),
    }
}

/// The same wish at the same event with the same end, whatever number it was given.
fn is_same(old: &PaperOrder, new: &PaperOrder) -> bool {
    let view = OrderView { id: new.view.id, ..old.view.clone() };
    PaperOrder { view, ..old.clone() } == *new
}

fn line(order: &PaperOrder) -> OrderLine {
    let view = &order.view;
    OrderLine {
        order: view.id,
        event: order.event,
        at: At(view.placed_at),
        quantity: view.quantity,
        kind: view.kind.to_string(),
        price: view.price,
        trigger: view.trigger,
        filled: view.filled,
        fill_price: view.average_price,
        status: words::status(view.status),
    }
}

fn check_instruments(manifest: &Manifest, params: &Params, start: &Start) -> Result<(), ReplayError> {
    let heard: BTreeSet<String> = start.instruments.iter().map(|one| one.symbol.to_string()).collect();
    let wanted: Vec<String> =
        manifest.instruments(params).into_iter().filter(|name| !heard.contains(name)).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let heard = heard.into_iter().collect::<Vec<_>>().join(", ");
    Err(ReplayError::Instruments { wanted: wanted.join(", "), heard })
}

/// Where the other version begins with less than it asks for.
fn notes(manifest: &Manifest, params: &Params, start: &Start) -> Vec<String> {
    let short = manifest.warm_up(params).into_iter().filter_map(|WarmUp { interval, count }| {
        let of =
            |token| start.warm_up.iter().filter(|bar| bar.interval == interval && bar.token == token).count();
        let least = start.instruments.iter().map(|one| of(one.token)).min().unwrap_or(0);
        (least < count as usize).then(|| {
            format!(
                "the other version asks for {count} bars of {interval} before its start, and {least} were \
                 recorded: it begins with those"
            )
        })
    });
    short.collect()
}

fn said(errors: &[sandbox::ParamError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
