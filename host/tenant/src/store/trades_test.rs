//! Whose a trade is, and that none vanishes.

use super::{Book, Store, StoredOrder};
use crate::mode::Mode;
use crate::orders::TradeRecord;
use market::{OrderState, Price, Product, Side, Timestamp, Trade, TradingDate};
use sqlx::SqlitePool;
use tempfile::TempDir;

const DAY: &str = "2026-11-23";

struct World {
    _dir: TempDir,
    writer: SqlitePool,
    book: Book,
}

fn day() -> TradingDate {
    DAY.parse().unwrap()
}

async fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let rows = "-- rows of these tests
        insert into tenants (broker_id, user_name, created_at, last_login_at) values ('UK9394', 'A', 0, 0);
        insert into strategies (broker_id, id, name, created_at) values ('UK9394', 's', 'alpha', 0);
        insert into strategy_versions values ('UK9394', 's', 1, '', 0, '{}', x'', 0);
        insert into runs (broker_id, id, strategy_id, version, mode, params, state, started_at)
            values ('UK9394', 'r', 's', 1, 'live', '{}', 'running', 0);";
    sqlx::raw_sql(rows).execute(&store.writer).await.unwrap();
    let id = store.all_tenants().await.unwrap().remove(0).unwrap().id;
    World { _dir: dir, writer: store.writer.clone(), book: store.book(id) }
}

impl World {
    async fn order(&self, date: TradingDate, number: Option<&str>, state: OrderState, updated_at: Timestamp) {
        sqlx::query(
            "-- a row of these tests
             insert into orders (broker_id, id, run_id, strategy_id, run_order_id, tag, broker_order_id, date, mode,
                 symbol, side, kind, product, validity, variety, quantity, price, trigger_price, market_protection,
                 state, created_at, updated_at)
             values ('UK9394', 1, 'r', 's', 1, 'AAAAAAAAAAAAAAAAAAAA', ?, ?, 'live', 'NSE:INFY', 'BUY', 'MARKET',
                 'MIS', 'DAY', 'regular', 10, 0, 0, 0, ?, 0, ?)",
        )
        .bind(number)
        .bind(date.to_string())
        .bind(state.as_str())
        .bind(updated_at.micros())
        .execute(&self.writer)
        .await
        .unwrap();
    }

    async fn named(&self, number: &str) {
        let mut order: StoredOrder = self.book.standing_orders(day()).await.unwrap().orders.remove(0);
        order.record.broker_order_id = Some(number.into());
        self.book.update_order(&order).await.unwrap();
    }

    async fn owners(&self) -> Vec<Option<String>> {
        self.book.trades(None, 100, 0).await.unwrap().into_iter().map(|trade| trade.run_id).collect()
    }

    async fn finished(&self, date: TradingDate) {
        let row = "-- a row of these tests
            insert into daily_stats values ('UK9394', ?, 'account', '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, null, null, null, null, 0, 1)";
        sqlx::query(row).bind(date.to_string()).execute(&self.writer).await.unwrap();
    }
}

fn fill(number: &str, order: &str, side: Side, time: Timestamp) -> Trade {
    Trade {
        trade_id: number.into(),
        order_id: order.into(),
        symbol: "NSE:INFY".parse().unwrap(),
        token: 1,
        side,
        product: Product::Mis,
        quantity: 10,
        price: Price::from_rupees(100),
        time,
    }
}

fn noon() -> Timestamp {
    day().at_seconds(12 * 3_600)
}

#[tokio::test]
async fn own_orders_that_meet_are_two_trades_of_one_number() {
    let world = world().await;
    let both = [fill("7", "1", Side::Buy, noon()), fill("7", "2", Side::Sell, noon())];
    let booked = world.book.book_trades(&both, Mode::Live).await.unwrap();
    assert_eq!((booked.new.len(), booked.conflicts.len()), (2, 0));
    let again = world.book.book_trades(&both, Mode::Live).await.unwrap();
    assert_eq!((again.new.len(), world.owners().await.len()), (0, 2));
}

#[tokio::test]
async fn a_known_number_that_says_something_else_is_reported_and_the_first_telling_stays() {
    let world = world().await;
    let first = fill("7", "1", Side::Buy, noon());
    world.book.book_trades(std::slice::from_ref(&first), Mode::Live).await.unwrap();
    let other = Trade { quantity: 11, ..first.clone() };
    let booked = world.book.book_trades(std::slice::from_ref(&other), Mode::Live).await.unwrap();
    assert_eq!((booked.new.len(), booked.conflicts), (0, vec![(first.clone(), other)]));
    assert_eq!(world.book.trades(None, 100, 0).await.unwrap()[0].trade, first);
}

#[tokio::test]
async fn a_trade_that_was_read_before_its_order_was_known_gets_its_run_at_the_next_reading() {
    let world = world().await;
    let trades = [fill("7", "1", Side::Buy, noon())];
    world.book.book_trades(&trades, Mode::Live).await.unwrap();
    assert_eq!(world.owners().await, [None]);
    world.order(day(), Some("1"), OrderState::Acked, noon()).await;
    let booked = world.book.book_trades(&trades, Mode::Live).await.unwrap();
    assert!(booked.new.is_empty() && booked.adopted);
    assert_eq!(world.owners().await, [Some("r".into())]);
    assert!(!world.book.book_trades(&trades, Mode::Live).await.unwrap().adopted);
}

#[tokio::test]
async fn a_number_that_becomes_known_adopts_at_once() {
    let world = world().await;
    world.order(day(), None, OrderState::Sending, noon()).await;
    world.book.book_trades(&[fill("7", "1", Side::Buy, noon())], Mode::Live).await.unwrap();
    assert_eq!(world.book.adopt_trades(day(), "1").await.unwrap(), 0);
    world.named("1").await;
    assert_eq!(world.book.adopt_trades(day(), "1").await.unwrap(), 1);
    assert_eq!(world.owners().await, [Some("r".into())]);
}

#[tokio::test]
async fn an_order_of_a_second_before_midnight_owns_its_fill_of_a_second_after() {
    let world = world().await;
    let written = day().at_seconds(86_399);
    world.order(day(), Some("1"), OrderState::Complete, day().next().at_seconds(2)).await;
    assert_eq!(written.date(), day());
    let after = fill("7", "1", Side::Buy, day().next().at_seconds(1));
    let booked = world.book.book_trades(&[after], Mode::Live).await.unwrap();
    assert_eq!(booked.new[0].run_id.as_deref(), Some("r"));
    assert_eq!(booked.new[0].strategy_id.as_deref(), Some("s"));
}

#[tokio::test]
async fn an_order_that_had_ended_the_day_before_owns_no_stranger_of_the_same_number() {
    let world = world().await;
    world.order(day(), Some("1"), OrderState::Complete, noon()).await;
    let stranger = fill("7", "1", Side::Buy, day().next().at_seconds(40_000));
    let booked = world.book.book_trades(&[stranger], Mode::Live).await.unwrap();
    assert_eq!(booked.new[0].run_id, None);
}

#[tokio::test]
async fn a_late_trade_opens_its_day_and_those_after_it_again() {
    let world = world().await;
    let (before, after) = (day().previous(), day().next());
    for date in [before, day(), after] {
        world.finished(date).await;
    }
    let base = async || world.book.base(after.next()).await.unwrap().date;
    assert_eq!(base().await, Some(after));
    world.book.book_trades(&[fill("7", "1", Side::Buy, noon())], Mode::Live).await.unwrap();
    assert_eq!(base().await, Some(before));
}

#[tokio::test]
async fn trades_of_one_second_are_listed_in_the_order_of_their_numbers() {
    let world = world().await;
    let trades = ["9", "10", "8"].map(|number| fill(number, number, Side::Buy, noon()));
    world.book.book_trades(&trades, Mode::Live).await.unwrap();
    let numbers = |trades: Vec<TradeRecord>| -> Vec<String> {
        trades.into_iter().map(|trade| trade.trade.trade_id).collect()
    };
    assert_eq!(numbers(world.book.live_trades_after(None).await.unwrap()), ["8", "9", "10"]);
    assert_eq!(numbers(world.book.trades(None, 2, 0).await.unwrap()), ["10", "9"]);
    assert_eq!(numbers(world.book.trades(None, 2, 2).await.unwrap()), ["8"]);
}
