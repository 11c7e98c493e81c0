//! The first step of a life: what a crash left behind is settled before anything else.

use super::lines::Lines;
use super::orders::Orders;
use super::positions::PositionCheck;
use super::saving::changed;
use super::timing::Readings;
use super::trades::Trades;
use super::{Core, Out, Soft, Turn};
use crate::effect::Effect;
use crate::facts::{Facts, LineFacts, Listed, Now};
use crate::gate::SendWindow;
use crate::gates::Gates;
use crate::line::BrokerState;
use crate::loaded::Loaded;
use crate::mode::Mode;
use crate::pending::PendingTerms;
#[cfg(test)]
use crate::planted::{Planted, is_planted};
use crate::settings::Settings;
use crate::stored::StoredOrder;
use crate::trading::TradingState;
use crate::wish::Wishes;
use crate::write::Write;
use market::{OrderState, Price, Symbol, Timestamp, TradingDate, Venue};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A core, with what must be durable before it is used.
#[derive(Debug)]
pub struct Opened {
    /// The core.
    pub core: Core,
    /// What a crash left behind, settled.
    pub writes: Vec<Write>,
    /// To be done once that is written.
    pub effects: Vec<Effect>,
}

/// Nothing is known of the world before the first event.
struct Nothing {
    now: Now,
}

impl Core {
    /// The order path of an account as its rows tell it. Whatever waited when the host went down was never sent and is not
    /// sent late; whatever was being sent may have arrived.
    pub fn open(settings: Settings, loaded: Loaded, now: Now) -> Opened {
        let Loaded { orders, damaged, trades, next_order_id, switches, limits, latch, calls, foreign } =
            loaded;
        let mut window = SendWindow::restore(calls);
        window.moved(now.wall);
        let damaged_tags = damaged.iter().filter_map(|row| row.tag.clone()).collect();
        let damaged_numbers = damaged.iter().filter_map(|row| row.number.clone()).collect();
        let soft = Soft {
            gates: Gates::new(Arc::new(limits), window, latch),
            switches,
            day_pnl: None,
            unreadable_trades: 0,
            wishes: Wishes::default(),
            pending: PendingTerms::default(),
            changes: BTreeMap::new(),
            lines: Lines::default(),
            exit_waits: BTreeMap::new(),
            absences: BTreeMap::new(),
            absent: BTreeSet::new(),
            reconciled: 0,
            jumped: None,
            book_read: None,
            readings: Readings::default(),
            positions: PositionCheck::default(),
            foreign: foreign.into_iter().map(|order| (order.tag.clone(), order)).collect(),
            external: Default::default(),
            damaged_tags,
            damaged_numbers,
            said: Default::default(),
            next_order_id: next_order_id.max(1),
            last: now,
            line: None,
            today: now.wall.date(),
            trading_told: TradingState::Active,
        };
        let (mut core, facts) = (
            Self { settings, orders: Orders::default(), trades: Trades::default(), soft, write_failed: None },
            Nothing { now },
        );
        trades.into_iter().for_each(|trade| core.trades.book(trade));
        let mut turn = Turn { now, facts: &facts, must_stand: false, asked_by: None, out: Out::default() };
        orders.into_iter().for_each(|order| core.take_up(&mut turn, order));
        core.escalate_unsettled(&mut turn);
        core.tell_trading(&mut turn);
        core.orders.keep();
        core.trades.keep();
        Opened { core, writes: turn.out.writes, effects: turn.out.effects }
    }

    fn take_up(&mut self, turn: &mut Turn<'_>, order: StoredOrder) {
        let id = order.record.id;
        self.hold(turn, Arc::new(order.clone()));
        #[cfg(test)]
        if is_planted(Planted::SendAbandonedLate) && order.record.state == OrderState::Intent {
            let asked_at = turn.now.since_boot;
            return self
                .soft
                .lines
                .of(&order.record.run_id)
                .jobs
                .push_back(super::lines::Job::Place { id, asked_at });
        }
        if let Some((state, text)) = after_a_crash(&order, turn.now.wall.date()) {
            self.save(turn, &order, changed(&order.record, state, text), None);
        }
        let Some(standing) = self.orders.standing_one(id) else { return };
        // An exit that was made under a switch goes on: only who asked for its withdrawal gets it.
        let stopped = self.soft.switches.stops(&standing.record.run_id).is_some() && !standing.is_exit;
        #[cfg(test)]
        if is_planted(Planted::ForgetWishes) {
            return;
        }
        if standing.cancel_wanted || stopped {
            self.want_withdrawn(turn, id);
        }
    }
}

/// What becomes of an order that the host left on its way. The paper exchange's book is these rows: what stood there stands
/// on, for its day.
fn after_a_crash(order: &StoredOrder, today: TradingDate) -> Option<(OrderState, &'static str)> {
    match (order.record.state, order.record.mode) {
        (OrderState::Intent, _) => Some((OrderState::Abandoned, "never sent: the host restarted first")),
        (OrderState::Sending, Mode::Live) => Some((
            OrderState::Ambiguous,
            "the host restarted while this was being sent: looking for it at the broker",
        )),
        (OrderState::Sending | OrderState::Acked, Mode::Paper) => {
            Some((OrderState::Cancelled, "the host restarted before it reached the paper exchange"))
        }
        (OrderState::Open | OrderState::TriggerPending | OrderState::Partial, Mode::Paper)
            if order.record.date < today =>
        {
            Some((OrderState::Cancelled, "its day is over"))
        }
        (
            OrderState::Ambiguous
            | OrderState::Acked
            | OrderState::Open
            | OrderState::TriggerPending
            | OrderState::Partial
            | OrderState::Refused
            | OrderState::Abandoned
            | OrderState::Complete
            | OrderState::Cancelled
            | OrderState::Rejected
            | OrderState::Absent
            | OrderState::Escalated,
            _,
        ) => None,
    }
}

impl Facts for Nothing {
    fn price(&self, _: &Symbol) -> Option<Price> {
        None
    }

    fn listed(&self, _: &Symbol) -> Listed<'_> {
        Listed::Unread
    }

    fn is_open(&self, _: Venue, _: Timestamp) -> bool {
        false
    }

    fn line(&self) -> LineFacts {
        LineFacts { state: BrokerState::Expired { since: self.now.wall }, session: None }
    }
}
