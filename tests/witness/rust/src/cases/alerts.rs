//! Alerts: what watches a price and tells, or places a basket.

use super::cases;
use crate::desk::{Desk, Outcome, refused};
use kiteconnect::error::ErrorKind;
use kiteconnect::{
    AlertOperator, AlertParams, AlertRhsType, AlertStatus, AlertType, BasketCreate, BasketItemParams,
    BasketOperation, BasketOrderParams, BasketWrite,
};
use serde_json::json;
use std::collections::HashMap;

cases![
    an_alert_is_made_listed_changed_and_deleted,
    an_alert_that_is_met_counts_and_keeps_its_history,
    an_alert_compares_two_instruments,
    an_alert_with_a_basket_places_it,
    an_alert_on_nothing_is_an_input_exception,
    an_unknown_alert_is_no_alert,
];

fn watch(name: &str, operator: AlertOperator, value: f64) -> AlertParams {
    let params = AlertParams::new(
        name,
        AlertType::Simple,
        "NSE",
        "INFY",
        "LastTradedPrice",
        operator,
        AlertRhsType::Constant,
    );
    params.rhs_constant(value)
}

async fn an_alert_is_made_listed_changed_and_deleted(desk: Desk) -> Outcome {
    let made = desk.kite.create_alert(watch("far away", AlertOperator::Ge, 90_000.5)).await?;
    assert_eq!((made.status, made.alert_count, made.rhs_constant), (AlertStatus::Enabled, 0, 90_000.5));
    assert_eq!(
        (made.name.as_str(), made.operator.as_str(), &made.user_id),
        ("far away", ">=", &desk.account.user)
    );
    let listed = desk.kite.alerts(&HashMap::new()).await?;
    assert!(listed.iter().any(|alert| alert.uuid == made.uuid));
    let changed = desk.kite.modify_alert(&made.uuid, watch("farther", AlertOperator::Ge, 95_000.0)).await?;
    assert_eq!((changed.name.as_str(), changed.rhs_constant), ("farther", 95_000.0));
    assert_eq!(desk.kite.alert(&made.uuid).await?.name, "farther");
    assert!(desk.kite.delete_alerts(&[&made.uuid])?.await?);
    let listed = desk.kite.alerts(&HashMap::new()).await?;
    let gone = |status| status == AlertStatus::Deleted;
    assert!(listed.iter().all(|alert| alert.uuid != made.uuid || gone(alert.status)));
    Ok(())
}

async fn an_alert_that_is_met_counts_and_keeps_its_history(desk: Desk) -> Outcome {
    let last = desk.site.last_price("NSE:INFY").await?;
    let level = (last * 1.01).round();
    let alert = desk.kite.create_alert(watch("above", AlertOperator::Ge, level)).await?;
    desk.site.control("/sim/price", json!({ "symbol": "NSE:INFY", "price": level + 1.0 })).await?;
    desk.site.control("/sim/price", json!({ "symbol": "NSE:INFY", "price": last })).await?;
    assert!(desk.kite.alert(&alert.uuid).await?.alert_count >= 1);
    let history = desk.kite.alert_history(&alert.uuid).await?;
    let row = history.first().ok_or("no history")?;
    assert_eq!((row.uuid.as_str(), row.meta[0].tradingsymbol.as_str()), (alert.uuid.as_str(), "INFY"));
    assert!(row.meta[0].last_price >= level && row.condition.contains(">="), "{row:?}");
    Ok(())
}

async fn an_alert_compares_two_instruments(desk: Desk) -> Outcome {
    let params = watch("two", AlertOperator::Gt, 0.0).rhs_instrument("NSE", "TCS", "LastTradedPrice");
    let alert = desk.kite.create_alert(params).await?;
    assert_eq!((alert.rhs_type.as_str(), alert.rhs_tradingsymbol.as_deref()), ("instrument", Some("TCS")));
    desk.kite.delete_alerts(&[&alert.uuid])?.await?;
    Ok(())
}

async fn an_alert_with_a_basket_places_it(desk: Desk) -> Outcome {
    let last = desk.site.last_price("NSE:INFY").await?;
    let level = (last * 1.01).round();
    let order = BasketOrderParams::new("regular", "BUY", "CNC", "LIMIT", "DAY", 1, (last * 0.98).round());
    let item = BasketOperation::Insert {
        exchange: "NSE".into(),
        tradingsymbol: "INFY".into(),
        weight: 1,
        params: BasketItemParams::Authored(order),
    };
    let mut params = watch("act", AlertOperator::Ge, level)
        .basket(BasketWrite::Create(BasketCreate::new("act", vec![item])));
    params.alert_type = AlertType::Ato;
    let alert = desk.kite.create_alert(params).await?;
    assert_eq!(alert.alert_type, AlertType::Ato);
    desk.site.control("/sim/price", json!({ "symbol": "NSE:INFY", "price": level + 1.0 })).await?;
    desk.site.control("/sim/price", json!({ "symbol": "NSE:INFY", "price": last })).await?;
    let orders = desk.kite.orders().await?;
    assert_eq!(
        (orders.len(), orders[0].tradingsymbol.as_str(), orders[0].product.as_str()),
        (1, "INFY", "CNC")
    );
    Ok(())
}

async fn an_alert_on_nothing_is_an_input_exception(desk: Desk) -> Outcome {
    let params = AlertParams::new(
        "none",
        AlertType::Simple,
        "NSE",
        "NOSUCH",
        "LastTradedPrice",
        AlertOperator::Ge,
        AlertRhsType::Constant,
    );
    assert_eq!(refused(desk.kite.create_alert(params), ErrorKind::Input).await?.status, 400);
    Ok(())
}

async fn an_unknown_alert_is_no_alert(desk: Desk) -> Outcome {
    let error =
        desk.kite.alert("00000000-0000-4000-8000-000000000000").await.expect_err("somebody else's alert");
    assert!(matches!(error, kiteconnect::Error::Api(_)) && !error.is_session_expired(), "{error}");
    Ok(())
}
