//! Kite's order postback. Its checksum is verified; it only ever makes the tenant read its order book again.

use crate::web::error::{Problem, ProblemBody};
use crate::web::remote::Remote;
use crate::web::state::WebState;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use serde::Deserialize;
use std::time::Instant;
use utoipa::ToSchema;

/// A postback is small, in bytes.
const POSTBACK_BYTES_MAX: usize = 4 << 10;

/// What of Kite's postback is read. Kite sends more and may add to it.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Postback {
    order_id: String,
    order_timestamp: String,
    checksum: String,
    user_id: String,
}

/// The limit of this route's body.
pub(crate) fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(POSTBACK_BYTES_MAX)
}

/// Where Kite says that an order changed.
#[utoipa::path(
    post, path = "/api/postback", tag = "operations", request_body = Postback,
    responses(
        (status = 204, description = "Taken"),
        (status = 400, description = "That is no postback", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 4 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many within a minute; `Retry-After` says when to try again", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The checksum fits nobody", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn postback(
    State(state): State<WebState>,
    Remote(remote): Remote,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    state.postbacks.take(remote, Instant::now())?;
    let body = body?;
    // Kite sends JSON under whatever content type.
    let given: Postback = serde_json::from_slice(&body)
        .map_err(|error| Problem::bad_request(format!("that is no postback: {error}")))?;
    let Postback { order_id, order_timestamp, checksum, user_id } = given;
    let taken = state.tenants.postback(&order_id, &order_timestamp, &checksum, &user_id).await;
    match taken.map_err(Problem::internal)? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::new(StatusCode::FORBIDDEN, "checksum", "the checksum fits nobody here")),
    }
}
