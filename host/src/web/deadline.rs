//! How long somebody waits for an answer, and that half an action is none.
//!
//! A change that was asked for goes on to its end when whoever asked has gone: a browser tab that closes in the middle of
//! *stop and close* must not leave half of the positions. Reads end with whoever asked. Knows no route.

use crate::web::ending::Ending;
use crate::web::error::Problem;
use crate::web::guard::goes_on;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Duration;

/// How long an answer may take, in milliseconds. The body of an answer, such as a stream, may take longer.
const ANSWER_MS: u64 = 180_000;

/// Bounds on one request.
#[derive(Debug, Clone)]
pub(crate) struct Deadline {
    pub(crate) answer_ms: u64,
    pub(crate) ending: Ending,
}

impl Deadline {
    pub(crate) fn new(ending: Ending) -> Self {
        Self { answer_ms: ANSWER_MS, ending }
    }
}

/// Answers within the deadline, one way or the other.
pub(crate) async fn answer_in_time(
    State(deadline): State<Deadline>,
    request: Request,
    next: Next,
) -> Response {
    let limit = Duration::from_millis(deadline.answer_ms);
    if !goes_on(request.method(), request.uri().path()) {
        let answer = tokio::time::timeout(limit, next.run(request)).await;
        return answer.unwrap_or_else(|_| too_long("it took too long: try again"));
    }
    let action = deadline.ending.act(next.run(request));
    match tokio::time::timeout(limit, action).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(broken)) => Problem::internal(broken).into_response(),
        Err(_) => too_long("it takes long and goes on: look at the state of things before you ask again"),
    }
}

fn too_long(detail: &str) -> Response {
    Problem::new(StatusCode::GATEWAY_TIMEOUT, "too-long", detail).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tower::ServiceExt;

    /// Every request takes 100 ms and is counted when it is done.
    fn slow(answer_ms: u64) -> (Router, Arc<AtomicUsize>, Ending) {
        let (done, ending) = (Arc::new(AtomicUsize::new(0)), Ending::default());
        let counted = Arc::clone(&done);
        let handler = move || async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            counted.fetch_add(1, Ordering::SeqCst);
        };
        let deadline = Deadline { answer_ms, ending: ending.clone() };
        let layer = from_fn_with_state(deadline, answer_in_time);
        let both = get(handler.clone()).post(handler);
        let door = Router::new().route("/", both.clone()).route("/api/runs/1/replay", both);
        (door.layer(layer), done, ending)
    }

    #[tokio::test]
    async fn a_change_is_done_to_its_end_when_whoever_asked_has_gone() {
        let (door, done, ending) = slow(10_000);
        let asked = door.oneshot(Request::post("/").body(Body::empty()).unwrap());
        assert!(tokio::time::timeout(Duration::from_millis(10), asked).await.is_err(), "gone before the end");
        ending.actions_done().await;
        assert_eq!(done.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_replay_ends_with_whoever_asked_although_it_is_asked_for_by_post() {
        let (door, done, ending) = slow(10_000);
        let asked = door.oneshot(Request::post("/api/runs/1/replay").body(Body::empty()).unwrap());
        assert!(tokio::time::timeout(Duration::from_millis(10), asked).await.is_err(), "gone before the end");
        ending.actions_done().await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(done.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_so() {
        for (request, finished) in [(Request::get("/"), 0), (Request::post("/"), 1)] {
            let (door, done, ending) = slow(10);
            let answer = door.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
            ending.actions_done().await;
            assert_eq!(done.load(Ordering::SeqCst), finished);
        }
    }
}
