//! Reports on a terminal: aligned, calm, in IST. Knows no verb.

use super::report::{
    Difference, Explained, Link, OrderLine, OrderPair, Replayed, RunHead, Snapshot, Version,
};
use market::Timestamp;
use std::fmt::Write as _;

/// Orders of a comparison that are shown before the rest is only counted.
const PAIRS_SHOWN_MAX: usize = 200;

/// A run that was run again.
pub fn replayed(report: &Replayed) -> String {
    let mut text = head(&report.run);
    let verdict = if report.identical { "identical" } else { "DIVERGED" };
    row(&mut text, "result", verdict);
    row(&mut text, "recorded", &span(report.from.0, report.to.0));
    let events = format!("{} events, {} of them ticks", report.events, report.ticks);
    row(&mut text, "given", &events);
    let came = if report.identical { "the same" } else { "the same until then" };
    row(&mut text, "answered", &format!("{} intents and {} log lines, {came}", report.intents, report.lines));
    row(&mut text, "took", &format!("{:.3} s, {:.0} × real time", report.seconds, report.times_real_time));
    if let Some(divergence) = &report.divergence {
        let place = format!("event {}, {}: {}", divergence.event, moment(divergence.at.0), divergence.what);
        row(&mut text, "first at", &place);
        text.push('\n');
        side_by_side(&mut text, &divergence.recorded, &divergence.now);
    }
    notes(&mut text, &report.notes);
    text
}

/// What another version would have done.
pub fn difference(report: &Difference) -> String {
    let mut text = head(&report.run);
    let verdict = if report.identical { "no difference" } else { "different" };
    row(&mut text, "result", verdict);
    row(&mut text, "recorded", &span(report.from.0, report.to.0));
    row(
        &mut text,
        "played",
        &format!("{} events in {:.3} s, both versions on paper", report.events, report.seconds),
    );
    let Difference { only_old, only_new, both, .. } = report;
    row(
        &mut text,
        "orders",
        &format!("{both} of both, {only_old} of the old alone, {only_new} of the new alone"),
    );
    text.push('\n');
    outcomes(&mut text, report);
    failure(&mut text, "old", &report.old);
    failure(&mut text, "new", &report.new);
    orders(&mut text, &report.orders);
    notes(&mut text, &report.notes);
    text
}

/// What a run held at a place.
pub fn snapshot(report: &Snapshot) -> String {
    let mut text = head(&report.run);
    row(&mut text, "after", &format!("event {}, {}: {}", report.event, moment(report.at.0), report.what));
    row(&mut text, "cash", &report.cash.to_string());
    row(&mut text, "booked today", &report.today_realised.to_string());
    row(&mut text, "unrealised", &report.unrealised.to_string());
    let positions = report.positions.iter().map(|one| {
        format!(
            "{:<24} {:<5} {:>8} at {:>12}, booked {}",
            one.symbol, one.product, one.quantity, one.average_price, one.realised
        )
    });
    list(&mut text, "positions", positions);
    let orders = report.orders.iter();
    list(
        &mut text,
        "standing orders",
        orders.map(|one| format!("{:>4}  {} ({}, {} filled)", one.order, one.what, one.status, one.filled)),
    );
    list(
        &mut text,
        "timers",
        report.timers.iter().map(|one| format!("{:>4}  due {}", one.id, moment(one.at.0))),
    );
    list(
        &mut text,
        "stored",
        report.stored.iter().map(|one| format!("{:<24} {:>8} bytes  {}", one.key, one.bytes, one.start)),
    );
    list(&mut text, "last lines", report.lines.iter().cloned());
    notes(&mut text, &report.notes);
    text
}

/// How an order came to be.
pub fn explained(report: &Explained) -> String {
    let mut text = head(&report.run);
    row(&mut text, "order", &format!("{} ({})", report.order, report.what));
    row(&mut text, "number", &format!("{}, tag {}", report.number, report.tag));
    row(&mut text, "at the broker", report.broker_order_id.as_deref().unwrap_or("–"));
    row(&mut text, "state", &report.state);
    text.push('\n');
    // Who did it stands in the words.
    for Link { kind, at, micros_since, text: words, actor: _, details } in &report.chain {
        let time = at.map_or_else(String::new, |at| micros(at.0));
        let since = micros_since.map_or_else(String::new, |since| format!("{since:+} µs"));
        let details = details.as_ref().map_or_else(String::new, |details| format!("  {details}"));
        let _ = writeln!(text, "  {time:<15} {since:>16}  {kind:<12} {words}{details}");
    }
    notes(&mut text, &report.notes);
    text
}

fn head(run: &RunHead) -> String {
    let mut text = format!(
        "{} version {} of {}, {} run {}\n",
        run.strategy_name, run.version, run.broker_id, run.mode, run.run_id
    );
    row(&mut text, "component", &run.sha256);
    text
}

fn row(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "  {name:<14} {value}");
}

fn list(text: &mut String, name: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    let none = if lines.peek().is_none() { " none" } else { "" };
    let _ = writeln!(text, "\n  {name}:{none}");
    for line in lines {
        let _ = writeln!(text, "    {line}");
    }
}

fn notes(text: &mut String, notes: &[String]) {
    if !notes.is_empty() {
        list(text, "to know", notes.iter().cloned());
    }
}

fn side_by_side(text: &mut String, recorded: &[String], now: &[String]) {
    let or_nothing =
        |lines: &[String]| if lines.is_empty() { vec!["nothing".to_owned()] } else { lines.to_vec() };
    let (recorded, now) = (or_nothing(recorded), or_nothing(now));
    for place in 0..recorded.len().max(now.len()) {
        let (then, today) = (recorded.get(place), now.get(place));
        if then == today {
            let _ = writeln!(text, "    both      {}", then.map_or("–", String::as_str));
            continue;
        }
        let _ = writeln!(text, "    recorded  {}", then.map_or("–", String::as_str));
        let _ = writeln!(text, "    now       {}", today.map_or("–", String::as_str));
    }
}

fn outcomes(text: &mut String, report: &Difference) {
    let mut line = |name: &str, values: [String; 5]| {
        let [fills, gross, charges, net, open] = values;
        let _ = writeln!(text, "  {name:<20} {fills:>7} {gross:>16} {charges:>14} {net:>16} {open:>6}");
    };
    line("", ["fills", "gross", "charges", "net", "open"].map(str::to_owned));
    for (name, outcome) in [
        ("old version, paper", &report.old.outcome),
        ("new version, paper", &report.new.outcome),
        ("recorded", &report.recorded),
    ] {
        let open = outcome.open_positions.to_string();
        line(
            name,
            [
                outcome.fills.to_string(),
                outcome.gross.to_string(),
                outcome.charges.to_string(),
                outcome.net.to_string(),
                open,
            ],
        );
    }
    let none = String::new;
    line("new less old", [none(), none(), none(), report.net_difference.to_string(), none()]);
}

fn failure(text: &mut String, which: &str, version: &Version) {
    if let Some(why) = &version.failed {
        let _ = writeln!(text, "\n  the {which} version ended early: {why}");
    }
}

fn orders(text: &mut String, pairs: &[OrderPair]) {
    let differ: Vec<&OrderPair> = pairs.iter().filter(|pair| !pair.same).collect();
    let same = pairs.len() - differ.len();
    let _ = writeln!(text, "\n  orders that differ: {} ({same} are the same)", differ.len());
    for pair in differ.iter().take(PAIRS_SHOWN_MAX) {
        let which = match (&pair.old, &pair.new) {
            (Some(_), Some(_)) => "both",
            (Some(_), None) => "only old",
            (None, Some(_)) => "only new",
            (None, None) => "",
        };
        let _ = write!(text, "    {which:<9} {:<4} {:<20}", pair.side, pair.symbol);
        let sides = [("old", &pair.old), ("new", &pair.new)];
        let shown = sides.iter().filter_map(|(name, line)| line.as_ref().map(|line| one_order(name, line)));
        let _ = write!(text, " {}", shown.collect::<Vec<_>>().join(" | "));
        if let Some(difference) = pair.price_difference {
            let _ = write!(text, " | fill {difference}");
        }
        text.push('\n');
    }
    if differ.len() > PAIRS_SHOWN_MAX {
        let _ = writeln!(text, "    and {} more: --json has all", differ.len() - PAIRS_SHOWN_MAX);
    }
}

fn one_order(name: &str, line: &OrderLine) -> String {
    let at = line.at.0.ist_text().split_off(11);
    let fill = if line.filled > 0 { format!("filled at {}", line.fill_price) } else { line.status.clone() };
    format!("{name} {at} #{} {} {} {fill}", line.order, line.quantity, line.kind)
}

fn span(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.micros_since(from) / 1_000_000;
    format!("{} to {} IST, {seconds} s", from.ist_text(), to.ist_text())
}

fn moment(time: Timestamp) -> String {
    format!("{} {}", time.date(), micros(time))
}

fn micros(time: Timestamp) -> String {
    format!("{}.{:06}", time.ist_text().split_off(11), time.micros().rem_euclid(1_000_000))
}
