//! Takes a run out of the market: withdraws what stands, then closes what it holds, as far as the account still has it.
//!
//! Works in looks: each does what can be done now and says what is left and why. Positions are closed only on a book
//! that was read a moment before and in which every fill is booked. Who looks, and when again, others decide.

use super::desk::{Along, Desk};
use super::leftover::{Hindrance, Leftover, OpenPosition};
use super::unbooked::Unbooked;
use crate::error::{BrokerError, StoreError};
use crate::gate::Refusal;
use crate::run::RunRecord;
use ::orders::{Event, Mode, RefusalCode};
use kite::{Book, HoldingRow, PositionRow};
use market::{OrderRequest, OrderState, Product, RunOrderId, Side, Symbol, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How long a withdrawal may be without effect before it is asked for again, in seconds.
const WITHDRAW_AGAIN_S: i64 = 5;

/// How long an order that closes a position may stand before it is withdrawn and made anew, in seconds.
const EXIT_STANDS_S: i64 = 10;

/// Orders to close one position that the broker may refuse before it is left to a person.
const EXIT_REJECTIONS_MAX: usize = 3;

/// Units by what they are of and how they are held; negative when short.
type Units = BTreeMap<(Symbol, Product), i64>;

/// What the account holds, and what is on its way out of it.
struct Account {
    held: Units,
    /// By orders of any run that close something and still stand: what they would sell is negative.
    leaving: Units,
}

/// One run's way out of the market.
pub struct Closing {
    desk: Arc<Desk>,
    run: RunRecord,
    exits: BTreeMap<RunOrderId, Timestamp>,
    withdrawn: BTreeMap<i64, Timestamp>,
    /// Since when readings that came whole have shown fills of which no trade tells.
    unbooked_since: Option<Timestamp>,
}

impl Account {
    fn of(&self, symbol: &Symbol, product: Product) -> (i64, i64) {
        let key = (symbol.clone(), product);
        let of = |units: &Units| units.get(&key).copied().unwrap_or(0);
        (of(&self.held), of(&self.leaving))
    }
}

impl Closing {
    /// One look: does what can be done now, and says what is left.
    ///
    /// # Errors
    /// When the database fails; a further look goes on from there.
    pub async fn look(&mut self) -> Result<Leftover, StoreError> {
        let unbooked_since = self.unbooked_since.take();
        if self.withdraw().await? > 0 {
            return self
                .left(Hindrance::Waiting("its orders are being withdrawn or filled".to_owned()))
                .await;
        }
        let desk = Arc::clone(&self.desk);
        // One run at a time from what the account holds to the orders that close it, each with those of the others.
        let _closing = desk.closing.lock().await;
        let account = match self.read_account().await? {
            Ok(account) => account,
            Err(why) => return self.left(Hindrance::Waiting(why.to_string())).await,
        };
        // The reading may have found an order that was thought lost.
        if !self.desk.standing_of(&self.run.id).await.is_empty() {
            return self
                .left(Hindrance::Waiting("its orders are being withdrawn or filled".to_owned()))
                .await;
        }
        let unbooked = self.desk.unbooked(&self.run.id).await?;
        if !unbooked.is_empty() {
            let hindrance = self.wait_for(&unbooked, unbooked_since);
            return self.left(hindrance).await;
        }
        match self.close(account.as_ref()).await? {
            Some(hindrance) => self.left(hindrance).await,
            None => self.left(Hindrance::Waiting("its positions are being closed".to_owned())).await,
        }
    }

    /// Trades come a moment after their fills. Where they do not, it ends and says what is missing: on books that are not known
    /// to the end nothing is closed, because what the account holds may be another run's.
    fn wait_for(&mut self, unbooked: &[Unbooked], since: Option<Timestamp>) -> Hindrance {
        let (now, within_s) = (self.desk.host.now(), self.desk.host.config.limits.fills_booked_within_s);
        let since = *self.unbooked_since.insert(since.unwrap_or(now));
        if now.micros_since(since) < within_s.saturating_mul(1_000_000) {
            return Hindrance::Waiting("its last fills are being booked".to_owned());
        }
        let missing: Vec<_> = unbooked.iter().map(ToString::to_string).collect();
        Hindrance::Final(format!(
            "after {within_s} s its fills are not those of its trades ({}): what it holds is not known, and nothing of it was \
             closed. Look at Kite and close it there",
            missing.join("; ")
        ))
    }

    /// Asks for the withdrawal of what stands. How many orders stand.
    async fn withdraw(&mut self) -> Result<usize, StoreError> {
        let now = self.desk.host.now();
        let is_due = |at: &Timestamp, after_s| now.micros_since(*at) >= after_s * 1_000_000;
        let standing: Vec<(i64, RunOrderId)> = self.desk.standing_orders_of(&self.run.id).await;
        let due: Vec<i64> = standing
            .iter()
            .filter(|(_, number)| self.exits.get(number).is_none_or(|at| is_due(at, EXIT_STANDS_S)))
            .filter(|(id, _)| self.withdrawn.get(id).is_none_or(|at| is_due(at, WITHDRAW_AGAIN_S)))
            .map(|(id, _)| *id)
            .collect();
        if !due.is_empty() {
            self.desk.feed(Event::Withdraw { ids: due.clone() }, Along::default()).await?;
        }
        self.withdrawn.extend(due.into_iter().map(|id| (id, now)));
        Ok(standing.len())
    }

    /// Books and account as the broker has them now. Nothing to compare with on paper.
    async fn read_account(&self) -> Result<Result<Option<Account>, BrokerError>, StoreError> {
        if self.run.mode == Mode::Paper {
            return Ok(Ok(None));
        }
        // Before the account is read: what fills in between counts twice and leaves more open, never less.
        let leaving = self.desk.exits_under_way(self.run.mode).await;
        if let Err(why) = self.desk.read_now().await? {
            return Ok(Err(why));
        }
        Ok(self.desk.account_units().await.map(|held| Some(Account { held, leaving })))
    }

    /// Makes the orders that close what is held. What kept some of them from being made.
    async fn close(&mut self, account: Option<&Account>) -> Result<Option<Hindrance>, StoreError> {
        let (mut given_up, mut untouched) = (Vec::new(), false);
        for ((symbol, product), units) in self.desk.held(&self.run.id).await? {
            let (there, leaving) = account.map_or((units, 0), |account| account.of(&symbol, product));
            let closable = part_of(part_of(units, there), there.saturating_add(leaving));
            if closable == 0 && leaving != 0 {
                // What becomes of the other runs' exits tells what is left for this one.
                untouched = true;
            } else if closable == 0 {
                given_up.push(self.why_nothing(&symbol, product, there).await?);
            } else if let Some(why) = self.refused_too_often(&symbol, product).await? {
                given_up.push(why);
            } else {
                untouched = true;
                let side = if closable > 0 { Side::Sell } else { Side::Buy };
                let quantity = u32::try_from(closable.unsigned_abs()).unwrap_or(u32::MAX);
                let request = OrderRequest { product, ..OrderRequest::market(symbol, side, quantity) };
                match self.desk.exit(&self.run, request).await? {
                    Ok(id) => drop(self.exits.insert(id, self.desk.host.now())),
                    // The rest would be refused as well: they wait for their turn.
                    Err(Refusal { text, .. }) => return Ok(Some(Hindrance::Waiting(text))),
                }
            }
        }
        Ok((!untouched && !given_up.is_empty()).then(|| Hindrance::Final(given_up.join("; "))))
    }

    /// Why nothing of a position can be closed: it is gone, or other runs hold against it.
    async fn why_nothing(&self, symbol: &Symbol, product: Product, there: i64) -> Result<String, StoreError> {
        let held = self.desk.book.held_by_runs().await?.into_iter();
        let mut held = held.filter(|held| held.symbol == *symbol && held.product == product);
        let others = held.next().filter(|held| held.runs.len() > 1);
        Ok(match others {
            Some(held) => held.beside(there),
            None => format!("the account holds no {symbol} ({product}) any more"),
        })
    }

    /// The broker's words, when it has refused to close a position often enough.
    async fn refused_too_often(
        &self,
        symbol: &Symbol,
        product: Product,
    ) -> Result<Option<String>, StoreError> {
        let orders = self.desk.book.run_orders(&self.run.id).await?;
        let refused: Vec<_> = orders
            .iter()
            .filter(|o| self.exits.contains_key(&o.run_order_id) && is_brokers_no(o.state, o.refusal))
            .filter(|o| o.symbol == *symbol && o.product == product)
            .collect();
        let last = refused.last().filter(|_| refused.len() >= EXIT_REJECTIONS_MAX);
        Ok(last.map(|o| format!("the broker refused to close {symbol}: {}", o.message)))
    }

    async fn left(&self, hindrance: Hindrance) -> Result<Leftover, StoreError> {
        let left = self.desk.left_by(&self.run.id).await?;
        Ok(left.because(hindrance))
    }
}

impl Desk {
    /// The way of a run out of the market.
    pub(crate) fn close_out(self: &Arc<Self>, run: RunRecord) -> Closing {
        Closing {
            desk: Arc::clone(self),
            run,
            exits: BTreeMap::new(),
            withdrawn: BTreeMap::new(),
            unbooked_since: None,
        }
    }

    /// What a run has in the market, by the rows.
    pub(crate) async fn left_by(&self, run_id: &str) -> Result<Leftover, StoreError> {
        let standing = self.standing_of(run_id).await;
        let rows = self.book.run_orders(run_id).await?;
        let escalated = rows.iter().filter(|order| order.state == OrderState::Escalated);
        let unknown = escalated.filter(|order| !standing.contains(&order.id)).count();
        let held = self.held(run_id).await?.into_iter();
        let positions =
            held.map(|((symbol, product), quantity)| OpenPosition { symbol, product, quantity }).collect();
        let unsettled = !self.fills_are_booked(run_id).await?;
        Ok(Leftover { orders: standing.len(), unknown, unsettled, positions, why: None })
    }

    /// Orders of the run that may still change.
    async fn standing_of(&self, run_id: &str) -> BTreeSet<i64> {
        self.standing_orders_of(run_id).await.into_iter().map(|(id, _)| id).collect()
    }

    /// The same with the run's own numbers.
    async fn standing_orders_of(&self, run_id: &str) -> Vec<(i64, RunOrderId)> {
        let core = self.core.lock().await;
        let of_run = core.standing().map(|order| &order.record).filter(|o| o.run_id == run_id);
        of_run.map(|o| (o.id, o.run_order_id)).collect()
    }

    /// Units by which the orders that close something, of whatever run, will still change the account.
    async fn exits_under_way(&self, mode: Mode) -> Units {
        let core = self.core.lock().await;
        let mut leaving = Units::new();
        for order in core.standing().filter(|order| order.is_exit && order.record.mode == mode) {
            let o = &order.record;
            let units = leaving.entry((o.symbol.clone(), o.product)).or_insert(0_i64);
            let open = i64::from(o.quantity.saturating_sub(o.filled));
            *units = units.saturating_add(o.side.sign() * open);
        }
        leaving
    }

    /// Units the run holds, by its own trades.
    async fn held(&self, run_id: &str) -> Result<Units, StoreError> {
        let mut held = Units::new();
        for trade in self.book.run_trades(run_id).await? {
            let t = trade.trade;
            *held.entry((t.symbol, t.product)).or_insert(0) += t.side.sign() * i64::from(t.quantity);
        }
        held.retain(|_, units| *units != 0);
        Ok(held)
    }

    /// Units the account holds by the broker's word: the broker, or a person, may have closed what a run believes it holds.
    async fn account_units(&self) -> Result<Units, BrokerError> {
        let session = self.line.need_session()?;
        // A list with a hole would read as *no longer there*.
        let positions = session.kite.positions().await.and_then(|positions| positions.net.whole());
        let positions = self.line.heard(&session, positions)?;
        let holdings = session.kite.holdings().await.and_then(Book::whole);
        let holdings = self.line.heard(&session, holdings)?;
        let mut units = Units::new();
        for PositionRow { symbol, product, figures, .. } in &positions {
            if let (Some(symbol), Some(product)) = (symbol.known(), product.known()) {
                let held = units.entry((symbol.clone(), *product)).or_insert(0);
                *held = held.saturating_add(figures.quantity);
            }
        }
        for HoldingRow { symbol, quantity, t1_quantity, .. } in &holdings {
            if let Some(symbol) = symbol.known() {
                let held = units.entry((symbol.clone(), Product::Cnc)).or_insert(0);
                *held = held.saturating_add(quantity.saturating_add(*t1_quantity));
            }
        }
        Ok(units)
    }
}

/// The broker's own word on the order: a network that drops, or a budget that is used up here, says nothing against it.
fn is_brokers_no(state: OrderState, code: RefusalCode) -> bool {
    state == OrderState::Rejected && matches!(code, RefusalCode::Exchange | RefusalCode::Margin)
}

/// As many of a run's units as the account has on the same side.
fn part_of(of_run: i64, of_account: i64) -> i64 {
    if of_run > 0 { of_account.clamp(0, of_run) } else { of_account.clamp(of_run, 0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_brokers_own_word_says_that_a_position_cannot_be_closed() {
        let is_no = |code| is_brokers_no(OrderState::Rejected, code);
        assert!(is_no(RefusalCode::Exchange) && is_no(RefusalCode::Margin));
        let kept_here =
            [RefusalCode::Other, RefusalCode::RateLimit, RefusalCode::OrderCount, RefusalCode::NoSession];
        assert!(!kept_here.into_iter().any(is_no), "a network that drops is no word of the broker's");
        assert!(!is_brokers_no(OrderState::Cancelled, RefusalCode::Exchange));
    }

    #[test]
    fn no_more_is_closed_than_the_account_has_on_that_side() {
        assert_eq!(part_of(10, 25), 10);
        assert_eq!(part_of(10, 4), 4);
        assert_eq!(part_of(10, 0), 0, "the broker has closed it already");
        assert_eq!(part_of(10, -5), 0, "closing would open more of what is short");
        assert_eq!(part_of(-10, -3), -3);
        assert_eq!(part_of(-10, 7), 0);
    }
}
