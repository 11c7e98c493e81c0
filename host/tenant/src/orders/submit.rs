//! From intents to rows: the gate decides, then one transaction writes everything down. Only after it is durable does
//! anything go to the senders.

use super::desk::{Desk, State};
use super::job::Job;
use super::record::{Cause, OrderRecord, RefusalCode};
use crate::broker::BrokerState;
use crate::chance;
use crate::error::StoreError;
use crate::gate::{Asked, Refusal, Snapshot, Verdict};
use crate::mode::Mode;
use crate::run::RunRecord;
use crate::store::StoredOrder;
use market::{Change, Intent, Money, OrderRequest, OrderState, Price, RunOrderId, Symbol, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Desk {
    pub(crate) async fn submit(
        self: &Arc<Self>,
        run: &RunRecord,
        cause: &Cause,
        intents: Vec<Intent>,
    ) -> Result<(), StoreError> {
        let asked_for = self.ask_prices(&intents).await;
        let mut state = self.state.lock().await;
        let now = self.host.now();
        let mut orders = Vec::new();
        let mut later = Vec::new();
        for intent in intents {
            match intent {
                Intent::Place { id, request } => {
                    let last = self.mark(&request.symbol).or(asked_for.get(&request.symbol).copied());
                    let refusal = self.ask(&mut state, run.mode, Asked::Place(&request), last);
                    orders.push(self.row(run, id, request, refusal, orders.is_empty(), now));
                }
                Intent::Modify { id, change } => later.push((id, Some(change))),
                Intent::Cancel { id } => later.push((id, None)),
            }
        }
        self.book.submit(&run.id, cause, &mut orders).await?;
        self.enter(&mut state, orders);
        for (id, change) in later {
            self.change(&mut state, run, id, change);
        }
        Ok(())
    }

    /// A new order that closes a position: asked for by a person or the host, never by a run.
    pub(super) async fn exit(
        self: &Arc<Self>,
        run: &RunRecord,
        id: RunOrderId,
        request: OrderRequest,
    ) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        let refusal = self.ask(&mut state, run.mode, Asked::Exit(&request), self.mark(&request.symbol));
        let mut orders = vec![self.row(run, id, request, refusal, true, self.host.now())];
        self.book.submit(&run.id, &Cause::default(), &mut orders).await?;
        self.enter(&mut state, orders);
        Ok(())
    }

    /// What is durable now becomes visible, and what may leave goes to the sender.
    fn enter(self: &Arc<Self>, state: &mut State, orders: Vec<StoredOrder>) {
        for order in orders {
            let record = order.record.clone();
            self.log_order(&record, 0, Price::ZERO);
            if record.state != OrderState::Refused {
                state.standing.insert(record.id, order);
                self.run_end(state, &record.run_id).jobs.push(Job::Place(record.id));
            }
            self.tell(state, record, 0, Price::ZERO);
        }
    }

    /// Changes and withdrawals go to the run's own sender, behind the order they are about.
    fn change(self: &Arc<Self>, state: &mut State, run: &RunRecord, id: RunOrderId, change: Option<Change>) {
        let found =
            state.standing.values().find(|o| o.record.run_id == run.id && o.record.run_order_id == id);
        let Some(order) = found.map(|order| order.record.clone()) else {
            let text = format!("order {id} does not stand: nothing to change");
            return self.log.write(crate::log::Level::Warn, Some(&run.id), &text);
        };
        let job = match change {
            None => {
                self.ask(state, run.mode, Asked::Cancel, None);
                Job::Cancel(order.id)
            }
            Some(change) => {
                let standing = request(&order, -1);
                let asked = Asked::Modify { standing: &standing, change: &change };
                if let Some(refusal) = self.ask(state, run.mode, asked, self.mark(&order.symbol)) {
                    return self.refuse_change(state, order, refusal);
                }
                Job::Modify(order.id, change)
            }
        };
        self.run_end(state, &run.id).jobs.push(job);
    }

    /// The order itself stands as before; only this update carries the refusal.
    fn refuse_change(&self, state: &State, order: OrderRecord, refusal: Refusal) {
        let text = format!("order {}: change refused: {}", order.run_order_id, refusal.text);
        self.log.write(crate::log::Level::Warn, Some(&order.run_id), &text);
        let told = OrderRecord { refusal: refusal.code, message: refusal.text, ..order };
        self.tell(state, told, 0, Price::ZERO);
    }

    /// Withdraws these orders whatever the gate says.
    pub(super) fn withdraw(self: &Arc<Self>, state: &mut State, ids: &[i64]) {
        for id in ids {
            let Some(run_id) = state.standing.get(id).map(|order| order.record.run_id.clone()) else {
                continue;
            };
            self.run_end(state, &run_id).jobs.push(Job::Cancel(*id));
        }
    }

    /// The gate's answer, counted when it is yes.
    fn ask(
        &self,
        state: &mut State,
        mode: Mode,
        asked: Asked<'_>,
        last_price: Option<Price>,
    ) -> Option<Refusal> {
        let live = mode == Mode::Live;
        if live && !matches!(asked, Asked::Cancel) && !self.is_reconciled() && self.line.is_live() {
            let text = "the orders of before are still being compared with the broker: try again in a moment";
            return Some(Refusal::new(RefusalCode::NoSession, text));
        }
        let now = self.host.now();
        let killed = self.killed.load(Ordering::SeqCst);
        let reason = state.kill.reason.clone().unwrap_or_else(|| "no reason given".to_owned());
        let snapshot = Snapshot {
            now,
            open_orders: u32::try_from(state.standing.len()).unwrap_or(u32::MAX),
            // Paper loses no money.
            day_pnl: if live { state.day_pnl } else { Some(Money::ZERO) },
            last_price,
            multiplier: 1,
            market_open: self.host.config.calendar.is_open(now),
            killed: killed.then_some(reason),
            broker: if live { self.line.standing() } else { BrokerState::Live },
        };
        match state.gate.admit(&snapshot, asked) {
            Verdict::Pass => None,
            Verdict::Refuse(refusal) => Some(refusal),
        }
    }

    /// The prices of what does not tick: without one the gate cannot tell what a market order is worth.
    async fn ask_prices(&self, intents: &[Intent]) -> BTreeMap<Symbol, Price> {
        let asked = intents.iter().filter_map(|intent| match intent {
            Intent::Place { request, .. } => Some(&request.symbol),
            Intent::Modify { .. } | Intent::Cancel { .. } => None,
        });
        let unknown: BTreeSet<&Symbol> = asked.filter(|symbol| self.mark(symbol).is_none()).collect();
        let unknown: Vec<Symbol> = unknown.into_iter().cloned().collect();
        let Some(session) = self.line.session().filter(|_| !unknown.is_empty()) else {
            return BTreeMap::new();
        };
        let answer = self.line.heard(&session, session.kite.ltp(&unknown).await);
        answer.unwrap_or_else(|error| {
            tracing::warn!(broker_id = %self.id, "no prices for the gate: {error:#}");
            BTreeMap::new()
        })
    }

    /// The newest price known of a symbol.
    pub(super) fn mark(&self, symbol: &Symbol) -> Option<Price> {
        let token = self.host.instruments_today()?.by_symbol(symbol)?.token;
        self.marks.last_price(token)
    }

    fn row(
        &self,
        run: &RunRecord,
        id: RunOrderId,
        request: OrderRequest,
        refusal: Option<Refusal>,
        first: bool,
        now: Timestamp,
    ) -> StoredOrder {
        let state = match (&refusal, first) {
            (Some(_), _) => OrderState::Refused,
            (None, true) => OrderState::Sending,
            (None, false) => OrderState::Intent,
        };
        let (refusal, message) = refusal.map_or((RefusalCode::None, String::new()), |r| (r.code, r.text));
        let record = OrderRecord {
            id: 0,
            run_id: run.id.clone(),
            strategy_id: run.strategy_id.clone(),
            run_order_id: id,
            tag: chance::tag(),
            broker_order_id: None,
            date: now.date(),
            mode: run.mode,
            symbol: request.symbol,
            side: request.side,
            kind: request.kind,
            product: request.product,
            validity: request.validity,
            variety: request.variety,
            quantity: request.quantity,
            filled: 0,
            price: request.price,
            trigger: request.trigger,
            average_price: Price::ZERO,
            state,
            refusal,
            message,
            created_at: now,
            updated_at: now,
        };
        let sent_at = (state == OrderState::Sending).then_some(now);
        StoredOrder { record, market_protection: request.market_protection, sent_at, absent_readings: 0 }
    }
}

/// The order as it would be asked for again.
pub(super) fn request(order: &OrderRecord, market_protection: i32) -> OrderRequest {
    OrderRequest {
        symbol: order.symbol.clone(),
        side: order.side,
        quantity: order.quantity,
        kind: order.kind,
        price: order.price,
        trigger: order.trigger,
        product: order.product,
        validity: order.validity,
        variety: order.variety,
        market_protection,
    }
}
