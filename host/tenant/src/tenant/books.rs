//! Positions, P&L and daily stats of a tenant, from its own trades. Reads read memory and rows; one task writes.

use super::{Stored, Tenant};
use crate::broker::BrokerState;
use crate::feed::{FeedEvent, Watch};
use crate::log::Level;
use crate::news::News;
use crate::orders::TradeRecord;
use crate::pnl::{self, DailyStats, DayRows, PnlReport, PositionRecord, RunFigures, Whose, reckon};
use ledger::Part;
use market::{Symbol, Timestamp, TradingDate};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// How long to wait before the day's instrument list is asked for again, when it could not be read.
const LIST_AGAIN_S: u64 = 60;
/// How often to see whether the day's list is there. No call is made where it is.
const LIST_LOOK_S: u64 = 5;

/// Which figures of days are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// The whole account's.
    Account,
    /// Every strategy's, and what was traded by hand.
    ByStrategy,
    /// One strategy's. One that is nobody's has none.
    Strategy(String),
}

impl Tenant {
    /// Today's positions, flat ones too: of the account, or of each strategy and of what was traded by hand.
    pub async fn positions(&self, by_strategy: bool) -> Stored<Vec<PositionRecord>> {
        let of_part = |(part, book): (&Part, &ledger::Book)| reckon::positions(book, part.as_deref());
        let read = |course: &mut pnl::Course, _| {
            if by_strategy {
                return course.today().parts().flat_map(of_part).collect();
            }
            reckon::positions(course.today().book(), None)
        };
        self.inner.figures.account(read).await
    }

    /// What one run holds, for its start event.
    pub async fn run_positions(&self, run_id: &str) -> Stored<Vec<PositionRecord>> {
        self.inner.figures.run(run_id, |course| reckon::positions(course.today().book(), None)).await
    }

    /// The days' figures, oldest first. Days on which nothing happened are left out, but for today.
    pub async fn daily_stats(
        &self,
        from: TradingDate,
        to: TradingDate,
        cut: &Cut,
    ) -> Stored<Vec<DailyStats>> {
        let mut days = self.days(from, to).await?;
        days.retain(|day| match (cut, &day.whose) {
            (Cut::Account, whose) => *whose == Whose::Account,
            (Cut::ByStrategy, whose) => *whose != Whose::Account,
            (Cut::Strategy(wanted), whose) => matches!(whose, Whose::Strategy(id) if id == wanted),
        });
        Ok(days)
    }

    /// P&L of some days: in total, by strategy, by date, and what strategies recorded themselves.
    pub async fn pnl(&self, from: TradingDate, to: TradingDate) -> Stored<PnlReport> {
        let names = self.book().strategy_names().await?;
        let days = self.days(from, to).await?;
        let mut report = pnl::report(&days, from, to, &names, self.now());
        report.records = self.book().pnl_labels(from, to).await?;
        report.unknown_since = self.unknown_since();
        Ok(report)
    }

    /// Today's P&L at the newest prices, in all and by strategy: from memory, without records, strategies by their ids.
    pub async fn pnl_today(&self) -> Stored<PnlReport> {
        let today = self.now().date();
        let read = |course: &mut pnl::Course, now| {
            let days: Vec<DailyStats> = course.days(now).pop().map(|day| day.stats).unwrap_or_default();
            pnl::report(&days, today, today, &BTreeMap::new(), now)
        };
        let mut report = self.inner.figures.account(read).await?;
        report.unknown_since = self.unknown_since();
        Ok(report)
    }

    /// One run's figures, live or on paper.
    pub async fn run_figures(&self, run_id: &str) -> Stored<RunFigures> {
        let mut figures = self.inner.figures.of_run(run_id).await?;
        figures.orders = self.book().count_run_orders(run_id).await?;
        Ok(figures)
    }

    /// A page of trades, newest first, and whether there are more after it. No page is longer than the limit says.
    pub async fn trades_page(
        &self,
        date: Option<TradingDate>,
        limit: Option<u32>,
        offset: u32,
    ) -> Stored<(Vec<TradeRecord>, bool)> {
        let most = self.host().config.limits.trades_page_max;
        let limit = limit.unwrap_or(most).min(most);
        let mut trades = self.book().trades(date, limit.saturating_add(1), offset).await?;
        let has_more = trades.len() > limit as usize;
        trades.truncate(limit as usize);
        Ok((trades, has_more))
    }

    /// The newest trades, as many as one answer holds.
    pub async fn trades(&self, date: Option<TradingDate>) -> Stored<Vec<TradeRecord>> {
        Ok(self.trades_page(date, None, 0).await?.0)
    }

    /// Since when the broker or its feed has not been heard: figures may be older than they look. `None` while all is well.
    pub fn unknown_since(&self) -> Option<Timestamp> {
        match self.inner.line.standing() {
            BrokerState::Expired { since } | BrokerState::Unreachable { since, .. } => Some(since),
            BrokerState::Live => self.inner.figures.feed_lost_since(),
        }
    }

    /// Keeps the day's result in sight and writes it down, until the host stops, and then once more.
    pub(super) async fn keep_figures(self) {
        tokio::select! {
            () = self.host().stop.cancelled() => {}
            () = self.keep_list() => {}
            () = self.hear_feed() => {}
            () = self.watch_result() => {}
        }
        if let Err(error) = self.inner.figures.write_down().await {
            tracing::error!(broker_id = %self.broker_id(), "day's figures not written at the end: {error:#}");
        }
    }

    /// Without the list no price can be told from a token; it is fetched once a day for all.
    async fn keep_list(&self) {
        loop {
            let mut wait_s = LIST_LOOK_S;
            if self.inner.line.is_live()
                && let Err(error) = self.instruments().await
            {
                tracing::warn!(broker_id = %self.broker_id(), "no instrument list: {error:#}");
                wait_s = LIST_AGAIN_S;
            }
            tokio::time::sleep(Duration::from_secs(wait_s)).await;
        }
    }

    /// Remembers since when the feed is lost. Asks for no instrument, so no tick comes here.
    async fn hear_feed(&self) {
        let feed = self.feed();
        loop {
            let heard = feed.next().await;
            if matches!(heard, FeedEvent::Lost { .. }) {
                self.inner.figures.feed_is_lost(Some(self.now()));
            } else if heard == FeedEvent::Back {
                self.inner.figures.feed_is_lost(None);
            }
        }
    }

    /// Values what is open in memory, again and again, with no call to the broker; writes once in a while.
    async fn watch_result(&self) {
        let limits = &self.host().config.limits;
        let (look_every, write_every) = (
            Duration::from_millis(limits.value_every_ms.max(50)),
            Duration::from_secs(limits.figures_every_s),
        );
        let (watch, mut unpriced) = (self.inner.hub.watch(), BTreeSet::new());
        let mut write_at = Instant::now();
        loop {
            if let Err(error) = self.look(&watch, &mut unpriced).await {
                tracing::error!(broker_id = %self.broker_id(), "day's figures: {error:#}");
            }
            if Instant::now() >= write_at {
                write_at = Instant::now() + write_every;
                if let Err(error) = self.write_figures().await {
                    tracing::error!(broker_id = %self.broker_id(), "day's figures not written: {error:#}");
                }
            }
            let booked = tokio::time::timeout(look_every, self.inner.desk.booked().notified()).await.is_ok();
            if booked && let Err(error) = self.tell_stats().await {
                tracing::error!(broker_id = %self.broker_id(), "day's figures not told: {error:#}");
            }
        }
    }

    async fn look(&self, watch: &Watch, unpriced: &mut BTreeSet<Symbol>) -> Stored<()> {
        let look = self.inner.figures.look().await?;
        // What is open must tick, or it cannot be valued.
        watch.want(look.open);
        for symbol in look.unpriced.difference(unpriced) {
            let text =
                format!("{symbol} is held and has no price yet: the day's result is unknown until it ticks");
            self.inner.log.write(Level::Warn, None, &text);
        }
        *unpriced = look.unpriced;
        self.inner.desk.observe(look.day_pnl).await
    }

    async fn write_figures(&self) -> Stored<()> {
        self.inner.figures.write_down().await?;
        self.tell_stats().await
    }

    async fn tell_stats(&self) -> Stored<()> {
        let today = self.now().date();
        let stats = self.days(today, today).await?.into_iter().find(|day| day.whose == Whose::Account);
        stats.into_iter().for_each(|stats| self.publish(News::Stats(stats)));
        Ok(())
    }

    /// The figures of days, oldest first: what memory holds stands for what was written down of the same day.
    async fn days(&self, from: TradingDate, to: TradingDate) -> Stored<Vec<DailyStats>> {
        let in_memory: Vec<DayRows> = self.inner.figures.account(|course, now| course.days(now)).await?;
        let mut days: BTreeMap<TradingDate, Vec<DailyStats>> = BTreeMap::new();
        for row in self.book().days(from, to).await? {
            days.entry(row.date).or_default().push(row);
        }
        for day in in_memory.into_iter().filter(|day| (from..=to).contains(&day.date)) {
            days.insert(day.date, day.stats);
        }
        Ok(days.into_values().flatten().collect())
    }
}
