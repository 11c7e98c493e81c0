//! The chains as rows: what is written holds, and whoever changes a row behind our back is found.

use super::*;
use crate::audit::{Actor, AuditAction, AuditEntry, AuditQuery, ChainCheck};
use market::Timestamp;
use serde_json::json;

const DAY_MICROS: i64 = 86_400_000_000;

fn id(text: &str) -> BrokerId {
    BrokerId::named(text).unwrap()
}

fn entry(second: i64, subject: &str) -> AuditEntry {
    let at = Timestamp::from_micros(second * 1_000_000);
    AuditEntry::new(at, Actor::Host, AuditAction::OrderSending, subject, json!({ "tag": "T" }))
}

async fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    (dir, store)
}

/// Where the tenant's chain breaks; none where it holds.
async fn broken_at(book: &Book) -> Option<u64> {
    let mut check = ChainCheck::new(book.id(), book.audit_checkpoint().await.unwrap());
    let links = book.audit_links(0, u32::MAX).await.unwrap();
    links.iter().find_map(|link| check.take(link).err()).map(|broken| broken.number)
}

#[tokio::test]
async fn entries_are_numbered_without_a_gap_and_two_chains_know_nothing_of_each_other() {
    let (_dir, store) = store().await;
    let (one, other) = (store.book(id("UK9394")), store.book(id("AB1234")));
    for second in 0..5 {
        one.audit(&[entry(second, "1"), entry(second, "2")]).await.unwrap();
        other.audit(&[entry(second, "1")]).await.unwrap();
    }
    let mut tx = store.write().await.unwrap();
    store.append_host_audit(&mut tx, &[entry(9, "boot")]).await.unwrap();
    tx.commit().await.unwrap();
    let numbers: Vec<u64> = one.audit_links(0, 100).await.unwrap().iter().map(|link| link.number).collect();
    assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
    assert_eq!((broken_at(&one).await, broken_at(&other).await), (None, None));
    let alter = "update audit set subject = '3' where broker_id = ? and number = 2";
    sqlx::query(alter).bind(one.id()).execute(&store.writer).await.unwrap();
    assert_eq!((broken_at(&one).await, broken_at(&other).await), (Some(2), None));
    let mut host = ChainCheck::new(HOST_CHAIN, None);
    store.host_audit_links(0, 9).await.unwrap().iter().for_each(|link| host.take(link).unwrap());
    assert_eq!(host.head(), store.host_audit_head().await.unwrap());
}

#[tokio::test]
async fn a_write_that_fails_leaves_no_entry_and_no_gap() {
    let (_dir, store) = store().await;
    let book = store.book(id("UK9394"));
    book.audit(&[entry(1, "1")]).await.unwrap();
    let mut tx = book.write().await.unwrap();
    book.append_audit(&mut tx, &[entry(2, "2")]).await.unwrap();
    tx.rollback().await.unwrap();
    book.audit(&[entry(3, "3")]).await.unwrap();
    let subjects: Vec<_> =
        book.audit_links(0, 9).await.unwrap().into_iter().map(|link| (link.number, link.subject)).collect();
    assert_eq!(subjects, [(1, "1".to_owned()), (2, "3".to_owned())]);
    assert_eq!(broken_at(&book).await, None);
}

#[tokio::test]
async fn what_is_old_goes_from_the_front_in_pieces_and_the_rest_still_holds() {
    let (_dir, store) = store().await;
    let book = store.book(id("UK9394"));
    let entries: Vec<_> = (0..100).map(|day| entry(day * 86_400, "1")).collect();
    book.audit(&entries).await.unwrap();
    let kept = Timestamp::from_micros(60 * DAY_MICROS);
    let pruned = |details| AuditEntry::new(kept, Actor::Host, AuditAction::AuditPruned, "", details);
    let mut gone = Vec::new();
    loop {
        let count = book.prune_audit(kept, 25, pruned).await.unwrap();
        assert_eq!(broken_at(&book).await, None, "after {gone:?}");
        if count == 0 {
            break;
        }
        gone.push(count);
    }
    assert_eq!(gone, [25, 25, 10]);
    let links = book.audit_links(0, 1_000).await.unwrap();
    assert_eq!((links[0].number, links.len()), (61, 43), "40 days and three words about what went");
    let remove = "delete from audit where broker_id = ? and number = 61";
    sqlx::query(remove).bind(book.id()).execute(&store.writer).await.unwrap();
    assert_eq!(broken_at(&book).await, Some(62), "one more at the front was not written down");
}

#[tokio::test]
async fn entries_are_found_by_time_word_and_thing_and_turned_page_by_page() {
    let (_dir, store) = store().await;
    let book = store.book(id("UK9394"));
    let mut entries: Vec<_> = (0..30).map(|second| entry(second, &(second % 3).to_string())).collect();
    entries[7].action = AuditAction::Login;
    book.audit(&entries).await.unwrap();
    let numbers = async |query: AuditQuery| -> Vec<u64> {
        book.audit_records(&query).await.unwrap().iter().map(|record| record.number).collect()
    };
    let all = AuditQuery { limit: 5, ..AuditQuery::default() };
    assert_eq!(numbers(all.clone()).await, [30, 29, 28, 27, 26]);
    assert_eq!(numbers(AuditQuery { before: Some(3), ..all.clone() }).await, [2, 1]);
    assert_eq!(numbers(AuditQuery { action: Some(AuditAction::Login), ..all.clone() }).await, [8]);
    let second = |n: i64| Some(Timestamp::from_micros(n * 1_000_000));
    assert_eq!(numbers(AuditQuery { from: second(3), to: second(5), ..all.clone() }).await, [5, 4]);
    assert_eq!(numbers(AuditQuery { subject: Some("2".into()), ..all }).await, [30, 27, 24, 21, 18]);
    let of_two: Vec<_> = book.audit_of("2").await.unwrap().iter().map(|record| record.number).collect();
    assert_eq!(of_two, [3, 6, 9, 12, 15, 18, 21, 24, 27, 30]);
}
