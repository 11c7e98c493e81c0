//! Which runs still have something in the market, or may get it.

use super::{Book, unreadable};
use crate::error::StoreError;
use crate::orders::{HeldByRuns, RunHolding};
use market::{Product, Symbol};
use sqlx::Row;

impl Book {
    /// Runs that have not ended, that have orders standing, or that hold something by their own trades.
    pub(crate) async fn exposed_runs(&self) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(
            "select id from runs where broker_id = ?1 and state not in ('stopped', 'failed', 'quarantined')
             union
             select run_id from orders where broker_id = ?1
                 and state not in ('refused', 'abandoned', 'complete', 'cancelled', 'rejected', 'absent')
             union
             select run_id from trades where broker_id = ?1 and run_id is not null
                 group by run_id, mode, symbol, product
                 having sum(case side when 'BUY' then quantity else -quantity end) <> 0",
        )
        .bind(self.id())
        .fetch_all(self.readers())
        .await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    /// What runs hold in the account, each by its own trades, instrument by instrument.
    pub(crate) async fn held_by_runs(&self) -> Result<Vec<HeldByRuns>, StoreError> {
        let rows = sqlx::query(
            "select t.symbol, t.product, t.run_id, s.name,
                    sum(case t.side when 'BUY' then t.quantity else -t.quantity end) as units
             from trades t join runs r on r.broker_id = t.broker_id and r.id = t.run_id
                 join strategies s on s.broker_id = r.broker_id and s.id = r.strategy_id
             where t.broker_id = ? and t.mode = 'live'
             group by t.symbol, t.product, t.run_id having units <> 0
             order by t.symbol, t.product, r.started_at, t.run_id",
        )
        .bind(self.id())
        .fetch_all(self.readers())
        .await?;
        let mut held: Vec<HeldByRuns> = Vec::new();
        for row in rows {
            let (symbol, product): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let symbol = symbol.parse::<Symbol>().map_err(|why| unreadable("symbol", why))?;
            let product = product.parse::<Product>().map_err(|why| unreadable("product", why))?;
            let run = RunHolding {
                run_id: row.try_get(2)?,
                strategy_name: row.try_get(3)?,
                units: row.try_get(4)?,
            };
            match held.last_mut().filter(|last| last.symbol == symbol && last.product == product) {
                Some(last) => last.runs.push(run),
                None => held.push(HeldByRuns { symbol, product, runs: vec![run] }),
            }
        }
        Ok(held)
    }

    /// Runs whose positions are wanted closed, and how far that is: id, strategy's name, state, and what it waits for.
    pub(crate) async fn square_offs(
        &self,
    ) -> Result<Vec<(String, String, String, Option<String>)>, StoreError> {
        let rows = sqlx::query(
            "select r.id, s.name, r.state, r.reason
             from runs r join strategies s on s.broker_id = r.broker_id and s.id = r.strategy_id
             where r.broker_id = ? and r.square_off = 'asked' order by r.started_at, r.id",
        )
        .bind(self.id())
        .fetch_all(self.readers())
        .await?;
        let read = |row: &sqlx::sqlite::SqliteRow| {
            Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?))
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }
}
