//! What waits together is written together, in order, and what no database takes fails nobody else.

use super::commit::{Commit, StepRows};
use super::group::{GATHERED_BYTES_AT_ONCE, GATHERED_RUNS_AT_ONCE};
use super::{Book, Health, Store};
use crate::audit::{Actor, AuditAction, AuditEntry, AuditQuery};
use crate::journal::{Forgotten, Link};
use crate::run::{RunRecord, RunState};
use ::orders::Mode;
use market::Timestamp;
use std::time::Duration;
use tempfile::TempDir;

pub(super) struct World {
    pub(super) dir: TempDir,
    pub(super) store: Store,
    pub(super) book: Book,
}

pub(super) async fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let rows = "-- rows of these tests
        insert into tenants (broker_id, user_name, created_at, last_login_at) values ('UK9394', 'A', 0, 0);
        insert into strategies (broker_id, id, name, created_at) values ('UK9394', 's', 'alpha', 0);
        insert into strategy_versions values ('UK9394', 's', 1, '', 0, '{}', x'', 0);
        insert into runs (broker_id, id, strategy_id, version, mode, params, state, started_at)
            values ('UK9394', 'a', 's', 1, 'live', '{}', 'running', 0),
                   ('UK9394', 'b', 's', 1, 'paper', '{}', 'running', 0);";
    sqlx::raw_sql(rows).execute(&store.writer).await.unwrap();
    let id = store.all_tenants().await.unwrap().remove(0).unwrap().id;
    World { book: store.book(id), dir, store }
}

impl Store {
    /// Lets the writer's connection find no room for a further page.
    pub(crate) async fn leave_no_room(&self) {
        // Less than there are means as many as there are.
        sqlx::raw_sql("pragma max_page_count = 1").execute(&self.writer).await.unwrap();
    }
}

fn run(id: &str) -> RunRecord {
    RunRecord {
        id: id.to_owned(),
        strategy_id: "s".to_owned(),
        strategy_name: "alpha".to_owned(),
        version: 1,
        mode: Mode::Live,
        params: serde_json::json!({}),
        state: RunState::Running,
        reason: None,
        started_at: Timestamp::EPOCH,
        stopped_at: None,
        restarts: 0,
        square_off: false,
    }
}

/// A step of one event.
fn step(seq: u64) -> StepRows {
    let time = Timestamp::from_seconds(seq as i64);
    let journal = vec![seq as u8];
    StepRows { first_seq: seq, event_seq: seq, time, begins: seq == 1, journal, ..StepRows::default() }
}

pub(super) fn commit(id: &str, seq: u64) -> Commit {
    Commit { step: Some((run(id), step(seq))), ..Commit::default() }
}

impl World {
    /// The bytes of a run's journal, whose pieces are proven to follow each other.
    async fn proven(&self, id: &str) -> Vec<u8> {
        let mut before = Link::FIRST;
        let mut bytes = Vec::new();
        for stored in self.book.journal_pieces(id, 0, 10_000).await.unwrap() {
            stored.piece.check(id, &before).unwrap();
            before = stored.piece.link();
            bytes.extend(stored.piece.bytes);
        }
        bytes
    }
}

#[tokio::test]
async fn who_waits_at_once_shares_commits_and_every_run_keeps_its_order() {
    let world = world().await;
    let mut tasks = tokio::task::JoinSet::new();
    for id in ["a", "b"] {
        let book = world.book.clone();
        tasks.spawn(async move {
            for seq in 1..=100 {
                if seq % 3 == 0 {
                    book.commit(commit(id, seq)).await.unwrap();
                } else {
                    book.gather(&run(id), step(seq)).await.unwrap();
                }
            }
        });
    }
    let before = world.store.commits();
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    world.book.write_all_gathered().await.unwrap();
    for id in ["a", "b"] {
        assert_eq!(world.proven(id).await, (1..=100).collect::<Vec<u8>>(), "{id}");
    }
    let commits = world.store.commits() - before;
    assert!((33..120).contains(&commits), "200 steps of two runs took {commits} commits");
}

#[tokio::test]
async fn a_hundred_who_wait_at_the_same_time_need_a_few_commits() {
    let world = world().await;
    let before = world.store.commits();
    let all = (1..=100_i64).map(|id| {
        let at = Timestamp::EPOCH;
        let (run_id, what) = ("a".to_owned(), ::orders::CallKind::Withdrawal);
        let call = ::orders::Write::Call { id, run_id, at, what };
        world.book.commit(Commit { orders: vec![call], ..Commit::default() })
    });
    for done in futures_util::future::join_all(all).await {
        done.unwrap();
    }
    let commits = world.store.commits() - before;
    assert!(commits <= 3, "{commits} commits");
}

#[tokio::test]
async fn what_no_database_takes_fails_alone() {
    let world = world().await;
    world.book.gather(&run("b"), step(1)).await.unwrap();
    // No such run: its row is refused.
    let (bad, good) = tokio::join!(world.book.commit(commit("nobody", 1)), world.book.commit(commit("a", 1)));
    assert!(bad.unwrap_err().to_string().contains("FOREIGN KEY"));
    good.unwrap();
    world.book.write_gathered(&run("b")).await.unwrap();
    assert_eq!((world.proven("a").await, world.proven("b").await), (vec![1], vec![1]));
    // And the chains go on behind it.
    world.book.commit(commit("a", 2)).await.unwrap();
    assert_eq!(world.proven("a").await, [1, 2]);
}

#[tokio::test]
async fn gathered_rows_that_no_database_takes_hold_nobody_up() {
    let world = world().await;
    world.book.gather(&run("nobody"), step(1)).await.unwrap();
    world.book.gather(&run("a"), step(1)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(world.proven("a").await, [1], "its neighbour's fault is not its own");
    let begun = std::time::Instant::now();
    world.book.commit(commit("a", 2)).await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(900), "it waited for the next try of the other");
    assert!(world.book.write_all_gathered().await.is_err(), "who waits for all hears of it");
}

#[tokio::test]
async fn much_that_cannot_be_written_just_now_keeps_nobody_from_working() {
    let world = world().await;
    let much = StepRows { journal: vec![1; 2 << 20], ..step(1) };
    world.book.gather(&run("nobody"), much).await.unwrap();
    let begun = std::time::Instant::now();
    while begun.elapsed() < Duration::from_millis(600) {
        // Everything shares this test's one thread, the writer too.
        let slept = std::time::Instant::now();
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert!(slept.elapsed() < Duration::from_millis(100), "{:?}", slept.elapsed());
    }
    world.book.commit(commit("a", 1)).await.unwrap();
}

#[tokio::test]
async fn what_somebody_waits_for_stands_behind_one_megabyte_of_the_others_at_most() {
    let world = world().await;
    // The writer takes nothing while this test's one thread is busy.
    for number in 0..40 {
        let rows = StepRows { journal: vec![1; 100 << 10], ..step(1) };
        world.book.gather(&run(&format!("r{number}")), rows).await.unwrap();
    }
    let _waits = world.book.commit(commit("a", 1));
    let members = world.store.group.take(true, true);
    let others = members.iter().filter(|member| member.asked.is_none()).count();
    let most = GATHERED_BYTES_AT_ONCE.div_ceil(100 << 10);
    assert_eq!(others, most, "of forty runs");
}

#[tokio::test]
async fn many_runs_with_little_each_share_a_transaction_up_to_a_limit() {
    let world = world().await;
    for number in 0..GATHERED_RUNS_AT_ONCE + 9 {
        world.book.gather(&run(&format!("r{number}")), step(1)).await.unwrap();
    }
    assert_eq!(world.store.group.take(true, true).len(), GATHERED_RUNS_AT_ONCE);
    assert_eq!(world.store.group.take(true, true).len(), 9, "the rest comes next");
}

#[tokio::test]
async fn a_store_that_is_closed_has_written_what_waited_and_takes_nothing_more() {
    let world = world().await;
    world.book.gather(&run("a"), step(1)).await.unwrap();
    world.store.stop_group_writer().await;
    assert_eq!(world.proven("a").await, [1]);
    let refused = world.book.commit(commit("a", 2)).await.unwrap_err().to_string();
    assert!(refused.contains("going down"), "{refused}");
}

#[tokio::test]
async fn journals_of_runs_that_ended_long_ago_go_in_small_pieces_and_the_others_stay() {
    let world = world().await;
    for seq in 1..=7 {
        world.book.commit(commit("a", seq)).await.unwrap();
        world.book.commit(commit("b", seq)).await.unwrap();
    }
    let ended = Timestamp::from_seconds(1_000);
    world.book.set_run_state("a", RunState::Stopped, None, ended, &[]).await.unwrap();
    let entry = |forgotten: &Forgotten| {
        let (action, run_id) = (AuditAction::RetentionDeleted, &forgotten.run_id);
        AuditEntry::new(ended, Actor::Host, action, run_id, forgotten.details())
    };
    let forget = async |ended_before| world.book.forget_journals(ended_before, 3, entry).await.unwrap();
    assert_eq!(forget(ended).await, 0, "not a moment too early");
    assert_eq!(forget(ended.plus_micros(1)).await, 3);
    assert_eq!(world.proven("a").await, [1, 2, 3, 4], "what is left can be proven");
    assert_eq!((forget(ended.plus_micros(1)).await, forget(ended.plus_micros(1)).await), (3, 1));
    assert_eq!(world.proven("b").await.len(), 7);
    let told = AuditQuery { action: Some(AuditAction::RetentionDeleted), limit: 10, ..AuditQuery::default() };
    let told = world.book.audit_records(&told).await.unwrap();
    let counts: Vec<_> = told.iter().map(|record| record.details["pieces"].as_u64().unwrap()).collect();
    assert_eq!(counts, [1, 3, 3], "the audit says what is gone, and nothing where nothing went");
    assert_eq!(crate::config::TenantLimits::default().journal_keep_days, 90);
}

#[tokio::test]
async fn nobody_waits_for_a_writer_that_fell_over() {
    let world = world().await;
    world.store.stop_group_writer().await;
    world.store.group.open();
    let book = world.book.clone();
    let waiting = tokio::spawn(async move { book.commit(commit("a", 1)).await });
    tokio::task::yield_now().await;
    world.store.start_writing(async { panic!("this test lets the writer fall over") });
    let outcome = tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap();
    assert!(outcome.is_err(), "whoever waited is told");
    world.store.fallen().cancelled().await;
    assert_eq!(world.store.health(), Health::Failed, "no new order leaves");
    assert!(world.book.commit(commit("a", 1)).await.is_err(), "and nothing new is waited for");
}
