//! `/gtt/triggers`: orders that wait for a price.

use crate::broker::Broker;
use crate::calls::{Params, Signed};
use crate::reply::{Answer, Refusal, success};
use crate::view::gtt::{ConditionWish, GttRow, OrderWish, wish};
use axum::extract::{Path, State};
use exchange::PlaceGtt;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// `{"trigger_id": 1}`.
#[derive(Serialize)]
struct Triggered {
    trigger_id: u64,
}

pub(crate) async fn list(State(broker): State<Broker>, call: Signed) -> Answer {
    broker.exchange(|exchange| {
        success(exchange.gtts(&call.user_id).into_iter().map(GttRow::from).collect::<Vec<_>>())
    })
}

pub(crate) async fn read(State(broker): State<Broker>, Path(id): Path<String>, call: Signed) -> Answer {
    let id = number(&id)?;
    broker.exchange(|exchange| {
        let gtt = exchange.gtt(&call.user_id, id).ok_or_else(unknown)?;
        success(GttRow::from(gtt))
    })
}

pub(crate) async fn place(State(broker): State<Broker>, call: Signed) -> Answer {
    let wish = read_wish(&call.params)?;
    let trigger_id = broker.exchange(|exchange| exchange.place_gtt(&call.user_id, wish))?;
    success(Triggered { trigger_id })
}

pub(crate) async fn modify(State(broker): State<Broker>, Path(id): Path<String>, call: Signed) -> Answer {
    let (trigger_id, wish) = (number(&id)?, read_wish(&call.params)?);
    broker.exchange(|exchange| exchange.modify_gtt(&call.user_id, trigger_id, wish))?;
    success(Triggered { trigger_id })
}

pub(crate) async fn delete(State(broker): State<Broker>, Path(id): Path<String>, call: Signed) -> Answer {
    let trigger_id = number(&id)?;
    broker.exchange(|exchange| exchange.delete_gtt(&call.user_id, trigger_id))?;
    success(Triggered { trigger_id })
}

fn read_wish(params: &Params) -> Result<PlaceGtt, Refusal> {
    let triggers = match params.required("type")? {
        "single" => 1,
        "two-leg" => 2,
        _ => return Err(Refusal::input("Invalid `type`. Use single or two-leg.")),
    };
    let condition: ConditionWish = json(params, "condition")?;
    let orders: Vec<OrderWish> = json(params, "orders")?;
    let wish = wish(condition, orders).ok_or_else(|| {
        Refusal::input("Invalid `orders`. They must be about the instrument of the condition.")
    })?;
    if wish.triggers.len() != triggers {
        return Err(Refusal::input(
            "Invalid `trigger_values`. A single takes one value, a two-leg takes two.",
        ));
    }
    Ok(wish)
}

/// JSON inside a form field.
fn json<T: DeserializeOwned>(params: &Params, name: &str) -> Result<T, Refusal> {
    serde_json::from_str(params.required(name)?)
        .map_err(|error| Refusal::input(format!("Invalid `{name}`: {error}.")))
}

fn number(id: &str) -> Result<u64, Refusal> {
    id.parse().map_err(|_| unknown())
}

fn unknown() -> Refusal {
    Refusal::general(404, "Couldn't find that `trigger_id`.")
}
