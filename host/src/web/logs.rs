//! The tenant's log: lines of a date, the file of a date, and lines as they are written.

use crate::web::body::{Asked, At};
use crate::web::error::{Problem, ProblemBody};
use crate::web::fill;
use crate::web::signed_in::{Entered, SignedIn};
use crate::web::state::WebState;
use crate::web::stream::{Scope, live};
use crate::web::view::books::LogLineView;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use market::TradingDate;
use serde::Deserialize;
use tenant::log::{Filter, Level, LogError};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;
use utoipa::IntoParams;

/// The most lines in one answer.
const LINES_MAX: usize = 10_000;

/// How many lines when nobody says.
const LINES_DEFAULT: usize = 500;

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// An IST date, `YYYY-MM-DD`; today when absent.
    #[param(value_type = Option<String>, format = Date)]
    date: Option<TradingDate>,
    /// Only this run's.
    run: Option<String>,
    /// Only this level and what matters more: `debug`, `info`, `warn`, `error`.
    #[param(value_type = Option<String>)]
    level: Option<Level>,
    /// Only lines that contain this, in any case.
    q: Option<String>,
    /// The newest so many, 1 to 10 000.
    limit: Option<usize>,
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        Self::internal(error)
    }
}

/// Lines of one day, oldest first; the newest when there are more than asked for.
#[utoipa::path(
    get, path = "/api/logs", tag = "logs", params(Wanted),
    responses(
        (status = 200, description = "Oldest first", body = Vec<LogLineView>),
        (status = 400, description = "The question is malformed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read(
    SignedIn(tenant): SignedIn,
    State(state): State<WebState>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Vec<LogLineView>>, Problem> {
    let limit = wanted.limit.unwrap_or(LINES_DEFAULT);
    if limit == 0 || limit > LINES_MAX {
        return Err(Problem::bad_request(format!("`limit` is 1 to {LINES_MAX}")));
    }
    let date = wanted.date.unwrap_or_else(|| state.tenants.clock().now().date());
    let filter = Filter { run: wanted.run, level: wanted.level, text: wanted.q, limit };
    let lines = tenant.log().read(date, filter).await?;
    Ok(Json(lines.iter().map(fill::log_line).collect()))
}

/// The log file of one day.
#[utoipa::path(
    get, path = "/api/logs/{date}/download", tag = "logs",
    params(("date" = String, Path, description = "An IST date, `YYYY-MM-DD`")),
    responses(
        (status = 200, description = "`{broker_id}_{date}.log`", body = String, content_type = "text/plain"),
        (status = 400, description = "That is no date", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nothing was written that day", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn download(SignedIn(tenant): SignedIn, At(date): At<String>) -> Result<Response, Problem> {
    let date: TradingDate =
        date.parse().map_err(|_| Problem::bad_request("that is no date: write YYYY-MM-DD"))?;
    let file = tenant.log().open(date).await?.ok_or_else(Problem::not_found)?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)),
        (header::CONTENT_LENGTH, file.bytes.to_string()),
    ];
    // The file may grow while it is sent; no more leaves than was announced.
    let bytes = tokio::fs::File::from_std(file.file).take(file.bytes);
    Ok((headers, Body::from_stream(ReaderStream::new(bytes))).into_response())
}

/// Lines as they are written: events `hello`, `log` (each with the JSON of a line), `missed` and `end`.
#[utoipa::path(
    get, path = "/api/logs/stream", tag = "logs",
    responses(
        (status = 200, description = "Server-sent events until the session ends", body = String, content_type = "text/event-stream"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many streams are open", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn stream(
    entered: Entered,
    State(state): State<WebState>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    live(state, entered, &headers, Scope::Log)
}
