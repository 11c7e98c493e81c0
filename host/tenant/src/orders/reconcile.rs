//! Compares what we wrote with what the broker has: after a start, a login, a lost feed, an unknown outcome, and every
//! few seconds while orders stand.

use super::desk::{Desk, State};
use super::merge::{Merged, Seen, Terms, merge};
use super::rows;
use crate::broker::LineSession;
use crate::error::{BrokerError, StoreError};
use crate::log::Level;
use crate::mode::Mode;
use crate::news::News;
use crate::store::{Booked, StoredOrder};
use kite::{Book, OrderRow, TradeRow};
use market::{OrderState, Timestamp, Trade};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::MutexGuard;
use tokio::time::Instant;

/// How often the whole book must be read without the tag before an order counts as absent.
const ABSENT_READINGS_MIN: u32 = 3;
/// How often the paper exchange looks at the prices.
const PAPER_PERIOD: Duration = Duration::from_millis(250);

/// When a reading of the broker's book began, on both clocks.
#[derive(Clone, Copy)]
pub(super) struct Began {
    pub(super) at: Timestamp,
    pub(super) instant: Instant,
}

impl Desk {
    /// Follows the orders until the host stops. `booked` is called after new trades.
    pub(crate) async fn follow(self: Arc<Self>, booked: Arc<tokio::sync::Notify>) {
        let period = Duration::from_millis(self.host.config.limits.order_poll_ms.max(100));
        let mut next = Instant::now();
        let mut paper = tokio::time::interval(PAPER_PERIOD);
        loop {
            let due = tokio::select! {
                () = self.wake.notified() => true,
                () = tokio::time::sleep_until(next) => {
                    next = Instant::now() + period;
                    self.has_live_orders().await
                        || self.trades.is_owed(self.host.now().date())
                        || !self.is_reconciled()
                        || !self.line.is_live()
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
            next = Instant::now() + period;
            match self.reconcile().await {
                Ok(true) => booked.notify_one(),
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(broker_id = %self.id, "reconcile: {error:#}");
                    // The trades may have been booked although an order row was not.
                    booked.notify_one();
                }
            }
        }
    }

    /// One comparison with the broker. True when trades were booked.
    ///
    /// The gate opens under this session once every order row of ours was dealt with. A row that the database would not
    /// take keeps it closed, for then nothing else can be trusted to be written either. A row of ours that is damaged, or
    /// that another order's record contradicts, is reported to a person and never touched again; it keeps nobody away.
    pub(crate) async fn reconcile(&self) -> Result<bool, StoreError> {
        Ok(self.read_book().await?.unwrap_or(false))
    }

    /// The same; where the broker's book could not be read, why.
    pub(super) async fn read_book(&self) -> Result<Result<bool, BrokerError>, StoreError> {
        let session = match self.line.need_session() {
            Ok(session) => session,
            Err(why) => return Ok(Err(why)),
        };
        let began = Began { at: self.host.now(), instant: Instant::now() };
        let orders = match self.line.heard(&session, session.kite.orders().await) {
            Ok(orders) => orders,
            Err(why) => return Ok(Err(why)),
        };
        let trades = match self.line.heard(&session, session.kite.trades().await) {
            Ok(trades) => trades,
            Err(why) => return Ok(Err(why)),
        };
        let applied = self.apply_book(&orders, began).await;
        let booked = self.book_trades(&trades, began.at).await?;
        applied?;
        if self.reconciled.fetch_max(session.number(), Ordering::SeqCst) < session.number() {
            self.state.lock().await.wishes.renew();
            self.to_withdraw.notify_one();
            self.log.write(Level::Info, None, "orders and trades compared with the broker: trading is open");
        }
        Ok(Ok(booked))
    }

    /// True when what stands was compared with the broker under the session that is in use.
    pub(crate) fn is_reconciled(&self) -> bool {
        self.line.session().is_some_and(|session| self.is_reconciled_under(&session))
    }

    pub(super) fn is_reconciled_under(&self, session: &LineSession) -> bool {
        self.reconciled.load(Ordering::SeqCst) >= session.number()
    }

    /// A new session: what stands must be compared with the broker before anything is sent, and is now.
    pub(crate) fn must_reconcile(&self) {
        self.wake.notify_one();
        self.cash_stale.notify_one();
    }

    /// Reads the order book as soon as possible.
    pub(crate) fn read_order_book(&self) {
        self.wake.notify_one();
    }

    /// What the ticker says of one order. Fills are booked from the trade list, which is asked for at once.
    pub(crate) async fn heard_order(&self, row: &OrderRow) -> Result<(), StoreError> {
        if self.apply(row).await? {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// True when the trades of some of the order's units are not booked yet.
    pub(super) async fn apply(&self, row: &OrderRow) -> Result<bool, StoreError> {
        if row.account_id.as_deref().is_some_and(|account| account != self.id.as_str()) {
            self.log.write(Level::Error, None, "the broker sent an order of another account: dropped");
            return Ok(false);
        }
        let (today, number) = (self.host.now().date(), row.order_id.as_str());
        let owed = self.trades.filled(today, number, row.filled_quantity);
        let (tags, seen) = (rows::tags(row), rows::seen(row));
        let mut state = self.state.lock().await;
        let order = match find(&state, number, &tags) {
            Some(order) => Some(order.clone()),
            None if state.applied.knows(today, &seen) => return Ok(owed),
            None => self.book.broker_order(&tags, number, today).await?,
        };
        let Some(order) = order else {
            state.applied.note(today, seen);
            return Ok(owed);
        };
        if let Some(why) = rows::stranger(&order.record, row) {
            self.contradicted(&mut state, order, &seen, &why).await?;
        } else {
            self.merge_row(&mut state, order, &seen).await?;
        }
        state.applied.note(today, seen);
        Ok(owed)
    }

    async fn merge_row(
        &self,
        state: &mut MutexGuard<'_, State>,
        order: StoredOrder,
        seen: &Seen,
    ) -> Result<(), StoreError> {
        let (id, date, named) = (order.record.id, order.record.date, order.record.broker_order_id.is_some());
        if let Some(merged) = merge(&order.record, order.terms_at, seen) {
            let shown = Terms::of(&merged.order);
            self.save(state, order, merged).await?;
            state.pending.shown(id, shown);
        }
        if !named {
            self.figures.adopt(date, &seen.broker_order_id).await?;
        }
        if state.wishes.wants(id) {
            self.to_withdraw.notify_one();
        }
        Ok(())
    }

    /// Two of the broker's orders cannot both be this one: a person must look. Said once for each row.
    async fn contradicted(
        &self,
        state: &mut MutexGuard<'_, State>,
        order: StoredOrder,
        seen: &Seen,
        why: &str,
    ) -> Result<(), StoreError> {
        if state.applied.knows(self.host.now().date(), seen) {
            return Ok(());
        }
        let text = format!("{why}. Look at Kite, and withdraw or close what should not be there");
        let o = &order.record;
        if o.state.is_final() || o.state == OrderState::Escalated {
            let line = format!("order {} {} {}: {text}", o.run_order_id, o.side, o.symbol);
            self.log.write(Level::Error, Some(&o.run_id), &line);
            return Ok(());
        }
        let escalated = Self::changed(o, OrderState::Escalated, text);
        self.save(state, order, escalated).await
    }

    /// Deals with every row, whatever becomes of the one before, and says then what could not be written.
    pub(super) async fn apply_book(&self, book: &Book<OrderRow>, began: Began) -> Result<(), StoreError> {
        let (rows, mut unwritten) = (&book.rows, None);
        for row in rows {
            match self.apply(row).await {
                Ok(_) => {}
                Err(error @ StoreError::Unreadable { .. }) => self.damaged(row, &error),
                Err(error @ (StoreError::Database(_) | StoreError::Full(_) | StoreError::Failed(_))) => {
                    unwritten = Some(error);
                }
            }
        }
        if book.is_whole() {
            unwritten = self.apply_absence(rows, began).await.err().or(unwritten);
        } else {
            let count = book.unreadable.len();
            let text = format!("{count} orders of the broker's list cannot be read: none counts as absent");
            self.log.write(Level::Error, None, &text);
        }
        if let Some(error) = unwritten {
            return Err(error);
        }
        let mut state = self.state.lock().await;
        if book.is_whole() {
            state.pending.read(began.at);
        }
        state.book_read = Some(began.instant);
        if !state.wishes.is_empty() {
            self.to_withdraw.notify_one();
        }
        Ok(())
    }

    /// What a whole book means for those of our orders that it lacks.
    async fn apply_absence(&self, rows: &[OrderRow], began: Began) -> Result<(), StoreError> {
        let mut unwritten = None;
        let tags: BTreeSet<String> = rows.iter().flat_map(rows::tags).collect();
        let numbers: BTreeSet<&str> = rows.iter().map(|row| row.order_id.as_str()).collect();
        let mut state = self.state.lock().await;
        let missing: Vec<StoredOrder> = state
            .standing
            .values()
            .filter(|o| o.record.mode == Mode::Live && !tags.contains(&o.record.tag))
            .filter(|o| o.record.broker_order_id.as_deref().is_none_or(|number| !numbers.contains(number)))
            .filter(|o| o.record.updated_at < began.at)
            .cloned()
            .collect();
        for order in missing {
            if let Err(error) = self.missed(&mut state, order, began.at).await {
                unwritten = Some(error);
            }
        }
        unwritten.map_or(Ok(()), Err)
    }

    fn damaged(&self, row: &OrderRow, error: &StoreError) {
        tracing::error!(broker_id = %self.id, "order {} has a damaged row: {error:#}", row.order_id);
        let text = format!("our row of the broker's order {} cannot be read: {error}", row.order_id);
        self.log.write(Level::Error, None, &text);
    }

    /// One whole book without this order.
    async fn missed(
        &self,
        state: &mut MutexGuard<'_, State>,
        mut order: StoredOrder,
        began: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some(absence) = self.absence(&order, began) {
            return self.save(state, order, absence).await;
        }
        if order.record.state == OrderState::Ambiguous {
            order.absent_readings += 1;
            self.book.update_order(&order).await?;
            state.standing.insert(order.record.id, order);
        } else if order.record.state == OrderState::Escalated && order.record.date < began.date() {
            state.forget(order.record.id);
        }
        Ok(())
    }

    /// What it means that a whole book lacks the order; nothing where more readings must say so.
    fn absence(&self, order: &StoredOrder, began: Timestamp) -> Option<Merged> {
        let o = &order.record;
        let of_before = o.date < began.date();
        match o.state {
            OrderState::Intent | OrderState::Sending if self.flights.holds(o.id) => None,
            OrderState::Intent => {
                let text = "never sent: its sender broke off";
                Some(Self::changed(o, OrderState::Abandoned, text))
            }
            OrderState::Sending => {
                let text = "its send broke off: looking for it at the broker";
                Some(Self::changed(o, OrderState::Ambiguous, text))
            }
            OrderState::Ambiguous if of_before => {
                let text = format!(
                    "nobody can tell whether this order reached the exchange: the order book of {} is gone. \
                     Compare the trades of that day at Kite with those of the run",
                    o.date
                );
                Some(Self::changed(o, OrderState::Escalated, text))
            }
            OrderState::Ambiguous => {
                let since_send = began.micros_since(order.sent_at.unwrap_or(o.created_at)) / 1_000_000;
                let long_enough = since_send >= self.host.config.limits.absent_after_s;
                let proven = order.absent_readings + 1 >= ABSENT_READINGS_MIN && long_enough;
                proven.then(|| Self::changed(o, OrderState::Absent, "never reached the broker's book"))
            }
            OrderState::Acked | OrderState::Open | OrderState::TriggerPending | OrderState::Partial => {
                of_before.then(|| {
                    let text = format!(
                        "its day ended unseen: it had {} of {} units filled when last heard of and may have traded \
                         more. Compare the trades of {} at Kite with those of the run",
                        o.filled, o.quantity, o.date
                    );
                    Self::changed(o, OrderState::Escalated, text)
                })
            }
            OrderState::Refused
            | OrderState::Abandoned
            | OrderState::Complete
            | OrderState::Cancelled
            | OrderState::Rejected
            | OrderState::Absent
            | OrderState::Escalated => None,
        }
    }

    async fn book_trades(&self, list: &Book<TradeRow>, began: Timestamp) -> Result<bool, StoreError> {
        let today = self.host.now().date();
        let trades: Vec<Trade> = list.rows.iter().filter_map(|row| row.to_trade(began)).collect();
        let unreadable = list.unreadable.len() + list.rows.len() - trades.len();
        if self.unreadable_trades.swap(unreadable, Ordering::SeqCst) != unreadable && unreadable > 0 {
            let text = format!("{unreadable} trades of the broker's list cannot be read and are not booked");
            self.log.write(Level::Error, None, &text);
        }
        let new = self.trades.unbooked(today, trades);
        let booked = self.book_new(&new, Mode::Live).await?;
        self.trades.booked(today, &new);
        Ok(booked)
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

/// The order that stands under the broker's number or, where it has none yet, under our tag.
fn find<'a>(state: &'a State, number: &str, tags: &[String]) -> Option<&'a StoredOrder> {
    let live = || state.standing.values().filter(|order| order.record.mode == Mode::Live);
    let by_number = live().find(|order| order.record.broker_order_id.as_deref() == Some(number));
    by_number.or_else(|| live().find(|order| tags.contains(&order.record.tag)))
}
