//! The last step before the wire: one look at the kill switch, one send, one outcome written down. Never a second send.

use super::desk::{Desk, State};
use super::flight::Flight;
use super::job::Job;
use super::merge::{Merged, Seen, Terms, merge};
use super::record::{OrderRecord, RefusalCode};
use super::rows;
use super::submit::request;
use crate::broker::LineSession;
use crate::error::StoreError;
use crate::log::Level;
use crate::mode::Mode;
use crate::store::StoredOrder;
use futures_util::FutureExt;
use kite::{BrokerOrderId, Error, Outcome, PlaceParams};
use market::{Change, OrderState, Price, Timestamp};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::time::Duration;

/// How long to wait before a write that failed is tried again: what happened to an order must not be forgotten.
const WRITE_RETRY: Duration = Duration::from_secs(1);
/// How long what a run asked for after a withdrawal waits for the broker's answer to it.
const WITHDRAWN_WITHIN: Duration = Duration::from_millis(1_500);
/// How often to look whether that answer is there.
const WITHDRAWN_LOOK: Duration = Duration::from_millis(10);
/// How often an exit may wait for the broker's next second: the minute's budget is free again within these.
const EXIT_WAITS_MAX: u32 = 61;

/// An order that may leave now, with the session to send it on (none on paper).
struct Ready {
    order: StoredOrder,
    session: Option<LineSession>,
}

impl Desk {
    /// A run's sender: one job after the other, in the order the run asked, until there is none.
    pub(super) async fn send_all(self: Arc<Self>, run_id: String) {
        while let Some(job) = self.next_job(&run_id).await {
            let work = async {
                match job {
                    Job::Place(flight) => self.place(flight).await,
                    Job::Modify { id, change, asked_at } => self.modify(id, &change, asked_at).await,
                    Job::AfterWithdrawal(id) => self.wait_for_withdrawal(id).await,
                }
            };
            // A fault of ours in one order must not leave the run's other ones without a sender.
            if AssertUnwindSafe(work).catch_unwind().await.is_err() {
                let text = "the sender of this run broke off in one order: the order book will tell what became of it";
                tracing::error!(broker_id = %self.id, run = %run_id, "{text}");
                self.log.write(Level::Error, Some(&run_id), text);
            }
        }
    }

    async fn wait_for_withdrawal(&self, id: i64) {
        let answered = async {
            while !self.state.lock().await.wishes.is_answered(id) {
                tokio::time::sleep(WITHDRAWN_LOOK).await;
            }
        };
        // An answer that takes longer is not waited for: what comes next may be an exit.
        let _ = tokio::time::timeout(WITHDRAWN_WITHIN, answered).await;
    }

    async fn place(&self, flight: Flight) {
        let id = flight.id();
        let ready = loop {
            match self.ready(id).await {
                Ok(ready) => break ready,
                Err(error) => self.unwritten(id, &error).await,
            }
        };
        let Some(Ready { order, session }) = ready else { return };
        let Some(session) = session else {
            while let Err(error) = self.place_on_paper(id).await {
                self.unwritten(id, &error).await;
            }
            return;
        };
        let answer = self.send(&order, &session).await;
        if let Err(error) = &answer {
            self.line.failed(&session, error);
        }
        while let Err(error) = self.placed(id, &answer).await {
            self.unwritten(id, &error).await;
        }
    }

    /// The one send. An exit that the budget kept here has not been sent, and waits for the next second.
    async fn send(&self, order: &StoredOrder, session: &LineSession) -> Result<BrokerOrderId, Error> {
        let params = PlaceParams {
            request: request(&order.record, order.market_protection),
            tag: order.record.tag.clone(),
        };
        let mut waits = 0;
        loop {
            let answer = session.kite.place(&params).await;
            let waits_on = order.is_exit && waits < EXIT_WAITS_MAX;
            if !(waits_on && matches!(answer, Err(Error::OverLimit { .. }))) {
                return answer;
            }
            waits += 1;
            tokio::time::sleep(self.to_next_second()).await;
        }
    }

    async fn unwritten(&self, id: i64, error: &StoreError) {
        tracing::error!(broker_id = %self.id, "order number {id} not written, trying again: {error:#}");
        self.log.write(
            Level::Error,
            None,
            &format!("the order path could not write order number {id}, trying again: {error}"),
        );
        tokio::time::sleep(WRITE_RETRY).await;
    }

    /// The order, durable as `sending`; nothing where it must not leave.
    async fn ready(&self, id: i64) -> Result<Option<Ready>, StoreError> {
        let mut state = self.state.lock().await;
        let Some(mut order) = state.standing.get(&id).cloned() else { return Ok(None) };
        if !matches!(order.record.state, OrderState::Intent | OrderState::Sending) {
            return Ok(None);
        }
        let live = order.record.mode == Mode::Live;
        let session = self.line.sending_session();
        let stop = match (&session, live) {
            (Err(down), true) => {
                let text = format!("never sent: {down}");
                Some(Self::refused(&order.record, RefusalCode::NoSession, text))
            }
            (Ok(session), true) if !self.is_reconciled_under(session) => {
                let text = "never sent: the orders of before are still being compared with the broker";
                Some(Self::refused(&order.record, RefusalCode::NoSession, text))
            }
            (Ok(_), true) | (_, false) => self.stop(&state, &order),
        };
        if let Some(stop) = stop {
            self.save(&mut state, order, stop).await?;
            return Ok(None);
        }
        if order.record.state == OrderState::Intent {
            order.record.state = OrderState::Sending;
            order.sent_at = Some(self.host.now());
            self.book.update_order(&order).await?;
            state.standing.insert(id, order.clone());
        }
        let session = session.ok().filter(|_| live);
        Ok(Some(Ready { order, session }))
    }

    /// Why an order that could leave must not. An exit leaves under the kill switch, and however long it waited: a position
    /// that somebody wants closed stays open without it.
    fn stop(&self, state: &State, order: &StoredOrder) -> Option<Merged> {
        let record = &order.record;
        if !order.is_exit && self.killed.load(Ordering::SeqCst) {
            let text = "never sent: the kill switch went on";
            return Some(Self::refused(record, RefusalCode::KillSwitch, text));
        }
        if state.wishes.wants(record.id) {
            return Some(Self::changed(record, OrderState::Cancelled, "never sent: it was withdrawn first"));
        }
        if order.is_exit {
            return None;
        }
        let late_ms = self.late_ms(record.created_at)?;
        let text = format!("never sent: its turn did not come within {late_ms} ms");
        Some(Self::changed(record, OrderState::Abandoned, text))
    }

    /// How long something waited that waited too long.
    fn late_ms(&self, since: Timestamp) -> Option<i64> {
        let waited_ms = self.host.now().micros_since(since) / 1_000;
        (waited_ms > self.host.config.limits.send_within_ms).then_some(waited_ms)
    }

    /// Writes the outcome of the one send down. The ticker may have been faster.
    async fn placed(&self, id: i64, answer: &Result<BrokerOrderId, Error>) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        let Some(order) = state.standing.get(&id).cloned() else { return Ok(()) };
        let unknown = matches!(order.record.state, OrderState::Sending | OrderState::Ambiguous);
        let named = answer.as_ref().ok().map(|number| (order.record.date, number.to_string()));
        let merged = match answer {
            Ok(number) => merge(&order.record, order.terms_at, &acked(number)),
            Err(_) if !unknown => None,
            Err(error) if error.outcome() == Outcome::DefiniteNo => {
                let mut no = Self::changed(&order.record, OrderState::Rejected, rows::refusal_text(error));
                no.order.refusal = rows::refusal(error);
                Some(no)
            }
            Err(error) => {
                self.wake.notify_one();
                let text = format!("outcome unknown ({error}): looking for it at the broker");
                Some(Self::changed(&order.record, OrderState::Ambiguous, text))
            }
        };
        if let Some(merged) = merged {
            self.save(&mut state, order, merged).await?;
        }
        if let Some((date, number)) = named {
            self.figures.adopt(date, &number).await?;
        }
        if state.wishes.wants(id) {
            self.to_withdraw.notify_one();
        }
        Ok(())
    }

    async fn modify(&self, id: i64, change: &Change, asked_at: Timestamp) {
        let state = self.state.lock().await;
        let Some(order) = state.standing.get(&id).cloned() else { return };
        if order.record.mode == Mode::Paper {
            drop(state);
            return self.modify_on_paper(id, change).await;
        }
        let base = state.pending.base(id, Terms::of(&order.record), self.host.now());
        let refusal = self.why_not_changed(asked_at);
        let (Some(base), Some(number), Some(session), None) =
            (base, rows::number(&order.record), self.line.session(), &refusal)
        else {
            let (code, text) = refusal.unwrap_or_else(|| unchangeable(base.is_some(), &order.record));
            return self.not_changed(&state, order.record, code, &text);
        };
        drop(state);
        let current = base.request(request(&order.record, order.market_protection));
        let wanted = base.with(change);
        let answer = session.kite.modify(&number, &current, change).await.map(drop);
        self.modified(&session, &order.record, wanted, answer).await;
    }

    fn why_not_changed(&self, asked_at: Timestamp) -> Option<(RefusalCode, String)> {
        if self.killed.load(Ordering::SeqCst) {
            return Some((RefusalCode::KillSwitch, "the kill switch is on".to_owned()));
        }
        if let Some(late_ms) = self.late_ms(asked_at) {
            return Some((RefusalCode::Other, format!("its turn did not come within {late_ms} ms")));
        }
        self.line.sending_session().err().map(|down| (RefusalCode::NoSession, down.to_string()))
    }

    /// Whether a change took effect shows in the order book; a refusal is told to the run.
    async fn modified(
        &self,
        session: &LineSession,
        order: &OrderRecord,
        wanted: Terms,
        answer: Result<(), Error>,
    ) {
        let now = self.host.now();
        let left =
            !matches!(answer, Err(Error::OverLimit { .. } | Error::NotSent { .. } | Error::Invalid { .. }));
        if left && let Err(error) = self.book.count_call(order.id, now).await {
            tracing::error!(broker_id = %self.id, "change not counted: {error:#}");
        }
        let mut state = self.state.lock().await;
        match &answer {
            Ok(()) => state.pending.taken(order.id, wanted, now),
            Err(error) if error.outcome() == Outcome::Unknown => state.pending.unknown(order.id, now),
            Err(_) => {}
        }
        if let Err(error) = answer {
            self.line.failed(session, &error);
            let newest = state.standing.get(&order.id).map_or(order, |stored| &stored.record).clone();
            self.not_changed(
                &state,
                newest,
                rows::refusal(&error),
                &format!("refused or unanswered: {error}"),
            );
        }
        drop(state);
        self.wake.notify_one();
    }

    /// The order stands as before; only this update says why.
    fn not_changed(&self, state: &State, order: OrderRecord, code: RefusalCode, why: &str) {
        let message = format!("not changed: {why}");
        let text = format!("order {}: {message}", order.run_order_id);
        self.log.write(Level::Warn, Some(&order.run_id), &text);
        self.tell(state, OrderRecord { refusal: code, message, ..order }, 0, Price::ZERO);
    }
}

/// Why an order cannot be changed just now although the line is up.
fn unchangeable(base_is_known: bool, order: &OrderRecord) -> (RefusalCode, String) {
    let text = if order.broker_order_id.is_none() {
        "the broker has not named the order yet: change it once it is acknowledged"
    } else if !base_is_known {
        "the outcome of the change before is unknown: try again when the order book was read"
    } else {
        "the broker session has ended: sign in again"
    };
    (RefusalCode::Other, text.to_owned())
}

fn acked(number: &BrokerOrderId) -> Seen {
    Seen {
        broker_order_id: number.to_string(),
        state: OrderState::Acked,
        filled: 0,
        average_price: Price::ZERO,
        terms: None,
        changed_at: None,
        refusal: RefusalCode::None,
        message: String::new(),
    }
}
