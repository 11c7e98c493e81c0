//! What the rows of orders say of the calls that left, and which of them a start loads. Knows no rule of the order path.

use super::{Book, Commit, Store};
use ::orders::{CallKind, Write};
use market::{OrderState, Timestamp, TradingDate};

const ROWS: &str = "-- rows of these tests
    insert into tenants (broker_id, user_name, created_at, last_login_at) values ('UK9394', 'A', 0, 0);
    insert into strategies (broker_id, id, name, created_at) values ('UK9394', 's', 'alpha', 0);
    insert into strategy_versions values ('UK9394', 's', 1, '', 0, '{}', x'', 0);
    insert into runs (broker_id, id, strategy_id, version, mode, params, state, started_at)
        values ('UK9394', 'r', 's', 1, 'live', '{}', 'running', 0);
    insert into orders (broker_id, id, run_id, strategy_id, run_order_id, tag, date, mode, symbol, side, kind, product,
        validity, variety, quantity, price, trigger_price, market_protection, state, created_at, updated_at)
        values ('UK9394', 7, 'r', 's', 1, 'TTTTTTTTTTTTTTTTTTTT', '2026-11-23', 'live', 'NSE:INFY', 'BUY', 'MARKET',
            'MIS', 'DAY', 'regular', 10, 0, 0, 0, 'open', 0, 0);";

fn noon() -> Timestamp {
    "2026-11-23".parse::<TradingDate>().unwrap().at_seconds(12 * 3_600)
}

fn call() -> Write {
    Write::Call { id: 7, run_id: "r".into(), at: noon(), what: CallKind::Withdrawal }
}

async fn book(dir: &tempfile::TempDir) -> Book {
    let store = Store::open(dir.path()).await.unwrap();
    sqlx::raw_sql(ROWS).execute(&store.writer).await.unwrap();
    store.book(store.all_tenants().await.unwrap().remove(0).unwrap().id)
}

#[tokio::test]
async fn an_order_that_a_person_must_settle_is_loaded_whatever_its_date() {
    let dir = tempfile::tempdir().unwrap();
    let book = book(&dir).await;
    let old = [
        (1, "2019-03-01", "escalated", None),
        (2, "2019-03-01", "escalated", Some("B2")),
        (3, "2019-03-01", "ambiguous", None),
        (4, "2019-03-01", "absent", None),
        (5, "2019-03-01", "complete", Some("B5")),
        (6, "2026-11-19", "absent", None),
        (8, "2026-11-19", "cancelled", Some("B8")),
    ];
    for (id, date, state, number) in old {
        sqlx::query(
            "insert into orders (broker_id, id, run_id, strategy_id, run_order_id, tag, broker_order_id, date, mode, symbol,
                 side, kind, product, validity, variety, quantity, price, trigger_price, market_protection, state,
                 created_at, updated_at)
             values ('UK9394', ?1, 'r', 's', ?1 + 100, printf('%020d', ?1), ?2, ?3, 'live', 'NSE:INFY', 'BUY', 'MARKET',
                 'MIS', 'DAY', 'regular', 10, 0, 0, 0, ?4, 0, 0)",
        )
        .bind(id)
        .bind(number)
        .bind(date)
        .bind(state)
        .execute(&book.store.writer)
        .await
        .unwrap();
    }
    let known = book.known_orders(noon().date()).await.unwrap();
    let ids: Vec<i64> = known.orders.iter().map(|order| order.record.id).collect();
    assert_eq!((ids, known.damaged.len()), (vec![1, 2, 3, 6, 7], 0));
}

#[tokio::test]
async fn one_order_is_found_by_either_of_its_numbers_and_by_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let book = book(&dir).await;
    assert_eq!(book.order_by_id(7).await.unwrap().unwrap().run_order_id, 1);
    assert_eq!(book.order_of_run("r", 1).await.unwrap().unwrap().id, 7);
    assert!(book.order_by_id(1).await.unwrap().is_none());
    assert!(book.order_of_run("r", 7).await.unwrap().is_none());
    assert!(book.order_of_run("s", 1).await.unwrap().is_none());
}

#[tokio::test]
async fn a_call_counts_from_when_it_is_handed_out_and_no_more_once_it_is_known_that_it_never_left() {
    let dir = tempfile::tempdir().unwrap();
    let book = book(&dir).await;
    let answered = |left| Write::CallAnswered { id: 7, left, why: None };
    let told = [
        (call(), 1),
        (answered(true), 1),
        (call(), 2),
        (answered(false), 1),
        (answered(false), 0),
        (answered(false), 0),
    ];
    for (step, (write, counted)) in told.into_iter().enumerate() {
        book.commit(Commit { orders: vec![write], ..Commit::default() }).await.unwrap();
        assert_eq!(book.calls_of(noon().date()).await.unwrap(), vec![noon(); counted], "step {step}");
    }
}

#[tokio::test]
async fn orders_of_one_state_are_found_whatever_their_day_and_of_one_day_where_it_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    sqlx::raw_sql(ROWS).execute(&store.writer).await.unwrap();
    for (id, tag, date) in [(8, "U", "2026-11-23"), (9, "V", "2026-11-20")] {
        let row = "-- a row of these tests
            insert into orders (broker_id, id, run_id, strategy_id, run_order_id, tag, date, mode, symbol, side, kind,
                product, validity, variety, quantity, price, trigger_price, market_protection, state, created_at, updated_at)
            values ('UK9394', ?1, 'r', 's', ?1, ?2, ?3, 'live', 'NSE:INFY', 'BUY', 'MARKET', 'MIS', 'DAY', 'regular', 10,
                0, 0, 0, 'escalated', 0, 0)";
        sqlx::query(row).bind(id).bind(tag.repeat(20)).bind(date).execute(&store.writer).await.unwrap();
    }
    let book = store.book(store.all_tenants().await.unwrap().remove(0).unwrap().id);
    let ids = async |state, date| -> Vec<i64> {
        book.orders_in_state(state, date).await.unwrap().iter().map(|order| order.id).collect()
    };
    assert_eq!(ids(OrderState::Escalated, None).await, [9, 8]);
    assert_eq!(ids(OrderState::Escalated, Some(noon().date())).await, [8]);
    assert_eq!(ids(OrderState::Open, None).await, [7]);
}
