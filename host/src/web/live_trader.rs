//! Starting and stopping runs, and how all of them stand.

use crate::programs::ProgramError;
use crate::runs::StartError;
use crate::web::body::Body;
use crate::web::error::{Problem, ProblemBody};
use crate::web::fill;
use crate::web::halt;
use crate::web::shown::{Left, shown_run, shown_runs};
use crate::web::signed_in::SignedIn;
use crate::web::state::WebState;
use crate::web::view::runs::{RunView, StartRun, Started, StatusView, StopRun};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use market::TradingDate;
use serde_json::json;
use tenant::{RunRecord, StrategyError};

/// Ended runs of today in one status; the rest is counted.
const ENDED_RUNS_MAX: usize = 50;

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
///
/// With an `Idempotency-Key` header, sending the same again gives the first answer and starts nothing more.
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
/// `squareOff` on a run that has ended closes what it left behind. A plain stop leaves standing orders and positions in place, and `reason` says how many orders; `squareOff` cancels the
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
    Ok(Json(shown_run(&state, &tenant, run, Left::Count).await?))
}

/// The runs at hand, the broker session and the kill switch.
#[utoipa::path(
    get, path = "/api/live-trader/status", tag = "runs",
    responses(
        (status = 200, description = "Runs that have not ended and those of today, newest first", body = StatusView),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn status(
    SignedIn(tenant): SignedIn,
    State(state): State<WebState>,
) -> Result<Json<StatusView>, Problem> {
    let kill_switch = halt::standing(&tenant).await?;
    let today = state.tenants.clock().now().date();
    let runs = tenant.runs().await.map_err(Problem::internal)?;
    let (runs, runs_left_out) = at_hand(runs, today);
    Ok(Json(StatusView {
        today: today.to_string(),
        broker_session: fill::broker_session(&tenant),
        broker: fill::broker(&tenant),
        kill_switch,
        runs: shown_runs(&state, &tenant, runs).await?,
        runs_left_out,
    }))
}

/// Runs that have not ended, and the newest of those that began or ended today; with how many of today are left out.
fn at_hand(runs: Vec<RunRecord>, today: TradingDate) -> (Vec<RunRecord>, usize) {
    let is_todays = |run: &RunRecord| {
        run.started_at.date() == today || run.stopped_at.is_some_and(|stopped| stopped.date() == today)
    };
    let (mut ended, mut left_out) = (0, 0);
    let mut kept = Vec::new();
    for run in runs {
        if !run.state.is_final() {
            kept.push(run);
        } else if is_todays(&run) {
            ended += 1;
            if ended > ENDED_RUNS_MAX {
                left_out += 1;
            } else {
                kept.push(run);
            }
        }
    }
    (kept, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::Timestamp;
    use tenant::{Mode, RunState};

    fn run(number: usize, state: RunState, started_at: Timestamp) -> RunRecord {
        RunRecord {
            id: number.to_string(),
            strategy_id: String::new(),
            strategy_name: String::new(),
            version: 1,
            mode: Mode::Live,
            params: serde_json::Value::Null,
            state,
            reason: None,
            started_at,
            stopped_at: state.is_final().then_some(started_at),
            restarts: 0,
            square_off: false,
        }
    }

    #[test]
    fn status_shows_what_lives_and_what_ended_today_up_to_a_bound() {
        let today: TradingDate = "2026-11-23".parse().unwrap();
        let long_ago: TradingDate = "2026-11-20".parse().unwrap();
        let mut runs: Vec<_> =
            (0..ENDED_RUNS_MAX + 3).map(|n| run(n, RunState::Failed, today.midnight())).collect();
        runs.push(run(900, RunState::Running, long_ago.midnight()));
        runs.push(run(901, RunState::Stopped, long_ago.midnight()));
        let (kept, left_out) = at_hand(runs, today);
        assert_eq!((kept.len(), left_out), (ENDED_RUNS_MAX + 1, 3));
        assert!(kept.iter().any(|run| run.id == "900"), "what lives is always shown");
        assert!(kept.iter().all(|run| run.id != "901"), "what ended before today is in /api/runs");
    }
}
