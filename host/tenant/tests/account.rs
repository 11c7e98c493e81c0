//! What happens to the account around the runs: cash, a trader's own hand, postbacks, sign-ins, lost orders, limits.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use market::Money;
use std::time::Duration;
use tenant::{RunEvent, RunLine};
use world::{World, buy, cause, new_line};

async fn next_cash(line: &mut RunLine) -> Money {
    let heard = async {
        loop {
            if let Some(RunEvent::Cash(cash)) = line.events.recv().await {
                return cash;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), heard).await.expect("cash was told")
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_hear_of_the_cash_after_their_fills() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    let before = tenant.cash().await.unwrap();
    line.submit(cause(1), vec![buy(1, 10)]).await.unwrap();
    let mut after = next_cash(&mut line).await;
    if after == before {
        after = next_cash(&mut line).await;
    }
    assert!(after < before, "{after} after {before}");
    tenants.close().await;
}
