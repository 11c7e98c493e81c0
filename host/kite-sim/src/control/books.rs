//! Books that are behind: made so, listed, released.

use super::{Body, No};
use crate::broker::Broker;
use crate::veil::{LAG_LIMIT_MS, List, Staleness};
use crate::view;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StaleWish {
    user_id: String,
    #[serde(default = "all_lists")]
    lists: Vec<List>,
    #[serde(default)]
    lag_ms: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Release {
    #[serde(default)]
    user_id: Option<String>,
}

pub(super) async fn list(State(broker): State<Broker>) -> Json<Vec<Staleness>> {
    Json(broker.veil(|veil| veil.staleness()))
}

pub(super) async fn hold_back(
    State(broker): State<Broker>,
    body: Body<StaleWish>,
) -> Result<Json<Vec<Staleness>>, No> {
    let Json(StaleWish { user_id, lists, lag_ms }) = body?;
    if broker.account(&user_id).is_none() {
        return Err(No::unknown(format!("no account `{user_id}`: see GET /sim/accounts")));
    }
    if lists.is_empty() {
        return Err(No::bad("lists must name one or more of orders, trades, positions"));
    }
    if lag_ms.is_some_and(|lag_ms| !(0..=LAG_LIMIT_MS).contains(&lag_ms)) {
        return Err(No::bad(format!("lagMs must be 0 to {LAG_LIMIT_MS}")));
    }
    broker.exchange(|exchange| {
        broker.veil(|veil| {
            veil.hold_back(Staleness { user_id, lists, lag_ms });
            veil.record(exchange.now(), |user, list| view::book(exchange, user, list));
        });
    });
    Ok(list(State(broker)).await)
}

pub(super) async fn release(State(broker): State<Broker>, body: Body<Release>) -> Result<Json<Value>, No> {
    let Json(Release { user_id }) = body?;
    Ok(Json(json!({ "released": broker.veil(|veil| veil.release(user_id.as_deref())) })))
}

fn all_lists() -> Vec<List> {
    List::ALL.to_vec()
}
