//! Shows a trader the books through the veil: lists as they were, orders left out that are not to be seen yet.
//!
//! Stands behind the fault layer, so that a call is let in, counted and refused as ever; only a good answer is changed.

use crate::broker::Broker;
use crate::calls::signed::caller;
use crate::reply::Refusal;
use crate::veil::List;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// The largest list that is changed, in bytes.
const LIST_LIMIT: usize = 64 * 1024 * 1024;

/// Where a row stands in its list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// From 0.
    pub(crate) row: usize,
    /// Of so many.
    pub(crate) of: usize,
}

/// The layer around all Kite routes.
pub(crate) async fn see_through(State(broker): State<Broker>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let is_book = path.starts_with("/orders") || List::at(&path).is_some();
    let user_id = if request.method() == Method::GET && is_book && broker.veil(|veil| !veil.is_lifted()) {
        caller(&broker, request.headers())
    } else {
        None
    };
    let answer = next.run(request).await;
    match user_id {
        Some(user_id) if answer.status() == StatusCode::OK => veiled(&broker, &user_id, &path, answer).await,
        Some(_) | None => answer,
    }
}

/// Takes the rows of some orders out of a list, or one row at a place.
pub(crate) async fn without_rows(answer: Response, is_left_out: impl Fn(Place, &Value) -> bool) -> Response {
    let (mut parts, body) = answer.into_parts();
    let bytes = to_bytes(body, LIST_LIMIT).await.unwrap_or_default();
    let Ok(mut envelope) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    let data = &mut envelope["data"];
    let lists: Vec<&mut Value> = match data {
        Value::Object(lists) => lists.values_mut().collect(),
        other => vec![other],
    };
    for list in lists.into_iter().filter_map(Value::as_array_mut) {
        let mut place = Place { row: 0, of: list.len() };
        list.retain(|row| {
            let left_out = is_left_out(place, row);
            place.row += 1;
            !left_out
        });
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(envelope.to_string()))
}

async fn veiled(broker: &Broker, user_id: &str, path: &str, answer: Response) -> Response {
    let now = broker.now();
    let (behind, hidden) = broker.veil(|veil| {
        let behind = List::at(path).and_then(|list| veil.seen(user_id, list, now));
        (behind, veil.hidden(user_id, now))
    });
    let of_one = path.strip_prefix("/orders/").map(|rest| rest.trim_end_matches("/trades"));
    if of_one.is_some_and(|order_id| hidden.iter().any(|hidden| hidden == order_id)) {
        return Refusal::general(404, "Couldn't find that `order_id`.").into_response();
    }
    let answer = match behind {
        None => answer,
        Some(bytes) => {
            let mut parts = answer.into_parts().0;
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(bytes))
        }
    };
    if hidden.is_empty() {
        return answer;
    }
    without_rows(answer, |_, row| hidden.iter().any(|order_id| row["order_id"] == order_id.as_str())).await
}
