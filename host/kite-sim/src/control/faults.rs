//! Faults ordered, listed and forgotten, for answers and for the ticker.

use super::{Body, No};
use crate::broker::Broker;
use crate::faults::Fault;
use crate::ticker::OrderFault;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// The longest wait or silence that can be asked for, in milliseconds.
const DELAY_LIMIT_MS: u64 = 600_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Target {
    #[serde(default)]
    api_key: Option<String>,
    #[serde(default)]
    ms: u64,
}

pub(super) async fn list(State(broker): State<Broker>) -> Json<Vec<Fault>> {
    Json(broker.faults(|faults| faults.waiting().to_vec()))
}

pub(super) async fn add(State(broker): State<Broker>, body: Body<Fault>) -> Result<Json<Value>, No> {
    let Json(fault) = body?;
    if fault.status.is_some_and(|status| !(400..=599).contains(&status)) {
        return Err(No::bad("status must be 400 to 599"));
    }
    if fault.delay_ms > DELAY_LIMIT_MS {
        return Err(No::bad(format!("delayMs must be 0 to {DELAY_LIMIT_MS}")));
    }
    if !broker.faults(|faults| faults.add(fault)) {
        return Err(No::bad("too many faults wait already: DELETE /sim/faults first"));
    }
    Ok(Json(json!({ "waiting": broker.faults(|faults| faults.waiting().len()) })))
}

pub(super) async fn clear(State(broker): State<Broker>) -> Json<Value> {
    broker.faults(|faults| faults.clear());
    broker.hub().set_order_fault(OrderFault::default());
    Json(json!({ "waiting": 0 }))
}

pub(super) async fn ticker(State(broker): State<Broker>) -> Json<Value> {
    Json(json!({ "connections": broker.hub().connections() }))
}

pub(super) async fn disconnect(State(broker): State<Broker>, body: Body<Target>) -> Result<Json<Value>, No> {
    let Json(target) = body?;
    Ok(Json(json!({ "connections": broker.hub().disconnect(target.api_key.as_deref()) })))
}

pub(super) async fn silence(State(broker): State<Broker>, body: Body<Target>) -> Result<Json<Value>, No> {
    let Json(target) = body?;
    if target.ms > DELAY_LIMIT_MS {
        return Err(No::bad(format!("ms must be 0 to {DELAY_LIMIT_MS}")));
    }
    let span = Duration::from_millis(target.ms);
    Ok(Json(json!({ "connections": broker.hub().silence(target.api_key.as_deref(), span) })))
}

pub(super) async fn order_updates_waiting(State(broker): State<Broker>) -> Json<OrderFault> {
    Json(broker.hub().order_fault())
}

pub(super) async fn order_updates(
    State(broker): State<Broker>,
    body: Body<OrderFault>,
) -> Result<Json<OrderFault>, No> {
    let Json(fault) = body?;
    if let Some(key) = &fault.api_key
        && !broker.accounts().iter().any(|account| account.api_key == *key)
    {
        return Err(No::unknown(format!("no account has the api key `{key}`: see GET /sim/accounts")));
    }
    broker.hub().set_order_fault(fault);
    Ok(order_updates_waiting(State(broker)).await)
}
