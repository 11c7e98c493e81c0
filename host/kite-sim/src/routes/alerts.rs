//! `/alerts`: conditions that tell, or place orders, when they come true.

use crate::broker::Broker;
use crate::calls::{Params, Signed};
use crate::reply::{Answer, Refusal, success};
use crate::view::alerts::{AlertRow, BasketFields, EventRow};
use axum::extract::{Path, State};
use exchange::{
    Alert, AlertKind, AlertStatus, Attribute, BasketChange, ComparandWish, OperandWish, Operator, PlaceAlert,
};
use std::str::FromStr;

/// Alerts on one page, where a page is asked for without a size.
const PAGE_SIZE: usize = 100;
/// The largest page that can be asked for.
const PAGE_SIZE_LIMIT: usize = 500;

pub(crate) async fn list(State(broker): State<Broker>, call: Signed) -> Answer {
    let status = call.params.text("status").map(status_of).transpose()?;
    let (skipped, taken) = page(&call.params)?;
    // Deleted ones are shown to who asks for them.
    let wanted = |alert: &&Alert| match status {
        Some(status) => alert.status == status,
        None => alert.status != AlertStatus::Deleted,
    };
    broker.exchange(|exchange| {
        let rows = exchange.alerts(&call.user_id).filter(wanted).skip(skipped).take(taken);
        success(rows.map(AlertRow::whole).collect::<Vec<_>>())
    })
}

pub(crate) async fn read(State(broker): State<Broker>, Path(uuid): Path<String>, call: Signed) -> Answer {
    broker.exchange(|exchange| {
        let alert = exchange.alert(&call.user_id, &uuid).ok_or_else(|| unknown(&uuid))?;
        success(AlertRow::whole(alert))
    })
}

pub(crate) async fn history(State(broker): State<Broker>, Path(uuid): Path<String>, call: Signed) -> Answer {
    broker.exchange(|exchange| {
        let alert = exchange.alert(&call.user_id, &uuid).ok_or_else(|| unknown(&uuid))?;
        success(alert.history.iter().map(|event| EventRow::new(alert, event)).collect::<Vec<_>>())
    })
}

pub(crate) async fn create(State(broker): State<Broker>, call: Signed) -> Answer {
    let wish = read_wish(&call.params)?;
    broker.exchange(|exchange| {
        let alert = exchange.place_alert(&call.user_id, wish)?;
        success(AlertRow::brief(alert))
    })
}

pub(crate) async fn modify(State(broker): State<Broker>, Path(uuid): Path<String>, call: Signed) -> Answer {
    let wish = read_wish(&call.params)?;
    broker.exchange(|exchange| {
        let alert = exchange.modify_alert(&call.user_id, &uuid, wish)?;
        success(AlertRow::brief(alert))
    })
}

pub(crate) async fn delete(State(broker): State<Broker>, call: Signed) -> Answer {
    let uuids: Vec<&str> = call.params.all("uuid").filter(|uuid| !uuid.is_empty()).collect();
    if uuids.is_empty() {
        return Err(Refusal::input("Missing or empty field `uuid`"));
    }
    broker.exchange(|exchange| exchange.delete_alerts(&call.user_id, &uuids))?;
    success(())
}

/// A change carries the whole condition, as a new alert does; a basket alone may be left out of it.
fn read_wish(params: &Params) -> Result<PlaceAlert, Refusal> {
    let kind = match params.required("type")? {
        "simple" => AlertKind::Simple,
        "ato" => AlertKind::Ato,
        _ => return Err(Refusal::input("Invalid `type`. Use simple or ato.")),
    };
    let right = match params.required("rhs_type")? {
        "constant" => ComparandWish::Constant(
            params
                .price("rhs_constant")?
                .ok_or_else(|| Refusal::input("Missing or empty field `rhs_constant`"))?,
        ),
        "instrument" => ComparandWish::Instrument(operand(params, "rhs")?),
        _ => return Err(Refusal::input("Invalid `rhs_type`. Use constant or instrument.")),
    };
    let status = match params.text("status").map(status_of).transpose()? {
        Some(AlertStatus::Deleted) => {
            return Err(Refusal::input("Invalid `status`. Withdraw an alert by DELETE /alerts?uuid=."));
        }
        Some(status) => status,
        None => AlertStatus::Enabled,
    };
    Ok(PlaceAlert {
        name: params.required("name")?.to_owned(),
        kind,
        left: operand(params, "lhs")?,
        operator: params.required("operator").and_then(operator)?,
        right,
        status,
        basket: basket(params, kind)?,
    })
}

fn operand(params: &Params, side: &str) -> Result<OperandWish, Refusal> {
    let field = |name: &str| params.required(&format!("{side}_{name}"));
    let word = field("attribute")?;
    let attribute = Attribute::ALL.into_iter().find(|attribute| attribute.as_str() == word);
    Ok(OperandWish {
        exchange: field("exchange")?.to_owned(),
        name: field("tradingsymbol")?.to_owned(),
        attribute: attribute.ok_or_else(|| {
            Refusal::input(format!("Invalid `{side}_attribute`. Use one such as LastTradedPrice."))
        })?,
    })
}

fn operator(sign: &str) -> Result<Operator, Refusal> {
    let found = Operator::ALL.into_iter().find(|operator| operator.as_str() == sign);
    found.ok_or_else(|| Refusal::input("Invalid operator. Use <=, >=, <, > or ==."))
}

fn basket(params: &Params, kind: AlertKind) -> Result<Option<Vec<BasketChange>>, Refusal> {
    let text = match (params.text("basket"), kind) {
        (Some(text), AlertKind::Ato) => text,
        (None, AlertKind::Ato | AlertKind::Simple) | (Some(_), AlertKind::Simple) => return Ok(None),
    };
    let fields: BasketFields =
        serde_json::from_str(text).map_err(|error| Refusal::input(format!("Invalid `basket`: {error}.")))?;
    let changes =
        fields.changes().map_err(|reason| Refusal::input(format!("Invalid `basket`: {reason}.")))?;
    Ok(Some(changes))
}

fn status_of(word: &str) -> Result<AlertStatus, Refusal> {
    match word {
        "enabled" => Ok(AlertStatus::Enabled),
        "disabled" => Ok(AlertStatus::Disabled),
        "deleted" => Ok(AlertStatus::Deleted),
        _ => Err(Refusal::input("Invalid `status`. Use enabled, disabled or deleted.")),
    }
}

/// How many alerts are passed over, and how many follow. Without a page, all of them.
fn page(params: &Params) -> Result<(usize, usize), Refusal> {
    let page = whole(params, "page", usize::MAX)?;
    let size = whole(params, "page_size", PAGE_SIZE_LIMIT)?;
    if page.is_none() && size.is_none() {
        return Ok((0, usize::MAX));
    }
    let size = size.unwrap_or(PAGE_SIZE);
    Ok(((page.unwrap_or(1) - 1).saturating_mul(size), size))
}

fn whole(params: &Params, name: &str, limit: usize) -> Result<Option<usize>, Refusal> {
    let read = |text| usize::from_str(text).ok().filter(|number| (1..=limit).contains(number));
    let invalid =
        || Refusal::input(format!("Invalid `{name}`. Use a whole number from 1 on, at most {limit}."));
    params.text(name).map(|text| read(text).ok_or_else(invalid)).transpose()
}

fn unknown(uuid: &str) -> Refusal {
    Refusal::general(404, format!("Couldn't find the alert `{uuid}`."))
}
