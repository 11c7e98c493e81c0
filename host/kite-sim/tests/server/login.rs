//! Login, sessions, and what a call without one gets.

use super::desk::{Answer, Desk};
use serde_json::json;

#[tokio::test]
async fn the_login_page_sends_the_browser_back_with_a_request_token() {
    let desk = Desk::open().await;
    let url = format!("{}/connect/login?v=3&api_key=demo-uk9394&redirect_params=state%3Dabc", desk.base);
    let page = desk.http.get(url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("UK9394") && !page.contains("UK1234"), "{page}");
    let form = [("api_key", "demo-uk9394"), ("user_id", "UK9394"), ("redirect_params", "state=abc")];
    let answer = desk.http.post(format!("{}/connect/login", desk.base)).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), 302);
    let location = answer.headers()["location"].to_str().unwrap();
    let (page, query) = location.split_once('?').unwrap();
    assert_eq!(page, "http://127.0.0.1:8080/api/auth/callback");
    for part in ["action=login", "status=success", "request_token=", "state=abc"] {
        assert!(query.contains(part), "{location}");
    }
    let token = query.split('&').find_map(|pair| pair.strip_prefix("request_token=")).unwrap();
    let answer = desk.exchange("demo-uk9394", token, "demo-secret-uk9394").await;
    assert_eq!(answer.data()["user_id"], "UK9394");
}

#[tokio::test]
async fn trap_18_a_request_token_is_single_use_and_a_wrong_checksum_does_not_spend_it() {
    let desk = Desk::open().await;
    let token = desk.request_token("demo-uk9394").await;
    let wrong = desk.exchange("demo-uk9394", &token, "wrong").await;
    assert_eq!(wrong.refusal(), (403, "TokenException"));
    assert_eq!(wrong.body["message"], "Invalid `checksum`.");
    let data = desk.exchange("demo-uk9394", &token, "demo-secret-uk9394").await.data();
    assert_eq!(data["login_time"].as_str().unwrap().len(), 19);
    let again = desk.exchange("demo-uk9394", &token, "demo-secret-uk9394").await;
    assert_eq!(again.refusal(), (403, "TokenException"));
    assert_eq!(again.body["message"], "Token is invalid or has expired.");
}

#[tokio::test]
async fn unknown_keys_and_missing_fields_are_told_apart() {
    let desk = Desk::open().await;
    let unknown = desk.exchange("nobody", "token", "secret").await;
    assert_eq!(unknown.refusal(), (403, "TokenException"));
    let call = desk.http.post(format!("{}/session/token", desk.base)).form(&[("api_key", "demo-uk9394")]);
    let missing = Answer::read(call.send().await.unwrap()).await;
    assert_eq!(missing.refusal(), (400, "InputException"));
}

#[tokio::test]
async fn a_session_ends_at_logout_at_a_newer_login_and_on_demand() {
    let desk = Desk::open().await;
    let first = desk.sign_in("uk9394").await;
    let other = desk.sign_in("uk1234").await;
    let second = desk.sign_in("uk9394").await;
    assert_eq!(first.get("/user/profile").await.refusal(), (403, "TokenException"));
    assert_eq!(second.get("/user/profile").await.data()["user_id"], "UK9394");
    let query = format!("/session/token?api_key={}&access_token={}", second.api_key, second.access_token);
    assert_eq!(second.send("DELETE", &query, &[]).await.data(), true);
    assert_eq!(second.get("/user/profile").await.refusal(), (403, "TokenException"));
    assert_eq!(other.get("/user/profile").await.data()["user_id"], "UK1234");
    desk.control("POST", "/sim/expire-token", json!({ "apiKey": "demo-uk1234" })).await;
    assert_eq!(other.get("/user/profile").await.refusal(), (403, "TokenException"));
}

#[tokio::test]
async fn ordinary_apps_have_no_refresh_token_to_use_and_may_say_that_it_is_over() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let refresh = async |form: &[(&str, &str)]| {
        let call = desk.http.post(format!("{}/session/refresh_token", desk.base)).form(form);
        let answer = Answer::read(call.send().await.unwrap()).await;
        (
            answer.refusal().0,
            answer.refusal().1.to_owned(),
            answer.body["message"].as_str().unwrap().to_owned(),
        )
    };
    let whole = [("api_key", "demo-uk9394"), ("refresh_token", "r"), ("checksum", "c")];
    for missing in 0..3 {
        let part: Vec<_> = whole.iter().copied().filter(|field| *field != whole[missing]).collect();
        let (status, kind, said) = refresh(&part).await;
        assert_eq!((status, kind.as_str()), (400, "InputException"));
        assert_eq!(said, format!("Missing or empty field `{}`", whole[missing].0));
    }
    let (status, kind, said) = refresh(&whole).await;
    assert_eq!(
        (status, kind.as_str(), said.as_str()),
        (403, "TokenException", "Token is invalid or has expired.")
    );
    let path = |query: &str| format!("/session/token?{query}");
    let over = trader.send("DELETE", &path("api_key=demo-uk9394&refresh_token=r"), &[]).await;
    assert_eq!(over.data(), true);
    assert_eq!(trader.get("/user/profile").await.status, 200);
    let strange = trader.send("DELETE", &path("api_key=nobody&refresh_token=r"), &[]).await;
    assert_eq!(strange.refusal(), (403, "TokenException"));
    let wrong = trader.send("DELETE", &path("api_key=demo-uk9394&access_token=w"), &[]).await;
    assert_eq!(wrong.body["message"], "Incorrect `api_key` or `access_token`.");
    let neither = trader.send("DELETE", &path("api_key=demo-uk9394"), &[]).await;
    assert_eq!(neither.refusal(), (400, "InputException"));
    let all = path(&format!("api_key=demo-uk9394&access_token={}", trader.access_token));
    assert_eq!(trader.send("DELETE", &all, &[]).await.data(), true);
    let after = trader.get("/user/profile").await;
    assert_eq!(after.refusal(), (403, "TokenException"));
    assert_eq!(after.body["message"], "Incorrect `api_key` or `access_token`.");
}

#[tokio::test]
async fn tokens_die_at_six_in_the_morning_of_the_exchanges_clock() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    desk.control("PUT", "/sim/clock", json!({ "now": "2026-11-24 05:59:00", "speed": 0.0 })).await;
    assert_eq!(trader.get("/user/profile").await.status, 200);
    desk.control("PUT", "/sim/clock", json!({ "now": "2026-11-24 06:00:00" })).await;
    assert_eq!(trader.get("/user/profile").await.refusal(), (403, "TokenException"));
}

#[tokio::test]
async fn a_token_dies_at_the_instant_that_was_asked_for_and_the_next_login_lives() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    desk.control("PUT", "/sim/clock", json!({ "now": "2026-11-23 10:30:00", "speed": 0.0 })).await;
    let at = json!({ "apiKey": "demo-uk9394", "at": "2026-11-23 10:31:00" });
    assert_eq!(desk.control("POST", "/sim/expire-token", at).await["expired"], 1);
    desk.control("PUT", "/sim/clock", json!({ "now": "2026-11-23 10:30:59" })).await;
    assert_eq!(trader.get("/user/profile").await.status, 200);
    desk.control("PUT", "/sim/clock", json!({ "now": "2026-11-23 10:31:00" })).await;
    assert_eq!(trader.get("/user/profile").await.refusal(), (403, "TokenException"));
    let again = desk.sign_in("uk9394").await;
    assert_eq!(again.get("/user/profile").await.status, 200);
}

#[tokio::test]
async fn an_app_of_the_personal_plan_trades_and_gets_no_market_data() {
    let by_account = Desk::with(|config| config.accounts[0].plan = kite_sim::Plan::Personal).await;
    let by_call = Desk::open().await;
    by_call.control("POST", "/sim/plan", json!({ "apiKey": "demo-uk9394", "plan": "personal" })).await;
    for desk in [&by_account, &by_call] {
        let (personal, paid) = (desk.sign_in("uk9394").await, desk.sign_in("uk1234").await);
        let candles = "/instruments/historical/408065/minute?from=2026-11-20+09:15:00&to=2026-11-20+09:20:00";
        for path in ["/quote?i=NSE:INFY", "/quote/ohlc?i=NSE:INFY", "/quote/ltp?i=NSE:INFY", candles] {
            assert_eq!(personal.get(path).await.refusal(), (403, "PermissionException"), "{path}");
            assert_eq!(paid.get(path).await.status, 200, "{path}");
        }
        for path in ["/orders", "/portfolio/positions", "/user/margins", "/user/profile"] {
            assert_eq!(personal.get(path).await.status, 200, "{path}");
        }
        match personal.ticker().await {
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => assert_eq!(answer.status(), 403),
            other => panic!("the ticker let it in: {other:?}"),
        }
        assert!(paid.ticker().await.is_ok());
    }
    by_call.control("DELETE", "/sim/faults", json!(null)).await;
    assert!(by_call.sign_in("uk9394").await.ticker().await.is_ok());
}

#[tokio::test]
async fn trap_19_every_error_is_json_with_status_and_type() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    assert_eq!(trader.get("/no/such/route").await.refusal(), (404, "GeneralException"));
    assert_eq!(trader.send("PUT", "/trades", &[]).await.refusal(), (405, "GeneralException"));
    assert_eq!(trader.get("/user/margins/gold").await.refusal(), (400, "InputException"));
    let bare = desk.http.get(format!("{}/orders", desk.base)).send().await.unwrap();
    assert_eq!(Answer::read(bare).await.refusal(), (403, "TokenException"));
}

#[tokio::test]
async fn too_many_calls_in_a_second_are_a_429() {
    let desk = Desk::with(|config| config.rate_limits = true).await;
    let trader = desk.sign_in("uk9394").await;
    let mut refused = Vec::new();
    for _ in 0..25 {
        let answer = trader.get("/quote/ltp?i=NSE:INFY").await;
        if answer.status != 200 {
            refused.push((answer.refusal().0, answer.refusal().1.to_owned()));
        }
    }
    assert!(refused.len() >= 20, "{}", refused.len());
    assert!(refused.iter().all(|refusal| *refusal == (429, "NetworkException".to_owned())));
}

#[tokio::test]
async fn profile_and_margins_have_kites_fields() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let profile = trader.get("/user/profile").await.data();
    for field in
        ["user_id", "email", "user_shortname", "broker", "exchanges", "products", "order_types", "meta"]
    {
        assert!(!profile[field].is_null(), "{field}");
    }
    assert!(!trader.get("/user/profile/full").await.data()["dp_ids"].is_null());
    let equity = &trader.get("/user/margins").await.data()["equity"];
    assert_eq!(equity["net"], 1_000_000.0);
    assert_eq!(equity["available"]["live_balance"], equity["net"]);
    assert_eq!(trader.get("/user/margins/equity").await.data(), *equity);
}

#[tokio::test]
async fn order_calls_from_an_address_that_is_not_registered_are_refused_and_nothing_else_is() {
    let other: std::net::IpAddr = "10.0.0.5".parse().unwrap();
    for (allowed, status) in [(vec![other], 403), (vec![other, "127.0.0.1".parse().unwrap()], 400)] {
        let desk = Desk::with(|config| config.accounts[0].allowed_ips = allowed).await;
        let trader = desk.sign_in("uk9394").await;
        let answer = trader.send("POST", "/orders/regular", &[]).await;
        let kind = if status == 403 { "PermissionException" } else { "InputException" };
        assert_eq!(answer.refusal(), (status, kind));
        assert_eq!(trader.get("/orders").await.status, 200);
    }
}
