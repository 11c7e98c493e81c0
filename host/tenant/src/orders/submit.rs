//! From a run's step to the core: its rows, its intents with their tags, and the prices that do not tick.

use super::cause::Cause;
use super::desk::{Along, Desk, ORDER_PATH};
use crate::chance;
use crate::error::StoreError;
use crate::gate::Refusal;
use crate::news::News;
use crate::pnl::PnlRecord;
use crate::run::{RunRecord, RunStep};
use crate::store::StepRows;
use ::orders::{AskedFor, Event, Exit, Facts, Intents, RunRef};
use market::{Intent, Money, OrderKind, OrderRequest, Price, RunOrderId, Symbol};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// How long the broker may take to say what an instrument costs. A market order without a price is refused.
const PRICE_WITHIN: Duration = Duration::from_secs(2);

impl Desk {
    /// Writes a step that asks for something, with what waited of the run's steps before it, in one commit; then acts.
    pub(crate) async fn submit(self: &Arc<Self>, run: &RunRecord, step: RunStep) -> Result<(), StoreError> {
        tracing::trace!(target: ORDER_PATH, "asked");
        let RunStep { cause, intents, state, amounts } = step;
        let prices = self.ask_prices(&intents).await;
        let rows = rows(run, cause, state, amounts);
        let recorded = rows.amounts.clone();
        let asked = intents.into_iter().map(|intent| AskedFor::of(intent, || self.tag())).collect();
        let event = Event::Intents(Intents { run: run_ref(run), asked, prices });
        let along = || Along { step: Some((run.clone(), rows.clone())), ..Along::default() };
        match self.feed(event.clone(), along()).await {
            // Nothing of it was kept or sent. The store gave its ballast up for what must be written all the same, and the
            // gate knows of it now: the run is refused what it asked for, and lives on.
            Err(StoreError::Full(_)) => self.feed(event, along()).await?,
            fed => fed?,
        };
        self.publish(recorded);
        Ok(())
    }

    /// Gathers what a step left that asks for nothing: no order waits for it, and no lock is held.
    pub(crate) async fn gather(&self, run: &RunRecord, step: RunStep) -> Result<(), StoreError> {
        let RunStep { cause, intents: _, state, amounts } = step;
        let rows = rows(run, cause, state, amounts);
        let recorded = rows.amounts.clone();
        self.book.gather(run, rows).await?;
        self.publish(recorded);
        Ok(())
    }

    /// Writes what is gathered of a run now.
    pub(crate) async fn write_gathered(&self, run: &RunRecord) -> Result<(), StoreError> {
        self.book.write_gathered(run).await
    }

    /// A new order that closes a position: asked for by a person or the host, never by a run. What the gate refuses
    /// leaves no row: it is asked for again.
    pub(super) async fn exit(
        self: &Arc<Self>,
        run: &RunRecord,
        request: OrderRequest,
    ) -> Result<Result<RunOrderId, Refusal>, StoreError> {
        let orders = self.book.run_orders(&run.id).await?;
        let run_order_id = orders.iter().map(|order| order.run_order_id).max().unwrap_or(0) + 1;
        let exit = Exit { run: run_ref(run), run_order_id, request, tag: self.tag() };
        let outcome = self.feed(Event::Exit(exit), Along::default()).await?;
        Ok(outcome.exit.unwrap_or(Ok(run_order_id)))
    }

    fn publish(&self, recorded: Vec<PnlRecord>) {
        for record in recorded {
            let _ = self.news.send(News::Pnl(record));
        }
    }

    fn tag(&self) -> String {
        self.host.tag_prefix.tag(chance::bytes())
    }

    /// The prices of what does not tick: without one the gate cannot tell what a market order is worth. Nothing else
    /// waits for the broker, and this not for long.
    async fn ask_prices(&self, intents: &[Intent]) -> BTreeMap<Symbol, Price> {
        let at_market = intents.iter().filter_map(|intent| match intent {
            Intent::Place { request, .. } if request.kind == OrderKind::Market => Some(&request.symbol),
            Intent::Place { .. } | Intent::Modify { .. } | Intent::Cancel { .. } => None,
        });
        let world = self.world(self.host.now());
        let unknown: BTreeSet<&Symbol> = at_market.filter(|symbol| world.price(symbol).is_none()).collect();
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
}

pub(super) fn run_ref(run: &RunRecord) -> RunRef {
    RunRef { id: run.id.clone(), strategy_id: run.strategy_id.clone(), mode: run.mode }
}

fn rows(
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
