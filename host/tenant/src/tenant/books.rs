//! Positions, P&L and daily stats of a tenant, from its own trades.

use super::{Stored, Tenant};
use crate::feed::Feed;
use crate::news::News;
use crate::pnl::{DailyStats, PnlReport, PositionRecord, RunFigures, books, reckon};
use ledger::Day;
use market::TradingDate;
use std::time::Duration;

/// How often the day's figures are worked out with the newest prices.
const FIGURES_EVERY: Duration = Duration::from_secs(60);

impl Tenant {
    /// Today's positions, flat ones too: of the account, or of each strategy.
    pub async fn positions(&self, by_strategy: bool) -> Stored<Vec<PositionRecord>> {
        let read = |today: &Day| {
            if !by_strategy {
                return reckon::positions(today.book(), None);
            }
            let of = |strategy| {
                let book = today.strategy_book(strategy);
                book.map(|book| reckon::positions(book, Some(strategy))).unwrap_or_default()
            };
            today.strategies().flat_map(of).collect()
        };
        self.inner.figures.account(|course| read(course.today())).await
    }

    /// What one run holds, for its start event.
    pub async fn run_positions(&self, run_id: &str) -> Stored<Vec<PositionRecord>> {
        self.inner.figures.run(run_id, |course| reckon::positions(course.today().book(), None)).await
    }

    /// The days' figures. Days without trades are left out, but for today.
    pub async fn daily_stats(&self, from: TradingDate, to: TradingDate) -> Stored<Vec<DailyStats>> {
        let today = self.now().date();
        if from <= today && today <= to {
            self.reckon_today().await?;
        }
        self.book().daily_stats(from, to).await
    }

    /// P&L of some days: in total, by strategy, by date, and what strategies recorded themselves.
    pub async fn pnl(&self, from: TradingDate, to: TradingDate) -> Stored<PnlReport> {
        let names = self.book().strategy_names().await?;
        let mut report =
            self.inner.figures.account(|course| reckon::report(course, from, to, &names)).await?;
        report.records = self.book().pnl_records(from, to).await?;
        Ok(report)
    }

    /// Today's P&L at the newest prices, in all and by strategy: reads no row but what was not read yet, and no record or
    /// name.
    pub async fn pnl_today(&self) -> Stored<PnlReport> {
        let today = self.now().date();
        let no_names = std::collections::BTreeMap::new();
        self.inner.figures.account(|course| reckon::report(course, today, today, &no_names)).await
    }

    /// One run's figures, live or on paper.
    pub async fn run_figures(&self, run_id: &str) -> Stored<RunFigures> {
        let mut figures = self.inner.figures.run(run_id, reckon::run_figures).await?;
        figures.orders = self.book().count_run_orders(run_id).await?;
        Ok(figures)
    }

    /// Works the day out after every batch of trades and every minute, and keeps it.
    pub(super) async fn keep_figures(self) {
        // What is open must tick, or it cannot be valued.
        let marks = self.feed();
        loop {
            // Without the list no price can be told from a token; it is fetched once a day for all.
            if self.inner.line.is_live()
                && let Err(error) = self.instruments().await
            {
                tracing::warn!(broker_id = %self.broker_id(), "no instrument list: {error:#}");
            }
            match self.reckon_today().await {
                Ok(day) => self.watch_open(&marks, &day),
                Err(error) => tracing::error!(broker_id = %self.broker_id(), "day's figures: {error:#}"),
            }
            let _ = tokio::time::timeout(FIGURES_EVERY, self.inner.booked.notified()).await;
        }
    }

    async fn reckon_today(&self) -> Stored<Day> {
        let day = self.inner.figures.account(|course| course.today().clone()).await?;
        let stats = self.inner.figures.keep(&day).await?;
        self.inner.desk.observe(stats.gross).await?;
        self.publish(News::Stats(stats));
        Ok(day)
    }

    fn watch_open(&self, marks: &Feed, day: &Day) {
        let Some(list) = self.host().instruments_today() else { return };
        let open = books(day).flat_map(ledger::Book::positions).filter(|position| position.quantity != 0);
        let tokens: Vec<u32> = open.filter_map(|p| list.by_symbol(&p.symbol).map(|i| i.token)).collect();
        if !tokens.is_empty() {
            marks.subscribe(&tokens);
        }
    }
}
