//! Live streams (server-sent events): a tenant's news and log, for as long as the session lasts.
//!
//! A stream shows its key again every few seconds, so that it ends with the session, and never serves a tenant it
//! was not opened for.

use crate::web::fill;
use crate::web::shown::shown_run;
use crate::web::signed_in::{DoorKey, Entered};
use crate::web::state::WebState;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use std::convert::Infallible;
use std::time::Duration;
use tenant::log::{Tail, TailItem};
use tenant::{News, Tenant};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Interval;

/// How often a stream says that it is there, and looks whether the session is.
const BEAT: Duration = Duration::from_secs(3);

/// What a stream tells.
#[derive(Debug, Clone)]
pub(crate) enum Scope {
    /// The log alone.
    Log,
    /// Everything about one run.
    Run(String),
}

struct Watch {
    state: WebState,
    tenant: Tenant,
    key: DoorKey,
    scope: Scope,
    tail: Tail,
    news: broadcast::Receiver<News>,
    beat: Interval,
}

/// Opens a stream.
pub(crate) fn live(state: WebState, entered: Entered, scope: Scope) -> Response {
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let watch = Watch {
        state,
        key: entered.key,
        scope,
        tail: entered.tenant.log().tail(),
        news: entered.tenant.news(),
        tenant: entered.tenant,
        beat,
    };
    let events = stream::unfold(watch, |mut watch| async move {
        let event = watch.next().await?;
        Some((Ok::<_, Infallible>(event), watch))
    });
    Sse::new(events).into_response()
}

impl Watch {
    async fn next(&mut self) -> Option<Event> {
        loop {
            let event = tokio::select! {
                _ = self.beat.tick() => {
                    self.key.open(&self.state.tenants).await.ok()?;
                    Some(Event::default().comment("still here"))
                }
                item = self.tail.next() => self.line(item?),
                news = self.news.recv() => match news {
                    Ok(news) => self.told(news).await,
                    // Who lags reads the lists again.
                    Err(RecvError::Lagged(missed)) => json("missed", &missed),
                    Err(RecvError::Closed) => return None,
                },
            };
            if event.is_some() {
                return event;
            }
        }
    }

    fn line(&self, item: TailItem) -> Option<Event> {
        match item {
            TailItem::Line(line) => {
                let wanted = match &self.scope {
                    Scope::Log => true,
                    Scope::Run(run) => line.run.as_ref() == Some(run),
                };
                wanted.then(|| json("log", &fill::log_line(&line))).flatten()
            }
            TailItem::Missed(lines) => json("missed", &lines),
        }
    }

    async fn told(&self, news: News) -> Option<Event> {
        let Scope::Run(run) = &self.scope else { return None };
        match news {
            News::Order(order) => (order.run_id == *run).then(|| json("order", &fill::order(order)))?,
            News::Trade(trade) => {
                (trade.run_id.as_ref() == Some(run)).then(|| json("trade", &fill::trade(trade)))?
            }
            News::Run(record) if record.id == *run => {
                let shown = shown_run(&self.state, &self.tenant, record).await.ok()?;
                json("state", &shown)
            }
            News::Pnl(record) => (record.run_id == *run).then(|| json("pnl", &fill::pnl_record(record)))?,
            News::Run(_) | News::Stats(_) => None,
        }
    }
}

fn json<T: Serialize>(name: &str, value: &T) -> Option<Event> {
    Event::default().event(name).json_data(value).ok()
}
