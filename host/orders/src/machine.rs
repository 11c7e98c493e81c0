//! The state machine itself: what an account's order path knows, and one step of it.
//!
//! The parts beside it each see to one matter: what a run asks for, what leaves, what the broker's book says. They change
//! the state at once and note what must be written; [`Step`] keeps the change or takes it back.

mod absence;
mod asking;
mod booking;
mod changing;
mod foreign;
mod lines;
mod opening;
mod orders;
mod paper_venue;
mod positions;
mod reading;
mod saving;
mod sending;
mod settling;
mod switching;
#[cfg(test)]
mod tests;
mod timing;
mod trades;
mod withdrawing;

pub use opening::Opened;

use crate::effect::{Effect, Gravity, Said};
use crate::event::Event;
use crate::facts::{Facts, LineFacts, Now};
use crate::gate::RiskLimits;
use crate::gates::Gates;
use crate::pending::PendingTerms;
#[cfg(test)]
use crate::planted;
use crate::settings::Settings;
use crate::stored::StoredOrder;
use crate::switch::{KillSwitch, SwitchScope, Switches};
use crate::trading::TradingState;
use crate::wish::Wishes;
use crate::write::{ForeignOrder, Write};
use changing::ChangeAway;
use lines::Lines;
use market::{Money, Price, TradingDate};
use orders::Orders;
use positions::PositionCheck;
use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;
use std::time::Duration;
use timing::Readings;
use trades::Trades;

/// The order path of one account.
#[derive(Debug)]
pub struct Core {
    settings: Settings,
    orders: Orders,
    trades: Trades,
    soft: Soft,
    /// When the newest write failed; none once one was made since. A withdrawal leaves without one meanwhile.
    write_failed: Option<Duration>,
}

/// What is small enough to be copied before a step, so that it can be taken back.
#[derive(Debug, Clone)]
struct Soft {
    gates: Gates,
    switches: Switches,
    day_pnl: Option<Money>,
    /// Trades of the newest list that could not be read.
    unreadable_trades: usize,
    wishes: Wishes,
    pending: PendingTerms,
    changes: BTreeMap<i64, ChangeAway>,
    lines: Lines,
    /// How often an exit waited for the broker's next second.
    exit_waits: BTreeMap<i64, u32>,
    absences: BTreeMap<i64, absence::Absence>,
    /// Orders of today that a proof called absent: proofs can be wrong, so the book is looked at for them.
    absent: BTreeSet<i64>,
    /// The newest session under which all that stands was compared with the broker; zero before the first.
    reconciled: u64,
    /// When the clock last jumped: a reading that had begun by then compares with a world that is gone.
    jumped: Option<Duration>,
    /// When the newest reading of the broker's book that was written began. What could not be read in it was said and
    /// proves nothing.
    book_read: Option<Duration>,
    readings: Readings,
    positions: PositionCheck,
    foreign: BTreeMap<String, ForeignOrder>,
    /// Orders of other hands that were counted already, by number.
    external: BTreeSet<String>,
    damaged_tags: BTreeSet<String>,
    damaged_numbers: BTreeSet<String>,
    /// What was said once and is not said again today.
    said: BTreeSet<String>,
    next_order_id: i64,
    /// The instant of the step before.
    last: Now,
    /// How the line stood in the step before: its session, where there was one, and whether orders could be sent.
    line: Option<(u64, bool)>,
    /// The newest date that was seen.
    today: TradingDate,
    trading_told: TradingState,
}

/// One step that is not kept yet. Dropped without a word it is taken back.
#[must_use = "a step that is not confirmed never happened"]
pub struct Step<'a> {
    core: &'a mut Core,
    before: Option<Box<Soft>>,
    /// When it is, on the clock that never goes backwards.
    at: Duration,
    /// When a reading came back with it: that it is not away any more stays true, whatever becomes of the step.
    reading_ended: Option<Duration>,
    out: Out,
}

/// What a step wants.
#[derive(Debug, Default)]
struct Out {
    writes: Vec<Write>,
    /// What leaves, which is done first.
    calls: Vec<Effect>,
    effects: Vec<Effect>,
}

/// A step in the making: when it is, what it may read of the world, and what it wants so far.
struct Turn<'a> {
    now: Now,
    facts: &'a dyn Facts,
    /// Nothing may hang on a write: what this step decides must stand although the store takes nothing.
    must_stand: bool,
    /// The run that asks; none where a person or the host does.
    asked_by: Option<String>,
    out: Out,
}

impl Core {
    /// One step. Nothing of it counts before it is confirmed.
    pub fn step(&mut self, now: Now, facts: &dyn Facts, event: Event) -> Step<'_> {
        let before = Box::new(self.soft.clone());
        let is_reading = matches!(event, Event::Reading(_) | Event::ReadingFailed);
        let mut turn = Turn { now, facts, must_stand: false, asked_by: None, out: Out::default() };
        self.clock(&mut turn);
        self.take(&mut turn, event);
        self.withdraw_due(&mut turn);
        self.read_when_due(&mut turn);
        self.tell_trading(&mut turn);
        let reading_ended = is_reading.then_some(now.since_boot);
        Step { before: Some(before), at: now.since_boot, reading_ended, out: turn.out, core: self }
    }

    /// When the next [`Event::Time`] is wanted, on the clock that never goes backwards.
    pub fn next_wake(&self) -> Option<Duration> {
        self.next_due()
    }

    /// True when what stands was compared with the broker under the session that is in use.
    pub fn is_reconciled(&self, line: &LineFacts) -> bool {
        #[cfg(test)]
        if planted::is_planted(planted::Planted::SkipStartupGate) {
            return true;
        }
        line.session.is_some_and(|session| self.soft.reconciled >= session)
    }

    /// The newest session under which all that stands was compared with the broker; zero before the first.
    pub fn reconciled_under(&self) -> u64 {
        self.soft.reconciled
    }

    /// What the account may do.
    pub fn trading_state(&self) -> TradingState {
        self.trading()
    }

    /// True while nothing but withdrawals may leave.
    pub fn is_halted(&self) -> bool {
        matches!(self.trading(), TradingState::Halted { .. })
    }

    /// The kill switches.
    pub fn switches(&self) -> &Switches {
        &self.soft.switches
    }

    /// One of them.
    pub fn kill_switch(&self, scope: &SwitchScope) -> KillSwitch {
        self.soft.switches.of(scope)
    }

    /// The limits in force.
    pub fn limits(&self) -> &Arc<RiskLimits> {
        self.soft.gates.live().limits()
    }

    /// The day's result as the gate knows it.
    pub fn day_result(&self) -> Option<Money> {
        self.soft.day_pnl
    }

    /// Every order that may still change, by number.
    pub fn standing(&self) -> impl Iterator<Item = &StoredOrder> {
        self.orders.standing().map(|order| &**order)
    }

    /// One order of those in memory: all that may still change, and those of the day.
    pub fn order(&self, id: i64) -> Option<&StoredOrder> {
        self.orders.get(id).map(|order| &**order)
    }

    /// True when somebody wants the order withdrawn.
    pub fn is_unwanted(&self, id: i64) -> bool {
        self.soft.wishes.wants(id)
    }

    /// Orders of the broker's with our mark that nobody here knows of and no person has taken as they are.
    pub fn foreign_orders(&self) -> impl Iterator<Item = &ForeignOrder> {
        self.soft.foreign.values().filter(|order| !order.is_accepted)
    }

    /// True while filled units have no trade yet.
    pub fn is_owed(&self) -> bool {
        self.trades.is_owed()
    }

    fn take(&mut self, turn: &mut Turn<'_>, event: Event) {
        match event {
            Event::Intents(asked) => self.intents(turn, asked),
            Event::Exit(exit) => self.exit(turn, exit),
            Event::Withdraw { ids } => ids.into_iter().for_each(|id| self.want_withdrawn(turn, id)),
            Event::Placed { id, answer } => self.placed(turn, id, answer),
            Event::Modified { id, answer } => self.modified(turn, id, answer),
            Event::Cancelled { id, answer } => self.cancelled(turn, id, answer),
            Event::Reading(reading) => self.read(turn, &reading),
            Event::ReadingFailed => self.soft.readings.failed(turn.now.since_boot, self.settings.poll_every),
            Event::Heard(row) => self.heard(turn, &row),
            Event::Stirred | Event::SessionChanged => self.soft.readings.wants_one(),
            Event::Switch { scope, on, reason } => self.switch(turn, scope, on, reason),
            Event::SwitchUnwritten { scope, reason } => self.switch_unwritten(turn, &scope, reason),
            Event::Limits(limits) => self.set_limits(turn, limits),
            Event::DayResult(day_pnl) => self.observe(turn, day_pnl),
            Event::ClearLatch => self.clear_latch(turn),
            Event::AcceptForeign { tags } => self.accept_foreign(turn, &tags),
            Event::Settle { id, settlement, reason } => self.settle(turn, id, settlement, &reason),
            Event::Time => self.time(turn),
        }
    }
}

impl Step<'_> {
    /// What must be durable, all of it or nothing, before the step is confirmed.
    pub fn writes(&self) -> &[Write] {
        &self.out.writes
    }

    /// True when the account is halted by what this step found. Whoever sends may know that before it is durable: what is
    /// on its way to the socket shall not leave while it is being written.
    pub fn halts(&self) -> bool {
        self.core.is_halted()
    }

    /// What was to be written is durable: what is to be done now, in this order.
    pub fn confirm(mut self) -> Vec<Effect> {
        self.before = None;
        self.core.orders.keep();
        self.core.trades.keep();
        let out = mem::take(&mut self.out);
        if !out.writes.is_empty() {
            self.core.write_failed = None;
        }
        let mut effects = out.calls;
        effects.extend(out.effects);
        effects
    }

    /// It could not be written: the core is as before, but for knowing that the store fails.
    pub fn discard(self) {
        self.core.write_failed = Some(self.at);
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            self.core.soft = *before;
            self.core.orders.take_back();
            self.core.trades.take_back();
            if let Some(ended) = self.reading_ended {
                self.core.soft.readings.failed(ended, self.core.settings.poll_every);
            }
        }
    }
}

impl std::fmt::Debug for Step<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Step").field("out", &self.out).finish_non_exhaustive()
    }
}

impl Turn<'_> {
    fn say(&mut self, gravity: Gravity, run_id: Option<&str>, text: impl Into<String>) {
        let run_id = run_id.map(str::to_owned);
        self.out.effects.push(Effect::Say(Said { gravity, run_id, text: text.into() }));
    }

    fn today(&self) -> TradingDate {
        self.now.wall.date()
    }

    fn price(&self, symbol: &market::Symbol) -> Option<Price> {
        self.facts.price(symbol)
    }
}
