//! Where journals stand by the audit: written once for each growth, never over a loss, and no alarm where age took pieces.

use super::group_test::{World, commit, world};
use crate::audit::{Actor, AuditAction, AuditEntry, AuditQuery};
use crate::chains::{JournalsReport, KeptHeads, verify_chains};
use crate::journal::Forgotten;
use crate::run::RunState;
use market::Timestamp;
use serde_json::json;

impl World {
    async fn verified(&self) -> JournalsReport {
        let reports = verify_chains(self.dir.path(), Some("UK9394"), &KeptHeads::default()).await.unwrap();
        reports.into_iter().next().unwrap().journals
    }

    async fn step(&self, run_id: &str, seq: u64) {
        self.book.commit(commit(run_id, seq)).await.unwrap();
    }

    /// Ends run `a`, as the tenant does.
    async fn end(&self, at: Timestamp) {
        let details = json!({ "state": "stopped" });
        let entry = AuditEntry::new(at, Actor::Host, AuditAction::RunEnded, "a", details);
        assert!(self.book.set_run_state("a", RunState::Stopped, None, at, &[entry]).await.unwrap());
    }

    async fn change(&self, statement: &'static str) {
        let done = sqlx::query(statement).bind("UK9394").execute(&self.store.writer).await.unwrap();
        assert!(done.rows_affected() > 0, "{statement}");
    }

    async fn told(&self, action: AuditAction) -> Vec<serde_json::Value> {
        let query = AuditQuery { action: Some(action), limit: 100, ..AuditQuery::default() };
        let newest_first = self.book.audit_records(&query).await.unwrap();
        newest_first.into_iter().rev().map(|record| record.details["journal"].clone()).collect()
    }
}

fn good(good: u64, anchored: u64) -> JournalsReport {
    JournalsReport { good, anchored, ..JournalsReport::default() }
}

#[tokio::test]
async fn the_end_of_a_run_says_how_much_its_journal_has_and_who_cuts_it_is_found() {
    let world = world().await;
    for seq in 1..=3 {
        world.step("a", seq).await;
        world.step("b", seq).await;
    }
    let login = AuditEntry::new(Timestamp::EPOCH, Actor::Host, AuditAction::Login, "", json!({}));
    world.book.audit(&[login]).await.unwrap();
    assert_eq!(world.verified().await, good(2, 0), "before anything was said of an end");
    world.end(Timestamp::from_seconds(1_000)).await;
    assert_eq!(world.verified().await, good(2, 1));
    let end = world.told(AuditAction::RunEnded).await.remove(0);
    assert_eq!((&end["pieces"], &end["lastEvent"]), (&json!(3), &json!(3)));
    world.change("delete from journal where broker_id = ? and run_id = 'a' and piece = 3").await;
    let report = world.verified().await;
    assert_eq!(report.good, 1, "the other run's");
    assert!(
        report.broken[0]
            .contains("the journal of run a is damaged at piece 3: pieces 3 to 3 are missing at its end"),
        "{report:?}"
    );
    world.change("delete from journal where broker_id = ? and run_id = 'a'").await;
    let report = world.verified().await;
    assert!(report.broken[0].contains("pieces 1 to 3 are missing"), "{report:?}");
}

#[tokio::test]
async fn a_changed_byte_and_an_end_that_was_written_anew_are_named() {
    let world = world().await;
    world.step("a", 1).await;
    world.step("a", 2).await;
    world.end(Timestamp::from_seconds(1_000)).await;
    world
        .change("update journal set events = x'ff' where broker_id = ? and run_id = 'a' and piece = 1")
        .await;
    let report = world.verified().await;
    assert!(report.broken[0].contains("run a is damaged at piece 1: its hash does not fit"), "{report:?}");

    // Somebody who knows how a piece is tied to the one before.
    let mut before = crate::journal::Link::FIRST;
    for stored in world.book.journal_pieces("a", 0, 10).await.unwrap() {
        let hash = stored.piece.hash_after("a", &before.hash);
        let statement = "update journal set hash = ? where broker_id = ? and run_id = 'a' and piece = ?";
        let write =
            sqlx::query(statement).bind(hash.to_vec()).bind("UK9394").bind(stored.piece.number as i64);
        write.execute(&world.store.writer).await.unwrap();
        before = crate::journal::Link { hash, ..stored.piece.link() };
    }
    let report = world.verified().await;
    assert!(report.broken[0].contains("piece 2: its hash is not the one in entry 1"), "{report:?}");
}

#[tokio::test]
async fn a_run_that_goes_on_is_written_down_where_it_has_grown_and_never_over_a_loss() {
    let world = world().await;
    let now = Timestamp::from_seconds(2_000);
    world.step("a", 1).await;
    world.step("a", 2).await;
    for _ in 0..2 {
        assert_eq!(world.book.anchor_journals(now).await.unwrap(), []);
    }
    let pieces = |told: Vec<serde_json::Value>| -> Vec<u64> {
        told.iter().map(|end| end["pieces"].as_u64().unwrap()).collect()
    };
    assert_eq!(pieces(world.told(AuditAction::JournalAnchored).await), [2], "once, and nothing of run b");
    world.step("a", 3).await;
    world.book.anchor_journals(now).await.unwrap();
    assert_eq!(world.verified().await, good(1, 1));
    world.change("delete from journal where broker_id = ? and run_id = 'a' and piece = 3").await;
    let lost = world.book.anchor_journals(now).await.unwrap();
    assert!(lost.len() == 1 && lost[0].run_id == "a", "{lost:?}");
    assert!(lost[0].why.contains("pieces 3 to 3 are missing at its end"), "{lost:?}");
    assert_eq!(pieces(world.told(AuditAction::JournalAnchored).await), [2, 3]);
    world.end(now).await;
    let report = world.verified().await;
    assert!(report.broken[0].contains("had 3 pieces") && report.broken[0].contains("found 2"), "{report:?}");
}

#[tokio::test]
async fn a_journal_that_went_for_its_age_is_no_alarm_at_any_moment_of_it() {
    let world = world().await;
    for seq in 1..=5 {
        world.step("a", seq).await;
    }
    let ended = Timestamp::from_seconds(1_000);
    world.end(ended).await;
    let entry = |forgotten: &Forgotten| {
        let (action, run_id) = (AuditAction::RetentionDeleted, &forgotten.run_id);
        AuditEntry::new(ended, Actor::Host, action, run_id, forgotten.details())
    };
    for (removed, left) in [(2, good(1, 1)), (2, good(1, 1)), (1, good(0, 0))] {
        let later = ended.plus_seconds(1);
        assert_eq!(world.book.forget_journals(later, 2, entry).await.unwrap(), removed);
        assert_eq!(world.verified().await, left);
    }
    let left = world.told(AuditAction::RetentionDeleted).await;
    assert_eq!(left.iter().map(|end| end["pieces"].as_u64().unwrap()).collect::<Vec<_>>(), [3, 1, 0]);
}
