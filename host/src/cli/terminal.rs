//! What the verbs share of the terminal: diagnostics, a word on standard output, the wish to stop.
//!
//! Knows no verb.

use std::io::Write;
use tracing_subscriber::EnvFilter;

/// Diagnostics go to standard error; `BULKHEAD_LOG` filters them as `tracing` filters do.
pub(crate) fn start_diagnostics(json: bool) {
    let filter = EnvFilter::try_from_env("BULKHEAD_LOG").unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first.
    let _ = if json { builder.json().try_init() } else { builder.with_target(false).try_init() };
}

/// Says something on standard output. Whoever listened may be gone (`bulkhead demo | head`): no reason to stop.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Waits for SIGTERM or SIGINT.
pub(crate) async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
