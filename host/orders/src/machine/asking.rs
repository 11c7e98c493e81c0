//! What a run, a person or the host asks for: the gate decides, and what passes becomes a row.

use super::lines::Job;
use super::{Core, Turn};
use crate::effect::{Effect, Gravity};
use crate::event::{AskedFor, Exit, Intents, RunRef};
use crate::facts::{Listed, StoreHealth};
use crate::gate::{Asked, Refusal, Snapshot, Verdict};
use crate::line::BrokerState;
use crate::mode::Mode;
use crate::paper;
#[cfg(test)]
use crate::planted::{Planted, is_planted};
use crate::record::{OrderRecord, RefusalCode};
use crate::stored::StoredOrder;
use crate::trading::TradingState;
use market::{
    Change, Instrument, Money, OrderRequest, OrderState, Price, RequestError, RunOrderId, Symbol, Venue,
};
use std::collections::BTreeMap;

/// A new order before it has a row.
struct New {
    run_order_id: RunOrderId,
    request: OrderRequest,
    tag: String,
    is_exit: bool,
}

impl Core {
    /// A step of a run asks for something.
    pub(super) fn intents(&mut self, turn: &mut Turn<'_>, asked: Intents) {
        let Intents { run, asked, prices } = asked;
        turn.asked_by = Some(run.id.clone());
        for one in asked {
            match one {
                AskedFor::Place { id, request, tag } => {
                    let new = New { run_order_id: id, request, tag, is_exit: false };
                    self.place_wanted(turn, &run, new, &prices);
                }
                AskedFor::Modify { id, change } => self.change_wanted(turn, &run, id, change),
                AskedFor::Cancel { id } => self.cancel_wanted(turn, &run, id),
            }
        }
        turn.asked_by = None;
        self.go_on(turn, &run.id);
    }

    fn place_wanted(
        &mut self,
        turn: &mut Turn<'_>,
        run: &RunRef,
        new: New,
        prices: &BTreeMap<Symbol, Price>,
    ) {
        let last = turn.price(&new.request.symbol).or(prices.get(&new.request.symbol).copied());
        let refusal = off_the_list(turn, &new.request, |instrument| new.request.check(instrument))
            .or_else(|| self.ask(turn, run, Asked::Place(&new.request), last));
        match refusal {
            Some(refusal) => {
                let mut order = self.row(turn, run, new, OrderState::Refused);
                (order.record.refusal, order.record.message) = (refusal.code, refusal.text);
                self.insert(turn, order);
            }
            None => self.enter(turn, run, new),
        }
    }

    /// An order that passed: it leaves at once, or waits for its turn.
    fn enter(&mut self, turn: &mut Turn<'_>, run: &RunRef, new: New) {
        let is_paper = run.mode == Mode::Paper;
        #[cfg(test)]
        let is_paper = is_paper && !is_planted(Planted::PaperLeaves);
        if is_paper {
            let mut order = self.row(turn, run, new, OrderState::Open);
            order.record.broker_order_id = Some(paper::number(order.record.id));
            return self.insert(turn, order);
        }
        let is_free = self.soft.lines.is_free(&run.id);
        let session = turn.facts.line().session.filter(|_| is_free);
        let state = if session.is_some() { OrderState::Sending } else { OrderState::Intent };
        let order = self.row(turn, run, new, state);
        let (id, asked_at) = (order.record.id, turn.now.since_boot);
        self.insert(turn, order.clone());
        if let Some(session) = session {
            self.soft.lines.of(&run.id).away = Some(id);
            return self.call_place(turn, &order, session);
        }
        self.soft.lines.of(&run.id).jobs.push_back(Job::Place { id, asked_at });
    }

    /// An order that closes a position. What the gate refuses leaves no row: it is asked for again.
    pub(super) fn exit(&mut self, turn: &mut Turn<'_>, exit: Exit) {
        let Exit { run, run_order_id, request, tag } = exit;
        let last = turn.price(&request.symbol);
        if let Some(refusal) = self.ask(turn, &run, Asked::Exit(&request), last) {
            return turn.out.effects.push(Effect::ExitRefused(refusal));
        }
        self.enter(turn, &run, New { run_order_id, request, tag, is_exit: true });
        turn.out.effects.push(Effect::ExitMade(run_order_id));
        self.go_on(turn, &run.id);
    }

    fn change_wanted(&mut self, turn: &mut Turn<'_>, run: &RunRef, id: RunOrderId, change: Change) {
        let Some(order) = self.orders.of_run(&run.id, id).cloned() else {
            return nothing_to_change(turn, run, id);
        };
        let standing = crate::stored::request(&order.record, -1);
        let asked = Asked::Modify { standing: &standing, change: &change };
        let refusal = off_the_list(turn, &standing, |instrument| change.check(&standing, instrument))
            .or_else(|| {
                let last = turn.price(&standing.symbol);
                self.ask(turn, run, asked, last)
            });
        if let Some(refusal) = refusal {
            let text = format!("order {id}: change refused: {}", refusal.text);
            turn.say(Gravity::Warn, Some(&run.id), text);
            return Self::tell_only(turn, &order.record, refusal.code, refusal.text);
        }
        if order.record.mode == Mode::Paper {
            return self.change_on_paper(turn, &order, &change);
        }
        let job = Job::Modify { id: order.record.id, change, asked_at: turn.now.since_boot };
        self.soft.lines.of(&run.id).jobs.push_back(job);
    }

    fn cancel_wanted(&mut self, turn: &mut Turn<'_>, run: &RunRef, id: RunOrderId) {
        let Some(order) = self.orders.of_run(&run.id, id).cloned() else {
            return nothing_to_change(turn, run, id);
        };
        let id = order.record.id;
        if self.soft.wishes.is_pursued(id) {
            return;
        }
        self.want_withdrawn(turn, id);
        if order.record.mode == Mode::Live {
            // Margin and units that the order binds are free once it is withdrawn: what was asked for next needs them.
            self.soft.lines.of(&run.id).jobs.push_back(Job::AfterWithdrawal { id, until: None });
        }
    }

    /// The gate's answer, counted when it is yes.
    fn ask(
        &mut self,
        turn: &mut Turn<'_>,
        run: &RunRef,
        asked: Asked<'_>,
        last_price: Option<Price>,
    ) -> Option<Refusal> {
        let (live, line) = (run.mode == Mode::Live, turn.facts.line());
        if let Some(refusal) = self.stands_in_the_way(turn, live, asked) {
            return Some(refusal);
        }
        let snapshot = Snapshot {
            now: turn.now.wall,
            open_orders: self.open_orders(run.mode),
            // Paper loses no money.
            day_pnl: if live { self.soft.day_pnl } else { Some(Money::ZERO) },
            last_price,
            multiplier: 1,
            market_open: asked_at(asked).is_none_or(|venue| turn.facts.is_open(venue, turn.now.wall)),
            killed: self.soft.switches.stops(&run.id),
            broker: if live { line.state } else { BrokerState::Live },
        };
        let was_closed = self.soft.gates.live().latch().is_some();
        let verdict = self.soft.gates.of(run.mode).admit(&snapshot, asked);
        if !was_closed && self.soft.gates.live().latch().is_some() {
            // Limits that were set while the loss stood close the gate at the next question, not at the next result.
            self.keep_latch(turn);
        }
        match verdict {
            Verdict::Pass => None,
            Verdict::Refuse(refusal) => Some(refusal),
        }
    }

    /// What keeps new orders here whatever the limits say.
    fn stands_in_the_way(&self, turn: &Turn<'_>, live: bool, asked: Asked<'_>) -> Option<Refusal> {
        let trouble = match turn.facts.store() {
            StoreHealth::Good => None,
            StoreHealth::Full => Some("the disk is full: free some space, then trade on"),
            StoreHealth::Failed => Some("the disk failed: no order can be written down. Restart the host"),
        };
        if let Some(text) = trouble {
            return Some(Refusal::new(RefusalCode::Store, text));
        }
        if !live {
            return None;
        }
        let line = turn.facts.line();
        if line.state == BrokerState::Live && !self.is_reconciled(&line) {
            let text = "the orders of before are still being compared with the broker: try again in a moment";
            return Some(Refusal::new(RefusalCode::NoSession, text));
        }
        self.why_not_trading(matches!(asked, Asked::Exit(_))).or_else(|| turn.facts.hindrance())
    }

    /// Why the account's own state lets nothing new leave. The kill switch and a latched loss are the gate's matter.
    pub(super) fn why_not_trading(&self, is_exit: bool) -> Option<Refusal> {
        if let TradingState::Halted { why } = self.trading() {
            return Some(Refusal::new(RefusalCode::Halted, why));
        }
        let reducing = self.soft.positions.reducing.as_ref().filter(|_| !is_exit);
        reducing.map(|why| {
            Refusal::new(RefusalCode::Reducing, format!("only exits and withdrawals leave: {why}"))
        })
    }

    fn open_orders(&self, mode: Mode) -> u32 {
        let open = self.orders.standing().filter(|order| order.record.mode == mode).count();
        u32::try_from(open).unwrap_or(u32::MAX)
    }

    fn row(&mut self, turn: &Turn<'_>, run: &RunRef, new: New, state: OrderState) -> StoredOrder {
        let New { run_order_id, request, tag, is_exit } = new;
        #[cfg(test)]
        let tag =
            if is_planted(Planted::TagCollision) { format!("{}{run_order_id:018}", &tag[..2]) } else { tag };
        let (id, now) = (self.soft.next_order_id, turn.now.wall);
        self.soft.next_order_id += 1;
        let record = OrderRecord {
            id,
            run_id: run.id.clone(),
            strategy_id: run.strategy_id.clone(),
            run_order_id,
            tag,
            broker_order_id: None,
            date: now.date(),
            mode: run.mode,
            symbol: request.symbol,
            side: request.side,
            kind: request.kind,
            product: request.product,
            validity: request.validity,
            variety: request.variety,
            quantity: request.quantity,
            filled: 0,
            price: request.price,
            trigger: request.trigger,
            market_protection: request.market_protection,
            average_price: Price::ZERO,
            state,
            refusal: RefusalCode::None,
            message: String::new(),
            created_at: now,
            updated_at: now,
        };
        let sent_at = (state == OrderState::Sending).then_some(now);
        StoredOrder { is_exit, ..StoredOrder::new(record, request.market_protection, sent_at) }
    }
}

fn nothing_to_change(turn: &mut Turn<'_>, run: &RunRef, id: RunOrderId) {
    turn.say(Gravity::Warn, Some(&run.id), format!("order {id} does not stand: nothing to change"));
}

/// What the day's instrument list says against an order: lots, ticks and tokens may have changed since the run began.
fn off_the_list(
    turn: &Turn<'_>,
    order: &OrderRequest,
    check: impl FnOnce(&Instrument) -> Result<(), RequestError>,
) -> Option<Refusal> {
    match turn.facts.listed(&order.symbol) {
        Listed::Unread => {
            let text = "the day's instrument list has not been read yet: try again in a moment";
            Some(Refusal::new(RefusalCode::NoSession, text))
        }
        Listed::Missing => {
            let text = format!("{} is not on the day's instrument list", order.symbol);
            Some(Refusal::new(RefusalCode::InstrumentNotAllowed, text))
        }
        Listed::Here(instrument) => {
            check(instrument).err().map(|wrong| Refusal::new(RefusalCode::Other, wrong.to_string()))
        }
    }
}

/// Whose hours count. A withdrawal may leave at any hour.
fn asked_at(asked: Asked<'_>) -> Option<Venue> {
    match asked {
        Asked::Place(order) | Asked::Exit(order) | Asked::Modify { standing: order, .. } => {
            Some(order.symbol.venue())
        }
        Asked::Cancel => None,
    }
}
