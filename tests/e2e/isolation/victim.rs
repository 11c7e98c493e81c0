//! The trader whom the stranger is after: what is hers, how it is recognised anywhere, and that it stays as it was.

use super::operation::Ids;
use e2e::Trader;
use serde_json::{Value, json};

/// Alice, with a run that trades and logs.
pub(super) struct Victim {
    pub(super) ids: Ids,
    trader: Trader,
    before: Vec<(&'static str, String)>,
}

/// What a stranger's calls must leave as it is. Lists that grow by themselves are not among them.
const HERS: [&str; 5] =
    ["/api/strategies", "/api/auth/tokens", "/api/auth/sessions", "/api/kill-switch", "/api/risk-limits"];

impl Victim {
    pub(super) async fn of(alice: &Trader) -> Self {
        let strategy = alice.strategy("alices-own", guests::SCALPER).await;
        let run = alice.start(&strategy, json!({})).await;
        alice.run_in_state(&run, "running").await;
        let trades = alice.list_of("/api/trades", 1).await;
        let orders = alice.list_of("/api/orders", 1).await;
        let logs = alice.list_of("/api/logs", 1).await;
        let token = alice.post("/api/auth/tokens", json!({ "name": "alices-token" })).await.body;
        let sessions = alice.list_of("/api/auth/sessions", 1).await;
        let text = |value: &Value| value.as_str().expect("an id is text").to_owned();
        let ids = Ids::from([
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
        let mut victim = Self { ids, trader: alice.clone(), before: Vec::new() };
        victim.before = victim.state().await;
        victim
    }

    /// Ids of the same shapes that nobody has.
    pub(super) fn nobodys(&self) -> Ids {
        let turned = |(what, id): (&&'static str, &String)| {
            (*what, if *what == "date" { id.clone() } else { mirrored(id) })
        };
        self.ids.iter().map(turned).collect()
    }

    /// A text with the ids of both calls taken out, so that the rest can be compared.
    pub(super) fn blur(&self, text: &str) -> String {
        self.ids
            .values()
            .filter(|id| id.len() > 6)
            .fold(text.to_owned(), |text, id| text.replace(id.as_str(), "ID").replace(&mirrored(id), "ID"))
    }

    #[track_caller]
    pub(super) fn appears_nowhere_in(&self, text: &str, place: &str) {
        for (what, id) in &self.ids {
            if *what != "date" {
                assert!(!text.contains(id.as_str()), "{place} shows Alice's {what} {id}");
            }
        }
        assert!(!text.contains("alices-"), "{place} shows a name of Alice's");
    }

    /// Nothing of hers has changed, and her run goes on.
    pub(super) async fn is_untouched(&self) {
        for ((path, before), (_, after)) in self.before.iter().zip(self.state().await) {
            assert_eq!(*before, after, "a stranger's calls changed Alice's {path}");
        }
        let run = self.trader.get(&format!("/api/runs/{}", self.ids["run"])).await.expect(200);
        assert_eq!(run["state"], "running", "{run}");
        let trades = self.trader.list_of("/api/trades", 1).await.len();
        self.trader.list_of("/api/trades", trades + 1).await;
    }

    async fn state(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        for path in HERS {
            let mut body = self.trader.get(path).await.expect(200);
            forget_uses(&mut body);
            found.push((path, body.to_string()));
        }
        found
    }
}

/// When a session or token was last used moves with her own calls.
fn forget_uses(body: &mut Value) {
    for row in body.as_array_mut().into_iter().flatten() {
        if let Some(fields) = row.as_object_mut() {
            fields.retain(|name, _| !name.starts_with("last"));
        }
    }
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
