//! Rows of a run as a replay reads them.

use super::Book;
use super::orders::order;
use crate::error::StoreError;
use crate::recorded::RecordedOrder;
use sqlx::Row;

impl Book {
    /// A run's orders with when they left, oldest first.
    pub(crate) async fn recorded_orders(&self, run_id: &str) -> Result<Vec<RecordedOrder>, StoreError> {
        let rows = sqlx::query("select * from orders where broker_id = ? and run_id = ? order by id")
            .bind(self.id())
            .bind(run_id)
            .fetch_all(self.readers())
            .await?;
        let read = |row| {
            let order = order(row)?;
            Ok(RecordedOrder { order: order.record, sent_at: order.sent_at })
        };
        rows.iter().map(read).collect()
    }

    /// How long a run's journal is, in bytes.
    pub(crate) async fn journal_bytes(&self, run_id: &str) -> Result<u64, StoreError> {
        let row = sqlx::query(
            "select coalesce(sum(length(events)), 0) from journal where broker_id = ? and run_id = ?",
        )
        .bind(self.id())
        .bind(run_id)
        .fetch_one(self.readers())
        .await?;
        Ok(row.try_get::<i64, _>(0)?.unsigned_abs())
    }
}
