//! P&L of some days: in total, by strategy, by date. Parts are always added, never subtracted from the whole; what the
//! parts have and the account has not, because one part's buy closed another's short, has a line of its own.

use super::{DailyStats, Whose};
use ledger::Charges;
use market::{Money, Timestamp, TradingDate};
use serde::Serialize;
use std::collections::BTreeMap;

/// P&L over some days.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PnlReport {
    /// First day.
    pub from: TradingDate,
    /// Last day.
    pub to: TradingDate,
    /// In total.
    pub total: PnlSum,
    /// By strategy, what was traded by hand, and what nets between them. Sums to the total.
    pub by_strategy: Vec<StrategyPnl>,
    /// By day. Sums to the total.
    pub by_date: Vec<DatePnl>,
    /// What strategies recorded themselves, by label: beside the figures, never instead.
    pub records: Vec<PnlLabel>,
    /// When this was worked out.
    pub as_of: Timestamp,
    /// Since when the broker or its feed has not been heard: prices, and fills, may be older than they look.
    pub unknown_since: Option<Timestamp>,
}

/// What some trades came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PnlSum {
    /// The result of the range before charges: realised plus change of unrealised.
    pub gross: Money,
    /// Booked by closing.
    pub realised: Money,
    /// How far the open profit moved in the range.
    pub unrealised_change: Money,
    /// Open profit since entry, as the range leaves it, over what has a price.
    pub unrealised: Money,
    /// Open positions without a price as the range leaves them: they are in no figure.
    pub unpriced: u32,
    /// Brokerage, taxes and fees, item by item.
    pub charges: Charges,
    /// Fills.
    pub trades: u32,
}

/// One part's result.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StrategyPnl {
    /// Whose.
    pub whose: Whose,
    /// What it is called.
    pub name: String,
    /// What it came to.
    pub result: PnlSum,
}

/// One day's result.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DatePnl {
    /// The day.
    pub date: TradingDate,
    /// What it came to.
    pub result: PnlSum,
}

/// What strategies recorded under one label.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PnlLabel {
    /// The strategy.
    pub strategy_id: String,
    /// What it calls it.
    pub label: String,
    /// The sum.
    pub amount: Money,
    /// Of so many records.
    pub count: u64,
    /// The last one's time.
    pub last_at: Timestamp,
}

/// P&L from one day to another, from the days' figures, oldest first.
pub(crate) fn report(
    days: &[DailyStats],
    from: TradingDate,
    to: TradingDate,
    names: &BTreeMap<String, String>,
    as_of: Timestamp,
) -> PnlReport {
    let last = days.iter().map(|day| day.date).max();
    let mut total = PnlSum::default();
    let mut parts: BTreeMap<Whose, PnlSum> = BTreeMap::new();
    let mut by_date = Vec::new();
    for day in days {
        let is_last = Some(day.date) == last;
        match &day.whose {
            Whose::Account => {
                total.add(day, is_last);
                by_date.push(DatePnl { date: day.date, result: PnlSum::of(day) });
            }
            Whose::Strategy(_) | Whose::Hand | Whose::Netting => {
                parts.entry(day.whose.clone()).or_default().add(day, is_last);
            }
        }
    }
    let netting = total.without(parts.values());
    if netting.is_something() {
        parts.insert(Whose::Netting, netting);
    }
    let named =
        parts.into_iter().map(|(whose, result)| StrategyPnl { name: name(&whose, names), whose, result });
    PnlReport {
        from,
        to,
        total,
        by_strategy: named.collect(),
        by_date,
        records: Vec::new(),
        as_of,
        unknown_since: None,
    }
}

impl PnlSum {
    /// Gross less charges.
    pub fn net(&self) -> Money {
        self.gross - self.charges.total()
    }

    /// Open profit since entry; `None` when something open has no price.
    pub fn open_profit(&self) -> Option<Money> {
        (self.unpriced == 0).then_some(self.unrealised)
    }

    fn of(day: &DailyStats) -> Self {
        let mut result = Self::default();
        result.add(day, true);
        result
    }

    fn add(&mut self, day: &DailyStats, is_last: bool) {
        self.gross += day.gross;
        self.realised += day.realised;
        self.unrealised_change += day.unrealised_change();
        self.charges += day.charges;
        self.trades = self.trades.saturating_add(day.trades);
        if is_last {
            (self.unrealised, self.unpriced) = (day.unrealised, day.unpriced);
        }
    }

    /// What is left when the parts are taken out. Counts sum up by themselves: a fill has one part.
    fn without<'a>(mut self, parts: impl Iterator<Item = &'a Self>) -> Self {
        (self.trades, self.unpriced) = (0, 0);
        for part in parts {
            self.gross -= part.gross;
            self.realised -= part.realised;
            self.unrealised_change -= part.unrealised_change;
            self.unrealised -= part.unrealised;
            self.charges -= part.charges;
        }
        self
    }

    fn is_something(&self) -> bool {
        let amounts = [self.gross, self.realised, self.unrealised_change, self.unrealised];
        amounts.iter().any(|amount| !amount.is_zero()) || !self.charges.total().is_zero()
    }
}

fn name(whose: &Whose, names: &BTreeMap<String, String>) -> String {
    match whose {
        Whose::Strategy(id) => names.get(id).unwrap_or(id).clone(),
        Whose::Hand => "by hand".to_owned(),
        Whose::Netting => "netting between strategies".to_owned(),
        Whose::Account => "account".to_owned(),
    }
}

#[cfg(test)]
mod tests;
