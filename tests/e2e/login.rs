//! Signing in, signing out, and every way in which it can fail.

use e2e::{Account, Setup, Trader, World, eventually, within};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_trader_signs_in_and_out() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;

    let session = trader.get("/api/auth/session").await.expect(200);
    assert_eq!(session["brokerId"], "UK9394");
    assert_eq!(session["brokerSession"], "live");

    trader.post("/api/auth/logout", json!({})).await;
    assert_eq!(trader.get("/api/auth/session").await.status, 401);
}

#[tokio::test]
async fn wrong_credentials_are_refused_in_plain_words() {
    let world = World::start().await;
    let account = Account::UK9394;
    let token = world.request_token(account).await;
    let base = world.url("");

    let wrong_secret = Trader::authenticate(&base, account.api_key, "not-the-secret", &token).await;
    let unknown_key = Trader::authenticate(&base, "no-such-key", account.api_secret, &token).await;
    let stale_token = Trader::authenticate(&base, account.api_key, account.api_secret, "never-issued").await;
    let fresh = world.request_token(account).await;
    let first = Trader::authenticate(&base, account.api_key, account.api_secret, &fresh).await;
    let second = Trader::authenticate(&base, account.api_key, account.api_secret, &fresh).await;

    assert_eq!(first.status, 200, "{}", first.text);
    for refused in [wrong_secret, unknown_key, stale_token, second] {
        assert!(matches!(refused.status.as_u16(), 401 | 403), "{} {}", refused.status, refused.text);
        assert!(refused.is_problem(), "{}", refused.text);
        assert!(refused.cookie.is_none());
        assert!(!refused.text.contains(account.api_secret), "a secret must never come back");
    }
}

#[tokio::test]
async fn a_session_ends_by_itself_and_is_dead_on_the_server() {
    let serve_args = vec!["--session-ttl-s".to_owned(), "8".to_owned()];
    let world = World::start_with(Setup { serve_args, ..Setup::default() }).await;
    let trader = world.trader(Account::UK9394).await;
    trader.get("/api/auth/session").await.expect(200);

    let answer = within(Duration::from_secs(30), "the session ends", || async {
        let answer = trader.get("/api/auth/session").await;
        (answer.status == 401).then_some(answer)
    })
    .await;
    assert!(answer.is_problem(), "{}", answer.text);
}

#[tokio::test]
async fn sessions_are_listed_and_revoked_one_by_one() {
    let world = World::start().await;
    let laptop = world.trader(Account::UK9394).await;
    let phone = world.trader(Account::UK9394).await;

    let sessions = phone.list_of("/api/auth/sessions", 2).await;
    let other = sessions.iter().find(|session| session["current"] == false).expect("the laptop's session");
    phone.delete(&format!("/api/auth/sessions/{}", other["id"].as_str().unwrap())).await;

    assert_eq!(laptop.get("/api/auth/session").await.status, 401);
    phone.get("/api/auth/session").await.expect(200);
}

#[tokio::test]
async fn an_api_token_opens_the_same_doors_until_it_is_revoked() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let made = trader.post("/api/auth/tokens", json!({ "name": "laptop" })).await;
    assert!(made.status.is_success(), "{}", made.text);
    let token = made.body["token"].as_str().unwrap().to_owned();
    let bearer = || async {
        let request = reqwest::Client::new().get(world.url("/api/strategies")).bearer_auth(&token);
        request.send().await.unwrap().status().as_u16()
    };

    assert_eq!(bearer().await, 200);
    let listed = trader.get("/api/auth/tokens").await.expect(200);
    assert!(!listed.to_string().contains(&token), "a token is shown once");
    trader.delete(&format!("/api/auth/tokens/{}", made.body["id"].as_str().unwrap())).await;
    assert_eq!(bearer().await, 401);
}

#[tokio::test]
async fn a_dead_broker_session_is_shown_and_the_next_login_revives_it() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let strategy = trader.strategy("scalper", guests::SCALPER).await;
    let run = trader.start(&strategy, json!({})).await;
    trader.run_in_state(&run, "running").await;

    world.sim_post("/sim/expire-token", json!({ "apiKey": "demo-uk9394" })).await;
    eventually("the host notices that the broker session is dead", || async {
        let session = trader.get("/api/auth/session").await.expect(200);
        (session["brokerSession"] == "expired").then_some(())
    })
    .await;

    let again = world.trader(Account::UK9394).await;
    eventually("the broker session is live again", || async {
        let session = again.get("/api/auth/session").await.expect(200);
        (session["brokerSession"] == "live").then_some(())
    })
    .await;
    let orders = again.get("/api/orders").await.expect(200).as_array().unwrap().len();
    again.list_of("/api/orders", orders + 2).await;
}
