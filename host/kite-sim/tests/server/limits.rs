//! Every limit at its edge, over the wire.

use super::desk::{Desk, Trader, say};
use serde_json::{Value, json};

const RESTING: [(&str, &str); 7] = [
    ("exchange", "NSE"),
    ("tradingsymbol", "INFY"),
    ("transaction_type", "BUY"),
    ("quantity", "1"),
    ("product", "MIS"),
    ("order_type", "LIMIT"),
    ("price", "1"),
];

/// Calls until one is refused for being too many; how many of the calls of one calendar second were let in at most.
async fn let_in_within_a_second(call: impl AsyncFn() -> u16) -> usize {
    let second = || std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let mut most = 0;
    for _ in 0..3 {
        let begun = second();
        while second() == begun {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        let (now, mut let_in) = (second(), 0);
        while second() == now {
            match call().await {
                429 => break,
                _ if second() == now => let_in += 1,
                _ => {}
            }
        }
        most = most.max(let_in);
    }
    most
}

#[tokio::test]
async fn ten_orders_and_three_histories_a_second_and_no_more() {
    let desk = Desk::with(|config| config.rate_limits = true).await;
    let trader = desk.sign_in("uk9394").await;
    let order = async || trader.send("POST", "/orders/regular", &RESTING).await.status;
    assert_eq!(let_in_within_a_second(order).await, 10);
    let path = "/instruments/historical/408065/minute?from=2026-11-20+09:15:00&to=2026-11-20+09:20:00";
    let history = async || trader.get(path).await.status;
    assert_eq!(let_in_within_a_second(history).await, 3);
}

#[tokio::test]
async fn ten_other_calls_and_one_quote_of_any_kind_a_second_and_no_more() {
    let desk = Desk::with(|config| config.rate_limits = true).await;
    let trader = desk.sign_in("uk9394").await;
    let profile = async || trader.get("/user/profile").await.status;
    assert_eq!(let_in_within_a_second(profile).await, 10);
    let turn = std::cell::Cell::new(0);
    let quote = async || {
        turn.set(turn.get() + 1);
        let path = ["/quote", "/quote/ltp", "/quote/ohlc"][turn.get() % 3];
        trader.get(&format!("{path}?i=NSE:INFY")).await.status
    };
    assert_eq!(let_in_within_a_second(quote).await, 1);
}

#[tokio::test]
async fn orders_that_are_wrong_or_come_from_a_strange_address_use_up_the_budget_too() {
    let strange = vec!["10.0.0.5".parse().unwrap()];
    for (allowed_ips, refused) in [(Vec::new(), 400), (strange, 403)] {
        let desk = Desk::with(|config| {
            config.rate_limits = true;
            config.accounts[0].allowed_ips = allowed_ips;
        })
        .await;
        let trader = desk.sign_in("uk9394").await;
        let wrong = async || {
            let status = trader.send("POST", "/orders/regular", &[("quantity", "none")]).await.status;
            assert!([refused, 429].contains(&status), "{status}");
            status
        };
        assert_eq!(let_in_within_a_second(wrong).await, 10, "{refused}");
    }
}

#[tokio::test]
async fn two_accounts_of_one_app_share_its_reads_and_have_orders_of_their_own() {
    let desk = Desk::with(|config| {
        config.rate_limits = true;
        let app = config.accounts[0].clone();
        config.accounts[1].api_key = app.api_key;
        config.accounts[1].api_secret = app.api_secret;
    })
    .await;
    let mut traders = Vec::new();
    for user_id in ["UK9394", "UK1234"] {
        let wish = json!({"apiKey": "demo-uk9394", "userId": user_id});
        let token = desk.control("POST", "/sim/request-token", wish).await["requestToken"].clone();
        let granted =
            desk.exchange("demo-uk9394", token.as_str().unwrap(), "demo-secret-uk9394").await.data();
        assert_eq!(granted["user_id"], user_id);
        let access_token = granted["access_token"].as_str().unwrap().to_owned();
        traders.push(Trader { desk: &desk, api_key: "demo-uk9394".to_owned(), access_token });
    }
    let turn = std::cell::Cell::new(0);
    let next = || {
        turn.set(turn.get() + 1);
        &traders[turn.get() % 2]
    };
    let quote = async || next().get("/quote/ltp?i=NSE:INFY").await.status;
    assert_eq!(let_in_within_a_second(quote).await, 1);
    let order = async || next().send("POST", "/orders/regular", &RESTING).await.status;
    assert_eq!(let_in_within_a_second(order).await, 20);
}

#[tokio::test]
async fn an_order_can_be_changed_twenty_five_times() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let (_, lower) = price(&trader).await;
    let lower = lower.to_string();
    let mut form = RESTING.to_vec();
    form.retain(|(name, _)| *name != "price");
    form.push(("price", &lower));
    let path = format!("/orders/regular/{}", trader.place(&form).await);
    for quantity in 2..27 {
        assert_eq!(trader.send("PUT", &path, &[("quantity", &quantity.to_string())]).await.status, 200);
    }
    let one_more = trader.send("PUT", &path, &[("quantity", "30")]).await;
    assert_eq!(one_more.refusal(), (400, "InputException"));
    assert_eq!(one_more.body["message"], "Maximum allowed order modifications exceeded.");
}

#[tokio::test]
async fn a_ticker_connection_takes_three_thousand_instruments_and_says_no_to_the_next() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let mut socket = trader.ticker().await.unwrap();
    let many: Vec<u32> = (1..=2_999).collect();
    say(&mut socket, json!({"a": "subscribe", "v": many})).await;
    say(&mut socket, json!({"a": "subscribe", "v": [408_065]})).await;
    super::desk::next(&mut socket, |frame| frame.len() == 48).await;
    say(&mut socket, json!({"a": "subscribe", "v": [256_265]})).await;
    let error = super::desk::next(&mut socket, tokio_tungstenite::tungstenite::Message::is_text).await;
    assert!(error.to_text().unwrap().contains("Instrument limit of 3000"), "{error}");
}

#[tokio::test]
async fn short_quotes_take_a_thousand_instruments_and_full_ones_five_hundred() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    for (path, limit) in [("/quote", 500), ("/quote/ltp", 1_000), ("/quote/ohlc", 1_000)] {
        let of = |count: usize| format!("{path}?{}", "i=X&".repeat(count));
        assert_eq!(trader.get(&of(limit)).await.data(), json!({}), "{path}");
        assert_eq!(trader.get(&of(limit + 1)).await.refusal(), (400, "InputException"), "{path}");
    }
}

#[tokio::test]
async fn an_order_lives_sixty_minutes_at_most() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let (last, lower) = price(&trader).await;
    let price = lower.to_string();
    assert!(lower < last);
    for (minutes, status) in [("0", 400), ("60", 200), ("61", 400)] {
        let mut form = RESTING.to_vec();
        form.retain(|(name, _)| *name != "price");
        form.extend([("validity", "TTL"), ("validity_ttl", minutes), ("price", &price)]);
        assert_eq!(trader.send("POST", "/orders/regular", &form).await.status, status, "{minutes}");
    }
}

async fn price(trader: &Trader<'_>) -> (f64, f64) {
    let quote = trader.get("/quote?i=NSE:INFY").await.data()["NSE:INFY"].clone();
    (quote["last_price"].as_f64().unwrap(), quote["lower_circuit_limit"].as_f64().unwrap())
}

#[tokio::test]
async fn a_form_larger_than_64_kib_is_refused() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    for (bytes, words) in [(60 * 1024, "Missing or empty field"), (65 * 1024, "too large")] {
        let form = [("tag", "x".repeat(bytes))];
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = trader.send("POST", "/orders/regular", &form).await;
        assert_eq!(answer.refusal(), (400, "InputException"));
        assert!(answer.body["message"].as_str().unwrap().contains(words), "{bytes}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_ticker_message_larger_than_256_kib_ends_the_connection() {
    use futures_util::StreamExt;
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let mut socket = trader.ticker().await.unwrap();
    say(&mut socket, json!({"a": "subscribe", "v": [408_065], "padding": "x".repeat(200 * 1024)})).await;
    super::desk::next(&mut socket, |frame| frame.len() == 48).await;
    say(&mut socket, json!({"a": "subscribe", "v": [], "padding": "x".repeat(300 * 1024)})).await;
    let ended = async { while let Some(Ok(_)) = socket.next().await {} };
    tokio::time::timeout(super::desk::PATIENCE, ended).await.expect("the connection stayed");
}

async fn no(desk: &Desk, method: &str, path: &str, body: Option<Value>) -> (u16, String) {
    let mut call = desk.http.request(method.parse().unwrap(), format!("{}{path}", desk.base));
    if let Some(body) = body {
        call = call.json(&body);
    }
    let answer = call.send().await.unwrap();
    let status = answer.status().as_u16();
    let error: Value = answer.json().await.unwrap_or_else(|error| panic!("{path}: {error}"));
    (status, error["error"].as_str().unwrap_or_else(|| panic!("{path}: {error}")).to_owned())
}

#[tokio::test]
async fn the_control_api_says_no_in_json_wherever_it_does() {
    let desk = Desk::open().await;
    let cases = [
        ("PUT", "/sim/clock", Some(json!({"now": "2026-12-03 10:00:01"})), 400, "10 days"),
        ("PUT", "/sim/clock", Some(json!({"now": "2026-11-22 10:00:00"})), 400, "cannot go back"),
        ("PUT", "/sim/clock", Some(json!({"now": "noon"})), 400, "is no time"),
        ("PUT", "/sim/clock", Some(json!({"speed": 10_001})), 400, "between 0 and 10000"),
        ("PUT", "/sim/clock", Some(json!({"speed": "fast"})), 400, "speed"),
        ("PUT", "/sim/clock", None, 400, ""),
        ("POST", "/sim/faults", Some(json!({"kind": "delayAnswer", "delayMs": 600_001})), 400, "600000"),
        ("POST", "/sim/ticker/silence", Some(json!({"ms": 600_001})), 400, "600000"),
        (
            "POST",
            "/sim/ticker/order-updates",
            Some(json!({"drop": 1, "apiKey": "nobody"})),
            404,
            "no account",
        ),
        ("POST", "/sim/ticker/gap", Some(json!({"ms": 600_001})), 400, "600000"),
        ("POST", "/sim/ticker/mute", Some(json!({"ms": 600_001})), 400, "600000"),
        ("POST", "/sim/ticker/malformed", Some(json!({"kind": "short", "times": 101})), 400, "100"),
        ("POST", "/sim/ticker/malformed", Some(json!({"kind": "odd"})), 400, "odd"),
        ("POST", "/sim/postbacks", Some(json!({"dropPercent": 60, "delayPercent": 41})), 400, "100 together"),
        ("POST", "/sim/postbacks", Some(json!({"apiKey": "nobody"})), 404, "no account"),
        ("POST", "/sim/plan", Some(json!({"apiKey": "nobody", "plan": "personal"})), 404, "no account"),
        ("POST", "/sim/plan", Some(json!({"apiKey": "demo-uk9394", "plan": "gold"})), 400, "gold"),
        ("POST", "/sim/expire-token", Some(json!({"apiKey": "demo-uk9394", "at": "soon"})), 400, "no time"),
        ("POST", "/sim/books/stale", Some(json!({"userId": "nobody"})), 404, "no account"),
        ("POST", "/sim/books/stale", Some(json!({"userId": "UK9394", "lists": []})), 400, "lists"),
        ("POST", "/sim/books/stale", Some(json!({"userId": "UK9394", "lagMs": 600_001})), 400, "600000"),
        ("GET", "/sim/received?since=yesterday", None, 400, "since"),
        ("GET", "/sim/no-such-thing", None, 404, "GET /sim/"),
        ("DELETE", "/sim/price", None, 405, "another method"),
    ];
    for (method, path, body, status, words) in cases {
        let (found, said) = no(&desk, method, path, body.clone()).await;
        assert_eq!(found, status, "{path} {body:?}: {said}");
        assert!(said.contains(words), "{path} {body:?}: {said}");
    }
    // At its edge the jump is allowed.
    let clock = desk.control("PUT", "/sim/clock", json!({"now": "2026-11-23 10:00:30", "speed": 0.0})).await;
    assert_eq!(clock["marketNowText"], "2026-11-23 10:00:30");
}
