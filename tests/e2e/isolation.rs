//! What one trader can reach of another's: nothing, by any route that the OpenAPI file names.
//!
//! Routes, queries and bodies are read from the running host's document, so a new one is covered the day it appears.

mod operation;
mod victim;

use e2e::{Account, Trader, World, within};
use futures_util::StreamExt;
use operation::Operation;
use reqwest::Method;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use victim::Victim;

/// Calls that would end the stranger's own session or token, and the browser's way back from Kite. They name no id.
const NOT_CALLED: [(Method, &str); 4] = [
    (Method::POST, "/api/auth/logout"),
    (Method::GET, "/api/auth/callback"),
    (Method::DELETE, "/api/auth/sessions"),
    (Method::DELETE, "/api/auth/tokens"),
];

/// Doors that must open before anybody is known.
const OPEN: [&str; 5] =
    ["/api/auth/authenticate", "/api/auth/login", "/api/auth/callback", "/api/openapi.json", "/api/postback"];

#[tokio::test]
async fn a_stranger_gets_404_or_nothing_on_every_route() {
    let world = World::start().await;
    let (alice, bob) = (world.trader(Account::UK9394).await, world.trader(Account::UK1234).await);
    let victim = Victim::of(&alice).await;
    every_call_finds_nothing(&victim, &bob).await;
    victim.is_untouched().await;
}

#[tokio::test]
async fn a_strangers_token_gets_404_or_nothing_on_every_route() {
    let world = World::start().await;
    let (alice, bob) = (world.trader(Account::UK9394).await, world.trader(Account::UK1234).await);
    let victim = Victim::of(&alice).await;
    let made = bob.post("/api/auth/tokens", json!({ "name": "bobs" })).await;
    let token = made.body["token"].as_str().expect("a token is shown once").to_owned();
    every_call_finds_nothing(&victim, &bob.with_token(&token)).await;
    victim.is_untouched().await;
}

#[tokio::test]
async fn a_body_that_smuggles_a_broker_id_in_is_refused() {
    let world = World::start().await;
    let (alice, bob) = (world.trader(Account::UK9394).await, world.trader(Account::UK1234).await);
    let victim = Victim::of(&alice).await;
    let smuggled = json!({ "runId": victim.ids["run"], "brokerId": "UK9394" });
    assert!(bob.post("/api/live-trader/stop", smuggled).await.status.is_client_error());
    victim.is_untouched().await;
}

#[tokio::test]
async fn streams_carry_only_ones_own() {
    let world = World::start().await;
    let (alice, bob) = (world.trader(Account::UK9394).await, world.trader(Account::UK1234).await);
    let document = alice.get("/api/openapi.json").await.expect(200);
    let streams = Operation::all(&document).into_iter().filter(|o| o.is_stream() && !o.names_an_id());
    let mut heard: Vec<_> = streams.map(|stream| Heard::listen(&bob, &stream.path)).collect();
    assert!(!heard.is_empty(), "the document names no stream");

    let strategy = bob.strategy("bobs-own", guests::SCALPER).await;
    let run = bob.start(&strategy, json!({})).await;
    let victim = Victim::of(&alice).await;
    bob.list_of("/api/trades", 2).await;
    heard.push(Heard::listen(&bob, &format!("/api/runs/{run}/stream")));
    let trades = alice.list_of("/api/trades", 1).await.len();
    alice.list_of("/api/trades", trades + 2).await;

    for stream in heard {
        stream.until(&run).await;
        victim.appears_nowhere_in(&stream.text(), &stream.path);
    }
}

#[tokio::test]
async fn a_runs_stream_says_state_log_and_orders_and_ends_with_its_session() {
    let world = World::start().await;
    let (laptop, phone) = (world.trader(Account::UK9394).await, world.trader(Account::UK9394).await);
    let strategy = laptop.strategy("scalper", guests::SCALPER).await;
    let run = laptop.start(&strategy, json!({})).await;
    let stream = Heard::listen(&laptop, &format!("/api/runs/{run}/stream"));
    for event in ["event: state", "event: log", "event: order"] {
        stream.until(event).await;
    }
    let sessions = phone.list_of("/api/auth/sessions", 2).await;
    let other = sessions.iter().find(|session| session["current"] == false).expect("the laptop's session");
    phone.delete(&format!("/api/auth/sessions/{}", other["id"].as_str().unwrap())).await;
    within(Duration::from_secs(20), "the stream ends with its session", || async {
        stream.task.is_finished().then_some(())
    })
    .await;
}

#[tokio::test]
async fn nobody_gets_in_without_a_session() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let document = trader.get("/api/openapi.json").await.expect(200);
    for operation in Operation::all(&document) {
        let (method, path) = (&operation.method, &operation.path);
        if !path.starts_with("/api/") || OPEN.contains(&path.as_str()) {
            continue;
        }
        let request =
            reqwest::Client::new().request(method.clone(), world.url(&path.replace(['{', '}'], "")));
        assert_eq!(request.send().await.unwrap().status(), 401, "{method} {path}");
    }
}

async fn every_call_finds_nothing(victim: &Victim, bob: &Trader) {
    let document = bob.get("/api/openapi.json").await.expect(200);
    let operations = Operation::all(&document);
    assert!(operations.len() >= 38, "the OpenAPI file names only {} operations", operations.len());
    let mut with_ids = 0;
    for operation in &operations {
        let place = format!("{} {}", operation.method, operation.path);
        let skipped = NOT_CALLED.iter().any(|(m, path)| *m == operation.method && *path == operation.path);
        if skipped || (operation.is_stream() && !operation.names_an_id()) {
            continue;
        }
        let theirs = operation.call(bob, &victim.ids).await;
        if operation.names_an_id() {
            let missing = operation.call(bob, &victim.nobodys()).await;
            assert_eq!(theirs.status, 404, "{place}: {}", theirs.text);
            assert_eq!(missing.status, 404, "{place}: {}", missing.text);
            assert_eq!(victim.blur(&theirs.text), victim.blur(&missing.text), "{place}");
            with_ids += 1;
        } else {
            assert!(!theirs.status.is_server_error(), "{place}: {} {}", theirs.status, theirs.text);
            victim.appears_nowhere_in(&theirs.text, &place);
        }
    }
    assert!(with_ids >= 9, "only {with_ids} operations name an id");
}

/// A stream that somebody listens to.
struct Heard {
    path: String,
    text: Arc<Mutex<String>>,
    task: tokio::task::JoinHandle<()>,
}

impl Heard {
    fn listen(trader: &Trader, path: &str) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let (request, into) = (trader.stream(path), Arc::clone(&text));
        let task = tokio::spawn(async move {
            let answer = request.send().await.expect("a stream opens");
            assert_eq!(answer.status(), 200);
            let mut stream = answer.bytes_stream();
            while let Some(Ok(bytes)) = stream.next().await {
                into.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes));
            }
        });
        Self { path: path.to_owned(), text, task }
    }

    fn text(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    /// Waits until it has said these words.
    async fn until(&self, words: &str) {
        within(Duration::from_secs(60), &format!("{} says `{words}`", self.path), || async {
            self.text().contains(words).then_some(())
        })
        .await;
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        self.task.abort();
    }
}
