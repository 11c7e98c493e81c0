//! GTT: orders that wait for a price.

use super::cases;
use crate::desk::{Desk, INFY, Outcome, refused};
use kiteconnect::error::ErrorKind;
use kiteconnect::{
    Exchange, GttParams, GttTrigger, GttTriggerParams, TransactionType, TransactionType::Buy,
    TransactionType::Sell,
};
use serde_json::json;

cases![
    a_single_trigger_is_made_changed_and_deleted,
    a_two_leg_trigger_is_typed,
    a_two_leg_trigger_needs_the_market_between,
    a_trigger_at_the_market_is_an_input_exception,
    a_trigger_fires_and_names_its_order,
    an_unknown_trigger_is_no_trigger,
];

fn single(last: f64, value: f64, side: TransactionType) -> GttParams {
    let leg = GttTriggerParams::new(value, value, 1);
    GttParams::new("INFY", Exchange::Nse, last, side, GttTrigger::Single(leg))
}

fn two_leg(last: f64, lower: f64, upper: f64) -> GttParams {
    let leg = |value: f64| GttTriggerParams::new(value, value, 1);
    GttParams::new(
        "INFY",
        Exchange::Nse,
        last,
        Sell,
        GttTrigger::TwoLeg { lower: leg(lower), upper: leg(upper) },
    )
}

async fn a_single_trigger_is_made_changed_and_deleted(desk: Desk) -> Outcome {
    let last = desk.site.last_price("NSE:INFY").await?;
    let far = (last * 1.05).round();
    let id = desk.kite.place_gtt(single(last, far, Buy)).await?.trigger_id;
    let gtt = desk.kite.gtt(id).await?;
    assert_eq!((gtt.status.as_str(), gtt.trigger_type.as_str()), ("active", "single"));
    assert_eq!((gtt.condition.instrument_token, gtt.condition.trigger_values), (Some(INFY), vec![far]));
    assert!(gtt.orders[0].result.is_none() && gtt.expires_at > gtt.created_at);
    desk.kite.modify_gtt(id, single(last, far + 5.0, Buy)).await?;
    assert_eq!(desk.kite.gtt(id).await?.condition.trigger_values, [far + 5.0]);
    assert_eq!(desk.kite.delete_gtt(id).await?.trigger_id, id);
    let rows = desk.kite.gtts().await?;
    assert_eq!(rows.iter().find(|row| row.id == id).ok_or("it is not listed")?.status, "deleted");
    Ok(())
}

async fn a_two_leg_trigger_is_typed(desk: Desk) -> Outcome {
    let last = desk.site.last_price("NSE:INFY").await?;
    let (lower, upper) = ((last * 0.95).round(), (last * 1.05).round());
    let id = desk.kite.place_gtt(two_leg(last, lower, upper)).await?.trigger_id;
    let gtt = desk.kite.gtt(id).await?;
    assert_eq!((gtt.trigger_type.as_str(), gtt.orders.len()), ("two-leg", 2));
    assert_eq!(gtt.condition.trigger_values, [lower, upper]);
    Ok(())
}

async fn a_two_leg_trigger_needs_the_market_between(desk: Desk) -> Outcome {
    let last = desk.site.last_price("NSE:INFY").await?;
    let call = desk.kite.place_gtt(two_leg(last, (last * 1.03).round(), (last * 1.05).round()));
    refused(call, ErrorKind::Input).await?;
    Ok(())
}

async fn a_trigger_at_the_market_is_an_input_exception(desk: Desk) -> Outcome {
    let last = desk.site.last_price("NSE:INFY").await?;
    let error = refused(desk.kite.place_gtt(single(last, last, Buy)), ErrorKind::Input).await?;
    assert_eq!(
        error.message,
        "Trigger cannot be created with one of the trigger values equal to the last price."
    );
    Ok(())
}

async fn a_trigger_fires_and_names_its_order(desk: Desk) -> Outcome {
    let last = desk.site.last_price("NSE:INFY").await?;
    let value = (last * 1.02).round();
    let leg = GttTriggerParams::new(value, value + 10.0, 1);
    let params = GttParams::new("INFY", Exchange::Nse, last, Buy, GttTrigger::Single(leg));
    let id = desk.kite.place_gtt(params).await?.trigger_id;
    desk.site.control("/sim/price", json!({ "symbol": "NSE:INFY", "price": value + 1.0 })).await?;
    let gtt = desk.kite.gtt(id).await?;
    desk.site.control("/sim/price", json!({ "symbol": "NSE:INFY", "price": last })).await?;
    assert_eq!(gtt.status, "triggered");
    let result = gtt.orders.into_iter().next().and_then(|order| order.result).ok_or("no result")?;
    let placed = result.order_result.ok_or("no order result")?;
    let order_id = placed.order_id.ok_or("no order")?;
    desk.settled(&order_id, &["COMPLETE", "OPEN"]).await?;
    Ok(())
}

async fn an_unknown_trigger_is_no_trigger(desk: Desk) -> Outcome {
    let error = desk.kite.gtt(1).await.expect_err("somebody else's trigger");
    assert!(!error.is_session_expired() && matches!(error, kiteconnect::Error::Api(_)), "{error}");
    Ok(())
}
