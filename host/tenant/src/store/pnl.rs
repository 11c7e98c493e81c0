//! Rows of the amounts that strategies record themselves.

use super::Book;
use crate::error::StoreError;
use crate::pnl::PnlRecord;
use market::{Money, Timestamp, TradingDate};
use sqlx::Row;

impl Book {
    pub(super) async fn write_pnl_record(
        &self,
        tx: &mut super::Write,
        record: &PnlRecord,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "insert into pnl_records (broker_id, id, run_id, strategy_id, date, label, amount, time)
             select ?1, coalesce(max(id), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7 from pnl_records where broker_id = ?1",
        )
        .bind(self.id())
        .bind(&record.run_id)
        .bind(&record.strategy_id)
        .bind(record.time.date().to_string())
        .bind(&record.label)
        .bind(record.amount.units())
        .bind(record.time.micros())
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    pub(crate) async fn pnl_records(
        &self,
        from: TradingDate,
        to: TradingDate,
    ) -> Result<Vec<PnlRecord>, StoreError> {
        let rows = sqlx::query(
            "select run_id, strategy_id, label, amount, time from pnl_records
             where broker_id = ? and date >= ? and date <= ? order by id",
        )
        .bind(self.id())
        .bind(from.to_string())
        .bind(to.to_string())
        .fetch_all(self.readers())
        .await?;
        rows.iter()
            .map(|row| {
                Ok(PnlRecord {
                    run_id: row.try_get(0)?,
                    strategy_id: row.try_get(1)?,
                    label: row.try_get(2)?,
                    amount: Money::from_units(row.try_get(3)?),
                    time: Timestamp::from_micros(row.try_get(4)?),
                })
            })
            .collect()
    }
}
