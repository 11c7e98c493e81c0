//! The exchange's clock, read and set.

use super::{Body, No};
use crate::broker::Broker;
use axum::Json;
use axum::extract::State;
use market::Timestamp;
use serde::{Deserialize, Serialize};

/// The furthest that one setting may jump, in days: the market plays through all of it.
const JUMP_LIMIT_DAYS: i64 = 10;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClockState {
    now: Timestamp,
    now_text: String,
    /// Where the market stands: behind `now` while it plays through what the clock has passed.
    market_now: Timestamp,
    market_now_text: String,
    speed: f64,
    r#virtual: bool,
    open: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Setting {
    #[serde(default)]
    now: Option<Instant>,
    #[serde(default)]
    speed: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Instant {
    Micros(i64),
    Text(String),
}

pub(super) async fn get(State(broker): State<Broker>) -> Json<ClockState> {
    Json(state(&broker))
}

pub(super) async fn put(State(broker): State<Broker>, body: Body<Setting>) -> Result<Json<ClockState>, No> {
    let Json(setting) = body?;
    let now = setting.now.as_ref().map(Instant::read).transpose()?;
    let furthest = broker.now().plus_seconds(JUMP_LIMIT_DAYS * 86_400);
    if now.is_some_and(|now| now > furthest) {
        return Err(No::bad(format!("the clock can jump {JUMP_LIMIT_DAYS} days at a time")));
    }
    broker.clock(|clock| clock.set(now, setting.speed)).map_err(|error| No::bad(error.to_string()))?;
    let worker = broker.clone();
    tokio::task::spawn_blocking(move || worker.advance())
        .await
        .map_err(|error| No::bad(error.to_string()))?;
    Ok(Json(state(&broker)))
}

fn state(broker: &Broker) -> ClockState {
    let (now, speed, is_wall) = broker.clock(|clock| (clock.now(), clock.speed(), clock.is_wall()));
    let (market_now, open) = broker.exchange(|exchange| (exchange.now(), exchange.is_open()));
    ClockState {
        now,
        now_text: now.ist_text(),
        market_now,
        market_now_text: market_now.ist_text(),
        speed,
        r#virtual: !is_wall,
        open,
    }
}

impl Instant {
    pub(super) fn read(&self) -> Result<Timestamp, No> {
        match self {
            Self::Micros(micros) => Ok(Timestamp::from_micros(*micros)),
            Self::Text(text) => Timestamp::parse_ist(text)
                .map_err(|_| No::bad(format!("`{text}` is no time: write YYYY-MM-DD HH:MM:SS (IST)"))),
        }
    }
}
