//! What must be so once faults have stopped and ten minutes have passed: everything that is known here is what the broker
//! has, and nothing is left open.

use super::World;
use crate::TradingState;
use crate::simulation::broker::{BrokerOrder, BrokerTrade, Status};
use crate::simulation::oracle::{Outcome, first_in_first_out};
use crate::simulation::promise::{Held, holds};
use crate::simulation::rows::{Booked, Row};
use crate::simulation::spoken;
use market::OrderState;
use std::collections::BTreeMap;

impl World {
    /// Everything that must be so at rest.
    pub(super) fn check_rest(&self) -> Held {
        holds("I3", self.process.is_some(), || "the host does not run".to_owned())?;
        for row in self.witness.rows.values().filter(|row| row.is_live) {
            self.row_is_settled(row)?;
        }
        self.trades_again()?;
        self.broker_orders_have_rows()?;
        self.trades_are_booked()?;
        self.results_agree()?;
        self.runs_know_their_orders()
    }

    /// Nothing but a person's switch or a loss keeps the account from trading.
    fn trades_again(&self) -> Held {
        let Some(process) = &self.process else { return Ok(()) };
        let is_stopped = process.killed.stops_all().is_some() || self.tables.latch.is_some();
        let state = process.core.trading_state();
        holds("I13", is_stopped || state == TradingState::Active, || format!("the account is {state}"))
    }

    fn row_is_settled(&self, row: &Row) -> Held {
        let id = row.id;
        let under_way = matches!(row.state, OrderState::Intent | OrderState::Sending | OrderState::Ambiguous);
        holds("I3", !under_way, || format!("order {id} is still {}", row.state))?;
        let at_broker = self.at_broker(row);
        let is_of_today = row.created_at.date() == self.now.date();
        if row.state == OrderState::Escalated {
            let stands = at_broker.iter().any(|order| !order.now.status.is_over());
            // Its own number shows in no book: until the day is over it may.
            let unseen = row.number.is_some() && is_of_today;
            return holds("I3", stands || unseen, || {
                format!("order {id} is escalated, and nobody settled it: {row:?}")
            });
        }
        if at_broker.len() > 1 || !is_of_today || self.witness.settled.contains(&id) {
            return Ok(());
        }
        let Some(order) = at_broker.first() else { return self.is_nowhere(row) };
        if order.listed_at.is_none() {
            // The risk system's no is in no book: what it is called here is a matter of proof.
            return holds("I3", row.filled == 0, || format!("order {id} was never listed and has fills"));
        }
        self.agrees(row, order)?;
        let unwanted = row.is_unwanted || self.witness.unwanted.contains(&id);
        let stopped = !row.is_exit && self.tables.switches.stops(&row.run).is_some();
        holds("I18", !unwanted || row.state.is_final(), || {
            format!("order {id} should be withdrawn: {row:?}")
        })?;
        holds("I12", !stopped || row.state.is_final(), || format!("order {id} stands under the kill switch"))
    }

    /// What the broker has nothing of must be over here.
    fn is_nowhere(&self, row: &Row) -> Held {
        let id = row.id;
        holds("I4", row.state.is_final() && row.filled == 0, || {
            format!("order {id} is {} and nowhere", row.state)
        })
    }

    fn agrees(&self, row: &Row, order: &BrokerOrder) -> Held {
        let (id, is) = (row.id, &order.now);
        let same_state = match is.status {
            Status::Received | Status::Odd => !row.state.is_final(),
            Status::Open => matches!(row.state, OrderState::Open | OrderState::Partial),
            Status::TriggerPending => row.state == OrderState::TriggerPending,
            Status::Complete => row.state == OrderState::Complete,
            Status::Cancelled => row.state == OrderState::Cancelled,
            Status::Rejected => row.state == OrderState::Rejected,
        };
        holds("I4", same_state, || {
            format!("order {id} is {}, the broker has it {:?}", row.state, is.status)
        })?;
        holds("I4", row.number.as_ref() == Some(&is.number), || format!("order {id} is {:?}", row.number))?;
        holds("I7", row.filled == is.filled, || {
            format!("order {id} has {} of {} units", row.filled, is.filled)
        })?;
        holds("I6", row.average == is.average(), || {
            format!("order {id} cost {} on average, and {} at the exchange", row.average, is.average())
        })?;
        let same_terms = is.status.is_over() || (row.quantity, row.price) == (is.quantity, is.price);
        holds("I4", same_terms, || format!("order {id} is {row:?}, the broker has {is:?}"))
    }

    fn at_broker(&self, row: &Row) -> Vec<&BrokerOrder> {
        let of_tag = |order: &&BrokerOrder| order.now.tag.as_deref() == Some(row.tag.as_str());
        self.broker.orders.iter().filter(of_tag).collect()
    }

    /// Every order at the broker that is ours has one row, except those that a backup made us forget.
    fn broker_orders_have_rows(&self) -> Held {
        let ours = self.broker.orders.iter().filter(|order| !order.by_person && !order.is_twin);
        for order in ours.filter(|order| order.listed_at.is_some()) {
            let tag = order.now.tag.as_deref().unwrap_or_default();
            let rows = self.witness.rows.values().filter(|row| row.tag == tag).count();
            let forgotten = rows == 0 && self.tally.contains_key("backups brought back");
            holds("I4", rows == 1 || forgotten, || format!("{:?} has {rows} rows", order.now))?;
        }
        Ok(())
    }

    /// The day's trades are booked, each once, and those of our orders for the run that asked.
    fn trades_are_booked(&self) -> Held {
        let today = self.now.date();
        for trade in self.broker.trades.iter().filter(|trade| trade.at.date() == today) {
            let booked = self.booked_as(trade);
            let Some(booked) = booked else {
                return holds("I5", false, || format!("{trade:?} is not booked"));
            };
            let owner = self.witness.rows.values().find(|row| {
                row.is_live && row.number.as_ref() == Some(&trade.number) && row.created_at.date() == today
            });
            let owner = owner.map(|row| row.run.clone());
            holds("I5", owner == booked.run, || {
                format!("{trade:?} is booked for {:?}, not {owner:?}", booked.run)
            })?;
        }
        Ok(())
    }

    fn booked_as(&self, trade: &BrokerTrade) -> Option<&Booked> {
        let venue = trade.symbol.venue().to_string();
        let key = (trade.at.date().to_string(), venue, trade.id.clone(), trade.number.clone());
        self.witness.trades.get(&key)
    }

    /// What runs and the account made, to the paisa.
    fn results_agree(&self) -> Held {
        let today = self.now.date();
        let booked =
            self.witness.trades.iter().filter(|(_, trade)| trade.is_live && trade.at.date() == today);
        let mut ours: Vec<BrokerTrade> = booked.map(|(key, trade)| as_trade(&key.2, &key.3, trade)).collect();
        let mut theirs: Vec<BrokerTrade> =
            self.broker.trades.iter().filter(|trade| trade.at.date() == today).cloned().collect();
        for trades in [&mut ours, &mut theirs] {
            trades.sort_by(|a, b| (a.at, &a.id, &a.number).cmp(&(b.at, &b.id, &b.number)));
        }
        let (here, there) = (first_in_first_out(&ours), first_in_first_out(&theirs));
        holds("I6", here == there, || format!("the day came to {here:?} here, and to {there:?} there"))?;
        self.ledger_agrees(&ours, &here)
    }

    /// Where a position is closed, the weighted average of the ledger and first in, first out come to the same.
    fn ledger_agrees(
        &self,
        trades: &[BrokerTrade],
        outcomes: &BTreeMap<(market::Symbol, market::Product), Outcome>,
    ) -> Held {
        let mut book = ledger::Book::new(self.now.date());
        for trade in spoken::trades(trades).rows {
            book.add(&trade);
        }
        for position in book.positions() {
            let outcome =
                outcomes.get(&(position.symbol.clone(), position.product)).cloned().unwrap_or_default();
            holds("I5", position.quantity == outcome.held, || format!("{position:?} is not {outcome:?}"))?;
            let flat = outcome.held == 0;
            holds("I6", !flat || position.realised.units() == outcome.realised, || {
                format!("{position:?} made other than {outcome:?}")
            })?;
        }
        Ok(())
    }

    /// What a run was told of its orders is what they are.
    fn runs_know_their_orders(&self) -> Held {
        for guest in &self.guests {
            for (number, known) in &guest.known {
                let run = &guest.run.id;
                let row = self.witness.rows.values().find(|row| row.run == *run && row.run_order == *number);
                let Some(row) = row else { continue };
                let same = (known.state, known.filled) == (row.state, row.filled);
                // Nothing is told of an order that waits, or is on its way.
                holds("I14", same, || format!("{run} knows of order {number} {known:?}, it is {row:?}"))?;
                // Every fill's price is a difference of rounded sums: a unit for each unit filled and each telling.
                let (told, true_cost) = (known.notional, row.average * i64::from(row.filled));
                let off = (told - true_cost).abs();
                let rounding = (known.fills + 1) * i64::from(row.filled) * 2;
                holds("I6", !known.from_start || off <= rounding, || {
                    format!("{run} was told that order {number} cost {told}, it cost {true_cost}")
                })?;
            }
        }
        Ok(())
    }
}

fn as_trade(id: &str, number: &str, booked: &Booked) -> BrokerTrade {
    BrokerTrade {
        id: id.to_owned(),
        number: number.to_owned(),
        symbol: booked.symbol.clone(),
        side: booked.side,
        product: booked.product,
        quantity: booked.quantity,
        price: booked.price,
        at: booked.at,
    }
}
