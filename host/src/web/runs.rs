//! Runs: one, all, and one as it moves; and everything of a tenant as it moves.

use crate::web::body::{Asked, At};
use crate::web::error::{Problem, ProblemBody};
use crate::web::shown::{Left, shown_run, shown_runs};
use crate::web::signed_in::{Entered, SignedIn};
use crate::web::state::WebState;
use crate::web::stream::{Scope, live};
use crate::web::view::runs::RunView;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

/// The most runs in one answer.
const RUNS_MAX: usize = 1_000;

/// How many runs when nobody says.
const RUNS_DEFAULT: usize = 100;

/// How many there are in all, beside a list that may be cut.
const TOTAL: HeaderName = HeaderName::from_static("x-total-count");

/// Which runs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// How many, 1 to 1000; 100 when absent.
    limit: Option<usize>,
    /// How many of the newest to leave out first.
    skip: Option<usize>,
}

/// What the stream of everything tells.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listen {
    /// `true` to hear the log as well.
    #[serde(default)]
    log: bool,
}

/// The tenant's runs. The header `X-Total-Count` says how many there are in all.
#[utoipa::path(
    get, path = "/api/runs", tag = "runs", params(Page),
    responses(
        (status = 200, description = "Newest first", body = Vec<RunView>),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    SignedIn(tenant): SignedIn,
    State(state): State<WebState>,
    Asked(page): Asked<Page>,
) -> Result<Response, Problem> {
    let limit = page.limit.unwrap_or(RUNS_DEFAULT);
    if !(1..=RUNS_MAX).contains(&limit) {
        return Err(Problem::bad_request(format!("`limit` is 1 to {RUNS_MAX}")));
    }
    let runs = tenant.runs().await.map_err(Problem::internal)?;
    let total = runs.len().to_string();
    let wanted = runs.into_iter().skip(page.skip.unwrap_or(0)).take(limit).collect();
    Ok(([(TOTAL, total)], Json(shown_runs(&state, &tenant, wanted).await?)).into_response())
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
    At(id): At<String>,
) -> Result<Json<RunView>, Problem> {
    let found = tenant.run(&id).await.map_err(Problem::internal)?;
    let run = found.ok_or_else(Problem::not_found)?;
    Ok(Json(shown_run(&state, &tenant, run, Left::Count).await?))
}

/// One run as it moves, as server-sent events: `hello`, then `state` (the run), `log`, `order`, `trade`, `figures` (its
/// profit and loss, whenever it changes), `pnl` (an amount the strategy noted), `missed` (read the lists again) and `end`.
/// Their shapes are in the schema `StreamEvents`, but for `figures`, which is a `FiguresOfRun` here.
#[utoipa::path(
    get, path = "/api/runs/{id}/stream", tag = "runs", params(("id" = String, Path)),
    responses(
        (status = 200, description = "Server-sent events until the session ends", body = String, content_type = "text/event-stream"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such run", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many streams are open", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn stream(
    entered: Entered,
    State(state): State<WebState>,
    headers: HeaderMap,
    At(id): At<String>,
) -> Result<Response, Problem> {
    let found = entered.tenant.run(&id).await.map_err(Problem::internal)?;
    let run = found.ok_or_else(Problem::not_found)?;
    live(state, entered, &headers, Scope::Run(run.id))
}

/// Everything of the tenant as it moves, as server-sent events: `hello`, then `broker`, `killSwitch`, `positions` and
/// `figures` as they stand and whenever they change, `state` (a run), `order`, `trade`, `pnl` (an amount a strategy noted),
/// `stats` (the day in numbers), with `log=true` also `log`, `missed` (read the lists again) and `end`. Their shapes are in
/// the schema `StreamEvents`. Orders and trades of before are in the lists: read them after `hello`.
#[utoipa::path(
    get, path = "/api/stream", tag = "runs", params(Listen),
    responses(
        (status = 200, description = "Server-sent events until the session ends", body = String, content_type = "text/event-stream"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many streams are open", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn everything(
    entered: Entered,
    State(state): State<WebState>,
    headers: HeaderMap,
    Asked(Listen { log }): Asked<Listen>,
) -> Result<Response, Problem> {
    live(state, entered, &headers, Scope::All { log })
}
