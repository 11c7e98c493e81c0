//! Alerts over the wire, with Kite's fields and words.

use super::desk::{Desk, Trader};
use serde_json::{Value, json};

const SIMPLE: [(&str, &str); 8] = [
    ("name", "INFY up"),
    ("type", "simple"),
    ("lhs_exchange", "NSE"),
    ("lhs_tradingsymbol", "INFY"),
    ("lhs_attribute", "LastTradedPrice"),
    ("operator", ">="),
    ("rhs_type", "constant"),
    ("rhs_constant", "1410.5"),
];

fn with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut form = SIMPLE.to_vec();
    form.retain(|(other, _)| *other != name);
    form.push((name, value));
    form
}

fn basket(params: Value) -> String {
    let defaults = json!({"transaction_type": "BUY", "product": "CNC", "order_type": "LIMIT", "validity": "DAY",
        "validity_ttl": 1, "quantity": 2, "price": 1420, "trigger_price": 0, "disclosed_quantity": 0, "last_price": 0,
        "variety": "regular", "tags": ["mine"], "squareoff": 0, "stoploss": 0, "trailing_stoploss": 0,
        "iceberg_legs": 0, "market_protection": 0});
    let mut all = defaults;
    for (name, value) in params.as_object().unwrap() {
        all[name] = value.clone();
    }
    json!({"name": "alerts-basket", "type": "alert", "tags": [], "items": [
        {"type": "insert", "tradingsymbol": "INFY", "exchange": "NSE", "weight": 10_000, "params": all},
    ]})
    .to_string()
}

/// INFY stands at 1400 and moves on demand alone.
async fn still_market() -> Desk {
    let desk = Desk::open().await;
    desk.control("POST", "/sim/hold", json!({"symbol": "NSE:INFY", "price": true})).await;
    at(&desk, 1400.0).await;
    desk
}

async fn at(desk: &Desk, price: f64) {
    desk.control("POST", "/sim/price", json!({"symbol": "NSE:INFY", "price": price})).await;
}

async fn created(trader: &Trader<'_>, form: &[(&str, &str)]) -> Value {
    trader.send("POST", "/alerts", form).await.data()
}

#[tokio::test]
async fn an_alert_is_made_read_changed_and_withdrawn_with_kites_fields() {
    let desk = still_market().await;
    let trader = desk.sign_in("uk9394").await;
    let made = created(&trader, &SIMPLE).await;
    let uuid = made["uuid"].as_str().unwrap();
    let expected = json!({"type": "simple", "user_id": "UK9394", "uuid": uuid, "name": "INFY up", "status": "enabled",
        "disabled_reason": "", "lhs_attribute": "LastTradedPrice", "lhs_exchange": "NSE", "lhs_tradingsymbol": "INFY",
        "operator": ">=", "rhs_type": "constant", "rhs_attribute": "", "rhs_exchange": "", "rhs_tradingsymbol": "",
        "rhs_constant": 1410.5, "alert_count": 0, "created_at": made["created_at"], "updated_at": made["created_at"]});
    assert_eq!((&made, made["created_at"].as_str().unwrap().len()), (&expected, 19));
    assert_eq!(trader.get(&format!("/alerts/{uuid}")).await.data(), made);
    assert_eq!(trader.get("/alerts").await.data(), json!([made]));
    let changed = trader.send("PUT", &format!("/alerts/{uuid}"), &with("rhs_constant", "1420")).await.data();
    assert_eq!((&changed["rhs_constant"], &changed["uuid"]), (&json!(1420.0), &json!(uuid)));
    let deleted = trader.send("DELETE", &format!("/alerts?uuid={uuid}"), &[]).await;
    assert_eq!((deleted.status, &deleted.body), (200, &json!({"status": "success", "data": null})));
    assert_eq!(trader.get("/alerts").await.data(), json!([]));
    assert_eq!(trader.get("/alerts?status=deleted").await.data()[0]["status"], "deleted");
}

#[tokio::test]
async fn an_alert_on_an_index_fires_and_its_history_holds_the_quote() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let mut form = with("lhs_exchange", "INDICES");
    form.retain(|(name, _)| !["lhs_tradingsymbol", "rhs_constant"].contains(name));
    form.extend([("lhs_tradingsymbol", "NIFTY 50"), ("rhs_constant", "1")]);
    let made = created(&trader, &form).await;
    let path = format!("/alerts/{}", made["uuid"].as_str().unwrap());
    let deadline = tokio::time::Instant::now() + super::desk::PATIENCE;
    while trader.get(&path).await.data()["alert_count"] == 0 {
        assert!(tokio::time::Instant::now() < deadline, "it never fired");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let history = trader.get(&format!("{path}/history")).await.data();
    let row = &history[0];
    assert_eq!(
        (&row["uuid"], &row["type"], &row["order_meta"]),
        (&made["uuid"], &json!("simple"), &json!(null))
    );
    assert_eq!(row["condition"], "LastTradedPrice(\"INDICES:NIFTY 50\") >= 1");
    let quote = &row["meta"][0];
    assert_eq!((&quote["exchange"], &quote["tradingsymbol"]), (&json!("INDICES"), &json!("NIFTY 50")));
    assert_eq!(
        (&quote["last_trade_time"], &quote["volume_tick"]),
        (&json!("0001-01-01 00:00:00"), &json!(0))
    );
    let fields =
        ["instrument_token", "timestamp", "last_price", "ohlc", "net_change", "last_quantity", "oi_day_low"];
    assert!(fields.iter().all(|field| !quote[field].is_null()), "{quote}");
}

#[tokio::test]
async fn an_ato_alert_really_places_its_orders_and_is_disabled() {
    let desk = still_market().await;
    let trader = desk.sign_in("uk9394").await;
    let basket = basket(json!({}));
    let mut form = with("type", "ato");
    form.push(("basket", &basket));
    let made = created(&trader, &form).await;
    assert!(made.get("basket").is_none(), "an answer to a write shows no basket: {made}");
    let path = format!("/alerts/{}", made["uuid"].as_str().unwrap());
    let item = trader.get(&path).await.data()["basket"]["items"][0].clone();
    assert_eq!((&item["tradingsymbol"], &item["weight"]), (&json!("INFY"), &json!(10_000)));
    assert_eq!((&item["params"]["price"], &item["params"]["tags"]), (&json!(1420.0), &json!(["mine"])));
    at(&desk, 1411.0).await;
    let alert = trader.get(&path).await.data();
    assert_eq!((&alert["status"], &alert["alert_count"]), (&json!("disabled"), &json!(1)));
    let history = trader.get(&format!("{path}/history")).await.data();
    let order = &history[0]["order_meta"][0];
    assert_eq!(order["status"], "success");
    let book = trader.get("/orders").await.data();
    assert_eq!((&book[0]["order_id"], &book[0]["quantity"]), (&order["order_id"], &json!(2)));
    let id = item["id"].as_u64().unwrap();
    let gone = json!({"items": [{"type": "delete", "id": id}]}).to_string();
    let mut form = with("type", "ato");
    form.push(("basket", &gone));
    let refused = trader.send("PUT", &path, &form).await;
    assert_eq!(refused.refusal(), (400, "InputException"));
    assert!(refused.body["message"].as_str().unwrap().contains("1 to 20 orders"), "{}", refused.body);
}

#[tokio::test]
async fn what_is_wrong_with_an_alert_is_an_input_exception_that_names_it() {
    let desk = still_market().await;
    let trader = desk.sign_in("uk9394").await;
    let made = created(&trader, &SIMPLE).await;
    let path = format!("/alerts/{}", made["uuid"].as_str().unwrap());
    let cases = [
        ("name", "", "`name`"),
        ("type", "loud", "`type`"),
        ("lhs_exchange", "", "`lhs_exchange`"),
        ("lhs_exchange", "MOON", "`lhs_exchange`"),
        ("lhs_tradingsymbol", "NOSUCH", "NSE:NOSUCH is not listed"),
        ("lhs_attribute", "Mood", "`lhs_attribute`"),
        ("operator", "!=", "Invalid operator"),
        ("operator", "", "`operator`"),
        ("rhs_type", "", "`rhs_type`"),
        ("rhs_type", "guess", "`rhs_type`"),
        ("rhs_type", "instrument", "`rhs_attribute`"),
        ("rhs_constant", "", "`rhs_constant`"),
        ("rhs_constant", "much", "`rhs_constant`"),
        ("status", "asleep", "`status`"),
        ("status", "deleted", "DELETE /alerts"),
        ("type", "ato", "1 to 20 orders"),
    ];
    for (name, value, words) in cases {
        for (method, path) in [("POST", "/alerts"), ("PUT", path.as_str())] {
            let answer = trader.send(method, path, &with(name, value)).await;
            assert_eq!(answer.refusal(), (400, "InputException"), "{method} {name}={value}");
            let said = answer.body["message"].as_str().unwrap();
            assert!(said.contains(words), "{method} {name}={value}: {said}");
        }
    }
    for text in ["{", "[]", "{\"items\": [{\"type\": \"swap\"}]}"] {
        let mut form = with("type", "ato");
        form.push(("basket", text));
        assert_eq!(trader.send("POST", "/alerts", &form).await.refusal(), (400, "InputException"), "{text}");
    }
    for (params, words) in [
        (json!({"quantity": 0}), "`quantity`"),
        (json!({"variety": "co"}), "regular"),
        (json!({"gtt": {"target": 2, "stoploss": 0}}), "further legs"),
        (json!({"iceberg_legs": 3}), "further legs"),
        (json!({"validity": "TTL", "validity_ttl": 0}), "`validity_ttl`"),
        (json!({"validity": "LONG"}), "`validity`"),
        (json!({"market_protection": 101}), "`market_protection`"),
        (json!({"tags": ["a tag of more than twenty"]}), "20 characters"),
    ] {
        let basket = basket(params);
        let mut form = with("type", "ato");
        form.push(("basket", &basket));
        let said = trader.send("POST", "/alerts", &form).await.body["message"].to_string();
        assert!(said.contains(words), "{basket}: {said}");
    }
    assert_eq!(trader.get("/alerts").await.data(), json!([made]), "nothing came of all that");
}

#[tokio::test]
async fn unknown_alerts_and_other_peoples_are_not_found() {
    let desk = still_market().await;
    let (one, other) = (desk.sign_in("uk9394").await, desk.sign_in("uk1234").await);
    let made = created(&one, &SIMPLE).await;
    let uuid = made["uuid"].as_str().unwrap();
    for (method, path) in [
        ("GET", format!("/alerts/{uuid}")),
        ("GET", format!("/alerts/{uuid}/history")),
        ("PUT", format!("/alerts/{uuid}")),
        ("DELETE", format!("/alerts?uuid={uuid}")),
    ] {
        assert_eq!(other.send(method, &path, &SIMPLE).await.refusal(), (404, "GeneralException"), "{method}");
    }
    let bare = one.send("DELETE", "/alerts", &[]).await;
    assert_eq!(bare.refusal(), (400, "InputException"));
    assert_eq!(one.get("/alerts").await.data().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_list_is_filtered_by_status_and_comes_in_pages() {
    let desk = still_market().await;
    let trader = desk.sign_in("uk9394").await;
    for n in 0..5 {
        let name = format!("alert {n}");
        let mut form = with("name", &name);
        form.push(("status", if n == 3 { "disabled" } else { "enabled" }));
        created(&trader, &form).await;
    }
    let names = async |query: &str| {
        let rows = trader.get(&format!("/alerts{query}")).await.data();
        let name = |row: &Value| row["name"].as_str().unwrap()[6..].to_owned();
        rows.as_array().unwrap().iter().map(name).collect::<Vec<_>>().concat()
    };
    assert_eq!(names("").await, "01234");
    assert_eq!(names("?status=enabled").await, "0124");
    assert_eq!(names("?status=disabled").await, "3");
    assert_eq!(names("?page=2&page_size=2").await, "23");
    assert_eq!(names("?page=3&page_size=2").await, "4");
    assert_eq!(names("?page=9").await, "");
    for query in ["status=asleep", "page=0", "page=x", "page_size=0", "page_size=501"] {
        assert_eq!(
            trader.get(&format!("/alerts?{query}")).await.refusal(),
            (400, "InputException"),
            "{query}"
        );
    }
    assert_eq!(trader.get("/alerts?page_size=500").await.status, 200);
}
