//! Bounds and doors on the real binary: how many runs, how many sign-ins, and who needs no secret to sign in again.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "doors/demo.rs"]
mod demo;
#[path = "doors/sessions.rs"]
mod sessions;
#[path = "doors/streams.rs"]
mod streams;

use demo::{Demo, browser};
use serde_json::{Value, json};

fn goes_to(answer: &reqwest::Response) -> String {
    assert_eq!(answer.status(), 303);
    answer.headers()["location"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn who_has_signed_in_before_needs_no_secret_and_a_stranger_is_told_to_type_it() {
    let demo = Demo::with(&[]);
    let browser = browser();
    let login = |key: &str| browser.get(format!("{}/api/auth/login?apiKey={key}", demo.page));
    let stranger = login("demo-uk9394").send().await.unwrap();
    assert!(goes_to(&stranger).ends_with("/?error=key-not-held"), "{stranger:?}");
    demo.sign_in("uk9394").await;
    let lured = login("demo-uk9394").header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert!(goes_to(&lured).ends_with("/?error=cross-site"), "{lured:?}");

    let known = login("demo-uk9394").send().await.unwrap();
    let kite = goes_to(&known);
    assert!(kite.starts_with(&format!("{}/connect/login?", demo.broker)), "{kite}");
    let bound = known.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let state = bound.strip_prefix("bulkhead_login=").unwrap();
    let asked = json!({ "apiKey": "demo-uk9394" });
    let token = browser.post(format!("{}/sim/request-token", demo.broker)).json(&asked).send().await.unwrap();
    let token = token.json::<Value>().await.unwrap()["requestToken"].as_str().unwrap().to_owned();
    let back = format!("{}/api/auth/callback?request_token={token}&state={state}", demo.page);
    let other_browser = browser.get(&back).send().await.unwrap();
    let elsewhere = goes_to(&other_browser);
    assert!(elsewhere.starts_with("http://localhost:") && elsewhere.ends_with("&hop=1"), "{elsewhere}");
    let hopped = browser.get(format!("{back}&hop=1")).send().await.unwrap();
    assert_eq!(
        goes_to(&hopped),
        "/?error=login-expired",
        "the other name of this machine has no cookie either"
    );
    let signed_in = browser.get(&back).header("cookie", &bound).send().await.unwrap();
    assert_eq!(goes_to(&signed_in), "/");
    let twice = browser.get(&back).header("cookie", &bound).send().await.unwrap();
    assert_eq!(goes_to(&twice), "/?error=login-expired");
}

#[tokio::test]
async fn the_thirty_first_sign_in_of_a_key_within_a_minute_is_told_when_to_come_back() {
    let demo = Demo::with(&[]);
    let browser = browser();
    let body = json!({ "apiKey": "a-key", "apiSecret": "wrong" });
    let attempt = || browser.post(format!("{}/api/auth/login", demo.page)).json(&body).send();
    for _ in 0..30 {
        assert_eq!(attempt().await.unwrap().status(), 200);
    }
    let refused = attempt().await.unwrap();
    assert_eq!(refused.status(), 429);
    let wait_s: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait_s), "{wait_s}");
    let shown = browser.get(format!("{}/api/auth/login?apiKey=a-key", demo.page)).send().await.unwrap();
    assert!(goes_to(&shown).ends_with("/?error=login-attempts"), "{shown:?}");
}

#[tokio::test]
async fn a_trader_at_the_bound_and_a_full_host_are_told_apart() {
    let bounds = [("BULKHEAD_RUNS_PER_TENANT_MAX", "1"), ("BULKHEAD_RUNS_MAX", "1")];
    let demo = Demo::with(&bounds);
    let (alice, bob) = (demo.sign_in("uk9394").await, demo.sign_in("uk1234").await);
    let (first, second) = (demo.upload(&alice, "first").await, demo.upload(&alice, "second").await);
    let (status, started) = demo.start(&alice, &first).await;
    assert_eq!(status, 202, "{started}");
    let (status, too_many) = demo.start(&alice, &second).await;
    assert_eq!(status, 409, "{too_many}");
    assert!(too_many["detail"].as_str().unwrap().contains("--runs-per-tenant-max"), "{too_many}");
    let (status, full) = demo.start(&bob, &demo.upload(&bob, "first").await).await;
    assert_eq!(status, 503, "{full}");
    assert!(full["detail"].as_str().unwrap().contains("the host is full"), "{full}");
}
