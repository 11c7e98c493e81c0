//! The control API under `/sim/`: request tokens, clock, faults, records, prices. For demos and tests.
//!
//! Open to everyone who can reach the address, by design: a simulator holds nothing worth a secret. JSON in
//! camelCase, errors as `{"error": "…"}`.

mod address;
mod books;
mod clock;
mod faults;
mod manual;
mod market;
mod sessions;
mod ticker;

use crate::broker::Broker;
use axum::Json;
use axum::Router;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;

/// A JSON body whose faults are told in JSON too.
type Body<T> = Result<Json<T>, JsonRejection>;

/// A no of the control API.
#[derive(Debug)]
struct No(StatusCode, String);

/// All routes under `/sim`.
pub(crate) fn router() -> Router<Broker> {
    Router::new()
        .route("/sim", get(manual::page))
        .route("/sim/", get(manual::page))
        .route("/sim/address", get(address::seen))
        .route("/sim/accounts", get(sessions::accounts))
        .route("/sim/accounts/{user_id}/books", get(market::books))
        .route("/sim/request-token", post(sessions::request_token))
        .route("/sim/expire-token", post(sessions::expire_token))
        .route("/sim/received", get(sessions::received))
        .route("/sim/clock", get(clock::get).put(clock::put))
        .route("/sim/faults", get(faults::list).post(faults::add).delete(faults::clear))
        .route("/sim/plan", post(sessions::plan))
        .route("/sim/books", get(books::list))
        .route("/sim/books/stale", post(books::hold_back))
        .route("/sim/books/release", post(books::release))
        .route("/sim/ticker", get(ticker::connections))
        .route("/sim/ticker/disconnect", post(ticker::disconnect))
        .route("/sim/ticker/silence", post(ticker::silence))
        .route("/sim/ticker/gap", post(ticker::gap))
        .route("/sim/ticker/mute", post(ticker::mute))
        .route("/sim/ticker/malformed", post(ticker::send_malformed))
        .route("/sim/ticker/order-updates", get(ticker::order_updates_waiting).post(ticker::order_updates))
        .route("/sim/postbacks", get(ticker::postbacks_waiting).post(ticker::postbacks))
        .route("/sim/instruments", get(market::instruments))
        .route("/sim/price", post(market::price))
        .route("/sim/hold", post(market::hold))
        .route("/sim/auction", post(market::auction))
        .route("/sim/auctions", get(market::auctions))
        .method_not_allowed_fallback(|| async { not_here(StatusCode::METHOD_NOT_ALLOWED) })
}

impl No {
    fn bad(text: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, text.into())
    }

    fn unknown(text: impl Into<String>) -> Self {
        Self(StatusCode::NOT_FOUND, text.into())
    }
}

impl From<JsonRejection> for No {
    fn from(rejection: JsonRejection) -> Self {
        Self::bad(rejection.body_text())
    }
}

impl From<QueryRejection> for No {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad(rejection.body_text())
    }
}

/// The control API's own answer to a path or method that it does not have.
pub(crate) fn not_here(status: StatusCode) -> Response {
    let text = if status == StatusCode::METHOD_NOT_ALLOWED {
        "this path takes another method: see GET /sim/"
    } else {
        "the control API has no such path: see GET /sim/"
    };
    No(status, text.to_owned()).into_response()
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}
