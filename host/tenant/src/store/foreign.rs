//! Rows of orders that the broker has with our mark and that no row of ours knows of.

use super::{Book, Write};
use crate::error::StoreError;
use market::Timestamp;
use orders::ForeignOrder;
use sqlx::Row;

impl Book {
    /// Every one that was seen.
    pub(crate) async fn foreign_orders(&self) -> Result<Vec<ForeignOrder>, StoreError> {
        let rows = sqlx::query(
            "select tag, number, description, seen_at, accepted_at from foreign_orders where broker_id = ?",
        )
        .bind(self.id())
        .fetch_all(&self.store.writer)
        .await?;
        let read = |row: &sqlx::sqlite::SqliteRow| -> Result<ForeignOrder, StoreError> {
            Ok(ForeignOrder {
                tag: row.try_get(0)?,
                number: row.try_get(1)?,
                text: row.try_get(2)?,
                seen_at: Timestamp::from_micros(row.try_get(3)?),
                is_accepted: row.try_get::<Option<i64>, _>(4)?.is_some(),
            })
        };
        rows.iter().map(read).collect()
    }

    pub(super) async fn save_foreign(&self, tx: &mut Write, order: &ForeignOrder) -> Result<(), StoreError> {
        sqlx::query(
            "insert into foreign_orders (broker_id, tag, number, description, seen_at) values (?, ?, ?, ?, ?)
             on conflict (broker_id, tag) do nothing",
        )
        .bind(self.id())
        .bind(&order.tag)
        .bind(&order.number)
        .bind(&order.text)
        .bind(order.seen_at.micros())
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// A person takes these as they are.
    pub(super) async fn accept_foreign(
        &self,
        tx: &mut Write,
        tags: &[String],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        for tag in tags {
            sqlx::query("update foreign_orders set accepted_at = ? where broker_id = ? and tag = ?")
                .bind(at.micros())
                .bind(self.id())
                .bind(tag)
                .execute(&mut **tx)
                .await?;
        }
        Ok(())
    }
}
