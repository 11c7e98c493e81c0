//! Rows of trades.

use super::{Book, unreadable};
use crate::error::StoreError;
use crate::mode::Mode;
use crate::orders::TradeRecord;
use market::{Price, Timestamp, Trade, TradingDate, Venue};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::collections::{BTreeSet, HashMap, HashSet};

/// How long before its trade an order may have been written, in days: one that waits for the market to open over a long
/// weekend is the oldest.
const ORDER_DAYS_BACK: i64 = 7;

/// What booking came to.
pub(crate) struct Booked {
    /// What was not known before, each with its run where there is one.
    pub(crate) new: Vec<TradeRecord>,
    /// True when trades that were known before got their run.
    pub(crate) adopted: bool,
    /// Trades that carry the numbers of known ones and say something else: as kept, and as told now. Not booked.
    pub(crate) conflicts: Vec<(Trade, Trade)>,
}

/// What makes a fill the same fill.
type TradeKey = (TradingDate, Venue, String, String);

impl Book {
    /// Books what is new among the given trades, and gives every trade of these days that belongs to nobody to the run
    /// whose order carries its number, in one step. Days that were over are open again when something of theirs changed.
    pub(crate) async fn book_trades(&self, trades: &[Trade], mode: Mode) -> Result<Booked, StoreError> {
        let known = self.known_trades(trades).await?;
        let (mut new, mut conflicts) = (Vec::new(), Vec::new());
        let mut seen: HashSet<TradeKey> = HashSet::new();
        for trade in trades {
            match known.get(&key(trade)) {
                Some(kept) if kept.trade != *trade || kept.mode != mode => {
                    conflicts.push((kept.trade.clone(), trade.clone()));
                }
                Some(_) => {}
                None if seen.insert(key(trade)) => new.push(trade),
                None => {}
            }
        }
        let has_nobodys = known.values().any(|kept| kept.run_id.is_none());
        if new.is_empty() && !has_nobodys {
            return Ok(Booked { new: Vec::new(), adopted: false, conflicts });
        }
        let mut tx = self.write().await?;
        for trade in &new {
            self.insert_trade(&mut tx, trade, mode).await?;
        }
        let days: BTreeSet<TradingDate> = trades.iter().map(Trade::date).collect();
        let mut owners: HashMap<TradeKey, (String, String)> = HashMap::new();
        for date in &days {
            owners.extend(self.attribute(&mut tx, *date, mode).await?);
        }
        let changed = owners.keys().map(|key| key.0).chain(new.iter().map(|trade| trade.date()));
        if let Some(first) = changed.min().filter(|_| mode == Mode::Live) {
            self.open_days_again(&mut tx, first).await?;
        }
        tx.commit().await?;
        let new: Vec<TradeRecord> = new
            .into_iter()
            .map(|trade| {
                let (run_id, strategy_id) = owners.remove(&key(trade)).unzip();
                TradeRecord { trade: trade.clone(), run_id, strategy_id, mode }
            })
            .collect();
        Ok(Booked { new, adopted: !owners.is_empty(), conflicts })
    }

    /// An order was recognised late: trades booked as somebody's own hand belong to its run.
    pub(crate) async fn adopt_trades(
        &self,
        date: TradingDate,
        broker_order_id: &str,
    ) -> Result<u64, StoreError> {
        let rows = sqlx::query(
            "select distinct date from trades where broker_id = ? and broker_order_id = ? and date >= ?
             and mode = 'live' and run_id is null order by date",
        )
        .bind(self.id())
        .bind(broker_order_id)
        .bind(date.to_string())
        .fetch_all(self.readers())
        .await?;
        let days = rows.iter().map(|row| word(row, "date")).collect::<Result<Vec<TradingDate>, _>>()?;
        let Some(first) = days.first() else { return Ok(0) };
        let mut tx = self.write().await?;
        let mut adopted = 0;
        for day in &days {
            adopted += self.attribute(&mut tx, *day, Mode::Live).await?.len() as u64;
        }
        if adopted > 0 {
            self.open_days_again(&mut tx, *first).await?;
        }
        tx.commit().await?;
        Ok(adopted)
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

    async fn known_trades(&self, trades: &[Trade]) -> Result<HashMap<TradeKey, TradeRecord>, StoreError> {
        let mut known = HashMap::new();
        for date in trades.iter().map(Trade::date).collect::<BTreeSet<_>>() {
            let rows = sqlx::query("select * from trades where broker_id = ? and date = ?")
                .bind(self.id())
                .bind(date.to_string())
                .fetch_all(self.readers())
                .await?;
            for row in &rows {
                let record = trade(row)?;
                known.insert(key(&record.trade), record);
            }
        }
        Ok(known)
    }

    async fn insert_trade(&self, tx: &mut super::Write, trade: &Trade, mode: Mode) -> Result<(), StoreError> {
        sqlx::query(
            "insert into trades (broker_id, date, exchange, trade_id, mode, broker_order_id, symbol, token, side,
                 product, quantity, price, time)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             on conflict (broker_id, date, exchange, trade_id, broker_order_id) do nothing",
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
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// Gives a day's trades that belong to nobody to the runs whose orders carry their numbers: the newest order of the
    /// day or shortly before. An order that had ended before the day began cannot have traded on it.
    async fn attribute(
        &self,
        tx: &mut super::Write,
        date: TradingDate,
        mode: Mode,
    ) -> Result<Vec<(TradeKey, (String, String))>, StoreError> {
        let midnight = date.midnight();
        let rows = sqlx::query(
            "update trades set (run_id, strategy_id) = (
                 select o.run_id, o.strategy_id from orders o
                 where o.broker_id = ?1 and o.broker_order_id = trades.broker_order_id and o.mode = ?3
                     and (o.date = ?2 or (o.date between ?4 and ?2 and (o.updated_at >= ?5 or o.state not in
                         ('refused', 'abandoned', 'complete', 'cancelled', 'rejected', 'absent'))))
                 order by o.date desc limit 1)
             where broker_id = ?1 and date = ?2 and mode = ?3 and run_id is null and exists (
                 select 1 from orders o
                 where o.broker_id = ?1 and o.broker_order_id = trades.broker_order_id and o.mode = ?3
                     and (o.date = ?2 or (o.date between ?4 and ?2 and (o.updated_at >= ?5 or o.state not in
                         ('refused', 'abandoned', 'complete', 'cancelled', 'rejected', 'absent')))))
             returning *",
        )
        .bind(self.id())
        .bind(date.to_string())
        .bind(mode.as_str())
        .bind(midnight.plus_seconds(-ORDER_DAYS_BACK * 86_400).date().to_string())
        .bind(midnight.micros())
        .fetch_all(&mut **tx)
        .await?;
        let mut owners = Vec::new();
        for row in &rows {
            let record = trade(row)?;
            if let (Some(run_id), Some(strategy_id)) = (record.run_id, record.strategy_id) {
                owners.push((key(&record.trade), (run_id, strategy_id)));
            }
        }
        Ok(owners)
    }
}

fn key(trade: &Trade) -> TradeKey {
    (trade.date(), trade.symbol.venue(), trade.trade_id.clone(), trade.order_id.clone())
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
