//! Faults of the ticker and of postbacks: lines cut, frames withheld or malformed, updates lost, doubled and delayed.

use super::faults::DELAY_LIMIT_MS;
use super::sessions::known_app;
use super::{Body, No};
use crate::broker::Broker;
use crate::spoiling::UpdateFault;
use crate::ticker::{Malformed, Withheld, malformed};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// The most malformed frames that can be asked for at once: they must fit into a connection's queue.
const MALFORMED_LIMIT: u32 = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Target {
    #[serde(default)]
    api_key: Option<String>,
    #[serde(default)]
    ms: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MalformedWish {
    #[serde(default)]
    api_key: Option<String>,
    kind: Malformed,
    #[serde(default = "once")]
    times: u32,
}

pub(super) async fn connections(State(broker): State<Broker>) -> Json<Value> {
    Json(json!({ "connections": broker.hub().connections() }))
}

pub(super) async fn disconnect(State(broker): State<Broker>, body: Body<Target>) -> Result<Json<Value>, No> {
    let Json(target) = body?;
    Ok(Json(json!({ "connections": broker.hub().disconnect(target.api_key.as_deref()) })))
}

pub(super) async fn silence(broker: State<Broker>, body: Body<Target>) -> Result<Json<Value>, No> {
    withhold(&broker, Withheld::All, body)
}

pub(super) async fn gap(broker: State<Broker>, body: Body<Target>) -> Result<Json<Value>, No> {
    withhold(&broker, Withheld::Ticks, body)
}

pub(super) async fn mute(broker: State<Broker>, body: Body<Target>) -> Result<Json<Value>, No> {
    withhold(&broker, Withheld::Heartbeats, body)
}

pub(super) async fn send_malformed(
    State(broker): State<Broker>,
    body: Body<MalformedWish>,
) -> Result<Json<Value>, No> {
    let Json(MalformedWish { api_key, kind, times }) = body?;
    if times > MALFORMED_LIMIT {
        return Err(No::bad(format!("times must be 0 to {MALFORMED_LIMIT}")));
    }
    let message = malformed(kind);
    let mut connections = 0;
    for _ in 0..times {
        connections = broker.hub().send_malformed(api_key.as_deref(), &message);
    }
    Ok(Json(json!({ "connections": connections })))
}

pub(super) async fn order_updates_waiting(State(broker): State<Broker>) -> Json<UpdateFault> {
    Json(broker.hub().update_fault())
}

pub(super) async fn order_updates(
    State(broker): State<Broker>,
    body: Body<UpdateFault>,
) -> Result<Json<UpdateFault>, No> {
    broker.hub().set_update_fault(checked(&broker, body)?);
    Ok(Json(broker.hub().update_fault()))
}

pub(super) async fn postbacks_waiting(State(broker): State<Broker>) -> Json<UpdateFault> {
    Json(broker.outbox().fault())
}

pub(super) async fn postbacks(
    State(broker): State<Broker>,
    body: Body<UpdateFault>,
) -> Result<Json<UpdateFault>, No> {
    broker.outbox().set_fault(checked(&broker, body)?);
    Ok(Json(broker.outbox().fault()))
}

fn checked(broker: &Broker, body: Body<UpdateFault>) -> Result<UpdateFault, No> {
    let Json(fault) = body?;
    if let Some(key) = &fault.api_key {
        known_app(broker, key)?;
    }
    if !fault.is_possible() {
        return Err(No::bad("dropPercent, duplicatePercent and delayPercent must be 100 together at most"));
    }
    Ok(fault)
}

fn withhold(broker: &Broker, what: Withheld, body: Body<Target>) -> Result<Json<Value>, No> {
    let Json(target) = body?;
    if target.ms > DELAY_LIMIT_MS {
        return Err(No::bad(format!("ms must be 0 to {DELAY_LIMIT_MS}")));
    }
    let span = Duration::from_millis(target.ms);
    Ok(Json(json!({ "connections": broker.hub().withhold(what, target.api_key.as_deref(), span) })))
}

const fn once() -> u32 {
    1
}
