//! Rows of orders: the write-ahead part of the order path.

use super::{Book, Write, unreadable};
use crate::error::StoreError;
use crate::mode::Mode;
use crate::orders::{OrderRecord, RefusalCode};
use market::{OrderState, Price, Timestamp, TradingDate};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::str::FromStr;

/// An order with what only the order path needs to know.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredOrder {
    pub(crate) record: OrderRecord,
    pub(crate) market_protection: i32,
    pub(crate) sent_at: Option<Timestamp>,
    pub(crate) absent_readings: u32,
    /// Closes a position for a person or the host.
    pub(crate) is_exit: bool,
    /// Somebody wanted it withdrawn when the row was read.
    pub(crate) cancel_wanted: bool,
    /// When the exchange last changed what it stands for; known while this process lives.
    pub(crate) terms_at: Option<Timestamp>,
}

/// What stands, and the numbers of rows that cannot be read, each with why.
pub(crate) struct Standing {
    pub(crate) orders: Vec<StoredOrder>,
    pub(crate) damaged: Vec<(i64, StoreError)>,
}

impl StoredOrder {
    /// A new order that nothing has happened to yet.
    pub(crate) fn new(record: OrderRecord, market_protection: i32, sent_at: Option<Timestamp>) -> Self {
        Self {
            record,
            market_protection,
            sent_at,
            absent_readings: 0,
            is_exit: false,
            cancel_wanted: false,
            terms_at: None,
        }
    }
}

impl Book {
    pub(super) async fn insert_order(&self, tx: &mut Write, order: &StoredOrder) -> Result<i64, StoreError> {
        let o = &order.record;
        let row = sqlx::query(
            "insert into orders (broker_id, id, run_id, strategy_id, run_order_id, tag, date, mode, symbol, side, kind,
                 product, validity, variety, quantity, price, trigger_price, market_protection, state, refusal, message,
                 created_at, updated_at, sent_at, is_exit)
             select ?1, coalesce(max(id), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
                 ?18, ?19, ?20, ?21, ?22, ?23, ?24 from orders where broker_id = ?1
             returning id",
        )
        .bind(self.id())
        .bind(&o.run_id)
        .bind(&o.strategy_id)
        .bind(o.run_order_id as i64)
        .bind(&o.tag)
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
        .fetch_one(&mut **tx)
        .await?;
        Ok(row.try_get(0)?)
    }

    /// Writes everything of the order's own way that may change.
    pub(crate) async fn update_order(&self, order: &StoredOrder) -> Result<(), StoreError> {
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
        .execute(&self.store.writer)
        .await?;
        Ok(())
    }

    /// The order shall be withdrawn, over restarts too.
    pub(crate) async fn want_cancel(&self, id: i64) -> Result<(), StoreError> {
        sqlx::query("update orders set cancel_wanted = 1 where broker_id = ? and id = ?")
            .bind(self.id())
            .bind(id)
            .execute(&self.store.writer)
            .await?;
        Ok(())
    }

    /// A change or withdrawal of the order left.
    pub(crate) async fn count_call(&self, id: i64, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("update orders set calls = calls + 1, last_call_at = ? where broker_id = ? and id = ?")
            .bind(now.micros())
            .bind(self.id())
            .bind(id)
            .execute(&self.store.writer)
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

    /// After a restart: what waited was never sent, what was being sent may have arrived.
    pub(crate) async fn settle_crashed_orders(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sqlx::query(
            "update orders set state = 'abandoned', updated_at = ?,
                 message = 'never sent: the host restarted first'
             where broker_id = ? and state = 'intent'",
        )
        .bind(now.micros())
        .bind(self.id())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "update orders set state = 'ambiguous', updated_at = ?, absent_readings = 0,
                 message = 'the host restarted while this was being sent: looking for it at the broker'
             where broker_id = ? and state = 'sending' and mode = 'live'",
        )
        .bind(now.micros())
        .bind(self.id())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "update orders set state = 'cancelled', updated_at = ?, message = 'the paper exchange restarted'
             where broker_id = ? and mode = 'paper' and state in ('sending', 'acked', 'open', 'triggerPending', 'partial')",
        )
        .bind(now.micros())
        .bind(self.id())
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
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

    /// Everything that may still change, oldest first. What was escalated under a number the broker gave can still trade
    /// on its day. A row that cannot be read keeps no other one away.
    pub(crate) async fn standing_orders(&self, today: TradingDate) -> Result<Standing, StoreError> {
        let rows = sqlx::query(
            "select * from orders where broker_id = ?
             and state not in ('refused', 'abandoned', 'complete', 'cancelled', 'rejected', 'absent')
             and (state <> 'escalated' or (broker_order_id is not null and date = ?))
             order by id",
        )
        .bind(self.id())
        .bind(today.to_string())
        .fetch_all(&self.store.writer)
        .await?;
        let mut standing = Standing { orders: Vec::new(), damaged: Vec::new() };
        for row in &rows {
            match order(row) {
                Ok(order) => standing.orders.push(order),
                Err(why) => standing.damaged.push((row.try_get("id")?, why)),
            }
        }
        Ok(standing)
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

    pub(crate) async fn run_orders(&self, run_id: &str) -> Result<Vec<OrderRecord>, StoreError> {
        let rows = sqlx::query("select * from orders where broker_id = ? and run_id = ? order by id")
            .bind(self.id())
            .bind(run_id)
            .fetch_all(&self.store.writer)
            .await?;
        rows.iter().map(|row| Ok(order(row)?.record)).collect()
    }

    /// By the tag it was sent with, or by the broker's number of a day.
    pub(crate) async fn broker_order(
        &self,
        tags: &[String],
        broker_order_id: &str,
        date: TradingDate,
    ) -> Result<Option<StoredOrder>, StoreError> {
        for tag in tags {
            let row = sqlx::query("select * from orders where broker_id = ? and tag = ?")
                .bind(self.id())
                .bind(tag)
                .fetch_optional(self.readers())
                .await?;
            if let Some(row) = row {
                return order(&row).map(Some);
            }
        }
        let row = sqlx::query(
            "select * from orders where broker_id = ? and date = ? and broker_order_id = ? and mode = 'live'",
        )
        .bind(self.id())
        .bind(date.to_string())
        .bind(broker_order_id)
        .fetch_optional(self.readers())
        .await?;
        row.as_ref().map(order).transpose()
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

fn order(row: &SqliteRow) -> Result<StoredOrder, StoreError> {
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
