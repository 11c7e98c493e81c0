//! Strategies that misbehave: refused with reason and remedy, or failed alone.

use e2e::{Account, World, within};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn what_is_no_strategy_is_refused_with_reason_and_remedy() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let too_big = vec![0; 5 << 20];
    let refused: [(&str, &[u8], u16, &str); 6] = [
        ("text", b"fn main() {}", 422, "component"),
        ("empty", b"", 422, "component"),
        ("core-module", guests::NOT_COMPONENT, 422, "component"),
        ("wrong-world", guests::WRONG_WORLD, 422, "guest"),
        ("foreign-import", guests::FOREIGN_IMPORT, 422, "import"),
        ("too-big", &too_big, 413, "MiB"),
    ];
    for (name, bytes, status, word) in refused {
        let answer = trader.upload(name, bytes).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text);
        assert!(answer.is_problem(), "{name}: {}", answer.text);
        assert!(answer.text.contains(word), "{name}: {}", answer.text);
        if status == 422 {
            assert!(
                answer.body["remedy"].as_str().is_some_and(|remedy| remedy.len() > 8),
                "{name}: {}",
                answer.text
            );
        }
    }
    assert_eq!(trader.get("/api/strategies").await.expect(200), json!([]));
}

#[tokio::test]
async fn a_strategy_that_traps_loops_or_errs_fails_alone() {
    let world = World::start().await;
    let (bad, good) = (world.trader(Account::UK9394).await, world.trader(Account::UK1234).await);
    let scalper = good.strategy("scalper", guests::SCALPER).await;
    let healthy = good.start(&scalper, json!({})).await;
    good.run_in_state(&healthy, "running").await;

    let hostile: [(&str, &[u8], &str); 4] = [
        ("trap", guests::TRAP, "panic"),
        ("spin", guests::SPIN, "50 ms"),
        ("fail", guests::FAIL, "error"),
        ("hoard", guests::HOARD, "MiB"),
    ];
    for (name, bytes, word) in hostile {
        let strategy = bad.strategy(name, bytes).await;
        let run = bad.start(&strategy, json!({})).await;
        let reason = within(Duration::from_secs(60), &format!("{name} fails"), || async {
            let body = bad.get(&format!("/api/runs/{run}")).await.expect(200);
            (body["state"] == "failed").then(|| body["reason"].as_str().unwrap_or_default().to_owned())
        })
        .await;
        assert!(reason.contains(word), "{name}: {reason}");
    }

    let before = good.get("/api/orders").await.expect(200).as_array().unwrap().len();
    good.list_of("/api/orders", before + 2).await;
    assert_eq!(good.get(&format!("/api/runs/{healthy}")).await.expect(200)["state"], "running");
}
