//! Orders of the broker's that no row here knows of: a person's, another app's, or ours from a life that was lost.

use super::{Core, Turn};
use crate::book::BookOrder;
use crate::effect::Gravity;
use crate::mode::Mode;
#[cfg(test)]
use crate::planted::{Planted, is_planted};
use crate::trading::TradingState;
use crate::write::{ForeignOrder, Write};

impl Core {
    /// An order that none of our rows knows of.
    pub(super) fn of_other_hands(&mut self, turn: &mut Turn<'_>, row: &BookOrder) {
        if row.tags.iter().any(|tag| self.soft.damaged_tags.contains(tag))
            || self.soft.damaged_numbers.contains(&row.number)
        {
            return;
        }
        if self.soft.external.insert(row.number.clone()) {
            // The broker counts the account's calls, whoever makes them.
            let placed_at = row.placed_at.unwrap_or(turn.now.wall);
            self.soft.gates.of(Mode::Live).count_past(placed_at, turn.now.wall);
        }
        let ours = row.tags.iter().find(|tag| self.settings.prefix.made(tag)).cloned();
        if let Some(tag) = ours {
            self.foreign(turn, row, tag);
        }
    }

    /// It bears our mark: rows were lost, as after the restore of an older backup. Nothing is sent until a person has
    /// looked, for what else was lost nobody can tell.
    fn foreign(&mut self, turn: &mut Turn<'_>, row: &BookOrder, tag: String) {
        if self.soft.foreign.contains_key(&tag) {
            return;
        }
        #[cfg(test)]
        if is_planted(Planted::IgnoreForeign) {
            return;
        }
        let what = row.symbol.as_ref().map_or_else(|| "an instrument".to_owned(), ToString::to_string);
        let side = row.side.map_or_else(String::new, |side| format!("{side} "));
        let text = format!("{side}{} {what} [{}] {}", row.quantity, row.number, row.state);
        let line = format!(
            "the broker has an order of this host that no row knows of: {text}. Was an older backup restored? \
             Trading is halted until you have looked and accept such orders"
        );
        turn.say(Gravity::Error, None, line);
        let foreign = ForeignOrder {
            tag: tag.clone(),
            number: row.number.clone(),
            text,
            seen_at: turn.now.wall,
            is_accepted: false,
        };
        turn.out.writes.push(Write::Foreign(foreign.clone()));
        self.soft.foreign.insert(tag, foreign);
    }

    /// A person has looked at these.
    pub(super) fn accept_foreign(&mut self, turn: &mut Turn<'_>, seen: &[String]) {
        let mut tags = Vec::new();
        for order in self.soft.foreign.values_mut() {
            if !order.is_accepted && seen.contains(&order.tag) {
                order.is_accepted = true;
                tags.push(order.tag.clone());
            }
        }
        if tags.is_empty() {
            return;
        }
        let text = format!("{} orders that no row knew of are accepted as they are", tags.len());
        turn.out.writes.push(Write::ForeignAccepted { tags, at: turn.now.wall });
        turn.say(Gravity::Warn, None, text);
    }

    /// What the account may do, from everything that limits it.
    pub(super) fn trading(&self) -> TradingState {
        let mut foreign = self.foreign_orders();
        if let Some(first) = foreign.next() {
            let more = foreign.count();
            let others = if more == 0 { String::new() } else { format!(" and {more} more") };
            let why = format!(
                "the broker has an order of this host that no row knows of ({}{others}): look at it and accept it",
                first.text
            );
            return TradingState::Halted { why };
        }
        let mut why = Vec::new();
        why.extend(self.soft.switches.stops_all().map(|reason| format!("the kill switch is on ({reason})")));
        why.extend(self.soft.positions.reducing.clone());
        why.extend(self.soft.gates.live().latch().map(|latch| {
            format!("the day's result was {} at {}, past its limit", latch.day_pnl, latch.since.ist_text())
        }));
        if why.is_empty() { TradingState::Active } else { TradingState::Reducing { why } }
    }
}
