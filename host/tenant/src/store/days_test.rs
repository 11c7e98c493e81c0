//! An older snapshot never stands over a newer one, nor over a day that is over.

use super::{PNL_RECORDS_PER_DAY_MAX, Store};
use crate::pnl::{DailyStats, DayRows, PnlRecord, Whose};
use ledger::Charges;
use market::{Money, Price, TradingDate};

fn day() -> TradingDate {
    "2026-11-23".parse().unwrap()
}

fn rows(as_of_s: i64, is_final: bool, gross: i64) -> DayRows {
    let as_of = day().at_seconds(as_of_s);
    let stats = |whose| DailyStats {
        date: day(),
        whose,
        gross: Money::from_rupees(gross),
        charges: Charges {
            brokerage: Money::from_rupees(1),
            gst: Money::from_paise(18),
            ..Charges::default()
        },
        realised: Money::ZERO,
        unrealised: Money::from_rupees(gross),
        unpriced: 1,
        trades: 2,
        wins: 0,
        losses: 1,
        turnover: Money::from_rupees(9),
        max_drawdown: Money::from_rupees(3),
        max_mtm: Some(Money::from_rupees(4)),
        max_mtm_at: Some(as_of),
        min_mtm: None,
        min_mtm_at: None,
        as_of,
        is_final,
    };
    let stats = vec![stats(Whose::Account), stats(Whose::Hand), stats(Whose::Strategy("s".into()))];
    DayRows { date: day(), as_of, is_final, stats, positions: Vec::new() }
}

#[tokio::test]
async fn a_day_is_read_as_it_was_written_and_the_newest_telling_stands() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let tenant = "-- a row of these tests
        insert into tenants (broker_id, user_name, created_at, last_login_at) values ('UK9394', 'A', 0, 0)";
    sqlx::raw_sql(tenant).execute(&store.writer).await.unwrap();
    let book = store.book(store.all_tenants().await.unwrap().remove(0).unwrap().id);
    let (early, late) = (rows(100, false, 1), rows(200, false, 2));
    let over = rows(86_399, true, 3);
    for (told, stands) in [(&late, &late), (&early, &late), (&over, &over), (&late, &over)] {
        book.save_days(std::slice::from_ref(told)).await.unwrap();
        assert_eq!(book.days(day(), day()).await.unwrap(), stands.stats);
    }
    assert_eq!(book.base(day().next()).await.unwrap().date, Some(day()));
    assert_eq!(book.base(day()).await.unwrap().date, None);
}

#[tokio::test]
async fn what_was_kept_before_keeps_its_trades_and_its_highs() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bulkhead.db");
    let old = sqlx::SqlitePool::connect_with(
        sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true),
    )
    .await
    .unwrap();
    for file in [
        include_str!("../../migrations/0001_tenants.sql"),
        include_str!("../../migrations/0002_strategies.sql"),
        include_str!("../../migrations/0003_orders.sql"),
        "pragma user_version = 3;
         insert into tenants values ('UK9394', 'A', 'direct', 0, 0);
         insert into trades values ('UK9394', '2026-11-23', 'NSE', '7', 'live', '1', null, null, 'NSE:INFY', 1, 'BUY',
             'MIS', 10, 1000000, 1795414800000000);
         insert into daily_stats values ('UK9394', '2026-11-23', 5, 1, 4, 0, 5, 1, 0, 0, 9, 3, 7, 8, 0, null);
         insert into positions values ('UK9394', '2026-11-23', '', 'NSE:INFY', 'MIS', 10, 1000000, 1010000, 10, 10000000,
             0, 0, 0, 100000);",
    ] {
        sqlx::raw_sql(file).execute(&old).await.unwrap();
    }
    old.close().await;
    let store = Store::open(dir.path()).await.unwrap();
    let book = store.book(store.all_tenants().await.unwrap().remove(0).unwrap().id);
    assert_eq!(book.live_trades_after(None).await.unwrap()[0].trade.trade_id, "7");
    let kept = book.days(day(), day()).await.unwrap().remove(0);
    assert_eq!((kept.max_mtm.map(Money::units), kept.min_mtm, kept.is_final), (Some(7), None, false));
    let written = book.written_after(None).await.unwrap();
    assert_eq!(written[&day()].prices[0].2, Price::from_units(1_010_000));
    assert_eq!(book.base(day().next()).await.unwrap().date, None);
}

#[tokio::test]
async fn a_strategys_day_holds_so_many_amounts_and_they_are_summed_by_label() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let rows = "-- rows of these tests
        insert into tenants (broker_id, user_name, created_at, last_login_at) values ('UK9394', 'A', 0, 0);
        insert into strategies (broker_id, id, name, created_at) values ('UK9394', 's', 'alpha', 0);
        insert into strategy_versions values ('UK9394', 's', 1, '', 0, '{}', x'', 0);
        insert into runs (broker_id, id, strategy_id, version, mode, params, state, started_at)
            values ('UK9394', 'r', 's', 1, 'live', '{}', 'running', 0);";
    sqlx::raw_sql(rows).execute(&store.writer).await.unwrap();
    let book = store.book(store.all_tenants().await.unwrap().remove(0).unwrap().id);
    let record = |date: TradingDate, label: &str, rupees| PnlRecord {
        run_id: "r".into(),
        strategy_id: "s".into(),
        label: label.into(),
        amount: Money::from_rupees(rupees),
        time: date.at_seconds(40_000),
    };
    let most = PNL_RECORDS_PER_DAY_MAX as usize;
    let mut many = vec![record(day(), "edge", 2); most - 1];
    many.extend([record(day(), "fees", -1), record(day(), "edge", 5)]);
    many.push(record(day().next(), "edge", 5));
    let mut tx = book.write().await.unwrap();
    let mut kept = 0;
    for record in &many {
        kept += usize::from(book.write_pnl_record(&mut tx, record).await.unwrap());
    }
    tx.commit().await.unwrap();
    assert_eq!(kept, most + 1, "one is too many for its day, and the next day is another");
    let labels = book.pnl_labels(day(), day()).await.unwrap();
    let found: Vec<_> = labels.iter().map(|l| (l.label.as_str(), l.amount, l.count as usize)).collect();
    let sum = Money::from_rupees(2 * (most as i64 - 1));
    assert_eq!(found, [("edge", sum, most - 1), ("fees", Money::from_rupees(-1), 1)]);
}
