//! Rows of orders: the write-ahead part of the order path.

use super::{Book, Write, unreadable};
use crate::error::StoreError;
use crate::orders::{OrderRecord, RefusalCode};
use ::orders::Mode;
use market::{OrderState, Price, Timestamp, TradingDate};
use orders::{DamagedOrder, StoredOrder};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::str::FromStr;

/// For how many days an order is looked at again that only we ended: the broker's book may know better.
const ENDED_HERE_DAYS: i64 = 7;

/// The orders that may matter, and rows that cannot be read, each with why.
pub(crate) struct KnownOrders {
    pub(crate) orders: Vec<StoredOrder>,
    pub(crate) damaged: Vec<(DamagedOrder, StoreError)>,
}

impl Book {
    /// Everything that one step of the order path decided, as part of a larger write.
    pub(crate) async fn write_orders(
        &self,
        tx: &mut Write,
        writes: &[orders::Write],
    ) -> Result<(), StoreError> {
        for write in writes {
            match write {
                orders::Write::Insert(order) => self.insert_order(tx, order).await?,
                orders::Write::Update { order, answer: _ } => self.update_order(tx, order).await?,
                orders::Write::Wish { id, by_run: _ } => self.want_cancel(tx, *id).await?,
                orders::Write::Call { id, at, run_id: _, what: _ } => self.count_call(tx, *id, *at).await?,
                orders::Write::CallAnswered { id, left: false, why: _ } => self.uncount_call(tx, *id).await?,
                // The audit alone remembers these: a call was counted when it was handed out.
                orders::Write::Answered { .. } => {}
                orders::Write::CallAnswered { left: true, .. } => {}
                orders::Write::Trades(trades) => self.insert_trades(tx, trades).await?,
                orders::Write::Adopt { date, number, run_id, strategy_id } => {
                    self.adopt_trades(tx, *date, number, run_id, strategy_id).await?;
                }
                orders::Write::Switch { scope, switch } => self.save_switch(tx, scope, switch).await?,
                orders::Write::Risk { limits, latch, at } => self.save_risk(tx, limits, *latch, *at).await?,
                orders::Write::Foreign(foreign) => self.save_foreign(tx, foreign).await?,
                orders::Write::ForeignAccepted { tags, at } => self.accept_foreign(tx, tags, *at).await?,
            }
        }
        Ok(())
    }

    async fn insert_order(&self, tx: &mut Write, order: &StoredOrder) -> Result<(), StoreError> {
        let o = &order.record;
        sqlx::query(
            "insert into orders (broker_id, id, run_id, strategy_id, run_order_id, tag, broker_order_id, date, mode, symbol,
                 side, kind, product, validity, variety, quantity, price, trigger_price, market_protection, state, refusal,
                 message, created_at, updated_at, sent_at, is_exit, cancel_wanted)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(self.id())
        .bind(o.id)
        .bind(&o.run_id)
        .bind(&o.strategy_id)
        .bind(o.run_order_id as i64)
        .bind(&o.tag)
        .bind(&o.broker_order_id)
        .bind(o.date.to_string())
        .bind(o.mode.as_str())
        .bind(o.symbol.to_string())
        .bind(o.side.as_str())
        .bind(o.kind.as_str())
        .bind(o.product.as_str())
        .bind(o.validity.as_str())
        .bind(o.variety.as_str())
        .bind(o.quantity)
        .bind(o.price.units())
        .bind(o.trigger.units())
        .bind(order.market_protection)
        .bind(o.state.as_str())
        .bind(o.refusal.as_str())
        .bind(&o.message)
        .bind(o.created_at.micros())
        .bind(o.updated_at.micros())
        .bind(order.sent_at.map(Timestamp::micros))
        .bind(order.is_exit)
        .bind(order.cancel_wanted)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// Writes everything of the order's own way that may change.
    async fn update_order(&self, tx: &mut Write, order: &StoredOrder) -> Result<(), StoreError> {
        let o = &order.record;
        sqlx::query(
            "update orders set broker_order_id = ?, kind = ?, quantity = ?, price = ?, trigger_price = ?, filled = ?,
                 average_price = ?, state = ?, refusal = ?, message = ?, updated_at = ?, sent_at = ?, absent_readings = ?
             where broker_id = ? and id = ?",
        )
        .bind(&o.broker_order_id)
        .bind(o.kind.as_str())
        .bind(o.quantity)
        .bind(o.price.units())
        .bind(o.trigger.units())
        .bind(o.filled)
        .bind(o.average_price.units())
        .bind(o.state.as_str())
        .bind(o.refusal.as_str())
        .bind(&o.message)
        .bind(o.updated_at.micros())
        .bind(order.sent_at.map(Timestamp::micros))
        .bind(order.absent_readings)
        .bind(self.id())
        .bind(o.id)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// The order shall be withdrawn, over restarts too.
    async fn want_cancel(&self, tx: &mut Write, id: i64) -> Result<(), StoreError> {
        sqlx::query("update orders set cancel_wanted = 1 where broker_id = ? and id = ?")
            .bind(self.id())
            .bind(id)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// A change or withdrawal of the order left.
    async fn count_call(&self, tx: &mut Write, id: i64, at: Timestamp) -> Result<(), StoreError> {
        sqlx::query("update orders set calls = calls + 1, last_call_at = ? where broker_id = ? and id = ?")
            .bind(at.micros())
            .bind(self.id())
            .bind(id)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// A call that was handed out never left.
    async fn uncount_call(&self, tx: &mut Write, id: i64) -> Result<(), StoreError> {
        sqlx::query("update orders set calls = calls - 1 where broker_id = ? and id = ? and calls > 0")
            .bind(self.id())
            .bind(id)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// When the order calls of a day left: one entry a call.
    pub(crate) async fn calls_of(&self, date: TradingDate) -> Result<Vec<Timestamp>, StoreError> {
        let rows = sqlx::query(
            "select sent_at, calls, last_call_at from orders
             where broker_id = ?1 and mode = 'live' and (date = ?2 or last_call_at >= ?3)",
        )
        .bind(self.id())
        .bind(date.to_string())
        .bind(date.midnight().micros())
        .fetch_all(self.readers())
        .await?;
        let mut times = Vec::new();
        for row in &rows {
            let at = |column| -> Result<Option<Timestamp>, StoreError> {
                Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_micros))
            };
            let of_day = |at: &Timestamp| at.date() == date;
            times.extend(at("sent_at")?.filter(of_day));
            if let Some(last) = at("last_call_at")?.filter(of_day) {
                times.extend(std::iter::repeat_n(last, row.try_get::<u32, _>("calls")? as usize));
            }
        }
        Ok(times)
    }

    /// How many orders a run has written.
    pub(crate) async fn count_run_orders(&self, run_id: &str) -> Result<u32, StoreError> {
        let row = sqlx::query("select count(*) from orders where broker_id = ? and run_id = ?")
            .bind(self.id())
            .bind(run_id)
            .fetch_one(self.readers())
            .await?;
        Ok(row.try_get(0)?)
    }

    /// Every order that may still change, oldest first, those since a day, and those of the days before it that only we ended.
    /// One that a person must settle may change until they have, however old it is.
    pub(crate) async fn known_orders(&self, since: TradingDate) -> Result<KnownOrders, StoreError> {
        let long_ago = since.midnight().plus_seconds(-ENDED_HERE_DAYS * 86_400).date();
        let rows = sqlx::query(
            "select * from orders where broker_id = ?1 and (date >= ?2
                 or state not in ('refused', 'abandoned', 'complete', 'cancelled', 'rejected', 'absent')
                 or (date >= ?3 and state in ('abandoned', 'rejected', 'absent')
                     and (broker_order_id is null or state = 'absent')))
             order by id",
        )
        .bind(self.id())
        .bind(since.to_string())
        .bind(long_ago.to_string())
        .fetch_all(&self.store.writer)
        .await?;
        let mut known = KnownOrders { orders: Vec::new(), damaged: Vec::new() };
        for row in &rows {
            match order(row) {
                Ok(order) => known.orders.push(order),
                Err(why) => {
                    let (tag, number) =
                        (row.try_get("tag").ok(), row.try_get("broker_order_id").ok().flatten());
                    known.damaged.push((DamagedOrder { id: row.try_get("id")?, tag, number }, why));
                }
            }
        }
        Ok(known)
    }

    /// One more than the highest number of any order.
    pub(crate) async fn next_order_id(&self) -> Result<i64, StoreError> {
        let row = sqlx::query("select coalesce(max(id), 0) + 1 from orders where broker_id = ?")
            .bind(self.id())
            .fetch_one(&self.store.writer)
            .await?;
        Ok(row.try_get(0)?)
    }

    pub(crate) async fn orders(&self, date: Option<TradingDate>) -> Result<Vec<OrderRecord>, StoreError> {
        let rows = sqlx::query(
            "select * from orders where broker_id = ?1 and (?2 is null or date = ?2) order by id desc limit 10000",
        )
        .bind(self.id())
        .bind(date.map(|date| date.to_string()))
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(|row| Ok(order(row)?.record)).collect()
    }

    /// One order, by its number within the tenant.
    pub(crate) async fn order_by_id(&self, id: i64) -> Result<Option<OrderRecord>, StoreError> {
        let row = sqlx::query("select * from orders where broker_id = ? and id = ?")
            .bind(self.id())
            .bind(id)
            .fetch_optional(&self.store.writer)
            .await?;
        row.map(|row| Ok(order(&row)?.record)).transpose()
    }

    /// One order, by the number that its run gave it.
    pub(crate) async fn order_of_run(
        &self,
        run_id: &str,
        number: i64,
    ) -> Result<Option<OrderRecord>, StoreError> {
        let row = sqlx::query("select * from orders where broker_id = ? and run_id = ? and run_order_id = ?")
            .bind(self.id())
            .bind(run_id)
            .bind(number)
            .fetch_optional(&self.store.writer)
            .await?;
        row.map(|row| Ok(order(&row)?.record)).transpose()
    }

    pub(crate) async fn run_orders(&self, run_id: &str) -> Result<Vec<OrderRecord>, StoreError> {
        let rows = sqlx::query("select * from orders where broker_id = ? and run_id = ? order by id")
            .bind(self.id())
            .bind(run_id)
            .fetch_all(&self.store.writer)
            .await?;
        rows.iter().map(|row| Ok(order(row)?.record)).collect()
    }

    /// Those of one state, newest first.
    pub(crate) async fn orders_in_state(
        &self,
        state: OrderState,
        date: Option<TradingDate>,
    ) -> Result<Vec<OrderRecord>, StoreError> {
        let rows = sqlx::query(
            "select * from orders where broker_id = ?1 and state = ?2 and (?3 is null or date = ?3)
             order by id desc limit 10000",
        )
        .bind(self.id())
        .bind(state.as_str())
        .bind(date.map(|date| date.to_string()))
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(|row| Ok(order(row)?.record)).collect()
    }
}

fn word<T: FromStr<Err: ToString>>(row: &SqliteRow, column: &'static str) -> Result<T, StoreError> {
    let text: String = row.try_get(column)?;
    text.parse().map_err(|e: T::Err| unreadable(column, e))
}

fn instant(row: &SqliteRow, column: &str) -> Result<Timestamp, StoreError> {
    Ok(Timestamp::from_micros(row.try_get(column)?))
}

fn price(row: &SqliteRow, column: &str) -> Result<Price, StoreError> {
    Ok(Price::from_units(row.try_get(column)?))
}

pub(super) fn order(row: &SqliteRow) -> Result<StoredOrder, StoreError> {
    let (mode, refusal): (String, String) = (row.try_get("mode")?, row.try_get("refusal")?);
    let record = OrderRecord {
        id: row.try_get("id")?,
        run_id: row.try_get("run_id")?,
        strategy_id: row.try_get("strategy_id")?,
        run_order_id: row.try_get::<i64, _>("run_order_id")?.unsigned_abs(),
        tag: row.try_get("tag")?,
        broker_order_id: row.try_get("broker_order_id")?,
        date: word(row, "date")?,
        mode: Mode::from_word(&mode).ok_or_else(|| unreadable("mode", &mode))?,
        symbol: word(row, "symbol")?,
        side: word(row, "side")?,
        kind: word(row, "kind")?,
        product: word(row, "product")?,
        validity: word(row, "validity")?,
        variety: word(row, "variety")?,
        quantity: row.try_get("quantity")?,
        filled: row.try_get("filled")?,
        price: price(row, "price")?,
        trigger: price(row, "trigger_price")?,
        market_protection: row.try_get("market_protection")?,
        average_price: price(row, "average_price")?,
        state: word::<OrderState>(row, "state")?,
        refusal: RefusalCode::from_word(&refusal).ok_or_else(|| unreadable("refusal", &refusal))?,
        message: row.try_get("message")?,
        created_at: instant(row, "created_at")?,
        updated_at: instant(row, "updated_at")?,
    };
    Ok(StoredOrder {
        record,
        market_protection: row.try_get("market_protection")?,
        sent_at: row.try_get::<Option<i64>, _>("sent_at")?.map(Timestamp::from_micros),
        absent_readings: row.try_get("absent_readings")?,
        is_exit: row.try_get("is_exit")?,
        cancel_wanted: row.try_get("cancel_wanted")?,
        terms_at: None,
    })
}
