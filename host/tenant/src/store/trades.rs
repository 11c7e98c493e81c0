//! Rows of trades, and of what the ledger made of them.

use super::{Book, unreadable};
use crate::error::StoreError;
use crate::mode::Mode;
use crate::orders::TradeRecord;
use crate::pnl::{Closes, DailyStats, PositionRecord};
use market::{Money, Price, Timestamp, Trade, TradingDate};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

impl Book {
    /// Books what is new among the given trades and says which those were, each with its run where there is one.
    pub(crate) async fn book_trades(
        &self,
        trades: &[Trade],
        mode: Mode,
    ) -> Result<Vec<TradeRecord>, StoreError> {
        let mut new = Vec::new();
        let mut tx = self.write().await?;
        for trade in trades {
            let row = sqlx::query(
                "insert into trades (broker_id, date, exchange, trade_id, mode, broker_order_id, run_id, strategy_id,
                     symbol, token, side, product, quantity, price, time)
                 select ?1, ?2, ?3, ?4, ?5, ?6, o.run_id, o.strategy_id, ?7, ?8, ?9, ?10, ?11, ?12, ?13
                 from (select 1) left join orders o
                     on o.broker_id = ?1 and o.date = ?2 and o.broker_order_id = ?6 and o.mode = ?5
                 where true on conflict (broker_id, date, exchange, trade_id) do nothing
                 returning run_id, strategy_id",
            )
            .bind(self.id())
            .bind(trade.date().to_string())
            .bind(trade.symbol.venue().as_str())
            .bind(&trade.trade_id)
            .bind(mode.as_str())
            .bind(&trade.order_id)
            .bind(trade.symbol.to_string())
            .bind(trade.token)
            .bind(trade.side.as_str())
            .bind(trade.product.as_str())
            .bind(trade.quantity)
            .bind(trade.price.units())
            .bind(trade.time.micros())
            .fetch_optional(&mut *tx)
            .await?;
            if let Some(row) = row {
                let (run_id, strategy_id) = (row.try_get(0)?, row.try_get(1)?);
                new.push(TradeRecord { trade: trade.clone(), run_id, strategy_id, mode });
            }
        }
        tx.commit().await?;
        Ok(new)
    }

    /// An order was recognised late: trades booked as somebody's own hand belong to its run.
    pub(crate) async fn adopt_trades(
        &self,
        date: TradingDate,
        broker_order_id: &str,
    ) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "update trades set run_id = o.run_id, strategy_id = o.strategy_id from orders o
             where trades.broker_id = ?1 and trades.date = ?2 and trades.broker_order_id = ?3 and trades.run_id is null
             and trades.mode = 'live' and o.broker_id = ?1 and o.date = ?2 and o.broker_order_id = ?3",
        )
        .bind(self.id())
        .bind(date.to_string())
        .bind(broker_order_id)
        .execute(&self.store.writer)
        .await?;
        Ok(done.rows_affected())
    }

    /// Newest first.
    pub(crate) async fn trades(&self, date: Option<TradingDate>) -> Result<Vec<TradeRecord>, StoreError> {
        let rows = sqlx::query(
            "select * from trades where broker_id = ?1 and (?2 is null or date = ?2)
             order by time desc, trade_id desc limit 10000",
        )
        .bind(self.id())
        .bind(date.map(|date| date.to_string()))
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(trade).collect()
    }

    /// Every trade that was not on paper, oldest first.
    pub(crate) async fn live_trades(&self) -> Result<Vec<TradeRecord>, StoreError> {
        let rows =
            sqlx::query("select * from trades where broker_id = ? and mode = 'live' order by time, trade_id")
                .bind(self.id())
                .fetch_all(self.readers())
                .await?;
        rows.iter().map(trade).collect()
    }

    /// Oldest first.
    pub(crate) async fn run_trades(&self, run_id: &str) -> Result<Vec<TradeRecord>, StoreError> {
        let rows =
            sqlx::query("select * from trades where broker_id = ? and run_id = ? order by time, trade_id")
                .bind(self.id())
                .bind(run_id)
                .fetch_all(self.readers())
                .await?;
        rows.iter().map(trade).collect()
    }

    /// Replaces a day's stats.
    pub(crate) async fn save_stats(&self, stats: &DailyStats) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        self.write_stats(&mut tx, stats).await?;
        Ok(tx.commit().await?)
    }

    /// Replaces the day's positions and its stats.
    pub(crate) async fn save_day(
        &self,
        stats: &DailyStats,
        positions: &[PositionRecord],
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        self.write_stats(&mut tx, stats).await?;
        let date = stats.date.to_string();
        sqlx::query("delete from positions where broker_id = ? and date = ?")
            .bind(self.id())
            .bind(&date)
            .execute(&mut *tx)
            .await?;
        for p in positions {
            sqlx::query(
                "insert into positions (broker_id, date, strategy_id, symbol, product, quantity, average_price,
                     last_price, buy_quantity, buy_value, sell_quantity, sell_value, realised, unrealised)
                 values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(self.id())
            .bind(&date)
            .bind(p.strategy_id.as_deref().unwrap_or_default())
            .bind(p.symbol.to_string())
            .bind(p.product.as_str())
            .bind(p.quantity)
            .bind(p.average_price.units())
            .bind(p.last_price.units())
            .bind(p.buy_quantity)
            .bind(p.buy_value.units())
            .bind(p.sell_quantity)
            .bind(p.sell_value.units())
            .bind(p.realised.units())
            .bind(p.unrealised.units())
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }

    /// The last prices of every day, as they were written down.
    pub(crate) async fn closes(&self) -> Result<Closes, StoreError> {
        let rows = sqlx::query(
            "select distinct date, symbol, last_price from positions where broker_id = ? and last_price > 0",
        )
        .bind(self.id())
        .fetch_all(self.readers())
        .await?;
        let mut closes = Closes::new();
        for row in &rows {
            let (date, symbol) = (word(row, "date")?, word(row, "symbol")?);
            closes.entry(date).or_default().push((symbol, Price::from_units(row.try_get("last_price")?)));
        }
        Ok(closes)
    }

    async fn write_stats(&self, tx: &mut super::Write, s: &DailyStats) -> Result<(), StoreError> {
        sqlx::query(
            "insert or replace into daily_stats (broker_id, date, gross, charges, net, realised, unrealised, trades,
                 wins, losses, turnover, max_drawdown, max_mtm, max_mtm_at, min_mtm, min_mtm_at)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(self.id())
        .bind(s.date.to_string())
        .bind(s.gross.units())
        .bind(s.charges.units())
        .bind(s.net.units())
        .bind(s.realised.units())
        .bind(s.unrealised.units())
        .bind(s.trades)
        .bind(s.wins)
        .bind(s.losses)
        .bind(s.turnover.units())
        .bind(s.max_drawdown.units())
        .bind(s.max_mtm.units())
        .bind(s.max_mtm_at.map(Timestamp::micros))
        .bind(s.min_mtm.units())
        .bind(s.min_mtm_at.map(Timestamp::micros))
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    pub(crate) async fn daily_stats(
        &self,
        from: TradingDate,
        to: TradingDate,
    ) -> Result<Vec<DailyStats>, StoreError> {
        let rows = sqlx::query(
            "select * from daily_stats where broker_id = ? and date >= ? and date <= ? order by date",
        )
        .bind(self.id())
        .bind(from.to_string())
        .bind(to.to_string())
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(stats).collect()
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

fn stats(row: &SqliteRow) -> Result<DailyStats, StoreError> {
    let money = |column: &str| -> Result<Money, StoreError> { Ok(Money::from_units(row.try_get(column)?)) };
    let at = |column: &str| -> Result<Option<Timestamp>, StoreError> {
        Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_micros))
    };
    Ok(DailyStats {
        date: word(row, "date")?,
        gross: money("gross")?,
        charges: money("charges")?,
        net: money("net")?,
        realised: money("realised")?,
        unrealised: money("unrealised")?,
        trades: row.try_get("trades")?,
        wins: row.try_get("wins")?,
        losses: row.try_get("losses")?,
        turnover: money("turnover")?,
        max_drawdown: money("max_drawdown")?,
        max_mtm: money("max_mtm")?,
        max_mtm_at: at("max_mtm_at")?,
        min_mtm: money("min_mtm")?,
        min_mtm_at: at("min_mtm_at")?,
    })
}
