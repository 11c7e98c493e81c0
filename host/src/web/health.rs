//! Whether the host is alive and ready, and its figures for Prometheus. No tenant is named here.

use crate::web::state::WebState;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use std::fmt::Write;
use tenant::BrokerState;

/// Alive: the process answers.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, description = "Alive", body = String)))]
pub(crate) async fn alive() -> &'static str {
    "alive\n"
}

/// Ready: the database is open and runs may start. The door only opens then.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses((status = 200, description = "Ready", body = String)))]
pub(crate) async fn ready() -> &'static str {
    "ready\n"
}

/// The host's figures in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses((status = 200, description = "Figures", body = String)))]
pub(crate) async fn metrics(State(state): State<WebState>) -> impl IntoResponse {
    let tenants = state.tenants.all();
    let live = tenants.iter().filter(|tenant| matches!(*tenant.broker_state().borrow(), BrokerState::Live));
    let figures = [
        ("bulkhead_tenants", "Tenants that have ever signed in.", tenants.len()),
        ("bulkhead_broker_sessions_live", "Tenants whose broker session is live.", live.count()),
        ("bulkhead_runs_active", "Runs that have not ended.", state.supervisor.active()),
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
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}
