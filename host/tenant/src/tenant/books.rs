//! Positions, P&L and daily stats of a tenant, from its own trades.

use super::{Stored, Tenant};
use crate::feed::Feed;
use crate::news::News;
use crate::orders::TradeRecord;
use crate::pnl::reckon::{self, Prices};
use crate::pnl::{DailyStats, PnlReport, PositionRecord, RunFigures};
use crate::run::Mode;
use ledger::{Day, RateTable};
use market::TradingDate;
use std::collections::BTreeSet;
use std::time::Duration;

/// How often the day's figures are worked out with the newest prices.
const FIGURES_EVERY: Duration = Duration::from_secs(60);

impl Tenant {
    /// Today's positions, flat ones too: of the account, or of each strategy.
    pub async fn positions(&self, by_strategy: bool) -> Stored<Vec<PositionRecord>> {
        let trades = self.live_trades().await?;
        let days = reckon::days(&trades, &self.prices().await?, self.now());
        let Some(today) = days.get(&self.now().date()) else { return Ok(Vec::new()) };
        if !by_strategy {
            return Ok(reckon::positions(today.book(), None));
        }
        let of = |strategy: &String| {
            let book = today.strategy_book(strategy);
            book.map(|book| reckon::positions(book, Some(strategy))).unwrap_or_default()
        };
        Ok(strategies(&trades).iter().flat_map(of).collect())
    }

    /// What one run holds, for its start event.
    pub async fn run_positions(&self, run_id: &str) -> Stored<Vec<PositionRecord>> {
        let trades = self.book().run_trades(run_id).await?;
        let days = reckon::days(&trades, &self.prices().await?, self.now());
        let today = days.get(&self.now().date());
        Ok(today.map(|day| reckon::positions(day.book(), None)).unwrap_or_default())
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
        let days = reckon::days(&self.live_trades().await?, &self.prices().await?, self.now());
        let names = self.book().strategy_names().await?;
        let mut report = reckon::report(&days, from, to, &names, &rates());
        report.records = self.book().pnl_records(from, to).await?;
        Ok(report)
    }

    /// One run's figures, live or on paper.
    pub async fn run_figures(&self, run_id: &str) -> Stored<RunFigures> {
        let trades = self.book().run_trades(run_id).await?;
        let mut figures = reckon::run_figures(&trades, &self.prices().await?, &rates(), self.now());
        let orders = self.book().run_orders(run_id).await?;
        figures.orders = u32::try_from(orders.len()).unwrap_or(u32::MAX);
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
        let today = self.now().date();
        let mut days = reckon::days(&self.live_trades().await?, &self.prices().await?, self.now());
        let day = days.remove(&today).unwrap_or_else(|| Day::open(today, []));
        let mut stats = reckon::stats(&day, &rates());
        if let Some(kept) = self.book().daily_stats(today, today).await?.first() {
            stats = reckon::with_extremes_of(stats, kept);
        }
        let mut positions = reckon::positions(day.book(), None);
        for strategy in day.by_strategy(&rates()).keys() {
            if let Some(book) = day.strategy_book(strategy) {
                positions.extend(reckon::positions(book, Some(strategy)));
            }
        }
        self.book().save_day(&stats, &positions).await?;
        self.inner.desk.observe(stats.gross).await?;
        self.publish(News::Stats(stats));
        Ok(day)
    }

    fn watch_open(&self, marks: &Feed, day: &Day) {
        let Some(list) = self.host().instruments_today() else { return };
        let open = day.book().positions().into_iter().filter(|position| position.quantity != 0);
        let tokens: Vec<u32> = open.filter_map(|p| list.by_symbol(&p.symbol).map(|i| i.token)).collect();
        if !tokens.is_empty() {
            marks.subscribe(&tokens);
        }
    }

    async fn live_trades(&self) -> Stored<Vec<TradeRecord>> {
        let first = market::Timestamp::EPOCH.date();
        self.book().trades_between(first, self.now().date(), Mode::Live).await
    }

    /// The newest prices by symbol: as they ticked, else as they were last written down.
    async fn prices(&self) -> Stored<Prices> {
        let mut prices = Prices::new();
        for (symbol, price) in self.book().last_marks().await? {
            prices.entry(symbol).or_insert(price);
        }
        if let Some(list) = self.host().instruments_today() {
            let ticked = self.inner.marks.all().into_iter();
            prices.extend(
                ticked.filter_map(|(token, price)| Some((list.by_token(token)?.symbol.clone(), price))),
            );
        }
        Ok(prices)
    }
}

fn strategies(trades: &[TradeRecord]) -> BTreeSet<String> {
    trades.iter().filter_map(|trade| trade.strategy_id.clone()).collect()
}

fn rates() -> RateTable {
    RateTable::zerodha()
}
