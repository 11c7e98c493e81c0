//! One simulated world: the core in its process, the disk, the broker, the runs, and time, which goes from one happening
//! to the next. Everything follows from the plan.

mod acts;
mod life;
mod rest;
mod wire;

use super::agenda::Agenda;
use super::broker::Broker;
use super::dice::Dice;
use super::fault::{Fault, Faults};
use super::guest::Guest;
use super::plan::{Act, Plan, Planned};
use super::process::{Process, instruments};
use super::promise::{Broken, Held};
use super::spoken;
use super::store::Tables;
use super::story;
use super::witness::Witness;
use crate::{BookOrder, Effect, Event, Now, Prefix, Settings, Write};
use market::{Instrument, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use wire::{Away, Call, ReadingUnderWay};

/// Time that a world without faults has to come to rest, in seconds.
const REST_S: i64 = 600;
/// When most of them are looked at first.
const REST_SOON_S: i64 = 240;
/// How often the exchange looks at its book by day and by night, in milliseconds.
const TICK_BY_DAY_MS: i64 = 700;
const TICK_BY_NIGHT_MS: i64 = 120_000;

/// Something that happens.
#[derive(Debug)]
enum Happening {
    Act(Planned),
    /// The exchange looks at its book.
    Tick,
    /// A process hears of something.
    Event(u32, Box<Event>),
    /// The ticker brings an update to whichever process listens.
    Update(Box<BookOrder>),
    /// A write is over: what follows it is done.
    Done(u32, VecDeque<Effect>),
    /// The core asked to be woken.
    Wake(u32, u64),
    /// A call is about to go to the socket.
    Socket(u32, Call),
    /// A call reaches the broker.
    Arrives(Away),
    /// A reading of the book goes on.
    Reads(u32, Box<ReadingUnderWay>),
    /// A process learns that the broker has ended a session.
    SessionDies(u32, u64),
    /// The host begins.
    Boot(u32),
    /// Faults stop.
    Calm,
    /// It must have come to rest.
    Rest,
}

/// What happened, counted: a simulation in which nothing happens proves nothing.
pub(super) type Tally = BTreeMap<&'static str, u64>;

/// Everything there is.
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) now: Timestamp,
    agenda: Agenda<Happening>,
    pub(super) dice: Dice,
    pub(super) faults: Faults,
    pub(super) broker: Broker,
    pub(super) instruments: Vec<Instrument>,
    pub(super) tables: Tables,
    pub(super) backup: Option<Tables>,
    pub(super) guests: Vec<Guest>,
    pub(super) witness: Witness,
    pub(super) process: Option<Process>,
    pub(super) lives: u32,
    pub(super) booted_at: Timestamp,
    /// How wrong the wall clock is, and how long the machine slept in this life, in microseconds.
    pub(super) skew: i64,
    pub(super) slept: i64,
    pub(super) asleep_until: Timestamp,
    pub(super) disk_full_until: Timestamp,
    pub(super) feed_down_until: Timestamp,
    pub(super) broker_down_until: Timestamp,
    /// Nothing trades from here on: what traded last must have been heard of before the world is looked at.
    pub(super) quiet_at: Timestamp,
    /// When it must be at rest.
    pub(super) rests_by: Timestamp,
    /// Boundaries until the process dies.
    pub(super) doom: Option<u64>,
    pub(super) is_calm: bool,
    pub(super) settings: Settings,
    pub(super) tally: Tally,
    /// What happened, in words, for whoever looks into a failure.
    pub(super) story: Option<Vec<String>>,
}

impl Happening {
    /// True for what cannot happen while the machine sleeps.
    const fn is_of_machine(&self) -> bool {
        match self {
            Self::Event(..) | Self::Update(_) | Self::Done(..) | Self::Wake(..) | Self::Socket(..) => true,
            Self::Reads(..) | Self::SessionDies(..) | Self::Boot(_) => true,
            Self::Act(planned) => planned.act.is_of_machine(),
            Self::Tick | Self::Arrives(_) | Self::Calm | Self::Rest => false,
        }
    }
}

impl World {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut dice = Dice::apart(plan.seed, 2);
        let broker = Broker::new(plan.seed, plan.faults, plan.begins);
        let prefix = Prefix::drawn([dice.next() as u8, dice.next() as u8]);
        let settings = Settings { account: spoken::ACCOUNT.to_owned(), prefix, ..Settings::default() };
        let never = Timestamp::from_micros(i64::MIN);
        Self {
            instruments: instruments(&broker),
            plan: plan.clone(),
            now: plan.begins,
            agenda: Agenda::new(),
            dice,
            faults: plan.faults,
            tables: Tables { token: Some(broker.session), ..Tables::default() },
            broker,
            backup: None,
            guests: (0..plan.runs).map(Guest::new).collect(),
            witness: Witness::new(prefix.to_string()),
            process: None,
            lives: 0,
            booted_at: plan.begins,
            skew: 0,
            slept: 0,
            asleep_until: never,
            disk_full_until: never,
            feed_down_until: never,
            broker_down_until: never,
            quiet_at: Timestamp::from_micros(i64::MAX),
            rests_by: Timestamp::from_micros(i64::MAX),
            doom: None,
            is_calm: false,
            settings,
            tally: Tally::new(),
            story: None,
        }
    }

    /// From the first happening to the rest.
    pub(super) fn run(&mut self) -> Held {
        for planned in self.plan.acts.clone() {
            self.agenda.put(planned.at, Happening::Act(planned));
        }
        self.agenda.put(self.now, Happening::Boot(1));
        self.agenda.put(self.now, Happening::Tick);
        self.agenda.put(self.plan.calm_at, Happening::Calm);
        self.lives = 1;
        while let Some((at, happening)) = self.agenda.next() {
            self.now = self.now.max(at);
            if matches!(happening, Happening::Rest) {
                let at_rest = self.check_rest();
                if at_rest.is_ok() || self.now >= self.rests_by {
                    return at_rest;
                }
            }
            self.happen(happening)?;
        }
        Err(Broken { rule: "I3", text: "nothing happens any more".to_owned() })
    }

    fn happen(&mut self, happening: Happening) -> Held {
        if self.now < self.asleep_until && happening.is_of_machine() {
            self.agenda.put(self.asleep_until, happening);
            return Ok(());
        }
        match happening {
            Happening::Act(planned) => self.act(planned),
            Happening::Tick => {
                self.tick();
                Ok(())
            }
            Happening::Event(life, event) => {
                let event = self.as_shown(*event);
                self.arrives_at(life, event)
            }
            Happening::Update(order) => {
                let heard = self.now >= self.feed_down_until;
                if heard { self.arrives_at(self.lives, Event::Heard(order)) } else { Ok(()) }
            }
            Happening::Done(life, effects) => self.done(life, effects),
            Happening::Wake(life, appointment) => {
                let newest =
                    self.process.as_ref().is_some_and(|p| p.life == life && p.appointment == appointment);
                if newest { self.arrives_at(life, Event::Time) } else { Ok(()) }
            }
            Happening::Socket(life, call) => self.leaves(life, call),
            Happening::Arrives(away) => self.reaches_broker(away),
            Happening::Reads(life, reading) => self.reads(life, *reading),
            Happening::SessionDies(life, session) => self.session_dies(life, session),
            Happening::Boot(life) => self.boot(life),
            Happening::Calm => self.calm(),
            Happening::Rest => Ok(()),
        }
    }

    /// The exchange works, and the ticker tells.
    fn tick(&mut self) {
        self.broker.is_quiet = self.now >= self.quiet_at;
        self.broker.tick(self.now);
        self.tell_changes();
        let period = if Broker::is_open(self.now) { TICK_BY_DAY_MS } else { TICK_BY_NIGHT_MS };
        self.later(period * 1_000, Happening::Tick);
    }

    /// A person accepts what is shown at the moment they look.
    fn as_shown(&self, event: Event) -> Event {
        if !matches!(event, Event::AcceptForeign { .. }) {
            return event;
        }
        let shown = self.process.iter().flat_map(|process| process.core.foreign_orders());
        Event::AcceptForeign { tags: shown.map(|order| order.tag.clone()).collect() }
    }

    /// The ticker tells what changed, as well as it can.
    pub(super) fn tell_changes(&mut self) {
        let changed = std::mem::take(&mut self.broker.changed);
        for index in changed {
            let (faults, dice) = (self.faults, &mut self.dice);
            let order = &self.broker.orders[index];
            if order.listed_at.is_none() || faults.strikes(Fault::UpdateDropped, dice) {
                continue;
            }
            let quick = dice.between(1_000, 80_000);
            let first = faults.strikes(Fault::UpdateFirst, dice);
            let late = faults.strikes(Fault::UpdateLate, dice);
            let in_micros = if first {
                100
            } else if late {
                dice.between(1, 20_000) * 1_000
            } else {
                quick
            };
            let again = faults.strikes(Fault::UpdateTwice, dice).then(|| dice.between(1, 30_000) * 1_000);
            let update = spoken::order(&order.now);
            if let Some(again) = again {
                self.later(again, Happening::Update(Box::new(update.clone())));
            }
            self.later(in_micros, Happening::Update(Box::new(update)));
        }
    }

    /// Faults stop: what is down comes up, a person signs in, looks, and accepts.
    fn calm(&mut self) -> Held {
        self.is_calm = true;
        (self.faults, self.broker.faults, self.doom) = (Faults::NONE, Faults::NONE, None);
        let past = self.now;
        (self.disk_full_until, self.feed_down_until, self.broker_down_until) = (past, past, past);
        self.boot(self.lives)?;
        self.sign_in()?;
        self.accepts_at(30);
        self.rests_by = self.now.plus_seconds(REST_S);
        // Most worlds have come to rest long before they must: where they have, nothing is learned from watching on.
        let is_looked_at_soon = !self.plan.seed.is_multiple_of(4);
        let first_s = if is_looked_at_soon { REST_SOON_S } else { REST_S };
        self.quiet_at = self.now.plus_seconds(first_s - 20);
        self.looks_for_rest_at(first_s);
        if is_looked_at_soon {
            self.looks_for_rest_at(REST_S);
        }
        Ok(())
    }

    /// A person accepts what they see; orders that are listed late show later.
    fn accepts_at(&mut self, in_s: i64) {
        let accepts = Happening::Event(self.lives, Box::new(Event::AcceptForeign { tags: Vec::new() }));
        self.agenda.put(self.now.plus_seconds(in_s), accepts);
    }

    /// A person has done their part, and then it must be at rest, or must be so soon.
    fn looks_for_rest_at(&mut self, in_s: i64) {
        self.accepts_at(in_s - 60);
        let at = self.now.plus_seconds(in_s - 30);
        self.agenda.put(at, Happening::Act(Planned { at, act: Act::Settle, seed: 0 }));
        self.agenda.put(self.now.plus_seconds(in_s), Happening::Rest);
    }

    pub(super) fn clocks(&self) -> Now {
        let up = self.now.micros_since(self.booted_at) - self.slept;
        let since_boot = Duration::from_micros(u64::try_from(up).unwrap_or(0));
        Now { wall: self.now.plus_micros(self.skew), since_boot }
    }

    fn later(&mut self, micros: i64, happening: Happening) {
        self.agenda.put(self.now.plus_micros(micros), happening);
    }

    pub(super) fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    pub(super) fn note_step(&mut self, event: &Event, writes: &[Write], effects: &[Effect]) {
        if self.story.is_some()
            && let Some(words) = story::step(event, writes, effects)
        {
            self.note(|| words);
        }
    }

    pub(super) fn note(&mut self, words: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            story.push(format!("{} {}", self.now, words()));
        }
    }
}
