//! Fills, averages and positions, as Kite works them out.

use super::desk::{Desk, Trader};
use kite_sim::ClockSetup;
use market::Timestamp;
use serde_json::{Value, json};

fn order<'a>(side: &'a str, quantity: &'a str, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("exchange", "NSE"),
        ("tradingsymbol", "SBIN"),
        ("transaction_type", side),
        ("quantity", quantity),
        ("product", "MIS"),
        ("order_type", "MARKET"),
        ("market_protection", "-1"),
    ];
    let kept = usual.into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    kept.chain(changes.iter().copied().filter(|(_, value)| !value.is_empty())).collect()
}

async fn filled(trader: &Trader<'_>, side: &str, quantity: &str) -> Value {
    let id = trader.place(&order(side, quantity, &[])).await;
    trader.order_reading(&id, "COMPLETE").await
}

#[tokio::test]
async fn trap_06_every_route_lives_at_the_root_of_the_host() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    for path in ["/user/profile", "/orders", "/portfolio/positions", "/gtt/triggers"] {
        assert_eq!(trader.get(path).await.status, 200, "{path}");
        assert_eq!(trader.get(&format!("/oms{path}")).await.refusal(), (404, "GeneralException"), "{path}");
    }
}

#[tokio::test]
async fn trap_11_the_average_is_that_of_the_fills_and_a_part_that_traded_is_told_on_a_cancelled_order() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    desk.control("POST", "/sim/hold", json!({"symbol": "NSE:SBIN", "price": true})).await;
    let quote = trader.get("/quote?i=NSE:SBIN").await.data()["NSE:SBIN"].clone();
    let offers = quote["depth"]["sell"].as_array().unwrap();
    let (best, second) = (&offers[0], &offers[1]);
    let first_quantity = best["quantity"].as_u64().unwrap();
    let quantity = (first_quantity + second["quantity"].as_u64().unwrap() + 7).to_string();
    let price = second["price"].to_string();
    let ioc =
        [("order_type", "LIMIT"), ("price", price.as_str()), ("market_protection", ""), ("validity", "IOC")];
    let id = trader.place(&order("BUY", &quantity, &ioc)).await;
    let row = trader.order_reading(&id, "CANCELLED").await;
    assert_eq!((&row["cancelled_quantity"], &row["pending_quantity"]), (&json!(7), &json!(0)));
    assert_eq!(row["price"], second["price"]);
    let trades = trader.get(&format!("/orders/{id}/trades")).await.data();
    let sum = |field: fn(&Value) -> f64| trades.as_array().unwrap().iter().map(field).sum::<f64>();
    let units = sum(|trade| trade["quantity"].as_f64().unwrap());
    let value = sum(|trade| trade["quantity"].as_f64().unwrap() * trade["average_price"].as_f64().unwrap());
    assert_eq!(row["filled_quantity"].as_f64().unwrap(), units);
    assert!((row["average_price"].as_f64().unwrap() - value / units).abs() < 0.0001, "{row}");
    let history = trader.get(&format!("/orders/{id}")).await.data();
    assert_eq!(history[0]["average_price"], 0.0);
}

#[tokio::test]
async fn trap_12_positions_follow_kites_formulas_carried_parts_at_the_previous_close() {
    let start = Timestamp::parse_ist("2026-11-23 23:59:50").unwrap();
    let desk = Desk::with(|config| {
        config.always_open = true;
        config.clock = ClockSetup::Virtual { start, speed: 0.0 };
    })
    .await;
    let trader = desk.sign_in("uk9394").await;
    filled(&trader, "BUY", "30").await;
    desk.control("PUT", "/sim/clock", json!({"now": "2026-11-24 00:00:05"})).await;
    filled(&trader, "SELL", "10").await;
    filled(&trader, "SELL", "20").await;
    let lists = trader.get("/portfolio/positions").await.data();
    let (net, day) = (&lists["net"][0], &lists["day"][0]);
    assert_eq!(net.as_object().unwrap().len(), 29);
    let number = |row: &Value, field: &str| row[field].as_f64().unwrap();
    // Flat rows stay, without an average.
    assert_eq!(
        (number(net, "quantity"), number(net, "average_price"), number(net, "overnight_quantity")),
        (0.0, 0.0, 30.0)
    );
    assert_eq!((number(day, "quantity"), number(day, "overnight_quantity")), (-30.0, 0.0));
    let near = |a: f64, b: f64| assert!((a - b).abs() < 0.01, "{a} {b} in {net}");
    near(number(net, "value"), number(net, "sell_value") - number(net, "buy_value"));
    near(number(net, "pnl"), number(net, "value") + number(net, "quantity") * number(net, "last_price"));
    near(number(net, "unrealised"), number(net, "pnl"));
    near(number(net, "realised"), 0.0);
    near(number(net, "buy_m2m"), 30.0 * number(net, "close_price"));
    near(number(net, "m2m"), number(net, "sell_m2m") - number(net, "buy_m2m"));
    near(number(day, "pnl"), number(day, "value") + number(day, "quantity") * number(day, "last_price"));
    assert_eq!((number(net, "multiplier"), number(day, "close_price")), (1.0, 0.0));
}

#[tokio::test]
async fn an_order_above_the_freeze_quantity_is_cut_into_children_on_demand() {
    let desk = Desk::with(|config| config.accounts[0].cash = market::Money::from_rupees(500_000_000)).await;
    let trader = desk.sign_in("uk9394").await;
    let large =
        [("exchange", "NFO"), ("tradingsymbol", "NIFTY26DECFUT"), ("product", "NRML"), ("autoslice", "True")];
    let data = trader.send("POST", "/orders/regular", &order("BUY", "3575", &large)).await.data();
    let children = data["children"].as_array().unwrap();
    assert_eq!(children.len(), 3);
    let first = children[0]["order_id"].as_str().unwrap();
    let orders = trader.get("/orders").await.data();
    let row = orders.as_array().unwrap().iter().find(|row| row["order_id"] == first).unwrap();
    assert_eq!(row["quantity"], 1_755);
    let parent = data["order_id"].as_str().unwrap();
    assert!(row["tags"].as_array().unwrap().contains(&json!(format!("autoslice:{parent}"))), "{row}");
    let whole = trader.send("POST", "/orders/regular", &order("BUY", "65", &large)).await.data();
    assert!(whole.get("children").is_none());
}

#[tokio::test]
async fn a_trigger_is_made_read_changed_and_withdrawn() {
    let desk = Desk::open().await;
    let (trader, other) = (desk.sign_in("uk9394").await, desk.sign_in("uk1234").await);
    let wish = |trigger: &str| {
        let condition = format!(
            r#"{{"exchange":"NSE","tradingsymbol":"SBIN","trigger_values":[{trigger}],"last_price":900}}"#
        );
        let order = format!(
            r#"[{{"exchange":"NSE","tradingsymbol":"SBIN","transaction_type":"BUY","quantity":1,"order_type":"LIMIT","product":"CNC","price":{trigger}}}]"#
        );
        [("type", "single".to_owned()), ("condition", condition), ("orders", order)]
    };
    let form = wish("500.0");
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let id = trader.send("POST", "/gtt/triggers", &form).await.data()["trigger_id"].as_u64().unwrap();
    let path = format!("/gtt/triggers/{id}");
    let row = trader.get(&path).await.data();
    assert_eq!(
        (&row["status"], &row["type"], &row["user_id"]),
        (&json!("active"), &json!("single"), &json!("UK9394"))
    );
    assert_eq!(row["created_at"].as_str().unwrap().len(), 19);
    assert!(row["orders"][0]["result"].is_null() && row["parent_trigger"].is_null() && row["meta"].is_null());
    let other_values = wish("510.5");
    let other_values: Vec<_> = other_values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    trader.send("PUT", &path, &other_values).await.data();
    assert_eq!(trader.get("/gtt/triggers").await.data()[0]["condition"]["trigger_values"], json!([510.5]));
    assert_eq!(other.get(&path).await.refusal(), (404, "GeneralException"));
    assert_eq!(other.send("DELETE", &path, &[]).await.refusal(), (404, "GeneralException"));
    assert_eq!(trader.send("DELETE", &path, &[]).await.data()["trigger_id"], id);
    let bad = [("type", "single"), ("condition", "{}"), ("orders", "[]")];
    assert_eq!(trader.send("POST", "/gtt/triggers", &bad).await.refusal(), (400, "InputException"));
}

#[tokio::test]
async fn trap_18_a_postback_carries_a_checksum_over_id_time_and_secret() {
    use sha2::{Digest, Sha256};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let desk = Desk::with(|config| config.accounts[0].postback_url = Some(url.parse().unwrap())).await;
    let hears = async |words: &str| -> Value {
        loop {
            let (mut line, _) = listener.accept().await.unwrap();
            let mut heard = String::new();
            while !heard.ends_with('}') {
                let mut part = [0; 4_096];
                let count = line.read(&mut part).await.unwrap();
                heard.push_str(std::str::from_utf8(&part[..count]).unwrap());
            }
            line.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            let body: Value = serde_json::from_str(heard.split_once("\r\n\r\n").unwrap().1).unwrap();
            if body["status"] == words {
                return body;
            }
        }
    };
    let (trader, other) = (desk.sign_in("uk9394").await, desk.sign_in("uk1234").await);
    other.place(&order("BUY", "1", &[])).await;
    let id = trader.place(&order("BUY", "3", &[])).await;
    let body =
        tokio::time::timeout(super::desk::PATIENCE, hears("COMPLETE")).await.expect("nothing was posted");
    assert_eq!((&body["order_id"], &body["user_id"]), (&json!(id), &json!("UK9394")));
    assert!(body["app_id"].is_u64() && body["unfilled_quantity"] == 0 && body["status_message"].is_null());
    let time = body["order_timestamp"].as_str().unwrap();
    let checksum = hex::encode(Sha256::digest(format!("{id}{time}demo-secret-uk9394")));
    assert_eq!(body["checksum"], checksum);
}
