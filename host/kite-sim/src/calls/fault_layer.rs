//! Spoils the answers that a fault was ordered for. Stands around every Kite route, never around `/sim/`.

use crate::broker::Broker;
use crate::calls::signed::{caller, credentials};
use crate::calls::veil_layer::without_rows;
use crate::faults::{Fault, FaultKind};
use crate::reply::Refusal;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use serde_json::Value;
use std::time::Duration;

/// The largest answer that is read to be spoilt, in bytes.
const ANSWER_LIMIT: usize = 16 * 1024 * 1024;
/// What a late rejection says, unless it is told otherwise.
const REJECTED_LATE: &str = "The order was rejected by the exchange.";

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
        Some(fault) => spoiled(&broker, fault, request, next).await,
    }
}

async fn spoiled(broker: &Broker, fault: Fault, request: Request, next: Next) -> Response {
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
        FaultKind::PartialBook => {
            let answer = next.run(request).await;
            without_rows(answer, |place, _| place.row == fault.row.unwrap_or(place.of - 1)).await
        }
        FaultKind::HideOrder => hidden(broker, &fault, request, next).await,
        FaultKind::LateReject => rejected_late(broker, &fault, request, next).await,
    }
}

/// The order is taken, and its owner does not find it for a while.
async fn hidden(broker: &Broker, fault: &Fault, request: Request, next: Next) -> Response {
    let user_id = caller(broker, request.headers());
    let (parts, body) = next.run(request).await.into_parts();
    let bytes = to_bytes(body, ANSWER_LIMIT).await.unwrap_or_default();
    let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let data = &answer["data"];
    let children = data["children"].as_array().map(Vec::as_slice).unwrap_or_default();
    let until = broker.now().plus_micros(exchange_ms(fault).saturating_mul(1_000));
    for order_id in std::iter::once(data).chain(children).filter_map(|order| order["order_id"].as_str()) {
        if let Some(user_id) = &user_id {
            broker.veil(|veil| veil.hide(user_id, order_id, until));
        }
    }
    Response::from_parts(parts, Body::from(bytes))
}

async fn rejected_late(broker: &Broker, fault: &Fault, request: Request, next: Next) -> Response {
    let Some(user_id) = caller(broker, request.headers()) else { return next.run(request).await };
    let message = fault.message.as_deref().unwrap_or(REJECTED_LATE);
    broker.exchange(|exchange| exchange.reject_next_late(&user_id, exchange_ms(fault), message));
    let answer = next.run(request).await;
    // Where the order was refused at the door, the one after it must not pay for it.
    broker.exchange(|exchange| exchange.reject_next_no_more(&user_id));
    answer
}

fn exchange_ms(fault: &Fault) -> i64 {
    i64::try_from(fault.delay_ms).unwrap_or(i64::MAX)
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
    let bytes = to_bytes(body, ANSWER_LIMIT).await.unwrap_or_default();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(bytes.slice(..bytes.len() / 2)))
}
