//! The web door: the one route table and its layers.
//!
//! Handlers parse, make one call and render. Everything behind `/api` but signing in takes a `SignedIn`.

#![allow(unused_qualifications, reason = "utoipa's parameters expand to qualified names")]

mod answered;
mod assets;
mod attempts;
mod audit;
mod auth;
mod body;
mod books;
mod cookies;
mod deadline;
mod ending;
mod error;
mod examples;
mod farewell;
mod fill;
mod guard;
mod halt;
mod health;
mod leftover;
mod live_trader;
mod login;
mod logs;
mod network;
mod once;
mod openapi;
mod postback;
mod postbacks;
mod remote;
mod replay;
mod replays;
mod risk;
mod runs;
mod serve;
mod settle;
mod shown;
mod signed_in;
mod state;
mod strategies;
mod stream;
mod streams;
mod tally;
mod tokens;
mod upload;
mod view;

pub use ending::Ending;
pub use guard::Reach;
pub use openapi::document as openapi_document;
pub(crate) use replays::REPLAYS_MAX;
pub use serve::{ServeLimits, serve};
pub use state::WebState;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post, put};
use std::time::Duration;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::timeout::RequestBodyTimeoutLayer;

/// JSON bodies, in bytes. Uploads have a limit of their own.
const BODY_BYTES_MAX: usize = 256 << 10;

/// How long a request may take to send the next piece of its body, in seconds.
const BODY_SILENCE_S: u64 = 30;

/// A body that is refused is read on to so many times the largest upload, so that the client can read why.
const LEFTOVER_UPLOADS: usize = 4;

/// The whole door.
pub fn router(state: WebState) -> Router {
    let reach = state.reach.clone();
    let leftover = leftover::LeftoverMax(state.upload_bytes_max.saturating_mul(LEFTOVER_UPLOADS));
    let deadline = deadline::Deadline::new(state.ending.clone());
    let compressed = DefaultPredicate::new().and(NotForContentType::new("text/event-stream"));
    Router::new()
        .merge(account_routes())
        .merge(trading_routes(&state))
        .merge(strategy_routes(&state))
        .route("/api/openapi.json", get(openapi::serve))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(assets::page)
        .method_not_allowed_fallback(assets::method_not_allowed)
        .with_state(state)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(RequestBodyTimeoutLayer::new(Duration::from_secs(BODY_SILENCE_S)))
        .layer(from_fn_with_state(deadline, deadline::answer_in_time))
        .layer(from_fn_with_state(reach.clone(), guard::check_request))
        .layer(from_fn_with_state(reach, guard::harden_answer))
        .layer(from_fn_with_state(leftover, leftover::read_to_the_end))
        .layer(CompressionLayer::new().compress_when(compressed))
}

fn account_routes() -> Router<WebState> {
    Router::new()
        .route("/api/auth/authenticate", post(login::authenticate))
        .route("/api/auth/login", get(login::begin_again).post(login::begin))
        .route("/api/auth/callback", get(login::callback))
        .route("/api/auth/session", get(auth::session))
        .route("/api/auth/logout", post(auth::logout))
        .route("/api/auth/sessions", get(auth::sessions).delete(auth::revoke_sessions))
        .route("/api/auth/sessions/{id}", delete(auth::revoke_session))
        .route("/api/auth/tokens", get(tokens::list).post(tokens::issue).delete(tokens::revoke_all))
        .route("/api/auth/tokens/{id}", delete(tokens::revoke))
}

fn strategy_routes(state: &WebState) -> Router<WebState> {
    let limit = DefaultBodyLimit::max(state.upload_bytes_max + upload::SLACK_BYTES);
    let once = from_fn_with_state(state.clone(), once::only_once);
    Router::new()
        .route("/api/strategies", get(strategies::list).post(strategies::upload).layer(limit))
        .route("/api/strategies/{id}/versions", post(strategies::upload_version).layer(limit))
        .route("/api/strategies/{id}", get(strategies::one).delete(strategies::delete))
        .route("/api/examples", get(examples::list))
        .route("/api/examples/{name}/download", get(examples::download))
        .layer(once)
}

fn trading_routes(state: &WebState) -> Router<WebState> {
    let once = from_fn_with_state(state.clone(), once::only_once);
    Router::new()
        .route("/api/live-trader/start", post(live_trader::start).layer(once))
        .route("/api/live-trader/stop", post(live_trader::stop))
        .route("/api/live-trader/status", get(live_trader::status))
        .route("/api/runs", get(runs::list))
        .route("/api/runs/{id}", get(runs::one))
        .route("/api/runs/{id}/stream", get(runs::stream))
        .route("/api/runs/{id}/replay", post(replay::replay_run))
        .route("/api/runs/{id}/compare", post(replay::compare_run))
        .route("/api/runs/{id}/orders/{order}/explain", get(replay::explain_order))
        .route("/api/stream", get(runs::everything))
        .route("/api/logs", get(logs::read))
        .route("/api/logs/stream", get(logs::stream))
        .route("/api/logs/{date}/download", get(logs::download))
        .route("/api/orders", get(books::orders))
        .route("/api/orders/{id}/settle", post(settle::settle_order))
        .route("/api/trades", get(books::trades))
        .route("/api/positions", get(books::positions))
        .route("/api/daily-stats", get(books::daily_stats))
        .route("/api/pnl", get(books::pnl))
        .route("/api/risk-limits", get(risk::limits).put(risk::set_limits))
        .route("/api/kill-switch", get(halt::kill_switch).put(halt::set_kill_switch))
        .route("/api/runs/{id}/kill-switch", put(halt::set_run_switch))
        .route("/api/trading-state/clear", post(halt::clear))
        .route("/api/egress", get(halt::egress))
        .route("/api/egress/preflight", post(halt::preflight))
        .route("/api/audit", get(audit::read))
        .route("/api/audit/download", get(audit::download))
        .route("/api/postback", post(postback::postback).layer(postback::limit()))
}

#[cfg(test)]
mod tests;
