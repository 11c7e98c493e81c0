//! Whose a trade is, and that none vanishes.

use super::{Book, Commit, Store};
use crate::orders::TradeRecord;
use ::orders::Mode;
use market::{Price, Product, Side, Timestamp, Trade, TradingDate};
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
    /// Writes as the order path does.
    async fn write(&self, writes: Vec<orders::Write>) {
        self.book.commit(Commit { orders: writes, ..Commit::default() }).await.unwrap();
    }

    async fn booked(&self, trades: &[Trade]) {
        let record = |trade: &Trade| TradeRecord {
            trade: trade.clone(),
            run_id: None,
            strategy_id: None,
            mode: Mode::Live,
        };
        self.write(vec![orders::Write::Trades(trades.iter().map(record).collect())]).await;
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
async fn own_orders_that_meet_are_two_trades_of_one_number_and_the_first_telling_of_each_stays() {
    let world = world().await;
    let both = [fill("7", "1", Side::Buy, noon()), fill("7", "2", Side::Sell, noon())];
    world.booked(&both).await;
    let other = Trade { quantity: 11, ..both[0].clone() };
    world.booked(&[other, both[1].clone()]).await;
    let kept = world.book.live_trades_after(None).await.unwrap();
    assert_eq!(kept.into_iter().map(|record| record.trade).collect::<Vec<_>>(), both);
}

#[tokio::test]
async fn trades_that_are_nobodys_become_a_runs_when_its_order_gets_their_number_and_no_others_do() {
    let world = world().await;
    let before = fill("6", "1", Side::Buy, day().previous().at_seconds(43_200));
    world.booked(&[fill("7", "1", Side::Buy, noon()), fill("8", "2", Side::Buy, noon()), before]).await;
    world.finished(day()).await;
    let (run_id, strategy_id) = ("r".to_owned(), "s".to_owned());
    world.write(vec![orders::Write::Adopt { date: day(), number: "1".into(), run_id, strategy_id }]).await;
    assert_eq!(world.owners().await, [None, Some("r".into()), None]);
    assert_eq!(world.book.base(day().next()).await.unwrap().date, None, "its day is open again");
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
    world.booked(&[fill("7", "1", Side::Buy, noon())]).await;
    assert_eq!(base().await, Some(before));
}

#[tokio::test]
async fn trades_of_one_second_are_listed_in_the_order_of_their_numbers() {
    let world = world().await;
    let trades = ["9", "10", "8"].map(|number| fill(number, number, Side::Buy, noon()));
    world.booked(&trades).await;
    let numbers = |trades: Vec<TradeRecord>| -> Vec<String> {
        trades.into_iter().map(|trade| trade.trade.trade_id).collect()
    };
    assert_eq!(numbers(world.book.live_trades_after(None).await.unwrap()), ["8", "9", "10"]);
    assert_eq!(numbers(world.book.trades(None, 2, 0).await.unwrap()), ["10", "9"]);
    assert_eq!(numbers(world.book.trades(None, 2, 2).await.unwrap()), ["8"]);
}
