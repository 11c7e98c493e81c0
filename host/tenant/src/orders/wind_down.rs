//! Takes a run out of the market: withdraws what stands and, if asked, closes what it holds.

use super::desk::Desk;
use crate::error::StoreError;
use crate::run::RunRecord;
use market::{OrderRequest, Product, Side, Symbol};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long withdrawals may take before positions are closed regardless.
const SETTLE_WITHIN: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Desk {
    pub(crate) async fn wind_down(
        self: &Arc<Self>,
        run: &RunRecord,
        square_off: bool,
    ) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        let standing = state.standing.values().filter(|order| order.record.run_id == run.id);
        let ids: Vec<i64> = standing.map(|order| order.record.id).collect();
        self.withdraw(&mut state, &ids);
        drop(state);
        if !square_off {
            return Ok(());
        }
        self.settled(&run.id).await;
        self.reconcile().await?;
        let mut next = self.book.run_orders(&run.id).await?.iter().map(|o| o.run_order_id).max().unwrap_or(0);
        for ((symbol, product), quantity) in self.held(&run.id).await? {
            let side = if quantity > 0 { Side::Sell } else { Side::Buy };
            let units = u32::try_from(quantity.unsigned_abs()).unwrap_or(u32::MAX);
            if units == 0 {
                continue;
            }
            next += 1;
            let request = OrderRequest { product, ..OrderRequest::market(symbol, side, units) };
            self.exit(run, next, request).await?;
        }
        Ok(())
    }

    async fn settled(&self, run_id: &str) {
        let stands = async || self.state.lock().await.standing.values().any(|o| o.record.run_id == run_id);
        let settled = async {
            while stands().await {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let _ = tokio::time::timeout(SETTLE_WITHIN, settled).await;
    }

    /// Units the run holds, by its own trades.
    async fn held(&self, run_id: &str) -> Result<BTreeMap<(Symbol, Product), i64>, StoreError> {
        let mut held = BTreeMap::new();
        for trade in self.book.run_trades(run_id).await? {
            let t = trade.trade;
            *held.entry((t.symbol, t.product)).or_insert(0) += t.side.sign() * i64::from(t.quantity);
        }
        Ok(held)
    }
}
