//! Good-till-triggered orders and alerts.

use crate::{answered_with, asked, body, price};
use kite::words::{AlertKind, AlertStatus, Comparison, GttKind, GttStatus};
use kite::{AlertInstrument, AlertOperand, AlertParams, GttLeg, GttLegs, GttParams, Word};
use market::{Price, Product, Side};

fn gtt() -> GttParams {
    let leg = |trigger: i64| GttLeg {
        trigger: Price::from_rupees(trigger),
        side: Side::Sell,
        quantity: 1,
        product: Product::Cnc,
        price: Price::from_rupees(trigger),
    };
    let legs = GttLegs::TwoLeg { lower: leg(90), upper: leg(110) };
    GttParams { symbol: "NSE:RAIN".parse().unwrap(), last_price: Price::from_rupees(100), legs }
}

fn alert() -> AlertParams {
    AlertParams {
        name: "NIFTY 50".into(),
        watched: AlertInstrument { exchange: "INDICES".into(), tradingsymbol: "NIFTY 50".into() },
        comparison: Comparison::AtLeast,
        operand: AlertOperand::Constant(Price::from_rupees(27_000)),
        basket: None,
    }
}

#[tokio::test]
async fn triggers_are_listed_with_what_became_of_their_orders() {
    let (session, _) = answered_with("gtts").await;
    let book = session.gtts().await.unwrap();
    assert!(book.is_whole() && book.odd_fields.is_empty());
    let [single, two, new] = book.rows.as_slice() else { panic!() };
    assert_eq!((single.id, &single.status), (112_127, &Word::Known(GttStatus::Active)));
    assert_eq!(
        (single.condition.trigger_values.as_slice(), single.parent_trigger),
        (&[price(7_020_000)][..], None)
    );
    assert_eq!(single.expires_at.unwrap().ist_text(), "2027-11-12 13:25:16");
    assert_eq!((&two.kind, two.orders[0].result.is_none()), (&Word::Known(GttKind::TwoLeg), true));
    let result = two.orders[1].result.as_ref().unwrap();
    assert_eq!((result.triggered_at, result.status.as_deref()), (Some(price(1_037_000)), Some("failed")));
    assert_eq!((&result.order_id, result.rejection_reason.as_deref().unwrap().len()), (&None, 111));
    assert_eq!(result.extra["meta"], r#"{"app_id":1,"gtt":105099}"#);
    assert_eq!((new.kind.to_string(), new.status.to_string()), ("trailing-single".into(), "paused".into()));
}

#[tokio::test]
async fn a_trigger_is_left_changed_read_and_taken_back_under_its_number() {
    let (session, server) = answered_with("trigger_id").await;
    assert_eq!(session.place_gtt(&gtt()).await, Ok(123));
    assert_eq!(asked(&server), "POST /gtt/triggers");
    let form = body(&server);
    assert!(form.starts_with("type=two-leg&condition=%7B%22exchange%22%3A%22NSE%22"), "{form}");
    let (session, server) = answered_with("trigger_id").await;
    assert_eq!(session.modify_gtt(123, &gtt()).await, Ok(123));
    assert_eq!((asked(&server).as_str(), body(&server)), ("PUT /gtt/triggers/123", form));
    let (session, server) = answered_with("trigger_id").await;
    assert_eq!(session.delete_gtt(123).await, Ok(123));
    assert_eq!(asked(&server), "DELETE /gtt/triggers/123");
    let (session, server) = answered_with("gtt").await;
    assert_eq!(session.gtt(105_099).await.unwrap().status, Word::Known(GttStatus::Triggered));
    assert_eq!(asked(&server), "GET /gtt/triggers/105099");
    for none in ["convert", "order_id", "alerts_deleted"] {
        let (session, _) = answered_with(none).await;
        assert!(session.place_gtt(&gtt()).await.is_err(), "{none}");
    }
}

#[tokio::test]
async fn alerts_are_listed_with_their_baskets() {
    let (session, _) = answered_with("alerts").await;
    let alerts = session.alerts().await.unwrap().whole().unwrap();
    assert_eq!(
        (&alerts[0].kind, &alerts[1].kind),
        (&Word::Known(AlertKind::Simple), &Word::Known(AlertKind::Ato))
    );
    assert_eq!(alerts[0].left.exchange.as_deref(), Some("INDICES"));
    assert_eq!(
        (alerts[0].right_constant, alerts[0].right.tradingsymbol.clone()),
        (Some(price(270_000_000)), None)
    );
    assert_eq!((&alerts[1].status, alerts[1].alert_count), (&Word::Known(AlertStatus::Disabled), Some(1)));
    assert_eq!(alerts[1].operator, Word::Known(Comparison::AtMost));
    assert_eq!(alerts[1].basket.as_ref().unwrap()["items"][0]["params"]["price"], 72.22);
}

#[tokio::test]
async fn an_alert_is_made_changed_read_and_taken_back_under_its_number() {
    let uuid = "550e8400-e29b-41d4-a716-446655440000";
    let (session, server) = answered_with("alert").await;
    assert_eq!(session.create_alert(&alert()).await.unwrap().uuid, uuid);
    assert_eq!(asked(&server), "POST /alerts");
    assert!(
        body(&server).contains("operator=%3E%3D&rhs_type=constant&rhs_constant=27000.00"),
        "{}",
        body(&server)
    );
    let (session, server) = answered_with("alert").await;
    session.modify_alert(uuid, &alert()).await.unwrap();
    assert_eq!(asked(&server), format!("PUT /alerts/{uuid}"));
    let (session, server) = answered_with("alert").await;
    assert_eq!(session.alert(uuid).await.unwrap().disabled_reason, None);
    assert_eq!(asked(&server), format!("GET /alerts/{uuid}"));
    let (session, server) = answered_with("alerts_deleted").await;
    session.delete_alerts(&["a", "b"]).await.unwrap();
    assert_eq!(asked(&server), "DELETE /alerts?uuid=a&uuid=b");
    assert!(session.delete_alerts(&[]).await.is_err());
}

#[tokio::test]
async fn an_alerts_history_keeps_the_quotes_of_the_moment() {
    let (session, server) = answered_with("alert_history").await;
    let history = session.alert_history("u-1").await.unwrap().whole().unwrap();
    assert_eq!(history[0].quotes[0].last_price, price(582_880_500));
    assert_eq!(history[0].quotes[0].extra["exchange"], "INDICES");
    assert_eq!(history[0].condition, r#"LastTradedPrice("INDICES:NIFTY NEXT 50") <= 58290.35"#);
    assert_eq!((history[0].order_meta.clone(), history[0].odd.len()), (None, 0));
    assert_eq!(asked(&server), "GET /alerts/u-1/history");
}
