//! Orders through their life, and the books that follow from them.

use super::desk::Desk;
use serde_json::json;

const BUY: [(&str, &str); 7] = [
    ("exchange", "NSE"),
    ("tradingsymbol", "INFY"),
    ("transaction_type", "BUY"),
    ("quantity", "10"),
    ("product", "MIS"),
    ("order_type", "MARKET"),
    ("market_protection", "-1"),
];

fn buy(changes: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let kept = BUY.into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    kept.chain(changes.iter().copied().filter(|(_, value)| !value.is_empty())).collect()
}

#[tokio::test]
async fn a_market_order_completes_and_shows_in_trades_and_positions() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let id = trader.place(&buy(&[("tag", "T1"), ("variety", "regular"), ("unknown", "x")])).await;
    let order = trader.order_reading(&id, "COMPLETE").await;
    assert_eq!((&order["filled_quantity"], &order["tag"]), (&json!(10), &json!("T1")));
    assert!(order["average_price"].as_f64().unwrap() > 0.0);
    let trades = trader.get(&format!("/orders/{id}/trades")).await.data();
    let traded: i64 = trades.as_array().unwrap().iter().map(|row| row["quantity"].as_i64().unwrap()).sum();
    assert_eq!(traded, 10);
    let net = &trader.get("/portfolio/positions").await.data()["net"][0];
    assert_eq!(
        (&net["tradingsymbol"], &net["quantity"], &net["product"]),
        (&json!("INFY"), &json!(10), &json!("MIS"))
    );
    assert_eq!(net.as_object().unwrap().len(), 29);
    assert_eq!((&net["realised"], &net["unrealised"]), (&json!(0.0), &net["pnl"]));
    let books = desk.control("GET", "/sim/accounts/UK9394/books", json!(null)).await;
    assert_eq!(books["net"][0]["quantity"], 10);
}

#[tokio::test]
async fn trap_01_timestamps_have_nineteen_characters_and_trades_eight_for_the_order() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let id = trader.place(&buy(&[])).await;
    let order = trader.order_reading(&id, "COMPLETE").await;
    for field in ["order_timestamp", "exchange_timestamp", "exchange_update_timestamp"] {
        assert_eq!(order[field].as_str().unwrap().len(), 19, "{field}");
    }
    let trade = &trader.get("/trades").await.data()[0];
    assert_eq!(trade["order_timestamp"].as_str().unwrap().len(), 8);
    assert_eq!(trade["fill_timestamp"].as_str().unwrap().len(), 19);
}

#[tokio::test]
async fn trap_02_and_03_absent_text_is_null_and_tags_are_absent_unless_there_are_some() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let changes = [("order_type", "LIMIT"), ("price", "1500"), ("market_protection", "")];
    let quote = &trader.get("/quote?i=NSE:INFY").await.data()["NSE:INFY"];
    desk.control("POST", "/sim/hold", json!({"symbol": "NSE:INFY", "matching": true})).await;
    assert!(quote["last_price"].is_number());
    let price = quote["last_price"].to_string();
    let mut form = buy(&changes).into_iter().filter(|(name, _)| *name != "price").collect::<Vec<_>>();
    form.push(("price", &price));
    let id = trader.place(&form).await;
    let order = trader.order_reading(&id, "OPEN").await;
    for field in ["status_message", "status_message_raw", "tag", "parent_order_id"] {
        assert!(order[field].is_null() && order.get(field).is_some(), "{field}");
    }
    assert!(order.get("tags").is_none(), "{order}");
}

#[tokio::test]
async fn trap_04_ids_are_strings_and_tokens_are_numbers() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let id = trader.place(&buy(&[])).await;
    let order = trader.order_reading(&id, "COMPLETE").await;
    assert!(order["order_id"].is_string() && order["exchange_order_id"].is_string());
    assert_eq!(order["instrument_token"], 408_065);
    assert!(trader.get("/trades").await.data()[0]["trade_id"].is_string());
}

#[tokio::test]
async fn trap_07_a_market_order_without_protection_is_a_400_and_with_it_a_limit() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let naked = trader.send("POST", "/orders/regular", &buy(&[("market_protection", "")])).await;
    assert_eq!(naked.refusal(), (400, "InputException"));
    assert!(naked.body["message"].as_str().unwrap().contains("market protection"));
    assert_eq!(trader.get("/orders").await.data(), json!([]));
    let id = trader.place(&buy(&[("market_protection", "2")])).await;
    let order = trader.order_reading(&id, "COMPLETE").await;
    assert_eq!((&order["order_type"], &order["market_protection"]), (&json!("LIMIT"), &json!(0)));
    assert_eq!(order["tags"][0], "mktp");
}

#[tokio::test]
async fn trap_08_bad_parameters_are_refused_at_once_and_leave_no_row() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let bad: [(&'static str, &'static str); 9] = [
        ("quantity", "0"),
        ("quantity", "ten"),
        ("quantity", "-5"),
        ("exchange", "XYZ"),
        ("tradingsymbol", "NOSUCH"),
        ("transaction_type", "HOLD"),
        ("product", "ABC"),
        ("order_type", "MAYBE"),
        ("tag", "longer-than-twenty-characters"),
    ];
    for change in bad {
        let answer = trader.send("POST", "/orders/regular", &buy(&[change])).await;
        assert_eq!(answer.refusal(), (400, "InputException"), "{change:?}");
    }
    let answer = trader.send("POST", "/orders/bo", &buy(&[])).await;
    assert_eq!(answer.refusal(), (400, "InputException"));
    assert_eq!(trader.get("/orders").await.data(), json!([]));
}

#[tokio::test]
async fn trap_09_the_history_tells_the_whole_chain_oldest_first() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let id = trader.place(&buy(&[])).await;
    trader.order_reading(&id, "COMPLETE").await;
    let rows = trader.get(&format!("/orders/{id}")).await.data();
    let words: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["status"].as_str().unwrap()).collect();
    assert_eq!(words[..3], ["PUT ORDER REQ RECEIVED", "VALIDATION PENDING", "OPEN PENDING"]);
    assert_eq!(words.last(), Some(&"COMPLETE"));
    assert!(rows[0]["exchange_order_id"].is_null());
    assert_eq!(trader.get("/orders/1").await.refusal().1, "GeneralException");
}

#[tokio::test]
async fn trap_10_a_modify_marks_the_order_and_a_finished_order_takes_no_more() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    desk.control("POST", "/sim/hold", json!({"symbol": "NSE:INFY", "price": true, "matching": true})).await;
    let last = trader.get("/quote/ltp?i=NSE:INFY").await.data()["NSE:INFY"]["last_price"].to_string();
    let mut form = buy(&[("order_type", "LIMIT"), ("market_protection", "")]);
    form.push(("price", &last));
    let id = trader.place(&form).await;
    trader.order_reading(&id, "OPEN").await;
    let path = format!("/orders/regular/{id}");
    assert_eq!(trader.send("PUT", &path, &[("quantity", "20")]).await.data()["order_id"], id.as_str());
    let order = trader.order_reading(&id, "OPEN").await;
    assert_eq!((&order["modified"], &order["quantity"]), (&json!(true), &json!(20)));
    let elsewhere = trader.send("PUT", &format!("/orders/amo/{id}"), &[("quantity", "30")]).await;
    assert!((400..500).contains(&elsewhere.status));
    assert_eq!(trader.send("DELETE", &path, &[]).await.data()["order_id"], id.as_str());
    let order = trader.order_reading(&id, "CANCELLED").await;
    assert_eq!(order["cancelled_quantity"], 20);
    assert_eq!(trader.send("DELETE", &path, &[]).await.refusal().0, 400);
    assert_eq!(trader.send("PUT", &path, &[("quantity", "5")]).await.refusal().0, 400);
}

#[tokio::test]
async fn nobody_reads_or_touches_anothers_orders() {
    let desk = Desk::open().await;
    let (one, other) = (desk.sign_in("uk9394").await, desk.sign_in("uk1234").await);
    let id = one.place(&buy(&[])).await;
    one.order_reading(&id, "COMPLETE").await;
    for path in ["/orders", "/trades"] {
        assert_eq!(other.get(path).await.data(), json!([]), "{path}");
    }
    assert_eq!(other.get("/portfolio/positions").await.data(), json!({"net": [], "day": []}));
    assert!((400..500).contains(&other.get(&format!("/orders/{id}")).await.status));
    assert!((400..500).contains(&other.send("DELETE", &format!("/orders/regular/{id}"), &[]).await.status));
}

#[tokio::test]
async fn the_record_names_token_key_and_source_of_every_order_write() {
    let desk = Desk::open().await;
    let (one, other) = (desk.sign_in("uk9394").await, desk.sign_in("uk1234").await);
    one.place(&buy(&[("tag", "MINE")])).await;
    let mixed = super::desk::Trader {
        desk: &desk,
        api_key: one.api_key.clone(),
        access_token: other.access_token.clone(),
    };
    assert_eq!(mixed.send("POST", "/orders/regular", &buy(&[])).await.refusal(), (403, "TokenException"));
    let rows = desk.control("GET", "/sim/received?since=0", json!(null)).await;
    assert_eq!(rows.as_array().unwrap().len(), 2);
    let (fine, wrong) = (&rows[0], &rows[1]);
    assert_eq!(
        (&fine["userId"], &fine["tag"], &fine["symbol"]),
        (&json!("UK9394"), &json!("MINE"), &json!("NSE:INFY"))
    );
    assert_eq!((&fine["tokenMatchesKey"], &fine["authorised"]), (&json!(true), &json!(true)));
    assert_eq!((&wrong["userId"], &wrong["tokenMatchesKey"]), (&json!("UK1234"), &json!(false)));
    assert_eq!((&fine["sourceIp"], &wrong["authorised"]), (&json!("127.0.0.1"), &json!(false)));
    assert!(!rows.to_string().contains(&one.access_token));
    let later = desk.control("GET", "/sim/received?since=1", json!(null)).await;
    assert_eq!(later.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_account_sells_what_it_holds_and_the_holding_says_so() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let holdings = trader.get("/portfolio/holdings").await.data();
    let reliance =
        holdings.as_array().unwrap().iter().find(|row| row["tradingsymbol"] == "RELIANCE").unwrap().clone();
    let mut fields: Vec<_> = reliance.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    let mut expected = [
        "tradingsymbol",
        "exchange",
        "instrument_token",
        "isin",
        "product",
        "price",
        "quantity",
        "used_quantity",
        "t1_quantity",
        "realised_quantity",
        "authorised_quantity",
        "authorised_date",
        "authorisation",
        "opening_quantity",
        "short_quantity",
        "collateral_quantity",
        "collateral_type",
        "discrepancy",
        "average_price",
        "last_price",
        "close_price",
        "pnl",
        "day_change",
        "day_change_percentage",
        "mtf",
    ];
    expected.sort_unstable();
    assert_eq!(fields, expected);
    let number = |field: &str| reliance[field].as_f64().unwrap();
    assert_eq!((number("quantity"), number("average_price"), number("used_quantity")), (25.0, 1_384.5, 0.0));
    let gain = (number("last_price") - number("average_price")) * 25.0;
    assert!((number("pnl") - gain).abs() < 0.01, "{reliance}");
    let day = (number("last_price") - number("close_price")) / number("close_price") * 100.0;
    assert!((number("day_change_percentage") - day).abs() < 0.001, "{reliance}");
    assert_eq!(reliance["isin"].as_str().unwrap().len(), 12);

    let sale =
        [("tradingsymbol", "RELIANCE"), ("transaction_type", "SELL"), ("product", "CNC"), ("quantity", "15")];
    let id = trader.place(&buy(&sale)).await;
    trader.order_reading(&id, "COMPLETE").await;
    let holdings = trader.get("/portfolio/holdings").await.data();
    let row = holdings.as_array().unwrap().iter().find(|row| row["tradingsymbol"] == "RELIANCE").unwrap();
    assert_eq!((&row["quantity"], &row["used_quantity"]), (&json!(25), &json!(15)));
    let id = trader.place(&buy(&sale)).await;
    let order = trader.order_reading(&id, "REJECTED").await;
    assert!(order["status_message"].as_str().unwrap().starts_with("Insufficient stock holding"), "{order}");
}

#[tokio::test]
async fn a_change_to_ttl_carries_its_minutes() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    desk.control("POST", "/sim/hold", json!({"symbol": "NSE:INFY", "price": true, "matching": true})).await;
    let last = trader.get("/quote/ltp?i=NSE:INFY").await.data()["NSE:INFY"]["last_price"].to_string();
    let mut form = buy(&[("order_type", "LIMIT"), ("market_protection", "")]);
    form.push(("price", &last));
    let id = trader.place(&form).await;
    let path = format!("/orders/regular/{id}");
    trader.send("PUT", &path, &[("validity", "TTL"), ("validity_ttl", "5")]).await.data();
    let order = trader.order_reading(&id, "OPEN").await;
    assert_eq!((&order["validity"], &order["validity_ttl"]), (&json!("TTL"), &json!(5)));
    for minutes in ["0", "61", "x", ""] {
        let answer = trader.send("PUT", &path, &[("validity", "TTL"), ("validity_ttl", minutes)]).await;
        assert_eq!(answer.refusal(), (400, "InputException"), "{minutes}");
    }
}

#[tokio::test]
async fn a_conversion_names_what_is_wrong_with_it() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let id = trader.place(&buy(&[])).await;
    trader.order_reading(&id, "COMPLETE").await;
    let wish = |position_type: &'static str, quantity: &'static str, new_product: &'static str| {
        [
            ("exchange", "NSE"),
            ("tradingsymbol", "INFY"),
            ("transaction_type", "BUY"),
            ("position_type", position_type),
            ("quantity", quantity),
            ("old_product", "MIS"),
            ("new_product", new_product),
        ]
    };
    for (kind, quantity, product) in [
        ("overnight", "1", "CNC"),
        ("day", "0", "CNC"),
        ("day", "1", "MIS"),
        ("day", "11", "CNC"),
        ("never", "1", "CNC"),
    ] {
        let answer = trader.send("PUT", "/portfolio/positions", &wish(kind, quantity, product)).await;
        assert_eq!(answer.refusal(), (400, "InputException"), "{kind} {quantity} {product}");
    }
    assert_eq!(trader.send("PUT", "/portfolio/positions", &wish("day", "4", "CNC")).await.data(), true);
}

#[tokio::test]
async fn a_long_text_from_a_stranger_is_kept_in_part() {
    let desk = Desk::open().await;
    let long = "x".repeat(10_000);
    let stranger =
        super::desk::Trader { desk: &desk, api_key: long.clone(), access_token: "none".to_owned() };
    let form = [("tag", long.as_str()), ("tradingsymbol", &long), ("exchange", "NSE"), ("quantity", &long)];
    assert_eq!(stranger.send("POST", &format!("/orders/{long}"), &form).await.refusal().0, 403);
    let rows = desk.control("GET", "/sim/received?since=0", json!(null)).await;
    for field in ["tag", "symbol", "quantity", "apiKey", "path"] {
        assert_eq!(rows[0][field].as_str().unwrap().len(), 64, "{field}");
    }
}
