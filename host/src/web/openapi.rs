//! The OpenAPI document, made from the handlers, and the file of it that the page's types are generated from.

use crate::web::{
    auth, books, examples, health, live_trader, login, logs, postback, risk, runs, strategies, tokens,
};
use axum::Json;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, SecurityRequirement};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Bulkhead",
        description = "A host for trading strategies. Errors are problem bodies (RFC 9457); times are RFC 3339 in IST; prices and amounts are rupees.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "account", description = "Signing in, sessions, API tokens"),
        (name = "strategies", description = "What was uploaded"),
        (name = "runs", description = "What runs"),
        (name = "books", description = "Orders, trades, positions, profit and loss"),
        (name = "logs", description = "Lines for people"),
        (name = "risk", description = "Limits and the kill switch"),
        (name = "operations", description = "For operators and Kite"),
    ),
    paths(
        login::authenticate, login::begin, login::begin_again, login::callback,
        auth::session, auth::logout, auth::sessions, auth::revoke_session,
        tokens::list, tokens::issue, tokens::revoke,
        strategies::list, strategies::one, strategies::upload, strategies::upload_version, strategies::delete,
        examples::list, examples::download,
        live_trader::start, live_trader::stop, live_trader::status,
        runs::list, runs::one, runs::stream,
        logs::read, logs::download, logs::stream,
        books::orders, books::trades, books::positions, books::daily_stats, books::pnl,
        risk::limits, risk::set_limits, risk::kill_switch, risk::set_kill_switch,
        postback::postback,
        health::alive, health::ready, health::metrics,
    )
)]
struct Api;

/// Routes that need nobody signed in.
const OPEN: [&str; 7] = [
    "/api/auth/authenticate",
    "/api/auth/login",
    "/api/auth/callback",
    "/api/postback",
    "/healthz",
    "/readyz",
    "/metrics",
];

/// The document of every operation.
pub fn document() -> Document {
    let mut document = Api::openapi();
    let components = document.components.get_or_insert_default();
    let cookie = ApiKey::Cookie(ApiKeyValue::new(crate::web::signed_in::COOKIE));
    components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    let none: [&str; 0] = [];
    let needed = || vec![SecurityRequirement::new("session", none), SecurityRequirement::new("token", none)];
    for (path, item) in &mut document.paths.paths {
        if OPEN.contains(&path.as_str()) {
            continue;
        }
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            operation.security = Some(needed());
        }
    }
    document
}

/// The document, for programs.
pub(crate) async fn serve() -> Json<Document> {
    Json(document())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE_OPENAPI=1 cargo test -p host openapi` writes the file anew.
    #[test]
    fn the_openapi_file_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        let fresh = document().to_pretty_json().unwrap() + "\n";
        if std::env::var_os("UPDATE_OPENAPI").is_some() {
            std::fs::write(path, &fresh).unwrap();
        }
        let stored = std::fs::read_to_string(path).unwrap_or_default();
        assert!(stored == fresh, "host/openapi.json is stale: UPDATE_OPENAPI=1 cargo test -p host openapi");
    }
}
