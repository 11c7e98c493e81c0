//! Runs as they are shown: their rows with the books' figures, the shard's counters and what an ended run left behind.
//!
//! Shared by lists, the live trader and streams. Knows no request.

use crate::web::error::Problem;
use crate::web::fill;
use crate::web::state::WebState;
use crate::web::view::runs::{RunFigures, RunView};
use std::collections::BTreeMap;
use tenant::{OrderRecord, RunRecord, Tenant};

/// Whether what a run left behind is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Left<'a> {
    /// From today's orders, read here.
    Count,
    /// From orders that were read for many runs at once.
    Of(&'a OpenOrders),
}

/// Orders of today that may still trade, by run.
#[derive(Debug, Default)]
pub(crate) struct OpenOrders(BTreeMap<String, u32>);

impl OpenOrders {
    /// Read once for a whole list.
    pub(crate) async fn read(state: &WebState, tenant: &Tenant) -> Result<Self, Problem> {
        let today = state.tenants.clock().now().date();
        let orders = tenant.orders(Some(today)).await.map_err(Problem::internal)?;
        Ok(Self::count(&orders))
    }

    fn count(orders: &[OrderRecord]) -> Self {
        let mut open = BTreeMap::new();
        for order in orders.iter().filter(|order| !order.state.is_final()) {
            *open.entry(order.run_id.clone()).or_default() += 1;
        }
        Self(open)
    }

    fn of(&self, run_id: &str) -> u32 {
        self.0.get(run_id).copied().unwrap_or(0)
    }
}

/// Runs with their figures.
pub(crate) async fn shown_runs(
    state: &WebState,
    tenant: &Tenant,
    runs: Vec<RunRecord>,
) -> Result<Vec<RunView>, Problem> {
    let open = OpenOrders::read(state, tenant).await?;
    let mut shown = Vec::with_capacity(runs.len());
    for run in runs {
        shown.push(shown_run(state, tenant, run, Left::Of(&open)).await?);
    }
    Ok(shown)
}

/// A run with its figures.
pub(crate) async fn shown_run(
    state: &WebState,
    tenant: &Tenant,
    run: RunRecord,
    left: Left<'_>,
) -> Result<RunView, Problem> {
    let figures = run_figures(state, tenant, &run.id).await?;
    let open_orders = match left {
        Left::Count => OpenOrders::read(state, tenant).await?.of(&run.id),
        Left::Of(open) => open.of(&run.id),
    };
    let held = tenant.run_positions(&run.id).await.map_err(Problem::internal)?;
    let open_positions = held.iter().filter(|position| position.quantity != 0).count();
    let open_positions = u32::try_from(open_positions).unwrap_or(u32::MAX);
    Ok(fill::run(run, figures, open_orders, open_positions))
}

/// A run's figures: the books' from the rows, ticks from the shard.
pub(crate) async fn run_figures(
    state: &WebState,
    tenant: &Tenant,
    run_id: &str,
) -> Result<RunFigures, Problem> {
    let booked = tenant.run_figures(run_id).await.map_err(Problem::internal)?;
    let counters = state.supervisor.counters(tenant, run_id);
    Ok(RunFigures {
        realised: booked.realised,
        unrealised: booked.unrealised,
        charges: booked.charges,
        net: booked.net,
        orders: booked.orders.into(),
        trades: booked.trades.into(),
        ticks: counters.as_ref().map_or(0, |counters| counters.ticks()),
        dropped_ticks: counters.as_ref().map_or(0, |counters| counters.dropped_ticks()),
    })
}
