//! Looking at a recorded run: is it the same again, what would another version have done, how did an order come to be?
//!
//! The work is `replay`'s. It is done off the tasks' threads, one at a time for a tenant, within a bound of time, and ends
//! when whoever asked has gone.

use crate::programs::ProgramError;
use crate::replay::{self, Bound, Difference, Explained, ReplayError, Replayed, Tape};
use crate::web::body::{At, Body};
use crate::web::error::{Problem, ProblemBody};
use crate::web::replays::{NoTurn, ReplayTurn};
use crate::web::signed_in::SignedIn;
use crate::web::state::WebState;
use axum::Json;
use axum::extract::State;
use sandbox::Program;
use serde::Deserialize;
use std::time::Duration;
use tenant::{Recorded, RecordingError, Tenant};
use utoipa::ToSchema;

/// How long a replay may take, in seconds. Shorter than the time in which every request is answered.
const REPLAY_S_MAX: u64 = 120;

/// Orders of one version that are compared here; a run that places more is compared at a terminal.
const ORDERS_MAX: usize = 20_000;

/// The longest journal that is replayed here, in bytes.
const JOURNAL_BYTES_MAX: u64 = 256 << 20;

/// When to ask again after there was no turn, in seconds.
const RETRY_S: u64 = 5;

/// A wish to compare a run with another version of its strategy.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CompareRun {
    /// Which version: upload it first.
    version: u32,
}

/// Runs a recorded run again, with the component it ran, and says whether it does the same, or where first not.
///
/// Nothing is sent and nothing changed. One replay of a trader at a time; it ends when the request does, and after two
/// minutes.
#[utoipa::path(
    post, path = "/api/runs/{id}/replay", tag = "runs", params(("id" = String, Path)),
    responses(
        (status = 200, description = "Identical, or the first divergence", body = Replayed),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such run", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "It cannot be replayed; `detail` says why and what to do", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Another replay is under way", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn replay_run(
    SignedIn(tenant): SignedIn,
    State(state): State<WebState>,
    At(id): At<String>,
) -> Result<Json<Replayed>, Problem> {
    let turn = state.replays.begin(tenant.broker_id())?;
    let recorded = recorded(&tenant, &id).await?;
    let program = ran(&state, &recorded).await?;
    let report = off_the_threads(turn, move |mut bound| {
        replay::again(&recorded, &Tape::of(&recorded), &program, &mut bound)
    });
    Ok(Json(report.await?))
}

/// What another version of the strategy would have ordered and earned on the recorded market, beside the version that ran.
///
/// Both trade on paper, whole orders at recorded prices; `recorded` is what the run really came to.
#[utoipa::path(
    post, path = "/api/runs/{id}/compare", tag = "runs", params(("id" = String, Path)), request_body = CompareRun,
    responses(
        (status = 200, description = "The difference, empty where there is none", body = Difference),
        (status = 400, description = "The body is malformed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such run", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "They cannot be compared; `detail` says why and what to do", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Another replay is under way", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn compare_run(
    SignedIn(tenant): SignedIn,
    State(state): State<WebState>,
    At(id): At<String>,
    Body(wish): Body<CompareRun>,
) -> Result<Json<Difference>, Problem> {
    let turn = state.replays.begin(tenant.broker_id())?;
    let recorded = recorded(&tenant, &id).await?;
    let found = tenant.strategy(&recorded.run.strategy_id).await.map_err(Problem::internal)?;
    let deleted =
        "the strategy of this run was deleted, and its versions with it: there is none to compare with";
    let strategy = found.ok_or_else(|| Problem::unprocessable("replay", deleted))?;
    let new = state.programs.of_version(&strategy, wish.version).await?;
    let old = ran(&state, &recorded).await?;
    let rates = tenant.rates();
    let report = off_the_threads(turn, move |mut bound| {
        replay::compare(&recorded, &Tape::of(&recorded), &old, &new, &rates, &mut bound)
    });
    Ok(Json(report.await?))
}

/// How an order came to be: the event that caused it, what the strategy said and asked for, the gate, the way to the broker,
/// its answers and fills, each with its time since that event.
///
/// `order` is the run's own number for it, our id, its tag or the broker's number.
#[utoipa::path(
    get, path = "/api/runs/{id}/orders/{order}/explain", tag = "runs",
    params(("id" = String, Path), ("order" = String, Path)),
    responses(
        (status = 200, description = "From the event to the end, by time", body = Explained),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such run, or it has no such order", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Its journal cannot be read; `detail` says why", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Another replay is under way", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn explain_order(
    SignedIn(tenant): SignedIn,
    State(state): State<WebState>,
    At((id, order)): At<(String, String)>,
) -> Result<Json<Explained>, Problem> {
    let turn = state.replays.begin(tenant.broker_id())?;
    let recorded = recorded(&tenant, &id).await?;
    let found = replay::find(&recorded, &order)?.clone();
    let history = tenant.history_of(found.order.id).await.map_err(Problem::internal)?;
    let report = off_the_threads(turn, move |mut bound| {
        replay::explain(&recorded, &Tape::of(&recorded), &found, &history, &mut bound)
    });
    Ok(Json(report.await?))
}

async fn recorded(tenant: &Tenant, id: &str) -> Result<Recorded, Problem> {
    tenant.recorded(id, JOURNAL_BYTES_MAX).await?.ok_or_else(Problem::not_found)
}

/// The component that the run ran, from its own bytes: its strategy may have been deleted since.
async fn ran(state: &WebState, recorded: &Recorded) -> Result<Program, ProgramError> {
    state.programs.of_bytes(&recorded.sha256, &recorded.component).await
}

/// Does the work where it holds up nobody else, and gives it up when this is dropped. The turn is over when the work is.
async fn off_the_threads<T: Send + 'static>(
    turn: ReplayTurn,
    work: impl FnOnce(Bound) -> Result<T, ReplayError> + Send + 'static,
) -> Result<T, Problem> {
    let (bound, _waiting) = Bound::within(Duration::from_secs(REPLAY_S_MAX));
    let bound = bound.with_orders(ORDERS_MAX);
    let done = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work(bound)
    });
    let done = done.await;
    Ok(done.map_err(Problem::internal)??)
}

impl From<NoTurn> for Problem {
    fn from(none: NoTurn) -> Self {
        let status = axum::http::StatusCode::TOO_MANY_REQUESTS;
        Self::new(status, "replay-busy", none.to_string()).retry_after(RETRY_S)
    }
}

impl From<RecordingError> for Problem {
    fn from(error: RecordingError) -> Self {
        match &error {
            RecordingError::UnknownRun { .. } | RecordingError::UnknownTenant { .. } => Self::not_found(),
            RecordingError::NoComponent { .. } | RecordingError::TooLong { .. } => {
                Self::unprocessable("replay", error.to_string())
            }
            RecordingError::Open(_) | RecordingError::Store(_) | RecordingError::SeveralRuns { .. } => {
                Self::internal(error)
            }
        }
    }
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        match &error {
            ReplayError::UnknownOrder { .. } => Self::not_found(),
            ReplayError::TooLong { .. }
            | ReplayError::TooManyOrders { .. }
            | ReplayError::GivenUp
            | ReplayError::Empty { .. }
            | ReplayError::Damaged { .. }
            | ReplayError::Component { .. }
            | ReplayError::Params(_)
            | ReplayError::Instruments { .. }
            | ReplayError::NoPlace(_)
            | ReplayError::Host(_) => Self::unprocessable("replay", error.to_string()),
        }
    }
}
