//! What leaves for the broker: each call of the core's is made once, and its answer goes back to the core until it is
//! written down.

use super::desk::{Along, Desk, ORDER_PATH};
use super::rows;
use crate::broker::LineSession;
use crate::error::{BrokerError, StoreError};
use ::orders::{Answer, CancelCall, Event, Listing, ModifyCall, Now, PlaceCall, Reading, RefusalCode, Why};
use futures_util::FutureExt;
use kite::{BrokerOrderId, Error, PlaceParams};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

impl Desk {
    pub(super) async fn place(self: Arc<Self>, call: PlaceCall) {
        let id = call.id;
        let answer = self.answer_of(self.send(call)).await;
        self.learn(Event::Placed { id, answer }).await;
    }

    pub(super) async fn modify(self: Arc<Self>, call: ModifyCall) {
        let id = call.id;
        let answer = self.answer_of(self.change(call)).await;
        self.learn(Event::Modified { id, answer }).await;
    }

    pub(super) async fn cancel(self: Arc<Self>, call: CancelCall) {
        let id = call.id;
        let answer = self.answer_of(self.withdraw(call)).await;
        self.learn(Event::Cancelled { id, answer }).await;
    }

    /// A reading that the core asked for.
    pub(super) async fn read(self: Arc<Self>, session: u64, with_positions: bool) {
        let reading = match self.session(session) {
            Some(session) => self.reading(&session, with_positions).await,
            None => Err(BrokerError::NoSession),
        };
        let written = match reading {
            Ok(reading) => self.feed(Event::Reading(Box::new(reading)), Along::default()).await.map(drop),
            Err(why) => {
                tracing::debug!(broker_id = %self.id, "order book not read: {why:#}");
                return self.learn(Event::ReadingFailed).await;
            }
        };
        if let Err(error) = written {
            tracing::error!(broker_id = %self.id, "the order book was read and not written: {error:#}");
            self.learn(Event::ReadingFailed).await;
        }
    }

    /// A reading that somebody waits for: orders and trades as the broker has them now.
    pub(super) async fn read_now(self: &Arc<Self>) -> Result<Result<(), BrokerError>, StoreError> {
        let session = match self.line.need_session() {
            Ok(session) => session,
            Err(why) => return Ok(Err(why)),
        };
        // A reading that opens the gate says too whether the account holds what the trades add up to.
        let opens = !self.is_reconciled();
        match self.reading(&session, opens).await {
            Ok(reading) => {
                self.feed(Event::Reading(Box::new(reading)), Along::default()).await?;
                Ok(Ok(()))
            }
            Err(why) => Ok(Err(why)),
        }
    }

    async fn reading(&self, session: &LineSession, with_positions: bool) -> Result<Reading, BrokerError> {
        let began: Now = self.now();
        let orders = self.line.heard(session, session.kite.orders().await)?;
        let trades = self.line.heard(session, session.kite.trades().await)?;
        let positions = if with_positions {
            let positions = self.line.heard(session, session.kite.positions().await)?;
            let list = Listing { unreadable: positions.day.unreadable.len(), rows: positions.day.rows };
            Some(list.map(|row| rows::day_position(&row)))
        } else {
            None
        };
        let orders = Listing { unreadable: orders.unreadable.len(), rows: orders.rows };
        let trades = Listing { unreadable: trades.unreadable.len(), rows: trades.rows };
        Ok(Reading {
            began,
            session: session.number(),
            orders: orders.map(|row| Some(rows::book_order(&row))),
            trades: trades.map(|row| row.to_trade(began.wall)),
            positions,
        })
    }

    /// The one send, after one last look.
    async fn send(&self, call: PlaceCall) -> Answer {
        let is_stopped = !call.is_exit && self.stops.stop(&call.run_id);
        let session = match self.look_out(is_stopped, call.session) {
            Ok(session) => session,
            Err(stopped) => return stopped,
        };
        if let Some(stopped) = self.too_late(call.not_after).or_else(|| self.goes_down()) {
            return stopped;
        }
        let params = PlaceParams { request: call.request, tag: call.tag };
        tracing::trace!(target: ORDER_PATH, "leaving");
        let answer = session.kite.place(&params).await;
        self.answered(&session, answer)
    }

    async fn change(&self, call: ModifyCall) -> Answer {
        let session = match self.look_out(self.stops.stop(&call.run_id), call.session) {
            Ok(session) => session,
            Err(stopped) => return stopped,
        };
        if let Some(stopped) = self.too_late(Some(call.not_after)).or_else(|| self.goes_down()) {
            return stopped;
        }
        let Some(number) = rows::number(&call.number) else { return no_number(&call.number) };
        let answer = session.kite.modify(&number, &call.current, &call.change).await;
        self.answered(&session, answer)
    }

    async fn withdraw(&self, call: CancelCall) -> Answer {
        let session = match self.last_look(false, call.session) {
            Ok(session) => session,
            Err(stopped) => return stopped,
        };
        let Some(number) = rows::number(&call.number) else { return no_number(&call.number) };
        let answer = session.kite.cancel(call.variety, &number).await;
        self.answered(&session, answer)
    }

    /// The same for what leaves only by the way that was proved: the session is taken with the proof of its connection.
    fn look_out(&self, is_stopped: bool, session: u64) -> Result<LineSession, Answer> {
        if self.stops.is_halted() {
            return Err(stopped(RefusalCode::Halted, "the account was halted before it could leave"));
        }
        let looked = self.prover.leaving(|| self.last_look(is_stopped, session));
        looked.unwrap_or_else(|why| Err(stopped(RefusalCode::WayOut, &why)))
    }

    /// The write before it may have taken long: what was decided then is not sent now.
    fn too_late(&self, not_after: Option<Duration>) -> Option<Answer> {
        let text = "it was not written down in time";
        let late =
            || Answer::NotSent(Why { code: RefusalCode::Other, text: text.to_owned(), ..Why::default() });
        not_after.filter(|until| self.now().since_boot > *until).map(|_| late())
    }

    /// A host that goes down waits for what is on its way, and for nothing that would leave after it.
    fn goes_down(&self) -> Option<Answer> {
        self.host.calls.is_closed().then(|| stopped(RefusalCode::Other, "the host was going down"))
    }

    /// Whether it may leave, at the last instant: a withdrawal always may.
    fn last_look(&self, is_stopped: bool, session: u64) -> Result<LineSession, Answer> {
        if is_stopped {
            return Err(stopped(RefusalCode::KillSwitch, "the kill switch went on"));
        }
        self.session(session)
            .ok_or_else(|| stopped(RefusalCode::NoSession, "the broker session it was meant for has ended"))
    }

    fn session(&self, number: u64) -> Option<LineSession> {
        self.line.session().filter(|session| session.number() == number)
    }

    fn answered(&self, session: &LineSession, answer: Result<BrokerOrderId, Error>) -> Answer {
        match answer {
            Ok(number) => Answer::Accepted { number: number.to_string() },
            Err(error) => {
                self.line.failed(session, &error);
                rows::answer(&error)
            }
        }
    }

    /// A fault of ours in one call must not leave the run's other ones waiting for its answer.
    async fn answer_of(&self, call: impl Future<Output = Answer>) -> Answer {
        match AssertUnwindSafe(call).catch_unwind().await {
            Ok(answer) => answer,
            Err(_) => {
                let text = "the call broke off here: the order book will tell what became of it";
                tracing::error!(broker_id = %self.id, "{text}");
                let code = RefusalCode::Other;
                Answer::Unknown(Why { code, text: text.to_owned(), ..Why::default() })
            }
        }
    }
}

fn stopped(code: RefusalCode, text: &str) -> Answer {
    Answer::Stopped(Why { code, text: text.to_owned(), ..Why::default() })
}

fn no_number(number: &str) -> Answer {
    let text = format!("`{number}` is no number of the broker's");
    Answer::NotSent(Why { code: RefusalCode::Other, text, ..Why::default() })
}
