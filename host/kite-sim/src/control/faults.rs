//! Faults of answers: ordered, listed, and all faults forgotten.

use super::{Body, No};
use crate::broker::Broker;
use crate::faults::Fault;
use crate::spoiling::UpdateFault;
use crate::veil::Veil;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// The longest wait or silence that can be asked for, in milliseconds.
pub(super) const DELAY_LIMIT_MS: u64 = 600_000;

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
    broker.hub().heal();
    broker.outbox().set_fault(UpdateFault::default());
    broker.veil(Veil::lift);
    Json(json!({ "waiting": 0 }))
}
