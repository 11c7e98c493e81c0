//! The desk on a real database, with a broker line that leads nowhere: what rows, books and dropped lines do to it.

use super::desk::{Desk, Parts};
use super::job::Job;
use super::paper::test_order;
use super::reconcile::Began;
use super::record::{OrderRecord, RefusalCode};
use crate::broker::Line;
use crate::broker_id::BrokerId;
use crate::config::{BrokerAddress, TenantsConfig};
use crate::error::StoreError;
use crate::host::Host;
use crate::log::{Filter, LogLimits, LogWriter, TenantLog};
use crate::marks::Marks;
use crate::mode::Mode;
use crate::pnl::Figures;
use crate::run::{RunEvent, RunRecord, RunState};
use crate::store::{StepRows, Store, StoredOrder, StoredStrategy};
use crate::vault::Vault;
use crate::version::Version;
use arc_swap::ArcSwapOption;
use kite::{Book, OrderRow};
use market::{Change, Money, OrderState};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::broadcast;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

struct Bench {
    _dir: TempDir,
    desk: Arc<Desk>,
    run: RunRecord,
}

impl Bench {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let address = BrokerAddress::At("http://127.0.0.1:1".parse().unwrap());
        let config = TenantsConfig::new(dir.path().join("data"), dir.path().join("key"), address);
        let store = Store::open(&config.data_dir).await.unwrap();
        let vault = Vault::open(&config.key_file, &config.data_dir, &store).await.unwrap();
        let logs = config.data_dir.join("logs");
        let log_writer = LogWriter::start(logs, LogLimits::default(), config.clock.clone()).unwrap();
        let host = Arc::new(Host {
            config,
            store,
            vault,
            log_writer,
            instruments_fetch: tokio::sync::Mutex::new(()),
            instruments: ArcSwapOption::empty(),
            stop: CancellationToken::new(),
            fallen: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        let id = BrokerId::named("UK9394").unwrap();
        let (book, now) = (host.store.book(id.clone()), host.now());
        book.save_tenant("Uma", now).await.unwrap();
        let strategy = StoredStrategy { id: "strategy".into(), name: "alpha".into(), created_at: now };
        let (sha256, manifest) = ("0".repeat(64), json!({}));
        let version = Version { number: 1, sha256, size_bytes: 1, manifest, uploaded_at: now };
        assert!(book.insert_strategy(&strategy, &version, b"x", &[]).await.unwrap());
        let run = RunRecord {
            id: "run".into(),
            strategy_id: strategy.id,
            strategy_name: strategy.name,
            version: 1,
            mode: Mode::Live,
            params: json!({}),
            state: RunState::Running,
            reason: None,
            started_at: now,
            stopped_at: None,
            restarts: 0,
            square_off: false,
        };
        assert!(book.insert_run(&run, &[]).await.unwrap());
        let connection = kite::Connection::new(host.endpoints(), kite::Egress::Direct).unwrap();
        let line = Arc::new(Line::new(connection, host.config.clock.clone()));
        line.revive("key", "token", b"sealed");
        let log = TenantLog::new(id.as_str(), &host.log_writer).unwrap();
        let (marks, news) = (Arc::new(Marks::default()), broadcast::channel(64).0);
        let figures = Arc::new(Figures::new(book.clone(), Arc::clone(&host), Arc::clone(&marks)));
        let parts = Parts { id, host, book, line, log, news, marks, figures };
        Self { _dir: dir, desk: Desk::open(parts).await.unwrap(), run }
    }

    /// An order of the run as it stands after this change to a market order that is being sent.
    async fn order(&self, run_order_id: u64, change: impl FnOnce(OrderRecord) -> OrderRecord) -> OrderRecord {
        let now = self.desk.host.now();
        let tag = format!("{run_order_id:0>20}");
        let record = OrderRecord { run_order_id, tag, date: now.date(), created_at: now, ..test_order(10) };
        let order = StoredOrder::new(change(record), -1, Some(now));
        let mut orders = self.desk.book.submit(&self.run, StepRows::default(), vec![order]).await.unwrap();
        let order = orders.remove(0);
        self.desk.book.update_order(&order).await.unwrap();
        let record = order.record.clone();
        if !record.state.is_final() {
            self.desk.state.lock().await.standing.insert(record.id, order);
        }
        record
    }

    async fn stored(&self, run_order_id: u64) -> OrderRecord {
        let orders = self.desk.book.run_orders(&self.run.id).await.unwrap();
        orders.into_iter().find(|order| order.run_order_id == run_order_id).unwrap()
    }

    async fn errors(&self) -> Vec<String> {
        let lines = self.desk.log.read(self.desk.host.now().date(), Filter::default()).await.unwrap();
        let errors = lines.into_iter().filter(|line| line.level == crate::log::Level::Error);
        errors.map(|line| line.text).collect()
    }

    /// A whole book of the broker, read from now on.
    async fn read(&self, rows: &[OrderRow]) -> Result<(), StoreError> {
        tokio::time::sleep(Duration::from_millis(2)).await;
        let book = Book { rows: rows.to_vec(), unreadable: Vec::new(), odd_fields: BTreeMap::new() };
        self.desk.apply_book(&book, Began { at: self.desk.host.now(), instant: Instant::now() }).await
    }
}

fn row(number: &str, order: &OrderRecord, status: &str, filled: u32) -> OrderRow {
    let row = json!({
        "order_id": number, "status": status, "exchange": "NSE", "tradingsymbol": "INFY", "tag": order.tag,
        "transaction_type": "BUY", "quantity": order.quantity, "filled_quantity": filled, "average_price": 100
    });
    serde_json::from_value(row).unwrap()
}

fn named(number: &str, state: OrderState) -> impl FnOnce(OrderRecord) -> OrderRecord {
    let number = number.to_owned();
    move |order| OrderRecord { broker_order_id: Some(number), state, ..order }
}

#[tokio::test]
async fn an_order_of_an_earlier_day_that_no_book_shows_is_a_persons_matter_and_not_cancelled() {
    let bench = Bench::new().await;
    let yesterday = bench.desk.host.now().date().previous();
    for (id, state) in [OrderState::Open, OrderState::Partial, OrderState::Ambiguous].into_iter().enumerate()
    {
        let number = (state != OrderState::Ambiguous).then(|| format!("B{id}"));
        let of_before =
            |order| OrderRecord { date: yesterday, state, broker_order_id: number, filled: 3, ..order };
        bench.order(id as u64 + 1, of_before).await;
    }
    bench.order(9, named("B9", OrderState::Open)).await;
    bench.read(&[]).await.unwrap();
    for id in 1..=3 {
        let order = bench.stored(id).await;
        assert_eq!(order.state, OrderState::Escalated, "{id}");
        assert!(
            order.message.contains(&format!("the trades of {yesterday}")) || id == 3,
            "{}",
            order.message
        );
        assert!(order.message.contains("Kite"), "{}", order.message);
    }
    assert_eq!(bench.stored(9).await.state, OrderState::Open, "today's book may still show it");
    assert_eq!(bench.desk.state.lock().await.standing.len(), 1);
}

#[tokio::test]
async fn a_send_that_nobody_carries_any_more_is_looked_for_and_one_under_way_is_left_alone() {
    let bench = Bench::new().await;
    let (lost, flying) = (bench.order(1, |order| order).await, bench.order(2, |order| order).await);
    let flight = bench.desk.flights.begin(flying.id);
    bench.read(&[]).await.unwrap();
    assert_eq!(bench.stored(1).await.state, OrderState::Ambiguous);
    assert_eq!(bench.stored(2).await.state, OrderState::Sending);
    drop(flight);
    bench.read(&[row("B1", &lost, "OPEN", 0)]).await.unwrap();
    assert_eq!(bench.stored(1).await.state, OrderState::Open);
    assert_eq!(bench.stored(2).await.state, OrderState::Ambiguous);
}

#[tokio::test]
async fn a_second_order_of_the_broker_under_one_tag_is_reported_once_and_never_merged() {
    let bench = Bench::new().await;
    let order = bench.order(1, named("B1", OrderState::Open)).await;
    let other = bench.order(2, named("B3", OrderState::Open)).await;
    let double = row("B2", &order, "COMPLETE", 10);
    for _ in 0..3 {
        let book = [double.clone(), row("B1", &order, "OPEN", 4), row("B3", &other, "COMPLETE", 10)];
        bench.read(&book).await.unwrap();
    }
    let order = bench.stored(1).await;
    assert_eq!((order.state, order.filled), (OrderState::Escalated, 4), "its own fills go on");
    assert_eq!(order.broker_order_id.as_deref(), Some("B1"));
    let errors = bench.errors().await;
    assert_eq!(errors.iter().filter(|text| text.contains("B2 beside B1")).count(), 1, "{errors:?}");
    assert_eq!(bench.stored(2).await.state, OrderState::Complete, "the others are dealt with");
    bench.read(&[double, row("B1", &order, "CANCELLED", 4)]).await.unwrap();
    assert_eq!(bench.stored(1).await.state, OrderState::Cancelled);
}

#[tokio::test]
async fn a_row_of_another_side_is_reported_and_never_merged() {
    let bench = Bench::new().await;
    let order = bench.order(1, |order| order).await;
    let mut wrong = serde_json::to_value(json!({})).unwrap();
    wrong["order_id"] = "B1".into();
    for (name, value) in [("status", "COMPLETE"), ("exchange", "NSE"), ("tradingsymbol", "INFY")] {
        wrong[name] = value.into();
    }
    (wrong["transaction_type"], wrong["tag"]) = ("SELL".into(), order.tag.clone().into());
    (wrong["quantity"], wrong["filled_quantity"]) = (10.into(), 10.into());
    bench.read(&[serde_json::from_value(wrong).unwrap()]).await.unwrap();
    let order = bench.stored(1).await;
    assert_eq!((order.state, order.filled), (OrderState::Escalated, 0));
}

#[tokio::test]
async fn an_order_that_was_thought_rejected_is_corrected_by_the_book() {
    let bench = Bench::new().await;
    let rejected = |order| OrderRecord {
        state: OrderState::Rejected,
        refusal: RefusalCode::Exchange,
        message: "no".into(),
        ..order
    };
    let order = bench.order(1, rejected).await;
    bench.read(&[row("B1", &order, "OPEN", 4)]).await.unwrap();
    let found = bench.stored(1).await;
    assert_eq!((found.state, found.filled, found.refusal), (OrderState::Partial, 4, RefusalCode::None));
    assert!(bench.desk.state.lock().await.standing.contains_key(&found.id), "it can be withdrawn");
    assert!(bench.desk.trades.is_owed(bench.desk.host.now().date()), "its fills are to be booked");
}

#[tokio::test]
async fn a_book_that_could_not_be_written_opens_no_gate_and_is_applied_at_the_next_reading() {
    let bench = Bench::new().await;
    let order = bench.order(1, named("B1", OrderState::Open)).await;
    bench.desk.host.store.close().await;
    let failed = bench.read(&[row("B1", &order, "COMPLETE", 10)]).await;
    assert!(matches!(failed, Err(StoreError::Database(_))), "{failed:?}");
    let state = bench.desk.state.lock().await;
    assert_eq!(state.standing[&order.id].record.state, OrderState::Open);
    assert!(state.book_read.is_none());
}

#[tokio::test]
async fn while_fills_cannot_be_read_the_days_result_is_unknown() {
    let bench = Bench::new().await;
    let result = Some(Money::from_rupees(5));
    bench.desk.observe(result).await.unwrap();
    assert_eq!(bench.desk.state.lock().await.day_pnl, result);
    bench.desk.unreadable_trades.store(1, Ordering::SeqCst);
    bench.desk.observe(result).await.unwrap();
    assert_eq!(bench.desk.state.lock().await.day_pnl, None);
}

#[tokio::test]
async fn a_run_that_dropped_its_line_leaves_nothing_behind() {
    let bench = Bench::new().await;
    let desk = &bench.desk;
    let first = desk.attach(bench.run.clone()).await.unwrap();
    let mut second = desk.attach(bench.run.clone()).await.unwrap();
    drop(first);
    tokio::time::sleep(Duration::from_millis(50)).await;
    for rupees in 0..1_000 {
        desk.tell_all(&RunEvent::Cash(Money::from_rupees(rupees))).await;
    }
    assert!(matches!(second.events.recv().await, Some(RunEvent::Cash(_))), "the newer line hears on");
    drop(second);
    let gone = async || desk.state.lock().await.runs.is_empty();
    let emptied = async || {
        for _ in 0..100 {
            if gone().await {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    };
    assert!(emptied().await, "the end goes with its line");
    let mut state = desk.state.lock().await;
    let asked_at = desk.host.now();
    desk.queue(&mut state, &bench.run.id, Job::Modify { id: 7, change: Change::default(), asked_at });
    assert_eq!(state.runs.len(), 1);
    drop(state);
    assert!(emptied().await, "the sender goes with its last job");
}

#[tokio::test]
async fn finished_and_foreign_orders_are_looked_up_once_and_not_at_every_reading() {
    let bench = Bench::new().await;
    let order = bench.order(1, named("B1", OrderState::Open)).await;
    let foreign = OrderRecord { tag: "X".repeat(20), ..order.clone() };
    let book = [row("B1", &order, "COMPLETE", 10), row("B7", &foreign, "COMPLETE", 10)];
    bench.read(&book).await.unwrap();
    assert_eq!(bench.stored(1).await.state, OrderState::Complete);
    // From here on, every look into the database fails.
    bench.desk.host.store.close().await;
    bench.read(&book).await.unwrap();
    let changed = [row("B7", &foreign, "CANCELLED", 10)];
    assert!(bench.read(&changed).await.is_err(), "a row that changed is looked at again");
}

#[tokio::test]
async fn the_kill_switch_stops_and_withdraws_although_it_cannot_be_written() {
    let bench = Bench::new().await;
    let order = bench.order(1, named("B1", OrderState::Open)).await;
    bench.desk.host.store.close().await;
    assert!(bench.desk.set_kill_switch(true, None).await.is_err(), "the person is told");
    assert!(bench.desk.killed.load(Ordering::SeqCst));
    assert!(bench.desk.state.lock().await.wishes.wants(order.id));
}

#[tokio::test]
async fn a_reading_under_an_old_session_opens_nothing_under_the_new_one() {
    let bench = Bench::new().await;
    let desk = &bench.desk;
    desk.reconciled.store(1, Ordering::SeqCst);
    assert!(desk.is_reconciled());
    desk.line.revive("key", "newer token", b"newer");
    desk.reconciled.fetch_max(1, Ordering::SeqCst);
    assert!(!desk.is_reconciled());
    let waiting = bench.order(1, |order| OrderRecord { state: OrderState::Intent, ..order }).await;
    let flight = desk.flights.begin(waiting.id);
    desk.queue(&mut *desk.state.lock().await, &bench.run.id, Job::Place(flight));
    for _ in 0..100 {
        if bench.stored(1).await.state.is_final() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let refused = bench.stored(1).await;
    assert_eq!((refused.state, refused.refusal), (OrderState::Refused, RefusalCode::NoSession));
    assert!(refused.message.contains("still being compared"), "{}", refused.message);
    assert!(!desk.flights.holds(waiting.id));
}

#[tokio::test]
async fn a_task_of_the_order_path_that_falls_over_stops_everything_else_and_is_told() {
    let bench = Bench::new().await;
    let host = &bench.desk.host;
    host.spawn(async {});
    assert!(!host.fallen.is_cancelled());
    let (never, mut ended) = tokio::sync::oneshot::channel::<()>();
    host.spawn(async move {
        std::future::pending::<()>().await;
        drop(never);
    });
    host.spawn(async { panic!("asked to fall over") });
    tokio::time::timeout(Duration::from_secs(5), host.fallen.cancelled()).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), &mut ended).await.unwrap().unwrap_err();
}
