//! What people, strategies and misfortune do to a simulated world.

use super::{Happening, World};
use crate::gate::RiskLimits;
use crate::simulation::broker::BrokerOrder;
use crate::simulation::dice::Dice;
use crate::simulation::fault::Fault;
use crate::simulation::guest::Guest;
use crate::simulation::plan::{Act, Planned};
use crate::simulation::promise::Held;
use crate::{AskedFor, Event, Exit, Intents, KillSwitch, OrderRecord, Settlement, SwitchScope};
use market::{Intent, Money, OrderRequest, OrderState, Side};
use std::collections::BTreeMap;

/// Boundaries at which a process may die, counted from the act on.
const BOUNDARIES: i64 = 12;

impl World {
    /// Does what the plan says.
    pub(super) fn act(&mut self, planned: Planned) -> Held {
        let dice = &mut Dice::of(planned.seed);
        if self.is_calm && !matches!(planned.act, Act::Login | Act::SignIn | Act::Settle) {
            return Ok(());
        }
        let is_ours = matches!(planned.act, Act::Ask | Act::Exit);
        if is_ours && self.must_wait(planned) {
            return Ok(());
        }
        self.note(|| format!("act {:?}", planned.act));
        match planned.act {
            Act::Ask => self.ask(dice)?,
            Act::Exit => self.exit(dice)?,
            Act::WithdrawByPerson => self.withdraw(dice)?,
            Act::TradeByHand => self.by_hand(false),
            Act::TouchByHand => self.by_hand(true),
            Act::Switch => self.switch(dice)?,
            Act::Limits => self.limits(dice)?,
            Act::DayResult => self.tell(Event::DayResult(day_result(dice)))?,
            Act::Crash => self.doom = u64::try_from(dice.between(1, BOUNDARIES)).ok(),
            Act::Backup => self.backup = Some(self.tables.clone()),
            Act::Restore => self.restore(),
            Act::OtherLogin => self.broker.end_session(),
            Act::TokenFlush => self.broker.end_session(),
            // A reading that is away when the session changes comes back under the old one.
            Act::Login => self.tell(Event::Stirred)?,
            Act::SignIn => self.sign_in()?,
            Act::Settle => self.settle()?,
            Act::ClockJump => self.skew = dice.between(-3_600, 3_600) * 1_000_000,
            Act::DiskFull => self.disk_full_until = self.now.plus_micros(dice.between(1, 40_000) * 1_000),
            Act::FeedGap => self.feed_down_until = self.now.plus_micros(dice.between(1, 90_000) * 1_000),
            Act::BrokerDown => self.broker_down_until = self.now.plus_micros(dice.between(1, 60_000) * 1_000),
            Act::Suspend => self.sleep(dice),
            Act::Stir => self.tell(Event::Stirred)?,
            Act::BookTurn => self.broker.turn_book(self.now),
        }
        self.follows(planned, dice);
        Ok(())
    }

    /// What is likely to come soon after: the closer things are together, the more races there are.
    fn follows(&mut self, planned: Planned, dice: &mut Dice) {
        let soon = |dice: &mut Dice| dice.between(0, 2_500) * 1_000;
        let faults = self.plan.faults;
        let (act, in_micros) = match planned.act {
            // The trader notices sooner or later.
            Act::OtherLogin => (Act::Login, dice.between(1, 200) * 1_000_000),
            // A reading takes three times that long at most.
            Act::Login => (Act::SignIn, dice.between(10, 70) * 1_000),
            Act::SignIn if dice.chance(900) => (Act::Ask, dice.between(5, 130) * 1_000),
            Act::Ask if faults.has(Fault::Withdrawals) && dice.chance(250) => {
                (Act::WithdrawByPerson, soon(dice))
            }
            Act::WithdrawByPerson | Act::Switch if faults.has(Fault::Crash) && dice.chance(500) => {
                (Act::Crash, soon(dice))
            }
            _ => return,
        };
        let seed = dice.next();
        self.later(in_micros, Happening::Act(Planned { at: self.now, act, seed }));
    }

    /// The trader signs in: another session, whose token is kept before it is used.
    pub(super) fn sign_in(&mut self) -> Held {
        if self.process.is_none() || self.now < self.disk_full_until {
            return Ok(());
        }
        let token = self.broker.login();
        self.tables.token = Some(token);
        if let Some(process) = &mut self.process {
            process.signed_in(token);
        }
        self.witness.session_is(Some(token));
        self.tell(Event::SessionChanged)
    }

    /// A person says of each order that waits for them what the broker's own pages show of it.
    fn settle(&mut self) -> Held {
        let Some(process) = &self.process else { return Ok(()) };
        let rows = self.tables.orders.values().map(|order| &order.record);
        let theirs = rows.filter(|row| row.state == OrderState::Escalated);
        let found = theirs.filter_map(|row| Some((row.id, self.found_at_broker(row)?)));
        let found: Vec<_> =
            found.filter(|(id, as_found)| process.core.settleable(*id, *as_found).is_ok()).collect();
        for (id, settlement) in found {
            self.count("orders settled by a person");
            self.tell(Event::Settle { id, settlement, reason: "looked at Kite".to_owned() })?;
        }
        Ok(())
    }

    /// What the broker's pages show of an order; nothing while it stands there.
    fn found_at_broker(&self, row: &OrderRecord) -> Option<Settlement> {
        let is_it = |order: &&BrokerOrder| {
            order.now.tag.as_deref() == Some(&row.tag)
                || row.broker_order_id.as_ref() == Some(&order.now.number)
        };
        let theirs: Vec<_> = self.broker.orders.iter().filter(is_it).collect();
        let stands = theirs.iter().any(|order| !order.now.status.is_over());
        let was_there = row.filled > 0 || theirs.iter().any(|order| order.listed_at.is_some());
        (!stands).then_some(if was_there { Settlement::Ended } else { Settlement::Absent })
    }

    /// The process learns that a session is dead. It says nothing about a newer one.
    pub(super) fn session_dies(&mut self, life: u32, session: u64) -> Held {
        let now = self.now;
        let Some(process) = self.process.as_mut().filter(|process| process.life == life) else {
            return Ok(());
        };
        if process.session_died(session, now) {
            self.count("sessions that died");
            self.witness.session_is(None);
            self.tell(Event::SessionChanged)?;
            // Somebody signs in again, sooner or later: at night not before the morning.
            let nobody_does = self.faults.has(Fault::Night) && self.dice.chance(400);
            let in_s = self.dice.between(1, if nobody_does { 60_000 } else { 120 });
            let login = Planned { at: now, act: Act::Login, seed: self.dice.next() };
            self.later(in_s * 1_000_000, Happening::Act(login));
        }
        Ok(())
    }

    fn tell(&mut self, event: Event) -> Held {
        self.arrives_at(self.lives, event)
    }

    /// A run makes one step after the other: it waits for what was asked before to be written.
    fn must_wait(&mut self, planned: Planned) -> bool {
        let waits = self.process.as_ref().is_some_and(|process| process.is_busy);
        if waits {
            self.later(1_000, Happening::Act(planned));
        }
        waits
    }

    fn ask(&mut self, dice: &mut Dice) -> Held {
        let Ok(index) = usize::try_from(dice.below(self.guests.len() as u64)) else { return Ok(()) };
        let guest = &self.guests[index];
        let intents = guest.ask(self.faults, &self.broker.prices, dice);
        let asked = intents.into_iter().map(|intent| self.asked_for(intent, dice)).collect();
        let run = self.guests[index].run.clone();
        self.tell(Event::Intents(Intents { run, asked, prices: BTreeMap::new() }))
    }

    fn asked_for(&self, intent: Intent, dice: &mut Dice) -> AskedFor {
        match intent {
            Intent::Place { id, request } => AskedFor::Place { id, request, tag: self.tag(dice) },
            Intent::Modify { id, change } => AskedFor::Modify { id, change },
            Intent::Cancel { id } => AskedFor::Cancel { id },
        }
    }

    /// A fresh tag, as the host draws it.
    fn tag(&self, dice: &mut Dice) -> String {
        self.settings.prefix.tag(std::array::from_fn(|_| dice.next().to_le_bytes()[0]))
    }

    fn exit(&mut self, dice: &mut Dice) -> Held {
        let held = self.tables.trades.values().filter(|trade| trade.run_id.is_some());
        let trades: Vec<_> = held.collect();
        if trades.is_empty() {
            return Ok(());
        }
        let trade = *dice.pick(&trades);
        let of_run = |guest: &&Guest| Some(&guest.run.id) == trade.run_id.as_ref();
        let Some(guest) = self.guests.iter().find(of_run) else { return Ok(()) };
        let side = if trade.trade.side == Side::Buy { Side::Sell } else { Side::Buy };
        let request = OrderRequest {
            product: trade.trade.product,
            ..OrderRequest::market(trade.trade.symbol.clone(), side, trade.trade.quantity)
        };
        let (run, run_order_id) = (guest.run.clone(), guest.next);
        let tag = self.tag(dice);
        self.tell(Event::Exit(Exit { run, run_order_id, request, tag }))
    }

    /// Dying right after somebody was told that it is done is the hardest for a promise.
    fn may_die(&mut self, dice: &mut Dice) {
        if self.plan.faults.has(Fault::Crash) && dice.chance(600) {
            self.doom = u64::try_from(dice.between(2, 5)).ok();
        }
    }

    fn withdraw(&mut self, dice: &mut Dice) -> Held {
        self.may_die(dice);
        let standing = self.tables.orders.values().filter(|order| !order.record.state.is_final());
        let ids = standing.map(|order| order.record.id).filter(|_| dice.chance(600)).collect();
        self.tell(Event::Withdraw { ids })
    }

    fn by_hand(&mut self, touches: bool) {
        if touches {
            self.broker.touch_by_hand(self.now);
        } else {
            self.broker.trade_by_hand(self.now);
        }
        self.tell_changes();
    }

    /// The senders see the switch before anybody else does; the host's is durable elsewhere, and first.
    fn switch(&mut self, dice: &mut Dice) -> Held {
        let index = dice.below(self.guests.len() as u64);
        let scope = match dice.below(3) {
            0 => SwitchScope::Run(format!("run-{index}")),
            1 => SwitchScope::Tenant,
            _ => SwitchScope::Host,
        };
        let on = dice.chance(650);
        self.may_die(dice);
        self.count("switches moved");
        let reason = Some("drill".to_owned());
        let switch = KillSwitch { on, reason: reason.clone(), since: Some(self.now) };
        let Some(process) = &mut self.process else { return Ok(()) };
        if on || scope == SwitchScope::Host {
            process.killed.set(&scope, switch.clone());
        }
        if scope == SwitchScope::Host {
            self.tables.switch_host(switch.clone());
            self.witness.switches.set(&scope, switch);
        }
        self.tell(Event::Switch { scope, on, reason })
    }

    fn limits(&mut self, dice: &mut Dice) -> Held {
        let count = |dice: &mut Dice, low, high| u32::try_from(dice.between(low, high)).unwrap_or(1);
        let limits = RiskLimits {
            orders_per_second: count(dice, 0, 10),
            orders_per_minute: count(dice, 2, 200),
            max_order_quantity: count(dice, 1, 2_000),
            max_open_orders: count(dice, 0, 20),
            max_daily_loss: dice.chance(500).then(|| Money::from_rupees(5_000)),
            ..RiskLimits::default()
        };
        self.tell(Event::Limits(limits))
    }

    /// The process dies, and an older state of the disk is brought back.
    fn restore(&mut self) {
        let Some(backup) = self.backup.take() else { return };
        self.count("backups brought back");
        if self.process.is_some() {
            self.dies();
        }
        self.tables = backup;
        self.witness.goes_back_to(&self.tables);
    }

    fn sleep(&mut self, dice: &mut Dice) {
        let until = self.plan.calm_at.min(self.now.plus_micros(dice.between(1, 600_000) * 1_000));
        if self.now < self.asleep_until {
            return;
        }
        self.asleep_until = until;
        // The clock that never goes backwards stands still meanwhile.
        self.slept += until.micros_since(self.now);
    }
}

fn day_result(dice: &mut Dice) -> Option<Money> {
    dice.chance(800).then(|| Money::from_rupees(dice.between(-8_000, 3_000)))
}
