//! What one trader can reach of another's: nothing, by any route that the OpenAPI file names.
//!
//! The list of routes is read from the running host, so a new route is covered the day it appears.

use e2e::{Account, Answer, Trader, World};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Routes that end the stranger's own session or cut the stream; they name no id of anybody's.
const NOT_CALLED: [&str; 2] = ["/api/auth/logout", "/api/auth/callback"];

/// The values by which trader A's rows can be recognised anywhere.
struct Victim {
    ids: BTreeMap<&'static str, String>,
}

#[tokio::test]
async fn a_stranger_gets_404_or_nothing_on_every_route() {
    let world = World::start().await;
    let (alice, bob) = (world.trader(Account::UK9394).await, world.trader(Account::UK1234).await);
    let victim = Victim::of(&alice).await;
    let document = alice.get("/api/openapi.json").await.expect(200);
    let operations = operations(&document);
    assert!(operations.len() >= 30, "the OpenAPI file names only {} operations", operations.len());

    let mut with_ids = 0;
    for (method, template) in &operations {
        if NOT_CALLED.contains(&template.as_str()) {
            continue;
        }
        if template.contains('{') && !template.contains("{date}") {
            let theirs = call(&bob, method, &victim.fill(template)).await;
            let missing = call(&bob, method, &victim.fill_with_missing(template)).await;
            let expected_public = template.contains("/examples/");
            if !expected_public {
                assert_eq!(theirs.status, 404, "{method} {template}: {}", theirs.text);
            }
            assert_eq!(theirs.status, missing.status, "{method} {template}");
            assert_eq!(victim.blur(&theirs.text), victim.blur(&missing.text), "{method} {template}");
            with_ids += 1;
        } else if *method == Method::GET && !template.ends_with("/stream") {
            let today = victim.ids["date"].clone();
            let answer = call(&bob, method, &template.replace("{date}", &today)).await;
            victim.appears_nowhere_in(&answer.text, &format!("{method} {template}"));
        }
    }
    assert!(with_ids >= 6, "only {with_ids} routes name an id");
}

#[tokio::test]
async fn a_body_that_names_anothers_strategy_or_run_finds_nothing() {
    let world = World::start().await;
    let (alice, bob) = (world.trader(Account::UK9394).await, world.trader(Account::UK1234).await);
    let victim = Victim::of(&alice).await;

    let start = json!({ "strategyId": victim.ids["strategy"], "mode": "live", "params": {} });
    assert_eq!(bob.post("/api/live-trader/start", start).await.status, 404);
    let stop = json!({ "runId": victim.ids["run"] });
    assert_eq!(bob.post("/api/live-trader/stop", stop).await.status, 404);
    let smuggled = json!({ "runId": victim.ids["run"], "brokerId": "UK9394" });
    assert!(bob.post("/api/live-trader/stop", smuggled).await.status.is_client_error());
    alice.run_in_state(&victim.ids["run"], "running").await;
}

#[tokio::test]
async fn streams_carry_only_ones_own() {
    let world = World::start().await;
    let (alice, bob) = (world.trader(Account::UK9394).await, world.trader(Account::UK1234).await);
    let listening = tokio::spawn(listen(bob.clone(), "/api/logs/stream"));
    let victim = Victim::of(&alice).await;
    alice.list_of("/api/trades", 2).await;

    let heard = listening.await.unwrap();
    victim.appears_nowhere_in(&heard, "GET /api/logs/stream");
}

#[tokio::test]
async fn nobody_gets_in_without_a_session() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let document = trader.get("/api/openapi.json").await.expect(200);
    let open = [
        "/api/auth/authenticate",
        "/api/auth/login",
        "/api/auth/callback",
        "/api/openapi.json",
        "/api/postback",
    ];
    for (method, template) in operations(&document) {
        if !template.starts_with("/api/") || open.contains(&template.as_str()) {
            continue;
        }
        let path = template.replace(['{', '}'], "");
        let request = reqwest::Client::new().request(method.clone(), world.url(&path));
        let status = request.send().await.unwrap().status();
        assert_eq!(status, 401, "{method} {template}");
    }
}

impl Victim {
    /// Alice, with a run that trades and logs.
    async fn of(alice: &Trader) -> Self {
        let strategy = alice.strategy("alices-own", guests::SCALPER).await;
        let run = alice.start(&strategy, json!({})).await;
        alice.run_in_state(&run, "running").await;
        let trades = alice.list_of("/api/trades", 1).await;
        let orders = alice.list_of("/api/orders", 1).await;
        let logs = alice.list_of("/api/logs", 1).await;
        let token = alice.post("/api/auth/tokens", json!({ "name": "alices-token" })).await.body;
        let sessions = alice.list_of("/api/auth/sessions", 1).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let ids = BTreeMap::from([
            ("strategy", strategy),
            ("run", run),
            ("order", text(&orders[0]["id"])),
            ("tag", text(&orders[0]["tag"])),
            ("trade", text(&trades[0]["tradeId"])),
            ("token", text(&token["id"])),
            ("session", text(&sessions[0]["id"])),
            ("user", alice.account.user_id.to_owned()),
            ("date", text(&logs[0]["time"])[..10].to_owned()),
        ]);
        Self { ids }
    }

    /// The path with Alice's ids in it.
    fn fill(&self, template: &str) -> String {
        let id = match template {
            path if path.contains("/strategies/") => &self.ids["strategy"],
            path if path.contains("/runs/") => &self.ids["run"],
            path if path.contains("/orders/") => &self.ids["order"],
            path if path.contains("/tokens/") => &self.ids["token"],
            path if path.contains("/sessions/") => &self.ids["session"],
            _ => &self.ids["strategy"],
        };
        replace_parameters(template, id)
    }

    /// The same path with an id of the same shape that nobody has.
    fn fill_with_missing(&self, template: &str) -> String {
        let filled = self.fill(template);
        let id = self.ids.values().find(|id| filled.contains(id.as_str())).cloned().unwrap_or_default();
        filled.replace(&id, &mirrored(&id))
    }

    /// A text with the ids of both calls taken out, so that the rest can be compared.
    fn blur(&self, text: &str) -> String {
        self.ids
            .values()
            .filter(|id| id.len() > 6)
            .fold(text.to_owned(), |text, id| text.replace(id.as_str(), "ID").replace(&mirrored(id), "ID"))
    }

    #[track_caller]
    fn appears_nowhere_in(&self, text: &str, place: &str) {
        for (what, id) in &self.ids {
            if *what != "date" {
                assert!(!text.contains(id.as_str()), "{place} shows Alice's {what} {id}");
            }
        }
        assert!(!text.contains("alices-"), "{place} shows a name of Alice's");
    }
}

fn operations(document: &Value) -> Vec<(Method, String)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("an OpenAPI document has paths") {
        for method in item.as_object().expect("a path has operations").keys() {
            if let Ok(method) = method.to_uppercase().parse::<Method>()
                && ["GET", "POST", "PUT", "DELETE"].contains(&method.as_str())
            {
                found.push((method, path.clone()));
            }
        }
    }
    found
}

async fn call(trader: &Trader, method: &Method, path: &str) -> Answer {
    let request = trader.request(method.clone(), path);
    let request = match *method {
        Method::POST if path.ends_with("/versions") => {
            request.header("content-type", "application/wasm").body(guests::SCALPER.to_vec())
        }
        Method::POST | Method::PUT => request.json(&json!({})),
        _ => request,
    };
    trader.send(request).await
}

fn replace_parameters(template: &str, value: &str) -> String {
    let parts = template.split('/').map(|part| if part.starts_with('{') { value } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// An id of the same alphabet and length that belongs to nobody: hex digits turned, decimal digits too.
fn mirrored(id: &str) -> String {
    let turn = |c: char| match c {
        '0'..='8' => char::from(c as u8 + 1),
        '9' => '0',
        'a'..='e' => char::from(c as u8 + 1),
        'f' => 'a',
        other => other,
    };
    id.chars().map(turn).collect()
}

/// What a stream says within a few seconds.
async fn listen(trader: Trader, path: &str) -> String {
    use futures_util::StreamExt;
    let answer = trader.request(Method::GET, path).send().await.expect("a stream opens");
    assert_eq!(answer.status(), 200);
    let mut stream = answer.bytes_stream();
    let mut heard = String::new();
    let end = tokio::time::Instant::now() + std::time::Duration::from_secs(8);
    while let Ok(Some(Ok(bytes))) = tokio::time::timeout_at(end, stream.next()).await {
        heard.push_str(&String::from_utf8_lossy(&bytes));
    }
    heard
}
