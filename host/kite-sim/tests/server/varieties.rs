//! Cover orders, auctions, and sales that need their holder's word.

use super::desk::{Answer, Desk, Trader};
use serde_json::{Value, json};

type Form<'a> = Vec<(&'a str, &'a str)>;

/// An order with the usual fields, some of them changed; "" leaves a field out.
fn order<'a>(changes: &[(&'a str, &'a str)]) -> Form<'a> {
    let usual = [
        ("exchange", "NSE"),
        ("tradingsymbol", "INFY"),
        ("transaction_type", "BUY"),
        ("quantity", "10"),
        ("product", "MIS"),
        ("order_type", "MARKET"),
        ("market_protection", "-1"),
    ];
    let kept = usual.into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    kept.chain(changes.iter().copied().filter(|(_, value)| !value.is_empty())).collect()
}

async fn last_price(trader: &Trader<'_>, symbol: &str) -> f64 {
    let quotes = trader.get(&format!("/quote/ltp?i={symbol}")).await.data();
    quotes[symbol]["last_price"].as_f64().unwrap()
}

async fn leg_of(trader: &Trader<'_>, parent: &str) -> Value {
    let orders = trader.get("/orders").await.data();
    let leg = orders.as_array().unwrap().iter().find(|row| row["parent_order_id"] == parent);
    leg.unwrap_or_else(|| panic!("no leg of {parent} in {orders}")).clone()
}

/// A cover order with its stop twenty rupees below the price: the first leg's id.
async fn covered(trader: &Trader<'_>, desk: &Desk) -> String {
    desk.control("POST", "/sim/hold", json!({"symbol": "NSE:INFY", "price": true})).await;
    let stop = format!("{}", last_price(trader, "NSE:INFY").await.floor() - 20.0);
    let form = order(&[("trigger_price", &stop)]);
    let id = trader.send("POST", "/orders/co", &form).await.data()["order_id"].as_str().unwrap().to_owned();
    trader.order_reading(&id, "COMPLETE").await;
    id
}

#[tokio::test]
async fn trap_12_what_a_cover_order_holds_is_shown_as_product_co() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let id = covered(&trader, &desk).await;
    let row = trader.order_reading(&id, "COMPLETE").await;
    assert_eq!((&row["variety"], &row["product"]), (&json!("co"), &json!("CO")));
    let net = trader.get("/portfolio/positions").await.data()["net"][0].clone();
    assert_eq!((&net["product"], &net["quantity"]), (&json!("CO"), &json!(10)));
    assert_eq!(net.as_object().unwrap().len(), 29);
    assert_eq!(trader.get("/trades").await.data()[0]["product"], "CO");
    let leg = leg_of(&trader, &id).await;
    assert_eq!(
        (&leg["status"], &leg["transaction_type"], &leg["product"], &leg["quantity"]),
        (&json!("TRIGGER PENDING"), &json!("SELL"), &json!("CO"), &json!(10))
    );
    assert_eq!(leg["trigger_price"], row["trigger_price"]);
}

#[tokio::test]
async fn a_second_leg_is_changed_and_ended_by_its_own_id_and_its_parents() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let id = covered(&trader, &desk).await;
    let leg = leg_of(&trader, &id).await;
    let (leg_id, stop) = (leg["order_id"].as_str().unwrap(), leg["trigger_price"].as_f64().unwrap());
    let path = format!("/orders/co/{leg_id}");
    let lower = format!("{}", stop - 2.0);
    let wrong = trader.send("PUT", &path, &[("parent_order_id", "1"), ("trigger_price", &lower)]).await;
    assert_eq!(wrong.refusal(), (400, "InputException"));
    trader.send("PUT", &path, &[("parent_order_id", &id), ("trigger_price", &lower)]).await.data();
    assert_eq!(leg_of(&trader, &id).await["trigger_price"], stop - 2.0);
    assert_eq!(trader.send("PUT", &path, &[("quantity", "5")]).await.refusal(), (400, "InputException"));
    let wrong = trader.send("DELETE", &format!("{path}?parent_order_id=1"), &[]).await;
    assert_eq!(wrong.refusal(), (400, "InputException"));
    let done = trader.send("DELETE", &format!("{path}?parent_order_id={id}"), &[]).await.data();
    assert_eq!(done["order_id"], leg_id);
    let row = trader.order_reading(leg_id, "COMPLETE").await;
    assert_eq!((&row["order_type"], &row["tags"][0]), (&json!("LIMIT"), &json!("mktp")));
    assert_eq!(trader.get("/portfolio/positions").await.data()["net"][0]["quantity"], 0);
}

#[tokio::test]
async fn a_cover_order_without_a_stop_or_with_a_senseless_one_leaves_no_row() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let price = last_price(&trader, "NSE:INFY").await.floor();
    let (above, far) = (format!("{}", price + 30.0), format!("{}", price - 200.0));
    for changes in [
        vec![],
        vec![("trigger_price", above.as_str())],
        vec![("trigger_price", far.as_str())],
        vec![("trigger_price", far.as_str()), ("product", "CNC")],
        vec![("trigger_price", "x")],
    ] {
        let answer = trader.send("POST", "/orders/co", &order(&changes)).await;
        assert_eq!(answer.refusal(), (400, "InputException"), "{changes:?}");
    }
    assert_eq!(trader.get("/orders").await.data(), json!([]));
}

#[tokio::test]
async fn holdings_in_auction_are_listed_offered_and_sold_at_its_end() {
    let desk = Desk::with(|config| config.always_open = true).await;
    let trader = desk.sign_in("uk9394").await;
    let price = last_price(&trader, "NSE:RELIANCE").await.floor();
    let call = json!({"symbol": "NSE:RELIANCE", "wanted": 20, "price": price, "seconds": 300});
    let begun = desk.control("POST", "/sim/auction", call).await;
    let number = begun["number"].to_string();
    assert!(desk.control("GET", "/sim/auctions", json!(null)).await.as_array().unwrap().contains(&begun));
    let rows = trader.get("/portfolio/holdings/auctions").await.data();
    let row = rows.as_array().unwrap().iter().find(|row| row["tradingsymbol"] == "RELIANCE").unwrap();
    assert_eq!((&row["auction_number"], &row["quantity"]), (&json!(number), &json!(25)));
    assert_eq!(row.as_object().unwrap().len(), 22);
    let price = price.to_string();
    let offer = [
        ("tradingsymbol", "RELIANCE"),
        ("transaction_type", "SELL"),
        ("product", "CNC"),
        ("order_type", "LIMIT"),
        ("market_protection", ""),
        ("price", price.as_str()),
        ("quantity", "25"),
    ];
    let bare = trader.send("POST", "/orders/auction", &order(&offer)).await;
    assert_eq!(bare.refusal(), (400, "InputException"));
    assert!(bare.body["message"].as_str().unwrap().contains("auction_number"));
    let mut form = order(&offer);
    form.push(("auction_number", &number));
    let id =
        trader.send("POST", "/orders/auction", &form).await.data()["order_id"].as_str().unwrap().to_owned();
    let row = trader.order_reading(&id, "OPEN").await;
    assert_eq!((&row["variety"], &row["auction_number"]), (&json!("auction"), &json!(number)));
    desk.control("PUT", "/sim/clock", json!({"now": "2026-11-23 10:06:00"})).await;
    let row = trader.order_reading(&id, "CANCELLED").await;
    assert_eq!((&row["filled_quantity"], &row["cancelled_quantity"]), (&json!(20), &json!(5)));
    let holdings = trader.get("/portfolio/holdings").await.data();
    let held = holdings.as_array().unwrap().iter().find(|row| row["tradingsymbol"] == "RELIANCE").unwrap();
    assert_eq!(held["used_quantity"], 20);
}

#[tokio::test]
async fn without_a_standing_consent_holdings_are_sold_after_the_holders_word_alone() {
    let desk = Desk::with(|config| config.accounts[0].demat_consent = false).await;
    let trader = desk.sign_in("uk9394").await;
    assert_eq!(trader.get("/user/profile").await.data()["meta"]["demat_consent"], "");
    let sale = order(&[
        ("tradingsymbol", "ITC"),
        ("transaction_type", "SELL"),
        ("product", "CNC"),
        ("quantity", "50"),
    ]);
    let refused = trader.send("POST", "/orders/regular", &sale).await;
    assert_eq!(refused.refusal(), (428, "HoldingException"));
    assert_eq!(trader.get("/orders").await.data(), json!([]));
    let holdings = trader.get("/portfolio/holdings").await.data();
    let itc = holdings.as_array().unwrap().iter().find(|row| row["tradingsymbol"] == "ITC").unwrap();
    let form = [("isin", itc["isin"].as_str().unwrap()), ("quantity", "60.000000")];
    let asked = trader.send("POST", "/portfolio/holdings/authorise", &form).await.data();
    let request = asked["request_id"].as_str().unwrap();
    assert_eq!(request.len(), 32);
    let page = format!("{}/connect/portfolio/authorise/holdings/demo-uk9394/{request}", desk.base);
    let shown = desk.http.get(&page).send().await.unwrap().text().await.unwrap();
    assert!(shown.contains("60 ×") && shown.contains("UK9394"), "{shown}");
    assert_eq!(trader.send("POST", "/orders/regular", &sale).await.refusal().0, 428);
    assert!(desk.http.post(&page).send().await.unwrap().status().is_success());
    let id = trader.place(&sale).await;
    trader.order_reading(&id, "COMPLETE").await;
    let holdings = trader.get("/portfolio/holdings").await.data();
    let itc = holdings.as_array().unwrap().iter().find(|row| row["tradingsymbol"] == "ITC").unwrap();
    assert_eq!((&itc["authorised_quantity"], &itc["used_quantity"]), (&json!(60), &json!(50)));
    assert_eq!(itc["authorised_date"], "2026-11-23 00:00:00");
    assert_eq!(trader.send("POST", "/orders/regular", &sale).await.refusal().0, 428);
    // A request is answered once, and by the app that asked.
    let again = Answer::read(desk.http.post(&page).send().await.unwrap()).await;
    assert_eq!(again.refusal(), (400, "InputException"));
}

#[tokio::test]
async fn a_request_to_authorise_names_what_is_wrong_with_it() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let isin = "INE000000000";
    for form in [
        vec![("isin", "INE"), ("quantity", "1")],
        vec![("isin", isin)],
        vec![("isin", isin), ("quantity", "0")],
        vec![("isin", isin), ("quantity", "1.5")],
        vec![("isin", isin), ("quantity", "many")],
    ] {
        let answer = trader.send("POST", "/portfolio/holdings/authorise", &form).await;
        assert_eq!(answer.refusal(), (400, "InputException"), "{form:?}");
    }
    // What is held is known at the page.
    let form = [("isin", isin), ("quantity", "5.000000")];
    let strange = trader.send("POST", "/portfolio/holdings/authorise", &form).await.data();
    let page = format!(
        "{}/connect/portfolio/authorise/holdings/demo-uk9394/{}",
        desk.base,
        strange["request_id"].as_str().unwrap()
    );
    let said = Answer::read(desk.http.post(&page).send().await.unwrap()).await;
    assert_eq!(said.refusal(), (400, "InputException"));
    assert!(said.body["message"].as_str().unwrap().contains("not among the holdings"), "{}", said.body);
    let all = trader.send("POST", "/portfolio/holdings/authorise", &[]).await.data();
    let request = all["request_id"].as_str().unwrap();
    let elsewhere = format!("{}/connect/portfolio/authorise/holdings/demo-uk1234/{request}", desk.base);
    let stranger = Answer::read(desk.http.get(elsewhere).send().await.unwrap()).await;
    assert_eq!(stranger.refusal(), (400, "InputException"));
}

#[tokio::test]
async fn new_parameters_are_accepted_and_every_exchange_of_kite_is_known_by_its_word() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let id = trader.place(&order(&[("algo_id", "A1"), ("autoslice", "False"), ("validity_ttl", "0")])).await;
    trader.order_reading(&id, "COMPLETE").await;
    for exchange in ["BSE", "BFO", "CDS", "BCD", "MCX", "NCO"] {
        let form = order(&[("exchange", exchange), ("tradingsymbol", "NOSUCH")]);
        let answer = trader.send("POST", "/orders/regular", &form).await;
        assert_eq!(answer.refusal(), (400, "InputException"));
        assert!(answer.body["message"].as_str().unwrap().contains("does not exist"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_triggers_order_may_carry_parameters_that_mean_nothing_to_it() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let price = last_price(&trader, "NSE:INFY").await.floor() - 100.0;
    let condition =
        json!({"exchange": "NSE", "tradingsymbol": "INFY", "trigger_values": [price], "last_price": 1.0});
    let orders = json!([{
        "exchange": "NSE", "tradingsymbol": "INFY", "transaction_type": "BUY", "quantity": 1, "order_type": "LIMIT",
        "product": "CNC", "price": price, "autoslice": true, "market_protection": 0, "validity": "DAY", "algo_id": "A1",
    }]);
    let (condition, orders) = (condition.to_string(), orders.to_string());
    let form =
        [("type", "single"), ("condition", condition.as_str()), ("orders", &orders), ("autoslice", "true")];
    let id = trader.send("POST", "/gtt/triggers", &form).await.data()["trigger_id"].as_u64().unwrap();
    let row = trader.get(&format!("/gtt/triggers/{id}")).await.data();
    assert!(row["orders"][0].get("autoslice").is_none() && row["status"] == "active", "{row}");
}

#[tokio::test]
async fn the_profile_names_every_exchange_and_product() {
    let desk = Desk::open().await;
    let profile = desk.sign_in("uk9394").await.get("/user/profile").await.data();
    assert!(profile["exchanges"].as_array().unwrap().contains(&json!("NCO")));
    for product in ["CNC", "NRML", "MIS", "MTF", "CO"] {
        assert!(profile["products"].as_array().unwrap().contains(&json!(product)), "{product}");
    }
}
