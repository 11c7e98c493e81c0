//! Spoils the answers that a fault was ordered for. Stands around every Kite route, never around `/sim/`.

use crate::broker::Broker;
use crate::calls::signed::credentials;
use crate::faults::{Fault, FaultKind};
use crate::reply::Refusal;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use std::time::Duration;

/// The largest answer that is cut in half, in bytes.
const TRUNCATE_LIMIT: usize = 16 * 1024 * 1024;

/// The layer around all Kite routes.
pub(crate) async fn spoil(State(broker): State<Broker>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let exempt = path.starts_with("/sim") || request.headers().contains_key(header::UPGRADE);
    let api_key = credentials(request.headers()).map(|(key, _)| key.to_owned());
    let fault = if exempt {
        None
    } else {
        broker.faults(|faults| faults.take(request.method().as_str(), path, api_key.as_deref()))
    };
    match fault {
        None => next.run(request).await,
        Some(fault) => spoiled(fault, request, next).await,
    }
}

async fn spoiled(fault: Fault, request: Request, next: Next) -> Response {
    let delay = Duration::from_millis(fault.delay_ms);
    match fault.kind {
        FaultKind::DropRequest => no_answer(),
        FaultKind::ErrorBefore => error(&fault),
        FaultKind::TooManyRequests => Refusal::too_many("Too many requests").into_response(),
        FaultKind::DelayRequest => {
            tokio::time::sleep(delay).await;
            next.run(request).await
        }
        FaultKind::DelayAnswer => {
            let answer = next.run(request).await;
            tokio::time::sleep(delay).await;
            answer
        }
        FaultKind::DropAnswer => {
            next.run(request).await;
            no_answer()
        }
        FaultKind::ErrorAfter => {
            next.run(request).await;
            error(&fault)
        }
        FaultKind::Html => {
            next.run(request).await;
            html(&fault)
        }
        FaultKind::Garbage => {
            next.run(request).await;
            garbage()
        }
        FaultKind::Truncated => truncated(next.run(request).await).await,
    }
}

/// A body that fails before its first byte: hyper closes the connection with nothing sent.
fn no_answer() -> Response {
    let cut = futures_util::stream::once(async { Err::<bytes::Bytes, _>(std::io::Error::other("dropped")) });
    Response::new(Body::from_stream(cut))
}

fn error(fault: &Fault) -> Response {
    let status = fault.status.unwrap_or(500);
    let kind = match status {
        429 | 502..=504 => "NetworkException",
        _ => "GeneralException",
    };
    Refusal::new(status, kind, "Something went wrong. Please try again.").into_response()
}

fn html(fault: &Fault) -> Response {
    let status = StatusCode::from_u16(fault.status.unwrap_or(502)).unwrap_or(StatusCode::BAD_GATEWAY);
    let page =
        "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>Bad gateway</body></html>";
    (status, Html(page)).into_response()
}

fn garbage() -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], "{\"status\":\"succ\u{fffd}\u{0}]]").into_response()
}

async fn truncated(answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    let bytes = to_bytes(body, TRUNCATE_LIMIT).await.unwrap_or_default();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(bytes.slice(..bytes.len() / 2)))
}
