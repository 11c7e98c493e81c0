//! A journal whose newest pieces somebody cut off is found by what the audit says of its end, and not taken for the run's.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use market::OrderState;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tenant::{Cause, JournalsReport, KeptHeads, RunState, Tenants, verify_chains};
use world::{World, buy, cause, new_line, state_of};

impl World {
    /// A host on which a run asked for three orders, each with a piece of its journal.
    async fn after_three_pieces(&self) -> (Tenants, String) {
        let tenants = self.open().await;
        let (tenant, _) = self.login(&tenants, "uk9394").await;
        let mut line = new_line(&tenant, "alpha").await;
        for event in 1..=3 {
            line.submit(cause(event), vec![buy(event, 2)]).await.unwrap();
            state_of(&mut line, OrderState::Complete).await;
        }
        let run = tenant.runs().await.unwrap().remove(0).id;
        (tenants, run)
    }

    async fn journals(&self) -> JournalsReport {
        let data = self.dir.path().join("data");
        let reports = verify_chains(&data, Some("UK9394"), &KeptHeads::default()).await.unwrap();
        assert_eq!(reports[0].broken, None, "nobody touched the audit itself");
        reports.into_iter().next().unwrap().journals
    }

    async fn cut_last_piece(&self) {
        let options = SqliteConnectOptions::new().filename(self.dir.path().join("data/bulkhead.db"));
        let mut shell = SqliteConnection::connect_with(&options).await.unwrap();
        let done = sqlx::query("delete from journal where piece = 3").execute(&mut shell).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
        shell.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ended_is_held_against_its_end_and_its_recording_says_what_is_missing() {
    let world = World::start().await;
    let (tenants, run) = world.after_three_pieces().await;
    let tenant = tenants.all().remove(0);
    tenant.set_run_state(&run, RunState::Failed, Some("a test")).await.unwrap().unwrap();
    let whole = world.journals().await;
    assert_eq!((whole.good, whole.anchored, whole.broken.len()), (1, 1, 0), "beside the running host");
    world.cut_last_piece().await;
    let cut = world.journals().await;
    let says =
        format!("the journal of run {run} is damaged at piece 3: pieces 3 to 3 are missing at its end");
    assert!(cut.broken.len() == 1 && cut.broken[0].contains(&says), "{cut:?}");
    assert!(cut.broken[0].contains("up to event 3"), "{cut:?}");
    let recorded = tenant.recorded(&run, 1 << 20).await.unwrap().unwrap();
    assert_eq!(recorded.journal.len(), 2);
    assert!(recorded.damage.unwrap().contains(&says), "a replay does not take it for whole");
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_the_host_put_down_is_not_rebuilt_from_a_journal_that_was_cut_meanwhile() {
    let world = World::start().await;
    let (tenants, run) = world.after_three_pieces().await;
    tenants.close().await;
    drop(tenants);
    assert_eq!(world.journals().await.anchored, 1, "the stop of the host tells where it stood");
    world.cut_last_piece().await;
    let tenants = world.open().await;
    let tenant = tenants.all().remove(0);
    let mut life = tenant.read_last_life(&run).await.unwrap().unwrap();
    let read = async {
        while life.next().await?.is_some() {}
        Ok::<_, tenant::JournalError>(())
    };
    let said = read.await.unwrap_err().to_string();
    assert!(said.contains("pieces 3 to 3 are missing at its end"), "{said}");
    assert_eq!(world.journals().await.broken.len(), 1, "the new start has not written over it");

    // It begins anew: the life that begins now is whole, and what was lost before it stays told.
    let line = tenant.attach(&run).await.unwrap().unwrap();
    let time = tenants.clock().now();
    line.submit(Cause { time, begins: true, ..cause(3) }, vec![]).await.unwrap();
    tenants.close().await;
    drop((line, life, tenant, tenants));
    let tenants = world.open().await;
    let mut life = tenants.all().remove(0).read_last_life(&run).await.unwrap().unwrap();
    assert_eq!(life.next().await.unwrap().unwrap().event_seq, 3);
    assert!(life.next().await.unwrap().is_none());
    let broken = world.journals().await.broken;
    assert!(broken.len() == 1 && broken[0].contains("it was written anew"), "{broken:?}");
    tenants.close().await;
}
