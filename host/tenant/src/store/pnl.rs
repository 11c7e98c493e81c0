//! Rows of the amounts that strategies record themselves.

use super::Book;
use crate::error::StoreError;
use crate::pnl::{PnlLabel, PnlRecord};
use market::{Money, Timestamp, TradingDate};
use sqlx::Row;

/// Amounts of its own that one strategy may record on one IST day; more are dropped.
pub(crate) const PNL_RECORDS_PER_DAY_MAX: u32 = 10_000;

impl Book {
    /// Writes an amount down. False where the strategy's day is full: then nothing is written.
    pub(super) async fn write_pnl_record(
        &self,
        tx: &mut super::Write,
        record: &PnlRecord,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "insert into pnl_records (broker_id, id, run_id, strategy_id, date, label, amount, time)
             select ?1, coalesce((select max(id) from pnl_records where broker_id = ?1), 0) + 1,
                 ?2, ?3, ?4, ?5, ?6, ?7
             where (select count(*) from pnl_records where broker_id = ?1 and strategy_id = ?3 and date = ?4) < ?8",
        )
        .bind(self.id())
        .bind(&record.run_id)
        .bind(&record.strategy_id)
        .bind(record.time.date().to_string())
        .bind(&record.label)
        .bind(record.amount.units())
        .bind(record.time.micros())
        .bind(PNL_RECORDS_PER_DAY_MAX)
        .execute(&mut **tx)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// What strategies recorded from one day to another, by strategy and label.
    pub(crate) async fn pnl_labels(
        &self,
        from: TradingDate,
        to: TradingDate,
    ) -> Result<Vec<PnlLabel>, StoreError> {
        let rows = sqlx::query(
            "select strategy_id, label, sum(amount), count(*), max(time) from pnl_records
             where broker_id = ? and date >= ? and date <= ? group by strategy_id, label order by strategy_id, label",
        )
        .bind(self.id())
        .bind(from.to_string())
        .bind(to.to_string())
        .fetch_all(self.readers())
        .await?;
        rows.iter()
            .map(|row| {
                Ok(PnlLabel {
                    strategy_id: row.try_get(0)?,
                    label: row.try_get(1)?,
                    amount: Money::from_units(row.try_get(2)?),
                    count: row.try_get::<i64, _>(3)?.unsigned_abs(),
                    last_at: Timestamp::from_micros(row.try_get(4)?),
                })
            })
            .collect()
    }
}
