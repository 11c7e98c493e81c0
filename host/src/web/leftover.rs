//! What a request still has to say when its answer is already known: read and thrown away, within bounds.
//!
//! A connection closed in the middle of a body loses the answer on its way, and the client's next request with it.
//! Knows no route: it stands around all of them.

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::{Stream, StreamExt};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;

/// How long a refused body is read on, in milliseconds. Then the client is told that the connection closes.
const LEFTOVER_MS: u64 = 10_000;

/// How long a whole body may take, in milliseconds.
const BODY_MS: u64 = 120_000;

/// How much of a refused body is read on, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeftoverMax(pub(crate) usize);

/// Answers, after reading what the handler left unread.
pub(crate) async fn read_to_the_end(
    State(LeftoverMax(max_bytes)): State<LeftoverMax>,
    request: Request,
    next: Next,
) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let asks_first = asks_first(request.headers());
    let left = Arc::new(Mutex::new(Left::default()));
    let request = request.map(|body| {
        let deadline = Box::pin(tokio::time::sleep(Duration::from_millis(BODY_MS)));
        Body::from_stream(Lent { pieces: Some(body.into_data_stream()), left: Arc::clone(&left), deadline })
    });
    let mut response = next.run(request).await;
    let Left { pieces, begun } = std::mem::take(&mut *lock(&left));
    let Some(pieces) = pieces else { return response };
    // Who asks before sending has sent nothing; reading now would invite them to.
    let is_read = (begun || !asks_first) && is_read_within(pieces, max_bytes).await;
    if !is_read {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn asks_first(headers: &HeaderMap) -> bool {
    headers
        .get(header::EXPECT)
        .is_some_and(|expected| expected.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// Reads and forgets. False when there was more than the bounds allow, or it broke off.
async fn is_read_within(mut pieces: BodyDataStream, max_bytes: usize) -> bool {
    let reading = async {
        let mut seen = 0;
        while let Some(piece) = pieces.next().await {
            let Ok(piece) = piece else { return false };
            seen += piece.len();
            if seen > max_bytes {
                return false;
            }
        }
        true
    };
    tokio::time::timeout(Duration::from_millis(LEFTOVER_MS), reading).await.unwrap_or(false)
}

/// What was not read, once the handler has let go of it.
#[derive(Default)]
struct Left {
    pieces: Option<BodyDataStream>,
    begun: bool,
}

/// A body that is handed back when its reader drops it before the end.
struct Lent {
    pieces: Option<BodyDataStream>,
    left: Arc<Mutex<Left>>,
    /// A client that sends a byte every now and then must not hold its place for ever.
    deadline: Pin<Box<Sleep>>,
}

impl Stream for Lent {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.pieces.is_some() && self.deadline.as_mut().poll(context).is_ready() {
            self.pieces = None;
            let late = format!("the body took longer than {} seconds", BODY_MS / 1_000);
            return Poll::Ready(Some(Err(axum::Error::new(io::Error::new(io::ErrorKind::TimedOut, late)))));
        }
        let Some(pieces) = &mut self.pieces else { return Poll::Ready(None) };
        let polled = pieces.poll_next_unpin(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.pieces = None;
        }
        lock(&self.left).begun = true;
        polled
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        lock(&self.left).pieces = self.pieces.take();
    }
}

fn lock(left: &Mutex<Left>) -> MutexGuard<'_, Left> {
    left.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    #[tokio::test]
    async fn a_body_that_comes_drop_by_drop_ends_at_the_deadline() {
        let drops = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Some((Ok::<_, io::Error>(Bytes::from_static(b".")), ()))
        });
        let deadline = Box::pin(tokio::time::sleep(Duration::from_millis(100)));
        let pieces = Some(Body::from_stream(drops).into_data_stream());
        let body = Lent { pieces, left: Arc::default(), deadline };
        let all: Vec<_> = body.take(10_000).collect().await;
        let last = all.last().unwrap().as_ref().unwrap_err();
        assert!(all.len() < 100 && last.to_string().contains("took longer than 120 seconds"), "{last}");
    }
}
