//! Sessions, tokens and keys against repetition, on the real binary.

use super::demo::{Demo, browser, cookie_of, with_cookie};
use reqwest::Client;
use serde_json::{Value, json};

async fn status(client: &Client, url: String) -> u16 {
    client.get(url).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_new_sign_in_in_the_same_browser_ends_the_session_it_had() {
    let demo = Demo::with(&[]);
    let first = demo.authenticate("uk9394").await.send().await.unwrap();
    let before = cookie_of(&first);
    assert_eq!(status(&with_cookie(&before), demo.url("/api/auth/session")).await, 200);
    let again = demo.authenticate("uk9394").await.header("cookie", &before).send().await.unwrap();
    assert_eq!(status(&with_cookie(&before), demo.url("/api/auth/session")).await, 401);
    assert_eq!(status(&with_cookie(&cookie_of(&again)), demo.url("/api/auth/session")).await, 200);
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session_and_no_strangers() {
    let demo = Demo::with(&[]);
    let (laptop, phone) = (demo.sign_in("uk9394").await, demo.sign_in("uk9394").await);
    let stranger = demo.sign_in("uk1234").await;
    let ended = laptop.delete(demo.url("/api/auth/sessions")).send().await.unwrap();
    assert_eq!(ended.status(), 204);
    assert!(ended.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    for device in [&laptop, &phone] {
        assert_eq!(status(device, demo.url("/api/auth/session")).await, 401);
    }
    assert_eq!(status(&stranger, demo.url("/api/auth/session")).await, 200);
}

#[tokio::test]
async fn a_token_cannot_make_tokens_and_all_are_revoked_at_once() {
    let demo = Demo::with(&[]);
    let trader = demo.sign_in("uk9394").await;
    let tokens = demo.url("/api/auth/tokens");
    let made = trader.post(&tokens).json(&json!({ "name": "script" })).send().await.unwrap();
    let made: Value = made.json().await.unwrap();
    let script = || Client::new().get(&tokens).bearer_auth(made["token"].as_str().unwrap()).send();
    assert_eq!(script().await.unwrap().status(), 200);
    let more = Client::new().post(&tokens).bearer_auth(made["token"].as_str().unwrap());
    let refused = more.json(&json!({ "name": "another" })).send().await.unwrap();
    assert_eq!(refused.status(), 403);
    assert!(refused.text().await.unwrap().contains("cannot make another"));
    assert_eq!(trader.delete(&tokens).send().await.unwrap().status(), 204);
    assert_eq!(script().await.unwrap().status(), 401);
}

#[tokio::test]
async fn the_same_request_with_the_same_key_is_done_once() {
    let demo = Demo::with(&[]);
    let (trader, stranger) = (demo.sign_in("uk9394").await, demo.sign_in("uk1234").await);
    let upload = |client: &Client, key: &str, name: &str| {
        let request = client.post(demo.url(&format!("/api/strategies?name={name}")));
        let request = request.header("content-type", "application/wasm").header("idempotency-key", key);
        request.body(guests::SCALPER).send()
    };
    let (one, two) = tokio::join!(upload(&trader, "first", "mine"), upload(&trader, "first", "mine"));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!((one.status().as_u16(), two.status().as_u16()), (201, 201), "at once, and yet once");
    let (one, two): (Value, Value) = (one.json().await.unwrap(), two.json().await.unwrap());
    assert_eq!(one, two);
    let listed: Value = trader.get(demo.url("/api/strategies")).send().await.unwrap().json().await.unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(upload(&trader, "first", "other").await.unwrap().status(), 422, "another request");
    assert_eq!(upload(&trader, "second", "mine").await.unwrap().status(), 409, "a new wish for a taken name");
    assert_eq!(upload(&stranger, "first", "theirs").await.unwrap().status(), 201, "keys are one's own");
    assert_eq!(upload(&trader, "", "none").await.unwrap().status(), 400);

    let wish = json!({ "strategyId": one["id"], "mode": "live", "params": {} });
    let start = || {
        let request = trader.post(demo.url("/api/live-trader/start")).header("idempotency-key", "start");
        request.json(&wish).send()
    };
    let (first, again) = (start().await.unwrap(), start().await.unwrap());
    assert_eq!((first.status().as_u16(), again.status().as_u16()), (202, 202));
    let (first, again): (Value, Value) = (first.json().await.unwrap(), again.json().await.unwrap());
    assert_eq!(first, again);
}

#[tokio::test]
async fn paths_that_are_no_text_are_problems_and_figures_are_for_this_machine() {
    let demo = Demo::with(&[]);
    let trader = demo.sign_in("uk9394").await;
    for path in
        ["/api/runs/%ff", "/api/strategies/%ff", "/api/logs/%ff/download", "/api/examples/%ff/download"]
    {
        let answer = trader.get(demo.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
    }
    assert_eq!(status(&browser(), demo.url("/metrics")).await, 200);
    let proxied = browser().get(demo.url("/metrics")).header("x-forwarded-for", "203.0.113.9");
    assert_eq!(proxied.send().await.unwrap().status(), 403, "it came through a proxy on this machine");
}
