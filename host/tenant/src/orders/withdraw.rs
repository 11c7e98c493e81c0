//! Withdraws orders: one task of the account, so that thirty withdrawals neither wait for a run's slow send nor break the
//! broker's limits. A wish ends when its order does; see [`super::wish`].

use super::desk::{Desk, State};
use super::record::{OrderRecord, RefusalCode};
use super::rows;
use super::wish::{CANCEL_TRIES_MAX, CANCELS_AT_ONCE};
use crate::broker::LineSession;
use crate::log::Level;
use crate::mode::Mode;
use crate::store::StoredOrder;
use kite::{BrokerOrderId, Error};
use market::{OrderState, Price};
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant};

/// How often wishes that cannot be carried out yet are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long to wait after a withdrawal that could not be sent.
const CANCEL_RETRY: Duration = Duration::from_secs(1);

/// A withdrawal that can leave now.
struct Due {
    order: StoredOrder,
    number: BrokerOrderId,
    session: LineSession,
}

impl Desk {
    /// Withdraws these orders whatever the gate says. What is wanted already is not wanted twice.
    pub(super) fn withdraw(&self, state: &mut State, ids: &[i64]) {
        let standing = ids.iter().filter(|id| state.standing.contains_key(id));
        standing.for_each(|id| state.wishes.want(*id));
        self.to_withdraw.notify_one();
    }

    /// Carries the wishes out, until the host stops. One that hangs holds up no other: each is a task of its own, for a
    /// future that nobody polls could hold the desk's lock, or the database's only writer, while this waits for it.
    pub(crate) async fn withdraw_all(self: Arc<Self>) {
        let mut away = JoinSet::new();
        loop {
            let room = CANCELS_AT_ONCE.saturating_sub(away.len());
            for due in self.due_withdrawals(room).await {
                away.spawn(Arc::clone(&self).withdraw_one(due));
            }
            let is_idle = self.state.lock().await.wishes.is_empty();
            tokio::select! {
                Some(_) = away.join_next() => {}
                () = self.to_withdraw.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY), if !is_idle => {}
            }
        }
    }

    /// What can leave now, marked as on its way. What never was at the broker is withdrawn here and now.
    async fn due_withdrawals(&self, room: usize) -> Vec<Due> {
        let mut state = self.state.lock().await;
        let (now, read) = (Instant::now(), state.book_read);
        for id in state.wishes.give_up(now, read) {
            self.given_up(&state, id);
        }
        let session = self.line.session();
        let mut due = Vec::new();
        for id in state.wishes.due(now, read) {
            let Some(order) = state.standing.get(&id).cloned() else {
                state.wishes.forget(id);
                continue;
            };
            if order.record.mode == Mode::Paper || order.record.state == OrderState::Intent {
                let gone = Self::changed(&order.record, OrderState::Cancelled, "");
                if let Err(error) = self.save(&mut state, order, gone).await {
                    tracing::error!(broker_id = %self.id, "withdrawal not written: {error:#}");
                    state.wishes.stayed(id, now + CANCEL_RETRY);
                }
                continue;
            }
            let (number, session) = (rows::number(&order.record), session.clone());
            if let Some((number, session)) = number.zip(session).filter(|_| due.len() < room) {
                state.wishes.leaves(id);
                due.push(Due { order, number, session });
            }
        }
        due
    }

    async fn withdraw_one(self: Arc<Self>, due: Due) {
        let Due { order, number, session } = due;
        let (id, record) = (order.record.id, &order.record);
        if !order.cancel_wanted
            && let Err(error) = self.book.want_cancel(id).await
        {
            // The order is withdrawn all the same: only a restart would not know of the wish.
            tracing::error!(broker_id = %self.id, "wish to withdraw not written: {error:#}");
        }
        let answer = session.kite.cancel(record.variety, &number).await.map(drop);
        let left = !answer.as_ref().is_err_and(was_not_sent);
        if left && let Err(error) = self.book.count_call(id, self.host.now()).await {
            tracing::error!(broker_id = %self.id, "withdrawal not counted: {error:#}");
        }
        let mut state = self.state.lock().await;
        if let Some(standing) = state.standing.get_mut(&id) {
            standing.cancel_wanted = true;
        }
        if left {
            state.gates.of(Mode::Live).count(self.host.now());
        }
        match &answer {
            Err(error) if is_worth_trying_at_once(error) => {
                state.wishes.stayed(id, Instant::now() + self.pause(error));
            }
            Ok(()) | Err(_) => state.wishes.left(id, Instant::now()),
        }
        if let Err(error) = answer {
            self.line.failed(&session, &error);
            self.not_withdrawn(&state, record, &error);
        }
        drop(state);
        self.wake.notify_one();
    }

    /// A budget is free again with the next second, and asking costs nothing.
    fn pause(&self, error: &Error) -> Duration {
        if matches!(error, Error::OverLimit { .. }) { self.to_next_second() } else { CANCEL_RETRY }
    }

    /// Until the broker's next calendar second begins.
    pub(super) fn to_next_second(&self) -> Duration {
        let micros_in = self.host.now().micros().rem_euclid(1_000_000).unsigned_abs();
        Duration::from_micros(1_000_000 - micros_in)
    }

    /// Thirty orders wait for their second as a matter of course; everything else is worth a line.
    fn not_withdrawn(&self, state: &State, order: &OrderRecord, error: &Error) {
        if matches!(error, Error::OverLimit { budget: kite::Budget::OrdersPerSecond, .. }) {
            return;
        }
        let text = format!("order {}: not withdrawn yet: {error}", order.run_order_id);
        self.log.write(Level::Warn, Some(&order.run_id), &text);
        if !is_worth_trying_at_once(error) {
            let newest = state.standing.get(&order.id).map_or(order, |stored| &stored.record).clone();
            let message = format!("cancel refused or unanswered: {error}");
            let told = OrderRecord { refusal: rows::refusal(error), message, ..newest };
            self.tell(state, told, 0, Price::ZERO);
        }
    }

    fn given_up(&self, state: &State, id: i64) {
        let Some(order) = state.standing.get(&id).map(|stored| stored.record.clone()) else { return };
        let number = order.broker_order_id.as_deref().unwrap_or("no number");
        let message = format!(
            "still stands after {CANCEL_TRIES_MAX} withdrawals: withdraw order {number} of {} at Kite yourself",
            order.symbol
        );
        let text = format!("order {} {message}", order.run_order_id);
        self.log.write(Level::Error, Some(&order.run_id), &text);
        let told = OrderRecord { refusal: RefusalCode::Exchange, message, ..order };
        self.tell(state, told, 0, Price::ZERO);
    }
}

/// True when the withdrawal did not leave this machine.
fn was_not_sent(error: &Error) -> bool {
    match error {
        Error::OverLimit { .. } | Error::NotSent { .. } | Error::Invalid { .. } => true,
        Error::Refused { .. }
        | Error::NeedsAuthorisation { .. }
        | Error::RateLimited { .. }
        | Error::ServerError { .. }
        | Error::TimedOut { .. }
        | Error::Broken { .. }
        | Error::Unreadable { .. } => false,
    }
}

/// True when the order system has not looked at it: no budget, no connection, no session.
fn is_worth_trying_at_once(error: &Error) -> bool {
    was_not_sent(error) || matches!(error, Error::RateLimited { .. }) || error.is_session_expired()
}
