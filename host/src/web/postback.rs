//! Kite's order postback. Its checksum is verified; it only ever makes the tenant read its order book again.

use crate::web::error::{Problem, ProblemBody};
use crate::web::remote::{Remote, network};
use crate::web::state::WebState;
use crate::web::tally::{Full, Tally};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use serde::Deserialize;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use utoipa::ToSchema;

/// A postback is small, in bytes.
const POSTBACK_BYTES_MAX: usize = 4 << 10;

/// Postbacks from one address in a minute.
const PER_ADDRESS_PER_MINUTE: usize = 1_200;

/// Postbacks from everywhere in a minute. What is refused is learned from the ticker and the order book all the same.
const ALL_PER_MINUTE: usize = 6_000;

/// How many postbacks came lately: counted before anything of them is read. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct Postbacks(Arc<Mutex<Tally<IpAddr, 1>>>);

impl Default for Postbacks {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Tally::new(ALL_PER_MINUTE))))
    }
}

impl Postbacks {
    fn take(&self, remote: IpAddr, now: Instant) -> Result<(), Problem> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = seen.take([(network(remote), PER_ADDRESS_PER_MINUTE)], now);
        taken.map(|_| ()).map_err(|Full { retry_after_s }| {
            let detail = format!("too many postbacks within a minute: try again in {retry_after_s} seconds");
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "postbacks", detail).retry_after(retry_after_s)
        })
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_postbacks_is_refused_before_anything_is_read() {
        let (postbacks, now) = (Postbacks::default(), Instant::now());
        let flood: IpAddr = "203.0.113.9".parse().unwrap();
        let taken = (0..2_000).filter(|_| postbacks.take(flood, now).is_ok()).count();
        assert_eq!(taken, PER_ADDRESS_PER_MINUTE);
        assert!(postbacks.take("203.0.113.10".parse().unwrap(), now).is_ok(), "Kite's own still get in");
    }
}
