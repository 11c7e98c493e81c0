//! The OpenAPI document, made from the handlers, and the file of it that the page's types are generated from.

use crate::web::cookies::Cookie;
use crate::web::view::live::StreamEvents;
use crate::web::{
    audit, auth, books, examples, halt, health, live_trader, login, logs, postback, replay, risk, runs,
    settle, strategies, tokens,
};
use axum::Json;
use axum::http::StatusCode;
use utoipa::OpenApi;
use utoipa::openapi::path::{HttpMethod, Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, ObjectBuilder, OpenApi as Document, Ref, RefOr, Required, ResponseBuilder,
    SecurityRequirement, Type,
};

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
        auth::session, auth::logout, auth::sessions, auth::revoke_session, auth::revoke_sessions,
        tokens::list, tokens::issue, tokens::revoke, tokens::revoke_all,
        audit::read, audit::download,
        strategies::list, strategies::one, strategies::upload, strategies::upload_version, strategies::delete,
        examples::list, examples::download,
        live_trader::start, live_trader::stop, live_trader::status,
        runs::list, runs::one, runs::stream, runs::everything,
        replay::replay_run, replay::compare_run, replay::explain_order,
        logs::read, logs::download, logs::stream,
        books::orders, settle::settle_order, books::trades, books::positions, books::daily_stats, books::pnl,
        risk::limits, risk::set_limits,
        halt::kill_switch, halt::set_kill_switch, halt::set_run_switch, halt::clear, halt::egress, halt::preflight,
        postback::postback,
        health::alive, health::ready, health::metrics, serve,
    ),
    components(schemas(StreamEvents)),
)]
struct Api;

/// Routes that need nobody signed in.
const OPEN: [&str; 8] = [
    "/api/auth/authenticate",
    "/api/auth/login",
    "/api/auth/callback",
    "/api/postback",
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/openapi.json",
];

/// Refusals that belong to no handler: name, when it comes, and whether it can come to an operation.
type Shared = (StatusCode, &'static str, &'static str, fn(&str, &HttpMethod, &Operation) -> bool);
const SHARED: [Shared; 9] = [
    (
        StatusCode::BAD_REQUEST,
        "BadRequest",
        "The request is malformed; `detail` says where",
        |_, _, operation| operation.parameters.is_some() || operation.request_body.is_some(),
    ),
    (StatusCode::UNAUTHORIZED, "NotSignedIn", "Not signed in", |path, _, _| !OPEN.contains(&path)),
    (StatusCode::FORBIDDEN, "CrossSite", "A page of another site asked", |path, method, _| {
        path != "/api/postback" && (*method != HttpMethod::Get || path.ends_with("/stream"))
    }),
    (StatusCode::PAYLOAD_TOO_LARGE, "TooLarge", "The body is larger than allowed", |_, _, operation| {
        operation.request_body.is_some()
    }),
    (
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "MediaType",
        "The body is of another kind than this takes",
        |_, _, o| o.request_body.is_some(),
    ),
    (StatusCode::MISDIRECTED_REQUEST, "UnknownHost", "The host does not answer to that name", |_, _, _| true),
    (
        StatusCode::UNPROCESSABLE_ENTITY,
        "KeyReused",
        "The Idempotency-Key was used for another request",
        |path, method, _| *method == HttpMethod::Post && ONCE.contains(&path),
    ),
    (StatusCode::INTERNAL_SERVER_ERROR, "Internal", "Our own fault; it was written down", |_, _, _| true),
    (StatusCode::GATEWAY_TIMEOUT, "TooLong", "No answer within three minutes", |_, _, _| true),
];

/// Routes that take an `Idempotency-Key`.
const ONCE: [&str; 3] = ["/api/live-trader/start", "/api/strategies", "/api/strategies/{id}/versions"];

/// The document of every operation.
pub fn document() -> Document {
    let mut document = Api::openapi();
    let components = document.components.get_or_insert_default();
    let cookie = ApiKey::Cookie(ApiKeyValue::with_description(
        Cookie::Session.name(false),
        "Over https its name begins with `__Host-`.",
    ));
    components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    for (status, name, description, _) in SHARED {
        components.responses.insert(name.to_owned(), problem(status, description).into());
    }
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            complete(path, &method, operation);
        }
    }
    document
}

/// What no handler says of itself: who may ask, what every route may answer, and the key of routes that start things.
fn complete(path: &str, method: &HttpMethod, operation: &mut Operation) {
    if !OPEN.contains(&path) {
        let none: [&str; 0] = [];
        operation.security =
            Some(vec![SecurityRequirement::new("session", none), SecurityRequirement::new("token", none)]);
    }
    for (status, name, _, comes) in SHARED {
        let code = status.as_str().to_owned();
        if comes(path, method, operation) && !operation.responses.responses.contains_key(&code) {
            operation.responses.responses.insert(code, RefOr::Ref(Ref::from_response_name(name)));
        }
    }
    if *method == HttpMethod::Post && ONCE.contains(&path) {
        let key = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("1 to 128 characters: the same request with the same key is done once."))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
        operation.parameters.get_or_insert_default().push(RefOr::T(key.build()));
    }
}

fn problem(status: StatusCode, description: &str) -> utoipa::openapi::Response {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let described = format!("{} {description}", status.as_str());
    ResponseBuilder::new().description(described).content("application/problem+json", body).build()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    let all = [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Delete, &mut item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// This document, for programs.
#[utoipa::path(
    get, path = "/api/openapi.json", tag = "operations",
    responses((status = 200, description = "OpenAPI 3.1", body = Object))
)]
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
