//! A run as the order path knows it: asks for things, sensible and not, and keeps what it was told.

use super::broker::{TICK, lot, on_tick};
use super::dice::Dice;
use super::fault::{Fault, Faults};
use super::store::Tables;
use super::witness::{Held, holds};
use crate::{AskedFor, Mode, RunOrderUpdate, RunRef};
use market::{Change, Intent, OrderKind, OrderRequest, OrderState, Price, Product, RunOrderId, Side, Symbol};
use std::collections::BTreeMap;

/// What a run knows of one of its orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) state: OrderState,
    pub(super) filled: u32,
    /// What its fills cost by what it was told, in 1/10 000 rupee; and how many times it was told of one.
    pub(super) notional: i64,
    pub(super) fills: i64,
    /// It knew of no fills when it began to listen.
    pub(super) from_start: bool,
    limit: Option<i64>,
}

/// One run.
#[derive(Debug)]
pub(super) struct Guest {
    pub(super) run: RunRef,
    pub(super) next: RunOrderId,
    pub(super) known: BTreeMap<RunOrderId, Known>,
}

impl Guest {
    pub(super) fn new(index: usize) -> Self {
        // One in four plays on paper.
        let mode = if index % 4 == 3 { Mode::Paper } else { Mode::Live };
        let run = RunRef { id: format!("run-{index}"), strategy_id: "strategy".into(), mode };
        Self { run, next: 1, known: BTreeMap::new() }
    }

    /// Built again from what is durable, as a replay of its journal would.
    pub(super) fn rebuild(&mut self, tables: &Tables) {
        let own = tables.orders.values().filter(|order| order.record.run_id == self.run.id);
        self.known = own
            .map(|order| {
                let record = &order.record;
                let known = Known {
                    state: record.state,
                    filled: record.filled,
                    notional: 0,
                    fills: 0,
                    from_start: record.filled == 0,
                    limit: (record.kind == OrderKind::Limit).then(|| record.price.units()),
                };
                (record.run_order_id, known)
            })
            .collect();
        self.next = self.known.keys().next_back().copied().unwrap_or(0) + 1;
    }

    /// What it asks for at one event. Nothing of it has happened until the step is durable.
    pub(super) fn ask(&self, faults: Faults, prices: &[(Symbol, i64)], dice: &mut Dice) -> Vec<Intent> {
        let floods = faults.has(Fault::Flood) && dice.chance(300);
        let count = if floods { dice.between(5, 20) } else { dice.between(1, 3) };
        let mut next = self.next;
        let mut intents = Vec::new();
        for _ in 0..count {
            let standing = self.a_standing_one(faults, dice);
            let intent = match standing {
                Some(id) if faults.has(Fault::Changes) && dice.chance(350) => self.change(id, dice),
                Some(id) if faults.has(Fault::Withdrawals) && dice.chance(350) => Intent::Cancel { id },
                Some(_) | None => {
                    next += 1;
                    let request = self.order(faults, prices, dice);
                    Intent::Place { id: next - 1, request }
                }
            };
            intents.push(intent);
        }
        intents
    }

    /// The step with these intents is durable.
    pub(super) fn asked(&mut self, asked: &[AskedFor]) {
        for one in asked {
            if let AskedFor::Place { id, request, tag: _ } = one {
                self.enters(*id, request);
            }
        }
    }

    /// One more order of this run has a row, whoever made it.
    pub(super) fn enters(&mut self, id: RunOrderId, request: &OrderRequest) {
        self.next = self.next.max(id + 1);
        let limit = (request.kind == OrderKind::Limit).then(|| request.price.units());
        let state = OrderState::Intent;
        let known = Known { state, filled: 0, notional: 0, fills: 0, from_start: true, limit };
        self.known.entry(id).or_insert(known);
    }

    /// It is told of an order.
    pub(super) fn hear(&mut self, update: &RunOrderUpdate) -> Held {
        let order = &update.order;
        let id = order.run_order_id;
        let Some(known) = self.known.get_mut(&id) else {
            return holds("I14", false, || {
                format!("{} was told of its order {id} before it asked", self.run.id)
            });
        };
        let fits = known.filled + update.fill_quantity == order.filled;
        holds("I14", fits, || {
            format!(
                "order {id} had {} units, was told of {} more and has {}",
                known.filled, update.fill_quantity, order.filled
            )
        })?;
        known.filled = order.filled;
        known.state = order.state;
        known.notional += update.fill_price.units() * i64::from(update.fill_quantity);
        known.fills += i64::from(update.fill_quantity > 0);
        Ok(())
    }

    fn a_standing_one(&self, faults: Faults, dice: &mut Dice) -> Option<RunOrderId> {
        if faults.has(Fault::Nonsense) && dice.chance(100) {
            return Some(dice.below(50));
        }
        let standing: Vec<RunOrderId> =
            self.known.iter().filter(|(_, known)| !known.state.is_final()).map(|(id, _)| *id).collect();
        (!standing.is_empty()).then(|| *dice.pick(&standing))
    }

    fn change(&self, id: RunOrderId, dice: &mut Dice) -> Intent {
        let limit = self.known.get(&id).and_then(|known| known.limit);
        let mut change = Change::default();
        match limit {
            Some(limit) if dice.chance(600) => {
                change.price = Some(on_tick(limit + TICK * dice.between(-30, 30)));
            }
            Some(_) | None => change.quantity = u32::try_from(dice.between(1, 40)).ok(),
        }
        Intent::Modify { id, change }
    }

    fn order(&self, faults: Faults, prices: &[(Symbol, i64)], dice: &mut Dice) -> OrderRequest {
        let (symbol, last) = dice.pick(prices).clone();
        let side = *dice.pick(Side::ALL);
        let lots = u32::try_from(dice.between(1, 20)).unwrap_or(1);
        let quantity = lots * lot(symbol.venue());
        let mut request = OrderRequest::market(symbol, side, quantity);
        if dice.chance(600) {
            // Far enough to stand, near enough to trade one day.
            request.kind = OrderKind::Limit;
            request.market_protection = 0;
            request.price = on_tick(last - side.sign() * TICK * dice.between(-10, 60));
        } else if dice.chance(200) {
            request.kind = OrderKind::StopMarket;
            request.trigger = on_tick(last + side.sign() * TICK * dice.between(5, 60));
        }
        if faults.has(Fault::Nonsense) && dice.chance(150) {
            spoil(&mut request, dice);
        }
        request
    }
}

/// Makes nonsense of it.
fn spoil(request: &mut OrderRequest, dice: &mut Dice) {
    match dice.below(6) {
        0 => request.quantity = 0,
        1 => request.quantity = u32::MAX,
        2 => request.price = Price::from_units(request.price.units() + 1),
        3 => request.product = *dice.pick(Product::ALL),
        4 => request.price = Price::from_units(-TICK),
        _ => request.symbol = Symbol::new(request.symbol.venue(), "NOSUCH").unwrap_or(request.symbol.clone()),
    }
}
