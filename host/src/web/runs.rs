//! Runs: one, all, and one as it moves.

use crate::web::error::{Problem, ProblemBody};
use crate::web::fill;
use crate::web::signed_in::{Entered, SignedIn};
use crate::web::state::WebState;
use crate::web::stream::{Scope, live};
use crate::web::view::runs::{RunFigures, RunView};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use tenant::{RunRecord, Tenant};

/// Every run of the tenant.
#[utoipa::path(
    get, path = "/api/runs", tag = "runs",
    responses(
        (status = 200, description = "Newest first", body = Vec<RunView>),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    SignedIn(tenant): SignedIn,
    State(state): State<WebState>,
) -> Result<Json<Vec<RunView>>, Problem> {
    Ok(Json(all_runs(&state, &tenant).await?))
}

/// One run.
#[utoipa::path(
    get, path = "/api/runs/{id}", tag = "runs", params(("id" = String, Path)),
    responses(
        (status = 200, description = "As it stands", body = RunView),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such run", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn one(
    SignedIn(tenant): SignedIn,
    State(state): State<WebState>,
    Path(id): Path<String>,
) -> Result<Json<RunView>, Problem> {
    let found = tenant.run(&id).await.map_err(Problem::internal)?;
    let run = found.ok_or_else(Problem::not_found)?;
    Ok(Json(shown_run(&state, &tenant, run).await?))
}

/// One run as it moves: events `state`, `log`, `order`, `trade` and `pnl`, each with the JSON of its list.
#[utoipa::path(
    get, path = "/api/runs/{id}/stream", tag = "runs", params(("id" = String, Path)),
    responses(
        (status = 200, description = "Server-sent events until the session ends", body = String, content_type = "text/event-stream"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such run", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn stream(
    entered: Entered,
    State(state): State<WebState>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let found = entered.tenant.run(&id).await.map_err(Problem::internal)?;
    let run = found.ok_or_else(Problem::not_found)?;
    Ok(live(state, entered, Scope::Run(run.id)))
}

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
