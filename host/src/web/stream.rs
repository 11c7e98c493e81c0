//! Live streams (server-sent events): a tenant's news and log, for as long as the session lasts.
//!
//! A stream shows its key again at every beat and whenever a session of its tenant ends, so that it ends with its own. It
//! never serves a tenant it was not opened for, and it ends at once when the host does.

mod told;

use crate::web::error::Problem;
use crate::web::signed_in::{DoorKey, Entered};
use crate::web::state::WebState;
use crate::web::streams::Seat;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tenant::log::{Tail, TailItem};
use tenant::{BrokerState, News, Tenant};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::{Interval, MissedTickBehavior};

/// How often a stream looks whether its session is there and what prices have made of the figures, in milliseconds.
const BEAT_MS: u64 = 2_000;

/// What a stream tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The log alone.
    Log,
    /// Everything about one run.
    Run(String),
    /// Everything about the tenant, with the log or without.
    All { log: bool },
}

struct Watch {
    state: WebState,
    tenant: Tenant,
    key: DoorKey,
    scope: Scope,
    seat: Seat,
    tail: Tail,
    news: broadcast::Receiver<News>,
    broker: watch::Receiver<BrokerState>,
    beat: Interval,
    memory: told::Memory,
    waiting: VecDeque<Event>,
    /// The number of the last event.
    number: u64,
    ended: bool,
}

/// Opens a stream.
///
/// # Errors
/// When the tenant has as many as it may have, or the host is going down.
pub(crate) fn live(
    state: WebState,
    entered: Entered,
    headers: &HeaderMap,
    scope: Scope,
) -> Result<Response, Problem> {
    let seat = state.streams.open(&entered.tenant)?;
    let mut beat = tokio::time::interval(Duration::from_millis(BEAT_MS));
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let last = last_event_id(headers);
    let mut watch = Watch {
        key: entered.key,
        scope,
        seat,
        // Listening begins before anything is read, so nothing falls between.
        tail: entered.tenant.log().tail(),
        news: entered.tenant.news(),
        broker: entered.tenant.broker_state(),
        tenant: entered.tenant,
        beat,
        memory: told::Memory::default(),
        waiting: VecDeque::new(),
        number: last.unwrap_or(0),
        ended: false,
        state,
    };
    watch.greet(last.is_some());
    let events = stream::unfold(watch, |mut watch| async move {
        let event = watch.next().await?;
        Some((Ok::<_, Infallible>(event), watch))
    });
    Ok(Sse::new(events).into_response())
}

/// The number of the last event the client heard, if it has listened before.
fn last_event_id(headers: &HeaderMap) -> Option<u64> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

impl Watch {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                self.number += 1;
                return Some(event.id(self.number.to_string()));
            }
            if self.ended {
                return None;
            }
            self.wait().await;
        }
    }

    /// Waits for something to tell, and puts it in line.
    async fn wait(&mut self) {
        let ending = self.state.ending.clone();
        tokio::select! {
            biased;
            () = ending.begun() => self.end("going-down"),
            () = self.seat.must_look() => self.look().await,
            _ = self.beat.tick() => self.look().await,
            Ok(()) = self.broker.changed() => self.look().await,
            news = self.news.recv() => match news {
                Ok(news) => self.tell(news).await,
                Err(RecvError::Lagged(count)) => self.missed(count),
                Err(RecvError::Closed) => self.end("going-down"),
            },
            item = self.tail.next(), if self.scope != (Scope::All { log: false }) => match item {
                Some(TailItem::Line(line)) => self.line(&line),
                Some(TailItem::Missed(count)) => self.missed(count),
                None => self.end("going-down"),
            },
        }
    }

    /// Shows the key again, then looks what has changed without a word.
    async fn look(&mut self) {
        if self.key.open(&self.state.tenants).await.is_err() {
            self.end("session-ended");
            return;
        }
        self.look_around().await;
        if self.waiting.is_empty() {
            self.waiting.push_back(Event::default().comment("still here"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn numbers_go_on_where_the_client_left_off() {
        let said = |text: &'static str| {
            last_event_id(&HeaderMap::from_iter([(
                "last-event-id".parse().unwrap(),
                HeaderValue::from_static(text),
            )]))
        };
        assert_eq!(said("41"), Some(41));
        assert_eq!(said("nonsense"), None);
        assert_eq!(last_event_id(&HeaderMap::new()), None);
    }
}
