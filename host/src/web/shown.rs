//! Runs as they are shown: their rows with the books' figures and the shard's counters.
//!
//! Shared by lists, the live trader and streams. Knows no request.

use crate::web::error::Problem;
use crate::web::fill;
use crate::web::state::WebState;
use crate::web::view::runs::{RunFigures, RunView};
use tenant::{RunRecord, Tenant};

/// Every run with its figures.
pub(crate) async fn all_runs(state: &WebState, tenant: &Tenant) -> Result<Vec<RunView>, Problem> {
    let mut shown = Vec::new();
    for run in tenant.runs().await.map_err(Problem::internal)? {
        shown.push(shown_run(state, tenant, run).await?);
    }
    Ok(shown)
}

/// A run with its figures: the books' from the rows, ticks from the shard.
pub(crate) async fn shown_run(state: &WebState, tenant: &Tenant, run: RunRecord) -> Result<RunView, Problem> {
    let booked = tenant.run_figures(&run.id).await.map_err(Problem::internal)?;
    let counters = state.supervisor.counters(tenant, &run.id);
    let figures = RunFigures {
        realised: booked.realised,
        unrealised: booked.unrealised,
        charges: booked.charges,
        net: booked.net,
        orders: booked.orders.into(),
        trades: booked.trades.into(),
        ticks: counters.as_ref().map_or(0, |counters| counters.ticks()),
        dropped_ticks: counters.as_ref().map_or(0, |counters| counters.dropped_ticks()),
    };
    Ok(fill::run(run, figures))
}
