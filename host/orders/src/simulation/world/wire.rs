//! Between the process and the broker: the last look, the socket, the network, the answer; and readings of the book.

use super::{Happening, World};
use crate::simulation::broker::{Reply, Whole};
use crate::simulation::fault::Fault;
use crate::simulation::network::{self, AnswerWay, Noise, PATIENCE_MICROS};
use crate::simulation::process::NoRoom;
use crate::simulation::promise::Held;
use crate::simulation::spoken;
use crate::{
    Answer, BrokerState, Budget, CancelCall, Effect, Event, Listing, ModifyCall, PlaceCall, Reading,
    RefusalCode, TradingState,
};
use std::time::Duration;

/// One call to the broker's order system.
#[derive(Debug, Clone)]
pub(super) enum Call {
    Place(PlaceCall),
    Modify(ModifyCall),
    Cancel(CancelCall),
}

/// A call on its way, and what its answer will go through.
#[derive(Debug)]
pub(super) struct Away {
    life: u32,
    token: u32,
    call: Call,
    answer: AnswerWay,
}

/// A reading of the book, as far as it has come.
#[derive(Debug)]
pub(super) struct ReadingUnderWay {
    token: u32,
    with_positions: bool,
    stage: u8,
    reading: Reading,
}

impl Call {
    const fn id(&self) -> i64 {
        match self {
            Self::Place(call) => call.id,
            Self::Modify(call) => call.id,
            Self::Cancel(call) => call.id,
        }
    }

    const fn session(&self) -> u64 {
        match self {
            Self::Place(call) => call.session,
            Self::Modify(call) => call.session,
            Self::Cancel(call) => call.session,
        }
    }

    fn answered(&self, answer: Answer) -> Event {
        let id = self.id();
        match self {
            Self::Place(_) => Event::Placed { id, answer },
            Self::Modify(_) => Event::Modified { id, answer },
            Self::Cancel(_) => Event::Cancelled { id, answer },
        }
    }

    /// When it is too late to send it.
    const fn not_after(&self) -> Option<Duration> {
        match self {
            Self::Place(call) => call.not_after,
            Self::Modify(call) => Some(call.not_after),
            Self::Cancel(_) => None,
        }
    }

    /// The run that a kill switch may have stopped meanwhile; none for what leaves all the same.
    fn stoppable_run(&self) -> Option<&str> {
        match self {
            Self::Place(call) => (!call.is_exit).then_some(call.run_id.as_str()),
            Self::Modify(call) => Some(&call.run_id),
            Self::Cancel(_) => None,
        }
    }
}

impl World {
    /// Does one thing that the core asked for.
    pub(super) fn perform(&mut self, life: u32, effect: Effect) -> Held {
        match effect {
            Effect::Place(call) => self.soon(life, Call::Place(call)),
            Effect::Modify(call) => self.soon(life, Call::Modify(call)),
            Effect::Cancel(call) => self.soon(life, Call::Cancel(call)),
            Effect::ReadBook { session, with_positions } => self.begin_reading(life, session, with_positions),
            Effect::Tell(update) => {
                let guest = self.guests.iter_mut().find(|guest| guest.run.id == update.order.run_id);
                return guest.map_or(Ok(()), |guest| guest.hear(&update));
            }
            Effect::Traded(_) => self.count("trades booked"),
            Effect::ExitMade(_) => self.count("exits"),
            Effect::Trading(state) => {
                let is_halted = matches!(state, TradingState::Halted { .. });
                self.process.iter_mut().for_each(|process| process.is_halted = is_halted);
            }
            Effect::Adopted { .. } | Effect::ExitRefused(_) | Effect::Say(_) => {}
        }
        Ok(())
    }

    /// A task of its own brings a call to the socket.
    fn soon(&mut self, life: u32, call: Call) {
        let in_micros = self.dice.between(0, 3_000);
        self.later(in_micros, Happening::Socket(life, call));
    }

    /// The last look, and the socket.
    pub(super) fn leaves(&mut self, life: u32, call: Call) -> Held {
        let (now, since_boot) = (self.now, self.clocks().since_boot);
        let Some(process) = self.process.as_mut().filter(|process| process.life == life) else {
            return Ok(());
        };
        let stays = if call.stoppable_run().is_some_and(|run| process.killed.stops(run).is_some()) {
            Some(Answer::Stopped(spoken::why(RefusalCode::KillSwitch, "the kill switch went on", None)))
        } else if process.is_halted && !matches!(call, Call::Cancel(_)) {
            Some(Answer::Stopped(spoken::why(RefusalCode::Halted, "the account was halted", None)))
        } else if process.line.session != Some(call.session()) {
            Some(Answer::NotSent(spoken::why(RefusalCode::NoSession, "the session ended", None)))
        } else if call.not_after().is_some_and(|latest| since_boot > latest) {
            let text = "it was not written down in time";
            Some(Answer::NotSent(spoken::why(RefusalCode::Other, text, None)))
        } else {
            process.take_room(now).err().map(|no_room| {
                let why = spoken::why(RefusalCode::RateLimit, "the budget is used up", None);
                let budget = match no_room {
                    NoRoom::ThisSecond => Budget::Second,
                    NoRoom::ThisMinute => Budget::Minute,
                };
                Answer::OverBudget { why, budget }
            })
        };
        if let Some(answer) = stays {
            self.count("calls that stayed");
            let event = call.answered(answer);
            self.later(0, Happening::Event(life, Box::new(event)));
            return Ok(());
        }
        let token = process.token_of(call.session()).unwrap_or(0);
        self.send(life, token, call)
    }

    fn send(&mut self, life: u32, token: u32, call: Call) -> Held {
        let is_down = self.now < self.broker_down_until;
        let way = network::draw(self.faults, is_down, &mut self.dice);
        self.note(|| format!("socket: order {}, {way:?}", call.id()));
        if way.answer != AnswerWay::NeverLeft {
            self.witnessed(token, &call, way.is_clear())?;
        }
        let answer = match way.answer {
            AnswerWay::NeverLeft => {
                Some((500, Answer::NotSent(spoken::why(RefusalCode::NoSession, "connection refused", None))))
            }
            AnswerWay::Silence => Some((PATIENCE_MICROS, spoken::unknown("timed out", None))),
            AnswerWay::Instead(noise) => Some((way.arrives_in.unwrap_or(500) + 500, noise_words(noise))),
            AnswerWay::Honest { .. } => None,
        };
        if let Some((in_micros, answer)) = answer {
            self.answer(life, &call, in_micros, answer);
        }
        if let Some(arrives_in) = way.arrives_in {
            // Who waits for a request that is late gives up before it arrives.
            let waits = PATIENCE_MICROS - arrives_in;
            let too_late = waits <= 0 && matches!(way.answer, AnswerWay::Honest { .. });
            if too_late {
                self.answer(life, &call, PATIENCE_MICROS, spoken::unknown("timed out", None));
            }
            let answer = if too_late { AnswerWay::Silence } else { way.answer };
            self.later(arrives_in, Happening::Arrives(Away { life, token, call, answer }));
        }
        Ok(())
    }

    /// `is_clear`: we shall know what came of it.
    fn witnessed(&mut self, token: u32, call: &Call, is_clear: bool) -> Held {
        self.witness.calls(self.now)?;
        match call {
            Call::Place(call) => {
                self.count("orders sent");
                self.witness.posts(self.now, &call.tag, &call.request, token)
            }
            Call::Modify(call) => {
                self.count("changes sent");
                self.witness.changes(call, token, is_clear)
            }
            Call::Cancel(call) => {
                self.count("withdrawals sent");
                self.witness.touches(call.id, &call.number)
            }
        }
    }

    /// The broker does what it is told, or not, and says so.
    pub(super) fn reaches_broker(&mut self, away: Away) -> Held {
        let Away { life, token, call, answer } = away;
        let now = self.now;
        let reply = match &call {
            Call::Place(call) => self.broker.place(now, token, &call.tag, &call.request),
            Call::Modify(call) => {
                let whole = whole(call);
                self.witness.change_arrives(&self.broker, now, call, whole)?;
                self.broker.modify(now, token, &call.number, whole)
            }
            Call::Cancel(call) => self.broker.cancel(now, token, &call.number),
        };
        self.note(|| format!("broker: {reply:?} to order {}", call.id()));
        self.tell_changes();
        let AnswerWay::Honest { in_micros, twice } = answer else { return Ok(()) };
        let said = said(&reply);
        if in_micros >= PATIENCE_MICROS {
            self.answer(life, &call, PATIENCE_MICROS, spoken::unknown("timed out", None));
            return Ok(());
        }
        if twice {
            let again = self.dice.between(0, 5_000_000);
            // Who makes a call knows which one an answer is of. Changes of one order are told apart by nothing else.
            if !matches!(call, Call::Modify(_)) {
                self.answer(life, &call, in_micros + again, said.clone());
            }
        }
        self.answer(life, &call, in_micros, said);
        Ok(())
    }

    fn answer(&mut self, life: u32, call: &Call, in_micros: i64, answer: Answer) {
        if let Answer::SessionDead(_) = answer {
            self.later(in_micros, Happening::SessionDies(life, call.session()));
        }
        let event = Happening::Event(life, Box::new(call.answered(answer)));
        self.later(in_micros, event);
    }

    fn begin_reading(&mut self, life: u32, session: u64, with_positions: bool) {
        self.count("readings");
        let began = self.clocks();
        let Some(process) = &self.process else { return };
        let token = process.token_of(session).unwrap_or(0);
        let reading = Reading {
            began,
            session,
            orders: Listing::whole(Vec::new()),
            trades: Listing::whole(Vec::new()),
            positions: None,
        };
        let under_way = ReadingUnderWay { token, with_positions, stage: 0, reading };
        self.next_stage(life, under_way);
    }

    fn next_stage(&mut self, life: u32, reading: ReadingUnderWay) {
        let slow = self.faults.strikes(Fault::BookSlow, &mut self.dice);
        let in_micros =
            if slow { self.dice.between(1, 4_000) * 1_000 } else { self.dice.between(500, 30_000) };
        self.later(in_micros, Happening::Reads(life, Box::new(reading)));
    }

    /// One call of a reading is answered.
    pub(super) fn reads(&mut self, life: u32, mut under_way: ReadingUnderWay) -> Held {
        let now = self.now;
        let session = under_way.reading.session;
        let last = if under_way.with_positions { 3 } else { 2 };
        if under_way.stage == last {
            return self.has_read(life, under_way.reading);
        }
        let is_down = now < self.broker_down_until;
        if is_down || self.faults.strikes(Fault::BookFails, &mut self.dice) {
            self.line_is(life, session, BrokerState::Unreachable { since: now, why: "timed out".into() });
            self.later(0, Happening::Event(life, Box::new(Event::ReadingFailed)));
            return Ok(());
        }
        let Some(orders) = self.broker.list_orders(now, under_way.token) else {
            self.later(0, Happening::SessionDies(life, session));
            self.later(0, Happening::Event(life, Box::new(Event::ReadingFailed)));
            return Ok(());
        };
        let reading = &mut under_way.reading;
        match under_way.stage {
            0 => reading.orders = spoken::orders(&orders),
            1 => reading.trades = spoken::trades(&self.broker.list_trades(now)),
            _ => reading.positions = Some(spoken::positions(&self.broker.list_positions(now))),
        }
        under_way.stage += 1;
        if under_way.stage < last {
            self.next_stage(life, under_way);
            return Ok(());
        }
        let slow = self.faults.strikes(Fault::BookSlow, &mut self.dice);
        let in_micros = self.dice.between(300, if slow { 4_000_000 } else { 30_000 });
        self.later(in_micros, Happening::Reads(life, Box::new(under_way)));
        Ok(())
    }

    /// A reading is complete, and has come back.
    fn has_read(&mut self, life: u32, reading: Reading) -> Held {
        self.line_is(life, reading.session, BrokerState::Live);
        self.arrives_at(life, Event::Reading(Box::new(reading)))
    }

    /// What a call on a session says of the line. An old session says nothing about the newest.
    fn line_is(&mut self, life: u32, session: u64, state: BrokerState) {
        let process = self.process.as_mut().filter(|process| process.life == life);
        if let Some(process) = process.filter(|process| process.line.session == Some(session)) {
            process.line.state = state;
        }
    }
}

/// The whole order that a change travels as.
fn whole(call: &ModifyCall) -> Whole {
    let to = call.change.applied_to(&call.current);
    Whole { kind: to.kind, quantity: to.quantity, price: to.price.units(), trigger: to.trigger.units() }
}

fn said(reply: &Reply) -> Answer {
    match reply {
        Reply::Took(number) => Answer::Accepted { number: number.clone() },
        Reply::No => Answer::No(spoken::why(RefusalCode::Exchange, "InputException", Some(400))),
        Reply::TooMany => Answer::Slower(spoken::why(RefusalCode::RateLimit, "too many requests", Some(429))),
        Reply::SessionDead => {
            Answer::SessionDead(spoken::why(RefusalCode::NoSession, "TokenException", Some(403)))
        }
    }
}

fn noise_words(noise: Noise) -> Answer {
    match noise {
        Noise::ServerError => spoken::unknown("503 from a gateway", Some(503)),
        Noise::TooMany => {
            Answer::Slower(spoken::why(RefusalCode::RateLimit, "429 from a gateway", Some(429)))
        }
        Noise::Forbidden => Answer::SessionDead(spoken::why(RefusalCode::NoSession, "403", Some(403))),
        Noise::Garbage => spoken::unknown("the answer cannot be read", Some(200)),
    }
}
