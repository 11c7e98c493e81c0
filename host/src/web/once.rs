//! `Idempotency-Key`: a request that is sent again because its answer was lost gets the answer of the first, and does
//! nothing a second time.
//!
//! Keys belong to a tenant and a route and are remembered for a day, as long as the host runs; after a restart the routes'
//! own rules (a strategy runs once, a name is taken once) stand. Knows no handler.

use crate::web::answered::Kept;
use crate::web::error::Problem;
use crate::web::signed_in::Entered;
use crate::web::state::WebState;
use crate::web::upload::SLACK_BYTES;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::time::Instant;

/// The longest key, in characters.
const KEY_CHARS_MAX: usize = 128;

/// The largest answer that is remembered, in bytes.
const ANSWER_BYTES_MAX: usize = 256 << 10;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Does what is asked once for each key.
pub(crate) async fn only_once(State(state): State<WebState>, request: Request, next: Next) -> Response {
    match answer(&state, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn answer(state: &WebState, request: Request, next: Next) -> Result<Response, Problem> {
    if request.method() != Method::POST {
        return Ok(next.run(request).await);
    }
    let Some(key) = key_of(request.headers())? else { return Ok(next.run(request).await) };
    let (mut parts, body) = request.into_parts();
    let entered = Entered::from_request_parts(&mut parts, state).await?;
    let max = state.upload_bytes_max + SLACK_BYTES;
    let body = to_bytes(body, max).await.map_err(|_| Problem::too_large(state.upload_bytes_max))?;
    let route = format!("{} {}", parts.method, parts.uri.path());
    let asked = digest(&parts.uri.to_string(), &parts.headers, &body);
    let entry = state.answered.entry(entered.tenant.broker_id(), (route, key), asked, Instant::now());
    if entry.asked != asked {
        let detail = "this Idempotency-Key was used for another request: take a new key for a new request";
        return Err(Problem::unprocessable("idempotency-key", detail));
    }
    let mut kept = entry.answer.lock().await;
    if let Some(kept) = &*kept {
        return Ok(kept.clone().into_response());
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    // What failed on our side, or was asked too early, may be tried again with the same key.
    if response.status().is_server_error() || response.status() == StatusCode::TOO_MANY_REQUESTS {
        return Ok(response);
    }
    let (head, body) = response.into_parts();
    let body = to_bytes(body, ANSWER_BYTES_MAX).await.map_err(Problem::internal)?;
    *kept = Some(Kept {
        status: head.status,
        kind: head.headers.get(header::CONTENT_TYPE).cloned(),
        body: body.clone(),
    });
    Ok(Response::from_parts(head, Body::from(body)))
}

fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    let fits = (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        return Ok(Some(key.to_owned()));
    }
    Err(Problem::bad_request(format!("an Idempotency-Key has 1 to {KEY_CHARS_MAX} printable characters")))
}

/// What was asked: address, kind and body.
fn digest(address: &str, headers: &HeaderMap, body: &[u8]) -> [u8; 32] {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let mut hasher = Sha256::new();
    for part in [address.as_bytes(), kind] {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part);
    }
    hasher.chain_update(body).finalize().into()
}
