//! The life of a process: one step of the core after the other, its writes, what it does, its death and its next life.

use super::{Happening, World};
use crate::simulation::fault::Fault;
use crate::simulation::process::{Glance, Process};
use crate::simulation::promise::Held;
use crate::{BrokerState, Core, Effect, Event, LineFacts, StoreHealth, Write};
use market::Timestamp;
use std::collections::VecDeque;

/// How long a failed write waits before it is tried again, in milliseconds.
const WRITE_RETRY_MS: i64 = 1_000;

impl World {
    /// Something for a process: it may be dead, asleep, or waiting for its disk.
    pub(super) fn arrives_at(&mut self, life: u32, event: Event) -> Held {
        let Some(process) = self.process.as_mut().filter(|process| process.life == life) else {
            return Ok(());
        };
        if process.is_busy {
            process.inbox.push_back(event);
            return Ok(());
        }
        self.step(event)
    }

    /// One step of the core, and what comes of it.
    fn step(&mut self, event: Event) -> Held {
        let now = self.clocks();
        let (disk_is_full, feed_is_up) = (self.now < self.disk_full_until, self.now >= self.feed_down_until);
        let Some(process) = self.process.as_mut() else { return Ok(()) };
        let facts = Glance {
            line: &process.line,
            prices: feed_is_up.then_some(self.broker.prices.as_slice()),
            instruments: &self.instruments,
            health: if disk_is_full { StoreHealth::Full } else { StoreHealth::Good },
        };
        self.tally.entry("steps").and_modify(|count| *count += 1).or_insert(1);
        let step = process.core.step(now, &facts, event.clone());
        let writes = step.writes().to_vec();
        process.is_halted |= step.halts();
        if !writes.is_empty() && disk_is_full {
            step.discard();
            process.is_halted = process.core.is_halted();
            self.unwritten(event);
            return Ok(());
        }
        let effects = VecDeque::from(step.confirm());
        self.note_step(&event, &writes, effects.as_slices().0);
        self.write(&event, &writes, effects)
    }

    /// Makes a step durable. The process may die before, within and after it.
    fn write(&mut self, event: &Event, writes: &[Write], effects: VecDeque<Effect>) -> Held {
        if self.dies_here() {
            return Ok(());
        }
        let mut waits = 0;
        if !writes.is_empty() {
            self.count("writes");
            self.tables.commit(writes);
            self.committed(event, writes)?;
            let slow = self.faults.strikes(Fault::DiskSlow, &mut self.dice);
            waits = if slow { self.dice.between(1, 400) * 1_000 } else { self.dice.between(0, 2_000) };
        }
        self.dealt_with(event)?;
        if self.dies_here() {
            return Ok(());
        }
        let life = self.lives;
        if waits == 0 {
            return self.done(life, effects);
        }
        if let Some(process) = &mut self.process {
            process.is_busy = true;
        }
        self.later(waits, Happening::Done(life, effects));
        Ok(())
    }

    /// What a durable step means for the witness and the runs.
    fn committed(&mut self, event: &Event, writes: &[Write]) -> Held {
        if let Event::Intents(asked) = event {
            let guest = self.guests.iter_mut().find(|guest| guest.run == asked.run);
            guest.into_iter().for_each(|guest| guest.asked(&asked.asked));
        }
        if let Event::Settle { id, .. } = event {
            self.witness.settled.insert(*id);
        }
        if let Event::Exit(exit) = event {
            let is_made = writes.iter().any(|write| matches!(write, Write::Insert(_)));
            let guest = self.guests.iter_mut().find(|guest| is_made && guest.run == exit.run);
            guest.into_iter().for_each(|guest| guest.enters(exit.run_order_id, &exit.request));
        }
        for write in writes {
            if let Write::Insert(order) | Write::Update { order, .. } = write {
                self.count(order.record.state.as_str());
            }
        }
        self.witness.committed(self.now, writes, &self.tables, &self.broker)?;
        if let Some(process) = &mut self.process {
            // One that is on although it could not be written stays on.
            for write in writes {
                if let Write::Switch { scope, switch } = write {
                    process.killed.set(scope, switch.clone());
                }
            }
        }
        Ok(())
    }

    /// The step is durable, and whoever asked for it takes it for done. A reading counts once everything it says is written.
    fn dealt_with(&mut self, event: &Event) -> Held {
        // What a full disk takes nothing of leaves all the same, and dies with the process.
        let is_kept = self.now >= self.disk_full_until || matches!(event, Event::Switch { .. });
        if is_kept {
            self.witness.asked(event);
        }
        if let (Event::Reading(reading), Some(process)) = (event, &self.process)
            && let Some(token) = process.token_of(reading.session)
        {
            self.witness.read(token, reading);
        }
        Ok(())
    }

    /// Does what a step asked for, one thing after the other, and hears then what came meanwhile.
    pub(super) fn done(&mut self, life: u32, mut effects: VecDeque<Effect>) -> Held {
        if self.process.as_ref().is_none_or(|process| process.life != life) {
            return Ok(());
        }
        while let Some(effect) = effects.pop_front() {
            self.perform(life, effect)?;
            if self.dies_here() {
                return Ok(());
            }
        }
        self.appoint();
        let Some(process) = &mut self.process else { return Ok(()) };
        process.is_busy = false;
        match process.inbox.pop_front() {
            Some(event) => self.step(event),
            None => Ok(()),
        }
    }

    /// The step was not written: nothing of it has happened. Answers must not be forgotten.
    fn unwritten(&mut self, event: Event) {
        self.count("writes that failed");
        let life = self.lives;
        match event {
            Event::Placed { .. } | Event::Modified { .. } | Event::Cancelled { .. } => {
                self.later(WRITE_RETRY_MS * 1_000, Happening::Event(life, Box::new(event)));
            }
            Event::Switch { scope, on: true, reason } => {
                let unwritten = Event::SwitchUnwritten { scope, reason };
                self.later(0, Happening::Event(life, Box::new(unwritten)));
            }
            Event::Reading(_) => {
                self.later(WRITE_RETRY_MS * 1_000, Happening::Event(life, Box::new(Event::ReadingFailed)));
            }
            _ => {}
        }
        self.later(WRITE_RETRY_MS * 1_000, Happening::Event(life, Box::new(Event::Time)));
    }

    fn appoint(&mut self) {
        let booted_at = self.booted_at.plus_micros(self.slept);
        let (life, now) = (self.lives, self.now);
        let Some(process) = &mut self.process else { return };
        let Some(wake) = process.core.next_wake() else { return };
        process.appointment += 1;
        let at = booted_at.plus_micros(i64::try_from(wake.as_micros()).unwrap_or(i64::MAX));
        // Nothing is asked for more often than once in a millisecond.
        let at = at.max(now.plus_micros(1_000));
        self.agenda.put(at, Happening::Wake(life, process.appointment));
    }

    /// A host begins with what is durable.
    pub(super) fn boot(&mut self, life: u32) -> Held {
        if life != self.lives || self.process.is_some() {
            return Ok(());
        }
        self.count("boots");
        if self.now < self.disk_full_until {
            self.agenda.put(self.disk_full_until, Happening::Boot(life));
            return Ok(());
        }
        (self.booted_at, self.slept, self.doom) = (self.now, 0, None);
        let now = self.clocks();
        let loaded = self.tables.load(now.wall);
        // The wall clock may be wrong: what it says of the past counts from now.
        let ago = |at: &Timestamp| now.wall.micros_since(*at).max(0);
        let mut sends: Vec<Timestamp> =
            loaded.calls.iter().map(|at| self.now.plus_micros(-ago(at))).collect();
        sends.sort_unstable();
        let opened = Core::open(self.settings.clone(), loaded, now);
        let (core, writes, effects) = (opened.core, opened.writes, opened.effects);
        let tokens: Vec<u32> = self.tables.token.into_iter().collect();
        let session = (!tokens.is_empty()).then_some(1);
        self.witness.session_is(tokens.first().copied());
        self.process = Some(Process {
            core,
            life,
            line: LineFacts { state: BrokerState::Live, session },
            tokens,
            killed: self.tables.switches.clone(),
            is_halted: false,
            sends: sends.into(),
            inbox: VecDeque::new(),
            is_busy: false,
            appointment: 0,
        });
        self.note(|| format!("boot {life}"));
        self.note_step(&Event::SessionChanged, &writes, &effects);
        self.guests.iter_mut().for_each(|guest| guest.rebuild(&self.tables));
        self.write(&Event::SessionChanged, &writes, effects.into())?;
        self.later(0, Happening::Event(life, Box::new(Event::SessionChanged)));
        Ok(())
    }

    /// True when the process dies at this boundary.
    fn dies_here(&mut self) -> bool {
        self.doom = self.doom.map(|left| left.saturating_sub(1));
        if self.doom != Some(0) || self.process.is_none() {
            return false;
        }
        self.dies();
        true
    }

    /// The process is gone, with everything it knew.
    pub(super) fn dies(&mut self) {
        self.count("crashes");
        self.note(|| "dies".to_owned());
        (self.process, self.doom) = (None, None);
        self.lives += 1;
        self.witness.process_begins();
        let down = if self.is_calm { 1_000 } else { self.dice.between(50, 60_000) * 1_000 };
        self.later(down, Happening::Boot(self.lives));
    }
}
