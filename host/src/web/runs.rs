//! Runs: one, all, and one as it moves.

use crate::web::error::{Problem, ProblemBody};
use crate::web::shown::{all_runs, shown_run};
use crate::web::signed_in::{Entered, SignedIn};
use crate::web::state::WebState;
use crate::web::stream::{Scope, live};
use crate::web::view::runs::RunView;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;

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
