//! Whether the host is alive and ready, and its figures for Prometheus. No tenant is named here.

use crate::web::error::{Problem, ProblemBody};
use crate::web::remote::Remote;
use crate::web::state::WebState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use std::fmt::Write;
use tenant::{BrokerState, Health, NotSignedIn};

/// A session secret that opens nothing.
const NOBODYS: &str = "readyz";

/// Alive: the process answers.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, description = "Alive", body = String)))]
pub(crate) async fn alive() -> &'static str {
    "alive\n"
}

/// Ready: the database answers, runs may start, and the host is not going down.
#[utoipa::path(
    get, path = "/readyz", tag = "operations",
    responses(
        (status = 200, description = "Ready", body = String),
        (status = 503, description = "Not ready, and why", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ready(State(state): State<WebState>) -> Result<&'static str, Problem> {
    let not_ready = |slug, detail| Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, slug, detail));
    if state.ending.has_begun() {
        return not_ready("going-down", "the host is going down");
    }
    if let Some(trouble) = state.tenants.health().trouble() {
        return not_ready("store", trouble);
    }
    // A look for a session that nobody has goes through the same readers as every request.
    match state.tenants.resume(NOBODYS).await {
        Ok(_) | Err(NotSignedIn::Unknown) => Ok("ready\n"),
        Err(NotSignedIn::Store(error)) => {
            tracing::error!("not ready: {error:#}");
            not_ready("store", "the database does not answer; the host's log says why")
        }
    }
}

/// The host's figures in Prometheus' text format. For this machine alone, unless the host was started with
/// `--metrics-open`.
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses(
        (status = 200, description = "Figures", body = String),
        (status = 403, description = "Asked from elsewhere", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn metrics(
    State(state): State<WebState>,
    Remote(remote): Remote,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    // What came through a proxy on this machine did not come from this machine.
    let is_local = remote.to_canonical().is_loopback() && !headers.contains_key("x-forwarded-for");
    if !is_local && !state.reach.metrics_open {
        let detail =
            "figures are for this machine alone: start the host with --metrics-open to show them to others";
        return Err(Problem::new(StatusCode::FORBIDDEN, "metrics-closed", detail));
    }
    let tenants = state.tenants.all();
    let live = tenants.iter().filter(|tenant| matches!(*tenant.broker_state().borrow(), BrokerState::Live));
    let figures = [
        ("bulkhead_tenants", "Tenants that have ever signed in.", tenants.len()),
        ("bulkhead_broker_sessions_live", "Tenants whose broker session is live.", live.count()),
        ("bulkhead_runs_active", "Runs that have not ended.", state.supervisor.active()),
        (
            "bulkhead_store_good",
            "1 while the database takes everything; 0 while its disk is full or has failed.",
            usize::from(state.tenants.health() == Health::Good),
        ),
    ];
    let mut text = String::new();
    for (name, help, value) in figures {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
    }
    let _ = writeln!(
        text,
        "# HELP bulkhead_build_info The release.\n# TYPE bulkhead_build_info gauge\nbulkhead_build_info{{version=\"{}\"}} 1",
        env!("CARGO_PKG_VERSION")
    );
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}
