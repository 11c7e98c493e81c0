//! Rows of days: figures and positions, of the account and of its parts, as the ledger made them.

use super::{Book, Write, unreadable};
use crate::error::StoreError;
use crate::pnl::{Base, DailyStats, DayRows, Whose, Written};
use ledger::{Carried, Charges, Curve, Extreme};
use market::{Money, Price, Timestamp, TradingDate};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeMap;

impl Book {
    /// Writes days down, all or none. A day that is over to its end, or of which a newer snapshot stands, stays as it is.
    pub(crate) async fn save_days(&self, days: &[DayRows]) -> Result<(), StoreError> {
        if days.is_empty() {
            return Ok(());
        }
        let mut tx = self.write().await?;
        for day in days {
            if self.stands_newer(&mut tx, day).await? {
                continue;
            }
            self.clear_day(&mut tx, day.date).await?;
            for stats in &day.stats {
                self.insert_stats(&mut tx, stats).await?;
            }
            for (whose, position) in &day.positions {
                self.insert_position(&mut tx, day.date, whose, position).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// Something of this day changed: it and the days after it must be worked out again.
    pub(super) async fn open_days_again(&self, tx: &mut Write, date: TradingDate) -> Result<(), StoreError> {
        sqlx::query("update daily_stats set is_final = 0 where broker_id = ? and date >= ? and is_final = 1")
            .bind(self.id())
            .bind(date.to_string())
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// Figures from one day to another, oldest first.
    pub(crate) async fn days(
        &self,
        from: TradingDate,
        to: TradingDate,
    ) -> Result<Vec<DailyStats>, StoreError> {
        let rows = sqlx::query(
            "select * from daily_stats where broker_id = ? and date >= ? and date <= ?
             order by date, part, strategy_id",
        )
        .bind(self.id())
        .bind(from.to_string())
        .bind(to.to_string())
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(stats).collect()
    }

    /// The last day before a date that is over to its end, as are all before it, and what it left open.
    pub(crate) async fn base(&self, before: TradingDate) -> Result<Base, StoreError> {
        let row = sqlx::query(
            "select max(date) as date from daily_stats where broker_id = ?1 and date < ?2 and is_final = 1
             and date < coalesce((select min(date) from daily_stats where broker_id = ?1 and is_final = 0), '9999')",
        )
        .bind(self.id())
        .bind(before.to_string())
        .fetch_one(self.readers())
        .await?;
        let date: Option<String> = row.try_get("date")?;
        let Some(date) = date else { return Ok(Base::default()) };
        let rows = sqlx::query("select * from positions where broker_id = ? and date = ? and quantity <> 0")
            .bind(self.id())
            .bind(&date)
            .fetch_all(self.readers())
            .await?;
        let mut carried: BTreeMap<Whose, Vec<Carried>> = BTreeMap::new();
        for row in &rows {
            carried.entry(whose(row)?).or_default().push(position(row)?);
        }
        let date = date.parse().map_err(|e: market::ParseDateError| unreadable("date", e))?;
        Ok(Base { date: Some(date), carried })
    }

    /// What was written down of the days after one: prices, and the courses of results.
    pub(crate) async fn written_after(
        &self,
        date: Option<TradingDate>,
    ) -> Result<BTreeMap<TradingDate, Written>, StoreError> {
        let after = date.map(|date| date.to_string());
        let mut written: BTreeMap<TradingDate, Written> = BTreeMap::new();
        let prices = sqlx::query(
            "select distinct date, symbol, last_price, last_price_at from positions
             where broker_id = ?1 and (?2 is null or date > ?2) and last_price is not null",
        );
        for row in prices.bind(self.id()).bind(&after).fetch_all(self.readers()).await? {
            let date: TradingDate = word(&row, "date")?;
            let time = instant(&row, "last_price_at")?.unwrap_or(date.next().midnight().plus_micros(-1));
            let price = Price::from_units(row.try_get("last_price")?);
            written.entry(date).or_default().prices.push((word(&row, "symbol")?, time, price));
        }
        let curves =
            sqlx::query("select * from daily_stats where broker_id = ?1 and (?2 is null or date > ?2)");
        for row in curves.bind(self.id()).bind(&after).fetch_all(self.readers()).await? {
            let kept = stats(&row)?;
            let extreme = |amount: Option<Money>, at: Option<Timestamp>| {
                amount.zip(at).map(|(amount, at)| Extreme { amount, at })
            };
            let curve = Curve {
                max: extreme(kept.max_mtm, kept.max_mtm_at),
                min: extreme(kept.min_mtm, kept.min_mtm_at),
                drawdown: kept.max_drawdown,
            };
            written.entry(kept.date).or_default().curves.insert(kept.whose, curve);
        }
        Ok(written)
    }

    async fn stands_newer(&self, tx: &mut Write, day: &DayRows) -> Result<bool, StoreError> {
        let kept = sqlx::query(
            "select is_final, as_of from daily_stats where broker_id = ? and date = ? and part = 'account'",
        )
        .bind(self.id())
        .bind(day.date.to_string())
        .fetch_optional(&mut **tx)
        .await?;
        let Some(kept) = kept else { return Ok(false) };
        let (is_final, as_of): (bool, i64) = (kept.try_get("is_final")?, kept.try_get("as_of")?);
        Ok((is_final, as_of) > (day.is_final, day.as_of.micros()))
    }

    async fn clear_day(&self, tx: &mut Write, date: TradingDate) -> Result<(), StoreError> {
        sqlx::query("delete from daily_stats where broker_id = ? and date = ?")
            .bind(self.id())
            .bind(date.to_string())
            .execute(&mut **tx)
            .await?;
        sqlx::query("delete from positions where broker_id = ? and date = ?")
            .bind(self.id())
            .bind(date.to_string())
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    async fn insert_stats(&self, tx: &mut Write, s: &DailyStats) -> Result<(), StoreError> {
        let (part, strategy_id) = words(&s.whose);
        sqlx::query(
            "insert into daily_stats (broker_id, date, part, strategy_id, gross, realised, unrealised, unpriced,
                 trades, wins, losses, turnover, brokerage, transaction_tax, exchange_fee, sebi_fee, stamp_duty, gst,
                 depository, unrated, max_drawdown, max_mtm, max_mtm_at, min_mtm, min_mtm_at, as_of, is_final)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(self.id())
        .bind(s.date.to_string())
        .bind(part)
        .bind(strategy_id)
        .bind(s.gross.units())
        .bind(s.realised.units())
        .bind(s.unrealised.units())
        .bind(s.unpriced)
        .bind(s.trades)
        .bind(s.wins)
        .bind(s.losses)
        .bind(s.turnover.units())
        .bind(s.charges.brokerage.units())
        .bind(s.charges.transaction_tax.units())
        .bind(s.charges.exchange.units())
        .bind(s.charges.sebi.units())
        .bind(s.charges.stamp_duty.units())
        .bind(s.charges.gst.units())
        .bind(s.charges.depository.units())
        .bind(s.charges.unrated)
        .bind(s.max_drawdown.units())
        .bind(s.max_mtm.map(Money::units))
        .bind(s.max_mtm_at.map(Timestamp::micros))
        .bind(s.min_mtm.map(Money::units))
        .bind(s.min_mtm_at.map(Timestamp::micros))
        .bind(s.as_of.micros())
        .bind(s.is_final)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    async fn insert_position(
        &self,
        tx: &mut Write,
        date: TradingDate,
        whose: &Whose,
        p: &ledger::Position,
    ) -> Result<(), StoreError> {
        let (part, strategy_id) = words(whose);
        sqlx::query(
            "insert into positions (broker_id, date, part, strategy_id, symbol, product, quantity, overnight_quantity,
                 multiplier, cost, trip_realised, average_price, close_price, last_price, last_price_at, buy_quantity,
                 buy_value, sell_quantity, sell_value, realised, unrealised)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(self.id())
        .bind(date.to_string())
        .bind(part)
        .bind(strategy_id)
        .bind(p.symbol.to_string())
        .bind(p.product.as_str())
        .bind(p.quantity)
        .bind(p.overnight_quantity)
        .bind(p.multiplier)
        .bind(p.cost.units())
        .bind(p.trip_realised.units())
        .bind(p.average_price.units())
        .bind(p.close_price.map(Price::units))
        .bind(p.last_price.map(Price::units))
        .bind(p.last_price_at.map(Timestamp::micros))
        .bind(p.buy_quantity)
        .bind(p.buy_value.units())
        .bind(p.sell_quantity)
        .bind(p.sell_value.units())
        .bind(p.realised.units())
        .bind(p.unrealised.map(Money::units))
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

/// The part's words in a row. What nets between the parts has no rows: it is what is left when they are added.
fn words(whose: &Whose) -> (&'static str, &str) {
    match whose {
        Whose::Account => ("account", ""),
        Whose::Strategy(id) => ("strategy", id),
        Whose::Hand | Whose::Netting => ("hand", ""),
    }
}

fn whose(row: &SqliteRow) -> Result<Whose, StoreError> {
    let part: String = row.try_get("part")?;
    match part.as_str() {
        "account" => Ok(Whose::Account),
        "hand" => Ok(Whose::Hand),
        "strategy" => Ok(Whose::Strategy(row.try_get("strategy_id")?)),
        other => Err(unreadable("part", other)),
    }
}

fn word<T: std::str::FromStr<Err: ToString>>(row: &SqliteRow, column: &'static str) -> Result<T, StoreError> {
    let text: String = row.try_get(column)?;
    text.parse().map_err(|e: T::Err| unreadable(column, e))
}

fn instant(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>, StoreError> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_micros))
}

/// What a day left open, as the next begins with it.
fn position(row: &SqliteRow) -> Result<Carried, StoreError> {
    let price = |column: &str| -> Result<Option<Price>, StoreError> {
        Ok(row.try_get::<Option<i64>, _>(column)?.map(Price::from_units))
    };
    let last_price = price("last_price")?;
    Ok(Carried {
        symbol: word(row, "symbol")?,
        product: word(row, "product")?,
        quantity: row.try_get("quantity")?,
        cost: Money::from_units(row.try_get("cost")?),
        close_price: last_price.or(price("close_price")?),
        last: instant(row, "last_price_at")?.zip(last_price),
        multiplier: row.try_get("multiplier")?,
        realised_before: Money::from_units(row.try_get("trip_realised")?),
    })
}

fn stats(row: &SqliteRow) -> Result<DailyStats, StoreError> {
    let money = |column: &str| -> Result<Money, StoreError> { Ok(Money::from_units(row.try_get(column)?)) };
    let known = |column: &str| -> Result<Option<Money>, StoreError> {
        Ok(row.try_get::<Option<i64>, _>(column)?.map(Money::from_units))
    };
    Ok(DailyStats {
        date: word(row, "date")?,
        whose: whose(row)?,
        gross: money("gross")?,
        charges: Charges {
            brokerage: money("brokerage")?,
            transaction_tax: money("transaction_tax")?,
            exchange: money("exchange_fee")?,
            sebi: money("sebi_fee")?,
            stamp_duty: money("stamp_duty")?,
            gst: money("gst")?,
            depository: money("depository")?,
            unrated: row.try_get("unrated")?,
        },
        realised: money("realised")?,
        unrealised: money("unrealised")?,
        unpriced: row.try_get("unpriced")?,
        trades: row.try_get("trades")?,
        wins: row.try_get("wins")?,
        losses: row.try_get("losses")?,
        turnover: money("turnover")?,
        max_drawdown: money("max_drawdown")?,
        max_mtm: known("max_mtm")?,
        max_mtm_at: instant(row, "max_mtm_at")?,
        min_mtm: known("min_mtm")?,
        min_mtm_at: instant(row, "min_mtm_at")?,
        as_of: instant(row, "as_of")?.unwrap_or(Timestamp::EPOCH),
        is_final: row.try_get("is_final")?,
    })
}
