//! The last step before the wire: one look at the kill switch, one send, one outcome written down. Never a second send.

use super::desk::Desk;
use super::job::Job;
use super::merge::{Seen, merge};
use super::queue::Queue;
use super::record::{OrderRecord, RefusalCode};
use super::rows;
use super::submit::request;
use crate::broker::LineSession;
use crate::error::StoreError;
use crate::log::Level;
use crate::mode::Mode;
use crate::store::StoredOrder;
use kite::{BrokerOrderId, Outcome, PlaceParams};
use market::{Change, OrderState, Price};
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Desk {
    /// A run's sender: one job after the other, in the order the run asked.
    pub(super) async fn send_all(self: Arc<Self>, jobs: Arc<Queue<Job>>) {
        loop {
            let done = match jobs.pop().await {
                Job::Place(id) => self.place(id).await,
                Job::Modify(id, change) => self.modify(id, &change).await,
                Job::Cancel(id) => self.cancel(id).await,
            };
            if let Err(error) = done {
                tracing::error!(broker_id = %self.id, "order path: {error:#}");
                self.log.write(Level::Error, None, &format!("the order path could not write: {error}"));
            }
        }
    }

    async fn place(&self, id: i64) -> Result<(), StoreError> {
        let Some((order, session)) = self.ready(id).await? else { return Ok(()) };
        let Some(session) = session else { return self.place_on_paper(order).await };
        let params = PlaceParams {
            request: request(&order.record, order.market_protection),
            tag: order.record.tag.clone(),
        };
        let answer = session.kite.place(&params).await;
        if let Err(error) = &answer {
            self.line.failed(&session, error);
        }
        self.placed(id, answer).await
    }

    /// The order, durable as `sending`, with the session to send it on (none on paper); nothing where it must not leave.
    async fn ready(&self, id: i64) -> Result<Option<(StoredOrder, Option<LineSession>)>, StoreError> {
        let mut state = self.state.lock().await;
        let Some(mut order) = state.standing.get(&id).cloned() else { return Ok(None) };
        let now = self.host.now();
        let waited_ms = now.micros_since(order.record.created_at) / 1_000;
        let live = order.record.mode == Mode::Live;
        let session = self.line.sending_session();
        let stop = if self.killed.load(Ordering::SeqCst) {
            Some(Self::refused(&order.record, RefusalCode::KillSwitch, "never sent: the kill switch went on"))
        } else if waited_ms > self.host.config.limits.send_within_ms {
            let text = format!("never sent: its turn did not come within {waited_ms} ms");
            Some(Self::changed(&order.record, OrderState::Abandoned, text))
        } else if live && let Err(down) = &session {
            Some(Self::refused(&order.record, RefusalCode::NoSession, format!("never sent: {down}")))
        } else {
            None
        };
        if let Some(stop) = stop {
            self.save(&mut state, order, stop).await?;
            return Ok(None);
        }
        if order.record.state == OrderState::Intent {
            order.record.state = OrderState::Sending;
            order.sent_at = Some(now);
            self.book.update_order(&order).await?;
            state.standing.insert(id, order.clone());
        }
        let session = session.ok().filter(|_| live);
        Ok(Some((order, session)))
    }

    /// Writes the outcome of the one send down. The ticker may have been faster.
    async fn placed(&self, id: i64, answer: Result<BrokerOrderId, kite::Error>) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        let Some(order) = state.standing.get(&id).cloned() else { return Ok(()) };
        let unknown = matches!(order.record.state, OrderState::Sending | OrderState::Ambiguous);
        let named = answer.as_ref().ok().map(|number| (order.record.date, number.to_string()));
        let merged = match answer {
            Ok(number) => merge(&order.record, &acked(&number)),
            Err(_) if !unknown => None,
            Err(error) if error.outcome() == Outcome::DefiniteNo => {
                let mut no = Self::changed(&order.record, OrderState::Rejected, error.to_string());
                no.order.refusal = rows::refusal(&error);
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
        if state.cancel_wanted.contains(&id)
            && let Some(end) = state.standing.get(&id).and_then(|o| state.runs.get(&o.record.run_id))
        {
            end.jobs.push(Job::Cancel(id));
        }
        Ok(())
    }

    async fn modify(&self, id: i64, change: &Change) -> Result<(), StoreError> {
        let Some(order) = self.state.lock().await.standing.get(&id).cloned() else { return Ok(()) };
        if order.record.mode == Mode::Paper {
            return self.modify_on_paper(order, change).await;
        }
        let (number, session) = (number(&order.record), self.line.session());
        let (Some(number), Some(session)) = (&number, &session) else {
            let state = self.state.lock().await;
            let text = match number {
                None => "not changed: the broker has not named the order yet",
                Some(_) => "not changed: the broker session has ended",
            };
            let told =
                OrderRecord { refusal: RefusalCode::NoSession, message: text.to_owned(), ..order.record };
            self.tell(&state, told, 0, Price::ZERO);
            return Ok(());
        };
        if self.killed.load(Ordering::SeqCst) {
            return Ok(());
        }
        let standing = request(&order.record, order.market_protection);
        let answer = session.kite.modify(number, &standing, change).await.map(|_| ());
        self.after_change(session, &order.record, "change", answer).await
    }

    async fn cancel(&self, id: i64) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        let Some(order) = state.standing.get(&id).cloned() else { return Ok(()) };
        if order.record.mode == Mode::Paper || order.record.state == OrderState::Intent {
            let gone = Self::changed(&order.record, OrderState::Cancelled, "");
            return self.save(&mut state, order, gone).await;
        }
        let Some(number) = number(&order.record) else {
            state.cancel_wanted.insert(id);
            return Ok(());
        };
        state.cancel_wanted.remove(&id);
        drop(state);
        let Some(session) = self.line.session() else { return Ok(()) };
        let answer = session.kite.cancel(order.record.variety, &number).await.map(|_| ());
        self.after_change(&session, &order.record, "cancel", answer).await
    }

    /// Whether a change took effect shows in the order book; a refusal is told to the run.
    async fn after_change(
        &self,
        session: &LineSession,
        order: &OrderRecord,
        what: &str,
        answer: Result<(), kite::Error>,
    ) -> Result<(), StoreError> {
        self.wake.notify_one();
        let Err(error) = answer else { return Ok(()) };
        self.line.failed(session, &error);
        let text = format!("{what} refused or unanswered: {error}");
        self.log.write(Level::Warn, Some(&order.run_id), &format!("order {}: {text}", order.run_order_id));
        let state = self.state.lock().await;
        let newest = state.standing.get(&order.id).map_or(order, |stored| &stored.record);
        let told = OrderRecord { refusal: rows::refusal(&error), message: text, ..newest.clone() };
        self.tell(&state, told, 0, Price::ZERO);
        Ok(())
    }
}

fn number(order: &OrderRecord) -> Option<BrokerOrderId> {
    order.broker_order_id.as_deref()?.parse().ok()
}

fn acked(number: &BrokerOrderId) -> Seen {
    Seen {
        broker_order_id: number.to_string(),
        state: OrderState::Acked,
        filled: 0,
        average_price: Price::ZERO,
        terms: None,
        refusal: RefusalCode::None,
        message: String::new(),
    }
}
