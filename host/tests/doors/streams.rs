//! Live streams on the real binary: what they say, and when they end.

use super::demo::{Demo, cookie_of, with_cookie};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Far more than anything here takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// One stream, read event by event.
struct Listener {
    answer: Response,
    text: String,
}

#[derive(Debug)]
struct Event {
    id: Option<u64>,
    name: String,
    data: Value,
}

impl Listener {
    async fn open(client: &Client, url: String) -> Self {
        let answer = client.get(url).send().await.unwrap().error_for_status().unwrap();
        Self { answer, text: String::new() }
    }

    /// The next event with a name; nothing when the stream has ended.
    async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    block
                        .lines()
                        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                        .map(str::to_owned)
                };
                let (id, name, data) = (field("id"), field("event"), field("data"));
                self.text = rest.to_owned();
                if let (Some(name), Some(data)) = (name, data) {
                    let data = serde_json::from_str(&data).unwrap();
                    return Some(Event { id: id.and_then(|id| id.parse().ok()), name, data });
                }
            }
            let piece = tokio::time::timeout(DEADLINE, self.answer.chunk()).await.expect("the stream beats");
            match piece {
                Ok(Some(piece)) => self.text.push_str(&String::from_utf8_lossy(&piece)),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    /// The next event of this name for which something holds.
    async fn hears(&mut self, name: &str, holds: impl Fn(&Value) -> bool) -> Event {
        let begun = Instant::now();
        while begun.elapsed() < DEADLINE {
            let event = self.next().await.unwrap_or_else(|| panic!("the stream ended before `{name}`"));
            if event.name == name && holds(&event.data) {
                return event;
            }
        }
        panic!("no `{name}` was heard")
    }
}

#[tokio::test]
async fn the_stream_of_everything_tells_each_thing_as_it_happens() {
    let demo = Demo::with(&[]);
    let (trader, stranger) = (demo.sign_in("uk9394").await, demo.sign_in("uk1234").await);
    let mut all = Listener::open(&trader, demo.url("/api/stream?log=true")).await;
    let hello = all.next().await.unwrap();
    assert_eq!((hello.name.as_str(), hello.id), ("hello", Some(1)));
    assert_eq!(hello.data["resumed"], false);
    all.hears("broker", |broker| broker["brokerSession"] == "live").await;
    all.hears("positions", |positions| positions.as_array().is_some_and(Vec::is_empty)).await;

    let strategy = demo.upload(&trader, "scalper").await;
    let (_, started) = demo.start(&trader, &strategy).await;
    let run = started["runId"].as_str().unwrap();
    let order = all.hears("order", |order| order["runId"] == run).await;
    let trade = all.hears("trade", |trade| trade["runId"] == run).await;
    assert!(order.id < trade.id, "numbers rise");
    all.hears("positions", |positions| positions[0]["symbol"] == trade.data["symbol"]).await;
    let is_charged = |figures: &Value| figures["charges"].as_f64().is_some_and(|charges| charges > 0.0);
    all.hears("figures", |figures| is_charged(figures) && figures["runs"][0]["runId"] == run).await;
    let mut one = Listener::open(&trader, demo.url(&format!("/api/runs/{run}/stream"))).await;
    one.hears("state", |state| state["id"] == run).await;
    one.hears("figures", |figures| figures["runId"] == run && is_charged(&figures["figures"])).await;
    one.hears("log", |line| line["run"] == run).await;

    let switch = json!({ "on": true, "reason": "enough" });
    trader.put(demo.url("/api/kill-switch")).json(&switch).send().await.unwrap().error_for_status().unwrap();
    all.hears("killSwitch", |switch| switch["on"] == true && switch["reason"] == "enough").await;

    let strange = stranger.get(demo.url(&format!("/api/runs/{run}/stream"))).send().await.unwrap();
    assert_eq!(strange.status(), 404);
    let resumed = trader.get(demo.url("/api/stream")).header("last-event-id", "41").send().await.unwrap();
    let hello = Listener { answer: resumed, text: String::new() }.next().await.unwrap();
    assert_eq!((hello.id, &hello.data["resumed"]), (Some(42), &json!(true)));
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_no_other() {
    let demo = Demo::with(&[]);
    let (laptop, phone) = (demo.sign_in("uk9394").await, demo.sign_in("uk9394").await);
    let mut ended = Listener::open(&laptop, demo.url("/api/logs/stream")).await;
    let mut stays = Listener::open(&phone, demo.url("/api/logs/stream")).await;
    ended.hears("hello", |_| true).await;
    laptop.post(demo.url("/api/auth/logout")).json(&json!({})).send().await.unwrap();
    let out = Instant::now();
    ended.hears("end", |end| end["reason"] == "session-ended").await;
    assert!(ended.next().await.is_none());
    assert!(out.elapsed() < Duration::from_secs(5), "{:?}", out.elapsed());
    stays.hears("hello", |_| true).await;
    assert_eq!(laptop.get(demo.url("/api/stream")).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_trader_has_so_many_streams_and_another_trader_has_as_many() {
    let demo = Demo::with(&[]);
    let cookie = cookie_of(&demo.authenticate("uk9394").await.send().await.unwrap());
    let trader = with_cookie(&cookie);
    let mut open = Vec::new();
    for _ in 0..32 {
        open.push(Listener::open(&trader, demo.url("/api/logs/stream")).await);
    }
    let one_more = trader.get(demo.url("/api/stream")).send().await.unwrap();
    assert_eq!(one_more.status(), 429);
    assert!(one_more.text().await.unwrap().contains("32 live streams"));
    Listener::open(&demo.sign_in("uk1234").await, demo.url("/api/stream")).await;
    open.pop();
    let begun = Instant::now();
    while trader.get(demo.url("/api/stream")).send().await.unwrap().status() == 429 {
        assert!(begun.elapsed() < DEADLINE, "a closed stream gives its place back");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn streams_end_at_once_when_the_host_does() {
    let mut demo = Demo::with(&[]);
    let trader = demo.sign_in("uk9394").await;
    let mut stream = Listener::open(&trader, demo.url("/api/stream")).await;
    stream.hears("hello", |_| true).await;
    let asked = Instant::now();
    let pid = demo.process.id().to_string();
    assert!(std::process::Command::new("kill").arg(&pid).status().unwrap().success());
    stream.hears("end", |end| end["reason"] == "going-down").await;
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    assert!(demo.process.wait().unwrap().success());
}
