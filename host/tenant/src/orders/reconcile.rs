//! Compares what we wrote with what the broker has: after a start, a login, a lost feed, an unknown outcome, and every
//! few seconds while orders stand.

use super::desk::Desk;
use super::job::Job;
use super::merge::merge;
use super::rows;
use crate::error::StoreError;
use crate::log::Level;
use crate::mode::Mode;
use crate::news::News;
use crate::store::{Booked, StoredOrder};
use kite::{OrderRow, TradeRow};
use market::{OrderState, Timestamp, Trade};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How often the whole book must be read without the tag before an order counts as absent.
const ABSENT_READINGS_MIN: u32 = 3;
/// How often the paper exchange looks at the prices.
const PAPER_PERIOD: Duration = Duration::from_millis(250);

impl Desk {
    /// Follows the orders until the host stops. `booked` is called after new trades.
    pub(crate) async fn follow(self: Arc<Self>, booked: Arc<tokio::sync::Notify>) {
        let period = Duration::from_millis(self.host.config.limits.order_poll_ms.max(100));
        let mut next = tokio::time::Instant::now();
        let mut paper = tokio::time::interval(PAPER_PERIOD);
        loop {
            let due = tokio::select! {
                () = self.wake.notified() => true,
                () = tokio::time::sleep_until(next) => {
                    next = tokio::time::Instant::now() + period;
                    self.has_live_orders().await || self.trades.is_owed() || !self.is_reconciled() || !self.line.is_live()
                }
                _ = paper.tick() => {
                    if self.match_paper().await {
                        booked.notify_one();
                    }
                    false
                }
            };
            if !due {
                continue;
            }
            next = tokio::time::Instant::now() + period;
            match self.reconcile().await {
                Ok(true) => booked.notify_one(),
                Ok(false) => {}
                Err(error) => tracing::error!(broker_id = %self.id, "reconcile: {error:#}"),
            }
        }
    }

    /// One comparison with the broker. True when trades were booked.
    pub(crate) async fn reconcile(&self) -> Result<bool, StoreError> {
        let Some(session) = self.line.session() else { return Ok(false) };
        let (began, covered) = (self.host.now(), self.trades.reading());
        let Ok(orders) = self.line.heard(&session, session.kite.orders().await) else { return Ok(false) };
        let Ok(trades) = self.line.heard(&session, session.kite.trades().await) else { return Ok(false) };
        self.apply_book(&orders, began).await?;
        let booked = self.book_trades(&trades).await?;
        self.trades.read(covered);
        if !self.reconciled.swap(true, Ordering::SeqCst) {
            self.log.write(Level::Info, None, "orders and trades compared with the broker: trading is open");
        }
        Ok(booked)
    }

    /// What the ticker says of one order. Fills are booked from the trade list, which is asked for at once.
    pub(crate) async fn heard_order(&self, row: &OrderRow) -> Result<(), StoreError> {
        let filled = self.apply(row).await?;
        if filled {
            self.trades.fill_heard();
            self.wake.notify_one();
        }
        Ok(())
    }

    /// True when units were filled that we did not know of, or the order is nobody's here.
    async fn apply(&self, row: &OrderRow) -> Result<bool, StoreError> {
        if row.account_id.as_deref().is_some_and(|account| account != self.id.as_str()) {
            self.log.write(Level::Error, None, "the broker sent an order of another account: dropped");
            return Ok(false);
        }
        let mut state = self.state.lock().await;
        let tags = rows::tags(row);
        let number = row.order_id.as_str();
        let known = state.standing.values().find(|order| {
            let same_number = order.record.broker_order_id.as_deref() == Some(number);
            (same_number && order.record.mode == Mode::Live) || tags.contains(&order.record.tag)
        });
        let order = match known {
            Some(order) => Some(order.clone()),
            None => self.book.broker_order(&tags, number, self.host.now().date()).await?,
        };
        let Some(order) = order else { return Ok(row.filled_quantity > 0) };
        let named = order.record.broker_order_id.is_some();
        let Some(merged) = merge(&order.record, &rows::seen(row)) else { return Ok(false) };
        let (filled, id, date) = (merged.fill_quantity > 0, order.record.id, order.record.date);
        self.save(&mut state, order, merged).await?;
        if !named {
            self.figures.adopt(date, number).await?;
        }
        if state.cancel_wanted.contains(&id)
            && let Some(end) = state.standing.get(&id).and_then(|o| state.runs.get(&o.record.run_id))
        {
            end.jobs.push(Job::Cancel(id));
        }
        Ok(filled)
    }

    async fn apply_book(&self, rows: &[OrderRow], began: Timestamp) -> Result<(), StoreError> {
        for row in rows {
            self.apply(row).await?;
        }
        let tags: BTreeSet<String> = rows.iter().flat_map(rows::tags).collect();
        let numbers: BTreeSet<&str> = rows.iter().map(|row| row.order_id.as_str()).collect();
        let mut state = self.state.lock().await;
        let missing: Vec<StoredOrder> = state
            .standing
            .values()
            .filter(|o| o.record.mode == Mode::Live && !tags.contains(&o.record.tag))
            .filter(|o| o.record.broker_order_id.as_deref().is_none_or(|number| !numbers.contains(number)))
            .filter(|o| o.record.updated_at < began)
            .cloned()
            .collect();
        for order in missing {
            self.missed(&mut state, order, began).await?;
        }
        Ok(())
    }

    /// One whole book without this order.
    async fn missed(
        &self,
        state: &mut tokio::sync::MutexGuard<'_, super::desk::State>,
        mut order: StoredOrder,
        began: Timestamp,
    ) -> Result<(), StoreError> {
        let of_before = order.record.date < began.date();
        if order.record.state == OrderState::Ambiguous && of_before {
            let text = "nobody can tell whether this order reached the exchange: its day's book is gone. Look at Kite";
            let merged = Self::changed(&order.record, OrderState::Escalated, text);
            return self.save(state, order, merged).await;
        }
        if order.record.state == OrderState::Ambiguous {
            order.absent_readings += 1;
            let since_send = began.micros_since(order.sent_at.unwrap_or(order.record.created_at)) / 1_000_000;
            let long_enough = since_send >= self.host.config.limits.absent_after_s;
            if order.absent_readings >= ABSENT_READINGS_MIN && long_enough {
                let text = "never reached the broker's book";
                let merged = Self::changed(&order.record, OrderState::Absent, text);
                return self.save(state, order, merged).await;
            }
            self.book.update_order(&order).await?;
            state.standing.insert(order.record.id, order);
            return Ok(());
        }
        if of_before && order.record.broker_order_id.is_some() {
            let merged = Self::changed(&order.record, OrderState::Cancelled, "lapsed with its day");
            return self.save(state, order, merged).await;
        }
        Ok(())
    }

    async fn book_trades(&self, rows: &[TradeRow]) -> Result<bool, StoreError> {
        let trades: Vec<Trade> = rows.iter().filter_map(rows::trade).collect();
        if trades.len() < rows.len() {
            let text = format!(
                "{} trades of the broker's list cannot be read and are not booked",
                rows.len() - trades.len()
            );
            self.log.write(Level::Error, None, &text);
        }
        self.book_new(&trades, Mode::Live).await
    }

    /// Books what is new and tells the watchers.
    pub(super) async fn book_new(&self, trades: &[Trade], mode: Mode) -> Result<bool, StoreError> {
        if trades.is_empty() {
            return Ok(false);
        }
        let Booked { new, adopted, conflicts } = self.book.book_trades(trades, mode).await?;
        self.figures.booked(&new);
        if adopted {
            self.figures.forget();
        }
        for (kept, told) in conflicts {
            let text = format!(
                "the broker tells trade {} otherwise than before: {kept:?} stays, not {told:?}",
                kept.trade_id
            );
            self.log.write(Level::Error, None, &text);
        }
        for trade in &new {
            let t = &trade.trade;
            let text = format!("trade {} {} {} {} at {}", t.trade_id, t.side, t.quantity, t.symbol, t.price);
            self.log.write(Level::Info, trade.run_id.as_deref(), &text);
            let _ = self.news.send(News::Trade(trade.clone()));
        }
        if !new.is_empty() && mode == Mode::Live {
            self.cash_stale.notify_one();
        }
        Ok(!new.is_empty())
    }

    async fn has_live_orders(&self) -> bool {
        self.state.lock().await.standing.values().any(|order| order.record.mode == Mode::Live)
    }
}
