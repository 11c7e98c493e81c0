//! Rows of trades.

use super::{Book, Write, unreadable};
use crate::error::StoreError;
use crate::orders::TradeRecord;
use ::orders::Mode;
use market::{Price, Timestamp, Trade, TradingDate};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

impl Book {
    /// Writes trades that were not known before. Days that were over are open again.
    pub(super) async fn insert_trades(
        &self,
        tx: &mut Write,
        trades: &[TradeRecord],
    ) -> Result<(), StoreError> {
        for record in trades {
            self.insert_trade(tx, record).await?;
        }
        let live = trades.iter().filter(|record| record.mode == Mode::Live);
        if let Some(first) = live.map(|record| record.trade.date()).min() {
            self.open_days_again(tx, first).await?;
        }
        Ok(())
    }

    /// An order was recognised late: trades of its number that were booked as somebody's own hand belong to its run.
    pub(super) async fn adopt_trades(
        &self,
        tx: &mut Write,
        from: TradingDate,
        broker_order_id: &str,
        run_id: &str,
        strategy_id: &str,
    ) -> Result<(), StoreError> {
        let rows = sqlx::query(
            "update trades set run_id = ?, strategy_id = ? where broker_id = ? and broker_order_id = ? and date >= ?
             and mode = 'live' and run_id is null returning date",
        )
        .bind(run_id)
        .bind(strategy_id)
        .bind(self.id())
        .bind(broker_order_id)
        .bind(from.to_string())
        .fetch_all(&mut **tx)
        .await?;
        let days = rows.iter().map(|row| word(row, "date")).collect::<Result<Vec<TradingDate>, _>>()?;
        if let Some(first) = days.into_iter().min() {
            self.open_days_again(tx, first).await?;
        }
        Ok(())
    }

    /// Newest first, from the given place on.
    pub(crate) async fn trades(
        &self,
        date: Option<TradingDate>,
        limit: u32,
        offset: u32,
    ) -> Result<Vec<TradeRecord>, StoreError> {
        let rows = sqlx::query(
            "select * from trades where broker_id = ?1 and (?2 is null or date = ?2)
             order by time desc, length(trade_id) desc, trade_id desc, broker_order_id desc limit ?3 offset ?4",
        )
        .bind(self.id())
        .bind(date.map(|date| date.to_string()))
        .bind(limit)
        .bind(offset)
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(trade).collect()
    }

    /// Every trade after a day that was not on paper, oldest first.
    pub(crate) async fn live_trades_after(
        &self,
        date: Option<TradingDate>,
    ) -> Result<Vec<TradeRecord>, StoreError> {
        let rows = sqlx::query(
            "select * from trades where broker_id = ?1 and mode = 'live' and (?2 is null or date > ?2)
             order by time, length(trade_id), trade_id, broker_order_id",
        )
        .bind(self.id())
        .bind(date.map(|date| date.to_string()))
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(trade).collect()
    }

    /// Oldest first.
    pub(crate) async fn run_trades(&self, run_id: &str) -> Result<Vec<TradeRecord>, StoreError> {
        let rows = sqlx::query(
            "select * from trades where broker_id = ? and run_id = ?
             order by time, length(trade_id), trade_id, broker_order_id",
        )
        .bind(self.id())
        .bind(run_id)
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(trade).collect()
    }

    async fn insert_trade(&self, tx: &mut Write, record: &TradeRecord) -> Result<(), StoreError> {
        let TradeRecord { trade, run_id, strategy_id, mode } = record;
        sqlx::query(
            "insert into trades (broker_id, date, exchange, trade_id, mode, broker_order_id, run_id, strategy_id, symbol,
                 token, side, product, quantity, price, time)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             on conflict (broker_id, date, exchange, trade_id, broker_order_id) do nothing",
        )
        .bind(self.id())
        .bind(trade.date().to_string())
        .bind(trade.symbol.venue().as_str())
        .bind(&trade.trade_id)
        .bind(mode.as_str())
        .bind(&trade.order_id)
        .bind(run_id)
        .bind(strategy_id)
        .bind(trade.symbol.to_string())
        .bind(trade.token)
        .bind(trade.side.as_str())
        .bind(trade.product.as_str())
        .bind(trade.quantity)
        .bind(trade.price.units())
        .bind(trade.time.micros())
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

fn word<T: std::str::FromStr<Err: ToString>>(row: &SqliteRow, column: &'static str) -> Result<T, StoreError> {
    let text: String = row.try_get(column)?;
    text.parse().map_err(|e: T::Err| unreadable(column, e))
}

fn trade(row: &SqliteRow) -> Result<TradeRecord, StoreError> {
    let mode: String = row.try_get("mode")?;
    let trade = Trade {
        trade_id: row.try_get("trade_id")?,
        order_id: row.try_get("broker_order_id")?,
        symbol: word(row, "symbol")?,
        token: row.try_get("token")?,
        side: word(row, "side")?,
        product: word(row, "product")?,
        quantity: row.try_get("quantity")?,
        price: Price::from_units(row.try_get("price")?),
        time: Timestamp::from_micros(row.try_get("time")?),
    };
    Ok(TradeRecord {
        trade,
        run_id: row.try_get("run_id")?,
        strategy_id: row.try_get("strategy_id")?,
        mode: Mode::from_word(&mode).ok_or_else(|| unreadable("mode", &mode))?,
    })
}
