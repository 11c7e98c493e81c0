//! What time brings: readings that are due, a new day, a clock that jumped.

use super::{Core, Turn};
use crate::effect::{Effect, Gravity};
use crate::facts::StoreHealth;
use crate::line::BrokerState;
use crate::mode::Mode;
use market::OrderState;
use std::time::Duration;

/// How often the paper exchange looks at the prices.
const PAPER_PERIOD: Duration = Duration::from_millis(250);
/// How soon what is due and waits for something is looked at again.
const MOMENT: Duration = Duration::from_millis(100);
/// How often to see whether the day of an unsettled order is over.
const DAY_LOOK: Duration = Duration::from_secs(60);
/// For how many days an order is remembered that only we ended: the broker's book may know better.
const ENDED_HERE_DAYS: usize = 7;

/// When the broker's book is read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Readings {
    is_away: bool,
    /// As soon as may be.
    is_wanted: bool,
    /// At the latest, where there is a reason.
    due: Duration,
}

impl Readings {
    /// Something may have changed at the broker.
    pub(crate) fn wants_one(&mut self) {
        self.is_wanted = true;
    }

    pub(crate) fn came_back(&mut self, now: Duration, every: Duration) {
        self.is_away = false;
        self.due = now + every;
    }

    pub(crate) fn failed(&mut self, now: Duration, every: Duration) {
        self.came_back(now, every);
        self.is_wanted = false;
    }
}

impl Core {
    /// Time passed.
    pub(super) fn time(&mut self, turn: &mut Turn<'_>) {
        if turn.facts.store() == StoreHealth::Failed {
            // A step that wants something written is lost, and with it the withdrawals that time brings.
            return;
        }
        let due: Vec<String> = self.soft.lines.0.keys().cloned().collect();
        due.iter().for_each(|run_id| self.go_on(turn, run_id));
        self.match_paper(turn);
        self.escalate_unsettled(turn);
    }

    /// Looks at the clocks before anything else: a new day, a machine that slept.
    pub(super) fn clock(&mut self, turn: &mut Turn<'_>) {
        let (last, now) = (self.soft.last, turn.now);
        self.soft.last = now;
        let wall_us = now.wall.micros_since(last.wall);
        let boot_us =
            i64::try_from(now.since_boot.saturating_sub(last.since_boot).as_micros()).unwrap_or(i64::MAX);
        let jumped_s = wall_us.saturating_sub(boot_us) / 1_000_000;
        if jumped_s.unsigned_abs() > u64::from(self.settings.clock_jump_max_s) {
            self.soft.reconciled = 0;
            self.soft.jumped = Some(now.since_boot);
            self.soft.gates.moved(now.wall);
            self.soft.readings.wants_one();
            let text = format!(
                "the clock moved by {jumped_s} s, or this machine slept: orders are compared with the broker before \
                 the next one leaves"
            );
            turn.say(Gravity::Warn, None, text);
        }
        if turn.today() > self.soft.today {
            self.soft.today = turn.today();
            self.new_day(turn);
        }
    }

    /// Lets go of what no book will show again.
    fn new_day(&mut self, turn: &Turn<'_>) {
        let yesterday = turn.today().previous();
        let long_ago = (0..ENDED_HERE_DAYS).fold(turn.today(), |date, _| date.previous());
        self.trades.forget_before(yesterday);
        self.soft.said.clear();
        self.soft.external.clear();
        self.soft.absent.clear();
        let gone: Vec<i64> = self
            .orders
            .all()
            .map(|order| &order.record)
            .filter(|o| self.orders.standing_one(o.id).is_none() && o.date < yesterday)
            // What a person has to settle is theirs until they do.
            .filter(|o| o.state != OrderState::Escalated)
            .filter(|o| o.date < long_ago || o.broker_order_id.is_some() || o.state == OrderState::Refused)
            .map(|o| o.id)
            .collect();
        gone.into_iter().for_each(|id| self.orders.drop_out(id));
    }

    /// Asks for a reading of the broker's book where one is due. At the end of each step.
    pub(super) fn read_when_due(&mut self, turn: &mut Turn<'_>) {
        let line = turn.facts.line();
        self.soft.line = line.session.map(|session| (session, line.state == BrokerState::Live));
        let Some(session) = line.session.filter(|_| !self.soft.readings.is_away) else { return };
        let now = turn.now.since_boot;
        let is_new = self.soft.reconciled < session;
        let wants_positions = self.wants_positions(now);
        let has_reason = is_new
            || line.state != BrokerState::Live
            || self.trades.is_owed()
            || wants_positions
            || self.has_live_orders();
        let is_due = self.soft.readings.due <= now && has_reason;
        if !is_due && !self.soft.readings.is_wanted {
            return;
        }
        (self.soft.readings.is_away, self.soft.readings.is_wanted) = (true, false);
        let with_positions = is_new || wants_positions;
        turn.out.effects.push(Effect::ReadBook { session, with_positions });
    }

    /// Tells what the account may do where that has changed. At the end of each step.
    pub(super) fn tell_trading(&mut self, turn: &mut Turn<'_>) {
        let trading = self.trading();
        if trading != self.soft.trading_told {
            self.soft.trading_told = trading.clone();
            turn.out.effects.push(Effect::Trading(trading));
        }
    }

    pub(super) fn next_due(&self) -> Option<Duration> {
        let now = self.soft.last.since_boot;
        let paper = self.has_paper().then_some(now + PAPER_PERIOD);
        let is_unsettled = self.orders.standing().any(|order| order.record.state == OrderState::Ambiguous);
        let day = is_unsettled.then_some(now + DAY_LOOK);
        // A wish whose time has come waits for the book, a session or another's answer, each of which is a step of its own;
        // only a store that fails tells nobody that it works again.
        let wishes =
            self.soft.wishes.next_due(if self.write_failed.is_some() { Duration::ZERO } else { now });
        let all = [self.next_reading(), paper, day, wishes, self.soft.lines.next_due()];
        // What is due and waits for something else is looked at again a moment later.
        all.into_iter().flatten().map(|at| if at > now { at } else { now + MOMENT }).min()
    }

    fn next_reading(&self) -> Option<Duration> {
        let readings = self.soft.readings;
        let (session, is_live) = self.soft.line.filter(|_| !readings.is_away)?;
        let is_new = self.soft.reconciled < session;
        let soon = is_new || !is_live || self.trades.is_owed() || self.has_live_orders();
        let positions = self.may_change_unheard().then_some(self.soft.positions.due);
        // No reading begins before its time, whatever it is for.
        if soon { Some(readings.due) } else { positions.map(|at| at.max(readings.due)) }
    }

    fn has_live_orders(&self) -> bool {
        self.orders.standing().any(|order| order.record.mode == Mode::Live)
    }
}
