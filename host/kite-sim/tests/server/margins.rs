//! What orders would bind and cost.

use super::desk::{Answer, Desk, Trader};
use serde_json::{Value, json};

async fn ask(trader: &Trader<'_>, path: &str, body: &Value) -> Answer {
    Answer::read(trader.request("POST", path).json(body).send().await.unwrap()).await
}

fn order(exchange: &str, symbol: &str, side: &str, product: &str, quantity: u32, price: f64) -> Value {
    json!({
        "exchange": exchange, "tradingsymbol": symbol, "transaction_type": side, "variety": "regular",
        "product": product, "order_type": "LIMIT", "quantity": quantity, "price": price, "average_price": price,
        "trigger_price": 0, "order_id": "1",
    })
}

#[tokio::test]
async fn a_margin_is_what_the_order_would_bind() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let asked = json!([
        order("NSE", "INFY", "BUY", "CNC", 10, 1_500.0),
        order("NSE", "INFY", "BUY", "MIS", 10, 1_500.0),
        order("NFO", "NIFTY26DECFUT", "SELL", "NRML", 65, 26_000.0),
    ]);
    let rows = ask(&trader, "/margins/orders", &asked).await.data();
    let totals: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["total"].as_f64().unwrap()).collect();
    assert_eq!(totals, [15_000.0, 3_000.0, 202_800.0]);
    assert_eq!((&rows[0]["var"], &rows[0]["leverage"]), (&json!(15_000.0), &json!(1)));
    assert_eq!((&rows[1]["leverage"], &rows[2]["span"]), (&json!(5), &json!(202_800.0)));
    assert_eq!(rows[0]["charges"]["transaction_tax"], 15.0);
    let fields = rows[0].as_object().unwrap().len();
    assert_eq!(fields, 14);
}

#[tokio::test]
async fn a_basket_of_opposites_binds_less_than_its_parts_and_positions_count_on_demand() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let asked = json!([
        order("NFO", "NIFTY26DECFUT", "SELL", "NRML", 130, 26_000.0),
        order("NFO", "NIFTY26DECFUT", "BUY", "NRML", 65, 26_000.0),
    ]);
    let basket = ask(&trader, "/margins/basket?consider_positions=true", &asked).await.data();
    let total = |part: &str| basket[part]["total"].as_f64().unwrap();
    assert_eq!((total("initial"), basket["orders"].as_array().unwrap().len()), (608_400.0, 2));
    assert_eq!(total("final"), 405_600.0);
    let form = [
        ("exchange", "NFO"),
        ("tradingsymbol", "NIFTY26DECFUT"),
        ("transaction_type", "BUY"),
        ("quantity", "65"),
        ("product", "NRML"),
        ("order_type", "MARKET"),
        ("market_protection", "-1"),
    ];
    let id = trader.place(&form).await;
    trader.order_reading(&id, "COMPLETE").await;
    let sale = json!([order("NFO", "NIFTY26DECFUT", "SELL", "NRML", 65, 26_000.0)]);
    for (path, total) in [("/margins/basket", 202_800.0), ("/margins/basket?consider_positions=true", 0.0)] {
        assert_eq!(ask(&trader, path, &sale).await.data()["final"]["total"], total, "{path}");
    }
}

#[tokio::test]
async fn charges_add_up_to_their_total() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let asked = json!([
        order("NSE", "SBIN", "BUY", "CNC", 1, 560.0),
        order("NFO", "NIFTY26DECFUT", "SELL", "NRML", 65, 26_000.0),
    ]);
    let rows = ask(&trader, "/charges/orders", &asked).await.data();
    for row in rows.as_array().unwrap() {
        let charges = &row["charges"];
        let number = |field: &str| charges[field].as_f64().unwrap();
        let parts = [
            "transaction_tax",
            "exchange_turnover_charge",
            "sebi_turnover_charge",
            "brokerage",
            "stamp_duty",
        ];
        let sum =
            parts.iter().map(|part| number(part)).sum::<f64>() + charges["gst"]["total"].as_f64().unwrap();
        assert!((number("total") - sum).abs() < 0.001 && sum > 0.0, "{row}");
    }
    assert_eq!(
        (&rows[0]["charges"]["brokerage"], &rows[1]["charges"]["brokerage"]),
        (&json!(0.0), &json!(20.0))
    );
}

#[tokio::test]
async fn questions_that_make_no_sense_are_refused() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let many = Value::Array(vec![order("NSE", "SBIN", "BUY", "CNC", 1, 560.0); 201]);
    let unknown = json!([order("NSE", "NOSUCH", "BUY", "CNC", 1, 560.0)]);
    for (path, body) in [
        ("/margins/orders", &json!({})),
        ("/margins/orders", &many),
        ("/margins/orders", &unknown),
        ("/charges/orders", &json!([{"exchange": "NSE"}])),
    ] {
        assert_eq!(ask(&trader, path, body).await.refusal(), (400, "InputException"), "{path}");
    }
}
