//! Tokens, accounts and the record of order writes.

use super::clock::Instant;
use super::{Body, No};
use crate::broker::Broker;
use crate::faults::Plan;
use crate::received::Received;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct App {
    api_key: String,
    #[serde(default)]
    user_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Expiry {
    api_key: String,
    #[serde(default)]
    at: Option<Instant>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PlanWish {
    api_key: String,
    plan: Plan,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    #[serde(default)]
    since: u64,
}

/// One line of `GET /sim/accounts`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountLine {
    user_id: String,
    user_name: String,
    api_key: String,
}

pub(super) async fn request_token(State(broker): State<Broker>, body: Body<App>) -> Result<Json<Value>, No> {
    let Json(app) = body?;
    let now = broker.now();
    let user_id = app.user_id.as_deref();
    let token = broker.sessions(|sessions| sessions.request_token(&app.api_key, user_id, now));
    let token = token.ok_or_else(|| unknown(&app.api_key))?;
    Ok(Json(json!({ "requestToken": token })))
}

pub(super) async fn expire_token(
    State(broker): State<Broker>,
    body: Body<Expiry>,
) -> Result<Json<Value>, No> {
    let Json(Expiry { api_key, at }) = body?;
    known_app(&broker, &api_key)?;
    let at = at.as_ref().map(Instant::read).transpose()?;
    let expired = broker.sessions(|sessions| match at {
        None => sessions.expire(&api_key),
        Some(at) => sessions.expire_at(&api_key, at),
    });
    Ok(Json(json!({ "expired": expired })))
}

pub(super) async fn plan(State(broker): State<Broker>, body: Body<PlanWish>) -> Result<Json<Value>, No> {
    let Json(PlanWish { api_key, plan }) = body?;
    known_app(&broker, &api_key)?;
    broker.faults(|faults| faults.set_plan(&api_key, plan));
    Ok(Json(json!({ "apiKey": api_key, "plan": plan })))
}

pub(super) async fn accounts(State(broker): State<Broker>) -> Json<Vec<AccountLine>> {
    let line = |account: &crate::SimAccount| AccountLine {
        user_id: account.user_id.clone(),
        user_name: account.user_name.clone(),
        api_key: account.api_key.clone(),
    };
    Json(broker.accounts().iter().map(line).collect())
}

pub(super) async fn received(
    State(broker): State<Broker>,
    query: Result<Query<Since>, QueryRejection>,
) -> Result<Json<Vec<Received>>, No> {
    let Query(query) = query?;
    Ok(Json(broker.received(|log| log.since(query.since))))
}

/// An app that some account has.
pub(super) fn known_app(broker: &Broker, api_key: &str) -> Result<(), No> {
    let known = broker.accounts().iter().any(|account| account.api_key == api_key);
    if known { Ok(()) } else { Err(unknown(api_key)) }
}

fn unknown(api_key: &str) -> No {
    No::unknown(format!("no account has the api key `{api_key}`: see GET /sim/accounts"))
}
