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
use crate::news::News;
use crate::pnl::PnlRecord;
use crate::run::{RunRecord, RunStep};
use crate::store::{StepRows, StoredOrder};
use market::{
    Change, Instrument, Intent, Money, OrderKind, OrderRequest, OrderState, Price, RequestError, RunOrderId,
    Symbol, Timestamp, Venue,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long the broker may take to say what an instrument costs. A market order without a price is refused.
const PRICE_WITHIN: Duration = Duration::from_secs(2);

/// What a step asked for, in its order, when the new orders have rows.
enum Act {
    Enter,
    Change(RunOrderId, Option<Change>),
}

impl Desk {
    /// Writes a step that asks for something, with what waited of the run's steps before it, in one commit; then acts.
    pub(crate) async fn submit(self: &Arc<Self>, run: &RunRecord, step: RunStep) -> Result<(), StoreError> {
        let RunStep { cause, intents, state: kept, amounts } = step;
        let asked_for = self.ask_prices(&intents).await;
        let rows = self.rows(run, cause, kept, amounts);
        let recorded = rows.amounts.clone();
        let mut state = self.state.lock().await;
        let now = self.host.now();
        let (mut orders, mut acts, mut admitted) = (Vec::new(), Vec::new(), 0);
        for intent in intents {
            match intent {
                Intent::Place { id, request } => {
                    let last = self.mark(&request.symbol).or(asked_for.get(&request.symbol).copied());
                    let refusal = self
                        .off_the_list(&request, |instrument| request.check(instrument))
                        .or_else(|| self.ask(&mut state, run.mode, Asked::Place(&request), last, admitted));
                    admitted += u32::from(refusal.is_none());
                    // What comes behind something else must wait its turn.
                    orders.push(self.row(run, id, request, refusal, acts.is_empty(), now));
                    acts.push(Act::Enter);
                }
                Intent::Modify { id, change } => acts.push(Act::Change(id, Some(change))),
                Intent::Cancel { id } => acts.push(Act::Change(id, None)),
            }
        }
        let mut orders = self.book.submit(run, rows, orders).await?.into_iter();
        for act in acts {
            match act {
                Act::Enter => orders.next().into_iter().for_each(|order| self.enter(&mut state, order)),
                Act::Change(id, change) => self.change(&mut state, run, id, change),
            }
        }
        drop(state);
        self.publish(recorded);
        Ok(())
    }

    /// Gathers what a step left that asks for nothing: no order waits for it, and no lock is held.
    pub(crate) async fn gather(&self, run: &RunRecord, step: RunStep) -> Result<(), StoreError> {
        let RunStep { cause, intents: _, state, amounts } = step;
        let rows = self.rows(run, cause, state, amounts);
        let recorded = rows.amounts.clone();
        self.book.gather(run, rows).await?;
        self.publish(recorded);
        Ok(())
    }

    /// Writes what is gathered of a run now.
    pub(crate) async fn write_gathered(&self, run: &RunRecord) -> Result<(), StoreError> {
        self.book.write_gathered(run).await
    }

    fn rows(
        &self,
        run: &RunRecord,
        cause: Cause,
        state: Vec<(String, Option<Vec<u8>>)>,
        amounts: Vec<(String, Money)>,
    ) -> StepRows {
        let Cause { first_seq, event_seq, time, begins, journal } = cause;
        let recorded = |(label, amount)| PnlRecord {
            run_id: run.id.clone(),
            strategy_id: run.strategy_id.clone(),
            label,
            amount,
            time,
        };
        let amounts = amounts.into_iter().map(recorded).collect();
        let state = state.into_iter().collect();
        StepRows { first_seq, event_seq, time, begins, journal, state, amounts }
    }

    fn publish(&self, recorded: Vec<PnlRecord>) {
        for record in recorded {
            let _ = self.news.send(News::Pnl(record));
        }
    }

    /// A new order that closes a position: asked for by a person or the host, never by a run. What the gate refuses
    /// leaves no row: it is asked for again.
    pub(super) async fn exit(
        self: &Arc<Self>,
        run: &RunRecord,
        request: OrderRequest,
    ) -> Result<Result<RunOrderId, Refusal>, StoreError> {
        let mut state = self.state.lock().await;
        let last = self.mark(&request.symbol);
        if let Some(refusal) = self.ask(&mut state, run.mode, Asked::Exit(&request), last, 0) {
            return Ok(Err(refusal));
        }
        let orders = self.book.run_orders(&run.id).await?;
        let id = orders.iter().map(|order| order.run_order_id).max().unwrap_or(0) + 1;
        let row = self.row(run, id, request, None, true, self.host.now());
        let orders = vec![StoredOrder { is_exit: true, ..row }];
        let orders = self.book.submit(run, StepRows::default(), orders).await?;
        orders.into_iter().for_each(|order| self.enter(&mut state, order));
        Ok(Ok(id))
    }

    /// What is durable now becomes visible, and what may leave goes to the sender.
    fn enter(self: &Arc<Self>, state: &mut State, order: StoredOrder) {
        let record = order.record.clone();
        self.log_order(&record, 0, Price::ZERO);
        if record.state != OrderState::Refused {
            state.standing.insert(record.id, order);
            self.queue(state, &record.run_id, Job::Place(self.flights.begin(record.id)));
        }
        self.tell(state, record, 0, Price::ZERO);
    }

    /// Changes go to the run's own sender, behind the order they are about; withdrawals to the account's.
    fn change(self: &Arc<Self>, state: &mut State, run: &RunRecord, id: RunOrderId, change: Option<Change>) {
        let found =
            state.standing.values().find(|o| o.record.run_id == run.id && o.record.run_order_id == id);
        let Some(order) = found.map(|order| order.record.clone()) else {
            let text = format!("order {id} does not stand: nothing to change");
            return self.log.write(crate::log::Level::Warn, Some(&run.id), &text);
        };
        let job = match change {
            None if state.wishes.wants(order.id) => return,
            None => {
                self.withdraw(state, &[order.id]);
                // Margin and units that the order binds are free once it is withdrawn: what was asked for next needs them.
                Job::AfterWithdrawal(order.id)
            }
            Some(change) => {
                let standing = request(&order, -1);
                let asked = Asked::Modify { standing: &standing, change: &change };
                let refusal = self
                    .off_the_list(&standing, |instrument| change.check(&standing, instrument))
                    .or_else(|| self.ask(state, run.mode, asked, self.mark(&order.symbol), 0));
                if let Some(refusal) = refusal {
                    return self.refuse_change(state, order, refusal);
                }
                Job::Modify { id: order.id, change, asked_at: self.host.now() }
            }
        };
        self.queue(state, &run.id, job);
    }

    /// The order itself stands as before; only this update carries the refusal.
    fn refuse_change(&self, state: &State, order: OrderRecord, refusal: Refusal) {
        let text = format!("order {}: change refused: {}", order.run_order_id, refusal.text);
        self.log.write(crate::log::Level::Warn, Some(&order.run_id), &text);
        let told = OrderRecord { refusal: refusal.code, message: refusal.text, ..order };
        self.tell(state, told, 0, Price::ZERO);
    }

    /// What the day's instrument list says against an order: lots, ticks and tokens may have changed since the run began.
    fn off_the_list(
        &self,
        order: &OrderRequest,
        check: impl FnOnce(&Instrument) -> Result<(), RequestError>,
    ) -> Option<Refusal> {
        let Some(list) = self.host.instruments_today() else {
            let text = "the day's instrument list has not been read yet: try again in a moment";
            return Some(Refusal::new(RefusalCode::NoSession, text));
        };
        let Some(instrument) = list.by_symbol(&order.symbol) else {
            let text = format!("{} is not on the day's instrument list", order.symbol);
            return Some(Refusal::new(RefusalCode::InstrumentNotAllowed, text));
        };
        check(instrument).err().map(|wrong| Refusal::new(RefusalCode::Other, wrong.to_string()))
    }

    /// The gate's answer, counted when it is yes. `admitted` orders of the same step do not stand yet.
    fn ask(
        &self,
        state: &mut State,
        mode: Mode,
        asked: Asked<'_>,
        last_price: Option<Price>,
        admitted: u32,
    ) -> Option<Refusal> {
        let live = mode == Mode::Live;
        if live && !matches!(asked, Asked::Cancel) && !self.is_reconciled() && self.line.is_live() {
            let text = "the orders of before are still being compared with the broker: try again in a moment";
            return Some(Refusal::new(RefusalCode::NoSession, text));
        }
        if !matches!(asked, Asked::Cancel)
            && let Some(text) = self.host.store.health().trouble()
        {
            return Some(Refusal::new(RefusalCode::Other, text));
        }
        let now = self.host.now();
        let killed = self.killed.load(Ordering::SeqCst);
        let reason = state.kill.reason.clone().unwrap_or_else(|| "no reason given".to_owned());
        let snapshot = Snapshot {
            now,
            open_orders: state.open_orders(mode).saturating_add(admitted),
            // Paper loses no money.
            day_pnl: if live { state.day_pnl } else { Some(Money::ZERO) },
            last_price,
            multiplier: 1,
            market_open: asked_at(asked).is_none_or(|venue| self.host.config.calendar.is_open_at(venue, now)),
            killed: killed.then_some(reason),
            broker: if live { self.line.standing() } else { BrokerState::Live },
        };
        match state.gates.of(mode).admit(&snapshot, asked) {
            Verdict::Pass => None,
            Verdict::Refuse(refusal) => Some(refusal),
        }
    }

    /// The prices of what does not tick: without one the gate cannot tell what a market order is worth. Nothing else
    /// waits for the broker, and this not for long.
    async fn ask_prices(&self, intents: &[Intent]) -> BTreeMap<Symbol, Price> {
        let at_market = intents.iter().filter_map(|intent| match intent {
            Intent::Place { request, .. } if request.kind == OrderKind::Market => Some(&request.symbol),
            Intent::Place { .. } | Intent::Modify { .. } | Intent::Cancel { .. } => None,
        });
        let unknown: BTreeSet<&Symbol> = at_market.filter(|symbol| self.mark(symbol).is_none()).collect();
        let unknown: Vec<Symbol> = unknown.into_iter().cloned().collect();
        if unknown.is_empty() || !self.line.is_live() {
            return BTreeMap::new();
        }
        let Some(session) = self.line.session() else { return BTreeMap::new() };
        let answer = async { self.line.heard(&session, session.kite.ltp(&unknown).await) };
        match tokio::time::timeout(PRICE_WITHIN, answer).await {
            Ok(Ok(prices)) => prices,
            Ok(Err(error)) => {
                tracing::warn!(broker_id = %self.id, "no prices for the gate: {error:#}");
                BTreeMap::new()
            }
            Err(_) => {
                tracing::warn!(broker_id = %self.id, "no prices for the gate within {PRICE_WITHIN:?}");
                BTreeMap::new()
            }
        }
    }

    /// The newest price known of a symbol, unless it is too old to trade by.
    pub(super) fn mark(&self, symbol: &Symbol) -> Option<Price> {
        let token = self.host.instruments_today()?.by_symbol(symbol)?.token;
        self.marks.fresh_price(token, self.host.now(), self.host.config.limits.price_max_age_s)
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
            market_protection: request.market_protection,
            average_price: Price::ZERO,
            state,
            refusal,
            message,
            created_at: now,
            updated_at: now,
        };
        let sent_at = (state == OrderState::Sending).then_some(now);
        StoredOrder::new(record, request.market_protection, sent_at)
    }
}

/// Whose hours count. A withdrawal may leave at any hour.
fn asked_at(asked: Asked<'_>) -> Option<Venue> {
    match asked {
        Asked::Place(order) | Asked::Exit(order) | Asked::Modify { standing: order, .. } => {
            Some(order.symbol.venue())
        }
        Asked::Cancel => None,
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
