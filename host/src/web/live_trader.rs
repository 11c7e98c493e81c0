//! Starting and stopping runs, and how all of them stand.

use crate::programs::ProgramError;
use crate::runs::StartError;
use crate::web::body::Body;
use crate::web::error::{Problem, ProblemBody};
use crate::web::fill;
use crate::web::shown::{all_runs, shown_run};
use crate::web::signed_in::SignedIn;
use crate::web::state::WebState;
use crate::web::view::runs::{RunView, StartRun, Started, StatusView, StopRun};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::json;
use tenant::StrategyError;

/// How long an upload that found no turn should wait, in seconds.
const COMPILE_RETRY_S: u64 = 5;

impl From<StrategyError> for Problem {
    fn from(error: StrategyError) -> Self {
        match &error {
            StrategyError::BadName => Self::bad_request(error.to_string()),
            StrategyError::NameTaken(_) => Self::conflict("name-taken", error.to_string()),
            StrategyError::TooMany { .. } => Self::conflict("too-many", error.to_string()),
            StrategyError::UnknownVersion(_) => Self::not_found(),
            StrategyError::Running(run) => {
                Self::conflict("running", error.to_string()).with("runId", run.as_str())
            }
            StrategyError::Store(_) => Self::internal(&error),
        }
    }
}

impl From<ProgramError> for Problem {
    fn from(error: ProgramError) -> Self {
        match error {
            ProgramError::Refused(refusal) => {
                let detail = refusal.to_string();
                Self::unprocessable("component-refused", detail)
                    .with("reason", refusal.reason)
                    .with("remedy", refusal.remedy)
            }
            ProgramError::Strategy(error) => error.into(),
            ProgramError::Busy => {
                let problem =
                    Self::new(StatusCode::TOO_MANY_REQUESTS, "compiling", ProgramError::Busy.to_string());
                problem.retry_after(COMPILE_RETRY_S)
            }
            ProgramError::Broken(_) => Self::internal(&error),
        }
    }
}

impl From<StartError> for Problem {
    fn from(error: StartError) -> Self {
        let detail = error.to_string();
        match error {
            StartError::Running(run) => Self::conflict("running", detail).with("runId", run),
            StartError::TooMany(_) => Self::conflict("too-many-runs", detail),
            StartError::Full(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "host-full", detail),
            StartError::Params(errors) => {
                let named = errors.into_iter();
                let named = named.map(|e| json!({ "parameter": e.parameter, "message": e.message }));
                Self::unprocessable("parameters", detail).with("errors", named.collect::<Vec<_>>())
            }
            StartError::Program(error) => error.into(),
            StartError::Strategy(error) => error.into(),
            StartError::Store(error) => Self::internal(error),
            StartError::GoingDown => Self::new(StatusCode::SERVICE_UNAVAILABLE, "going-down", detail),
        }
    }
}

/// Start a strategy. It goes on by itself; follow it at `/api/runs/{id}`.
#[utoipa::path(
    post, path = "/api/live-trader/start", tag = "runs", request_body = StartRun,
    responses(
        (status = 202, description = "Written down, and starting", body = Started),
        (status = 400, description = "The body is malformed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such strategy or version", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It runs already; `runId` says as what. Or too many runs are active", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Parameters are wrong; `errors` names each with a message", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The host holds as many runs as it can, or is going down", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn start(
    SignedIn(tenant): SignedIn,
    State(state): State<WebState>,
    Body(wish): Body<StartRun>,
) -> Result<(StatusCode, Json<Started>), Problem> {
    let found = tenant.strategy(&wish.strategy_id).await.map_err(Problem::internal)?;
    let strategy = found.ok_or_else(Problem::not_found)?;
    let newest = strategy.versions().last().map_or(0, |newest| newest.number);
    let version = wish.version.unwrap_or(newest);
    let run = state.supervisor.run(&strategy, version, fill::mode_of(wish.mode), wish.params).await?;
    Ok((StatusCode::ACCEPTED, Json(Started { run_id: run.id })))
}

/// Stop a run. Stopping one that has ended answers with the run as it is.
///
/// A plain stop leaves standing orders and positions in place, and `reason` says how many orders; `squareOff` cancels the
/// orders and closes the positions.
#[utoipa::path(
    post, path = "/api/live-trader/stop", tag = "runs", request_body = StopRun,
    responses(
        (status = 200, description = "Stopping, or ended; `reason` says what is left standing", body = RunView),
        (status = 400, description = "The body is malformed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such run", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn stop(
    SignedIn(tenant): SignedIn,
    State(state): State<WebState>,
    Body(wish): Body<StopRun>,
) -> Result<Json<RunView>, Problem> {
    let stopped = state.supervisor.stop(&tenant, &wish.run_id, wish.square_off).await;
    let run = stopped.map_err(Problem::internal)?.ok_or_else(Problem::not_found)?;
    Ok(Json(shown_run(&state, &tenant, run).await?))
}

/// Every run of the tenant, the broker session and the kill switch.
#[utoipa::path(
    get, path = "/api/live-trader/status", tag = "runs",
    responses(
        (status = 200, description = "Runs newest first", body = StatusView),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn status(
    SignedIn(tenant): SignedIn,
    State(state): State<WebState>,
) -> Result<Json<StatusView>, Problem> {
    let switch = tenant.kill_switch().await.map_err(Problem::internal)?;
    Ok(Json(StatusView {
        broker_session: fill::broker_session(&tenant),
        kill_switch: fill::kill_switch(switch),
        runs: all_runs(&state, &tenant).await?,
    }))
}
