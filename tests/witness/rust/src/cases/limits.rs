//! What there may be too much of, and where orders may come from.

use super::cases;
use crate::desk::{Account, Desk, Fault, Outcome, limit, market, refused};
use kiteconnect::error::{ApiError, ErrorKind};
use kiteconnect::{Error, OrderParams, TransactionType::Buy, Variety};
use serde_json::json;

cases![
    more_than_ten_orders_a_second_are_a_429,
    more_than_one_quote_a_second_is_a_429,
    a_429_is_no_lost_session,
    an_order_is_changed_twenty_five_times_at_most,
    an_order_from_an_unregistered_address_is_a_permission_exception,
    an_answer_that_is_no_json_is_an_error_with_its_status,
    a_broken_answer_is_a_decode_error,
    a_personal_plan_has_orders_and_no_data,
    an_order_may_hide_from_the_book_for_a_time,
];

fn too_many(error: &Error) -> bool {
    matches!(error, Error::Api(ApiError { kind: ErrorKind::Network, status: 429, .. }))
}

async fn more_than_ten_orders_a_second_are_a_429(desk: Desk) -> Outcome {
    let calls = (0..30).map(|_| {
        let kite = desk.kite.clone();
        tokio::spawn(async move { kite.cancel_order(Variety::Regular, "1", None).await })
    });
    let mut refusals = 0;
    for call in calls.collect::<Vec<_>>() {
        refusals += usize::from(call.await?.is_err_and(|error| too_many(&error)));
    }
    assert!((1..=20).contains(&refusals), "{refusals} of 30 calls were refused");
    Ok(())
}

async fn more_than_one_quote_a_second_is_a_429(desk: Desk) -> Outcome {
    let calls = (0..4).map(|_| {
        let kite = desk.kite.clone();
        tokio::spawn(async move { kite.ltp(&["NSE:INFY"]).await })
    });
    let mut refusals = 0;
    for call in calls.collect::<Vec<_>>() {
        refusals += usize::from(call.await?.is_err_and(|error| too_many(&error)));
    }
    assert!((1..=3).contains(&refusals), "{refusals} of 4 quotes were refused");
    Ok(())
}

async fn a_429_is_no_lost_session(desk: Desk) -> Outcome {
    spoil(&desk, json!({ "kind": "tooManyRequests", "path": "/user/profile" })).await?;
    let error = desk.kite.profile().await.expect_err("the fault did not come");
    assert!(too_many(&error) && !error.is_session_expired(), "{error}");
    desk.kite.profile().await?;
    Ok(())
}

async fn an_order_is_changed_twenty_five_times_at_most(desk: Desk) -> Outcome {
    let price = desk.far_below().await?;
    let id = desk.place(limit(Buy, price)).await?;
    desk.settled(&id, &["OPEN"]).await?;
    for change in 1..=25 {
        tokio::time::sleep(std::time::Duration::from_millis(110)).await;
        let params = OrderParams::new().price(price - f64::from(change));
        desk.kite.modify_order(Variety::Regular, &id, params).await?;
    }
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let error = desk.kite.modify_order(Variety::Regular, &id, OrderParams::new().price(price)).await;
    let error = error.expect_err("a 26th change was taken");
    assert!(error.to_string().contains("Maximum allowed order modifications exceeded."), "{error}");
    Ok(())
}

async fn an_order_from_an_unregistered_address_is_a_permission_exception(desk: Desk) -> Outcome {
    let far = Account { user: "WFAR01".to_owned(), key: "wfar01".to_owned() };
    let desk = desk.site.sign_in(&far).await?;
    match desk.kite.place_order(Variety::Regular, market(Buy)).await {
        Err(Error::Api(error)) => {
            assert_eq!((error.status, &error.kind), (403, &ErrorKind::Permission), "{error}");
            assert!(!error.is_session_expired());
        }
        other => return Err(format!("{other:?}").into()),
    }
    assert!(desk.kite.orders().await?.is_empty(), "data is not affected");
    Ok(())
}

async fn an_answer_that_is_no_json_is_an_error_with_its_status(desk: Desk) -> Outcome {
    spoil(&desk, json!({ "kind": "html", "path": "/user/profile", "status": 502 })).await?;
    let error = desk.kite.profile().await.expect_err("the fault did not come");
    assert!(matches!(error, Error::Http { status: 502, .. }), "{error:?}");
    Ok(())
}

async fn a_broken_answer_is_a_decode_error(desk: Desk) -> Outcome {
    spoil(&desk, json!({ "kind": "truncated", "path": "/user/profile" })).await?;
    let error = desk.kite.profile().await.expect_err("the fault did not come");
    assert!(matches!(error, Error::Decode { .. }), "{error:?}");
    Ok(())
}

async fn a_personal_plan_has_orders_and_no_data(desk: Desk) -> Outcome {
    let plan = |name: &str| json!({ "apiKey": desk.account.key, "plan": name });
    desk.site.control("/sim/plan", plan("personal")).await?;
    let data = refused(desk.kite.ltp(&["NSE:INFY"]), ErrorKind::Permission).await;
    let order = desk.filled(market(Buy)).await;
    desk.site.control("/sim/plan", plan("connect")).await?;
    assert_eq!((data?.status, order?.filled_quantity), (403, 1.0));
    Ok(())
}

async fn an_order_may_hide_from_the_book_for_a_time(desk: Desk) -> Outcome {
    spoil(&desk, json!({ "kind": "hideOrder", "delayMs": 1_500 })).await?;
    let id = desk.place(limit(Buy, desk.far_below().await?)).await?;
    assert!(desk.kite.orders().await?.is_empty());
    tokio::time::sleep(std::time::Duration::from_millis(1_800)).await;
    desk.settled(&id, &["OPEN"]).await?;
    Ok(())
}

async fn spoil(desk: &Desk, mut fault: serde_json::Value) -> Result<(), Fault> {
    fault["apiKey"] = desk.account.key.as_str().into();
    desk.site.control("/sim/faults", fault).await?;
    Ok(())
}
