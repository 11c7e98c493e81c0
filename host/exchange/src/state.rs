//! The exchange's state as data: everything that does not follow from its seed and the time.
//!
//! A journal keeps one whole state and the changes after it; followed one by one they are the state again, from which
//! the exchange goes on. What the market did meanwhile needs no record: prices are a function of the seed and of time.

use crate::account::Account;
use crate::alert::Alert;
use crate::auction::Auction;
use crate::desk::Entry;
use crate::exchange::Exchange;
use crate::gtt::Gtt;
use crate::late::LateReject;
use crate::ledger::{Line, Shares};
use crate::order::{Order, TradeRecord};
use crate::setup::Setup;
use crate::touched::Touched;
use market::{Instrument, Money, Symbol, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A whole state, or what changed in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct State {
    /// When it was taken.
    pub now: Timestamp,
    /// True when it is all there is, false when it only changes what was there before.
    pub whole: bool,
    counter: u64,
    contracts: Vec<Instrument>,
    nudges: BTreeMap<Symbol, f64>,
    accounts: Vec<SavedAccount>,
    orders: Vec<SavedOrder>,
    trades: Vec<SavedTrade>,
    /// All of them, where one changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gtts: Option<Vec<Gtt>>,
    /// All of the day's, where one began or ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auctions: Option<Vec<Auction>>,
    /// Those that changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    alerts: Vec<Alert>,
    /// Orders that are yet to be rejected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    late_rejects: Vec<LateReject>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedAccount {
    user: String,
    cash: Money,
    lines: Vec<Line>,
    shares: Vec<(Symbol, Shares)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    authorised: Vec<(Symbol, u32)>,
}

/// An order's newest rows, and what is not in them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedOrder {
    id: String,
    /// How many rows of its history were saved before.
    rows_before: usize,
    rows: Vec<Order>,
    value: Money,
    ahead: u32,
    rank: u64,
    changes: u32,
    protection: i32,
    bound: [Money; 3],
    expires: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SavedTrade {
    user: String,
    trade: TradeRecord,
}

impl State {
    /// Takes what changed later into this one.
    pub fn follow(&mut self, later: Self) {
        if later.whole {
            *self = later;
            return;
        }
        self.now = later.now;
        self.counter = later.counter;
        self.nudges = later.nudges;
        self.late_rejects = later.late_rejects;
        for account in later.accounts {
            match self.accounts.iter_mut().find(|known| known.user == account.user) {
                Some(known) => *known = account,
                None => self.accounts.push(account),
            }
        }
        for order in later.orders {
            // Most changes are of orders that came last.
            let known = |known: &SavedOrder| known.id == order.id;
            let index = if order.rows_before > 0 { self.orders.iter().rposition(known) } else { None };
            match index {
                Some(index) => self.orders[index].follow(order),
                None => self.orders.push(order),
            }
        }
        self.trades.extend(later.trades);
        self.gtts = later.gtts.or_else(|| self.gtts.take());
        self.auctions = later.auctions.or_else(|| self.auctions.take());
        for alert in later.alerts {
            match self.alerts.iter_mut().find(|known| known.uuid == alert.uuid) {
                Some(known) => *known = alert,
                None => self.alerts.push(alert),
            }
        }
    }
}

impl SavedOrder {
    fn follow(&mut self, later: Self) {
        let mut rows = std::mem::take(&mut self.rows);
        rows.truncate(later.rows_before);
        rows.extend(later.rows.iter().cloned());
        *self = Self { rows, rows_before: 0, ..later };
    }

    fn of(entry: &Entry, rows_before: usize) -> Self {
        Self {
            id: entry.order.order_id.clone(),
            rows_before,
            rows: entry.history[rows_before..].to_vec(),
            value: entry.value,
            ahead: entry.ahead,
            rank: entry.rank,
            changes: entry.changes,
            protection: entry.protection,
            bound: entry.bound,
            expires: entry.expires,
        }
    }
}

impl Exchange {
    /// What changed since this was last asked; `None` when nothing did.
    pub fn take_changes(&mut self) -> Option<State> {
        if self.touched.is_empty() {
            return None;
        }
        if self.touched.all {
            return Some(self.take_state());
        }
        let touched = std::mem::take(&mut self.touched);
        let trade = |(account, index): &(usize, usize)| {
            let account = &self.accounts[*account];
            SavedTrade { user: account.user_id.clone(), trade: account.trades[*index].clone() }
        };
        let state = State {
            whole: false,
            accounts: touched
                .accounts
                .iter()
                .map(|index| self.saved_account(&self.accounts[*index]))
                .collect(),
            orders: touched.orders.iter().map(|index| self.saved_order(*index)).collect(),
            trades: touched.trades.iter().map(trade).collect(),
            gtts: touched.gtts.then(|| self.gtts.clone()),
            auctions: touched.auctions.then(|| self.auctions.clone()),
            alerts: touched.alerts.iter().map(|index| self.alerts[*index].clone()).collect(),
            ..self.frame()
        };
        for index in touched.orders {
            self.desk.entries[index].rows_saved = self.desk.entries[index].history.len();
        }
        Some(state)
    }

    /// Everything. The next changes are counted from here.
    pub fn take_state(&mut self) -> State {
        self.touched = Touched::default();
        for entry in &mut self.desk.entries {
            entry.rows_saved = entry.history.len();
        }
        let trades = self.accounts.iter().flat_map(|account| {
            let saved =
                |trade: &TradeRecord| SavedTrade { user: account.user_id.clone(), trade: trade.clone() };
            account.trades.iter().map(saved)
        });
        State {
            whole: true,
            contracts: self.contracts(),
            accounts: self.accounts.iter().map(|account| self.saved_account(account)).collect(),
            orders: self.desk.entries.iter().map(|entry| SavedOrder::of(entry, 0)).collect(),
            trades: trades.collect(),
            gtts: Some(self.gtts.clone()),
            auctions: Some(self.auctions.clone()),
            alerts: self.alerts.clone(),
            ..self.frame()
        }
    }

    /// Goes on from a whole state, at its time and with the accounts of the setup: those that the state knows with their
    /// books, new ones as the setup has them.
    pub fn restore(setup: Setup, state: State) -> Self {
        let setup = Setup { now: state.now, ..setup };
        let mut exchange = Self::with_contracts(setup, state.contracts);
        exchange.tape.set_nudges(&state.nudges);
        exchange.desk.go_on_from(state.counter);
        exchange.gtts = state.gtts.unwrap_or_default();
        if let Some(auctions) = state.auctions {
            exchange.auctions = auctions;
        }
        exchange.alerts = state.alerts;
        exchange.late.waiting = state.late_rejects;
        for saved in state.accounts {
            exchange.restore_account(saved);
        }
        for saved in state.orders {
            exchange.restore_order(saved);
        }
        for SavedTrade { user, trade } in state.trades {
            if let Some(account) = exchange.account(&user) {
                exchange.accounts[account].trades.push(trade);
            }
        }
        for slot in exchange.tape.listed().collect::<Vec<_>>() {
            if !exchange.desk.resting[slot].is_empty() {
                exchange.renew_crowd(slot, exchange.now);
            }
        }
        exchange
    }

    /// What every state carries, whole or not.
    fn frame(&self) -> State {
        State {
            now: self.now,
            counter: self.desk.counted(),
            nudges: self.tape.nudges(),
            late_rejects: self.late.waiting.clone(),
            ..State::default()
        }
    }

    /// What is listed, and what orders of the day still name.
    fn contracts(&self) -> Vec<Instrument> {
        let named = |slot: usize| self.desk.entries.iter().any(|entry| entry.slot == slot);
        let contract = |slot: usize| {
            let listing = &self.tape.listings[slot];
            let wanted = listing.instrument.expiry.is_some() && (self.tape.is_listed(slot) || named(slot));
            wanted.then(|| listing.instrument.clone())
        };
        (0..self.tape.listings.len()).filter_map(contract).collect()
    }

    fn saved_account(&self, account: &Account) -> SavedAccount {
        let symbol = |slot: &usize| self.tape.listings[*slot].instrument.symbol.clone();
        let (cash, lines, shares) = account.books_to_keep();
        SavedAccount {
            user: account.user_id.clone(),
            cash,
            lines: lines.cloned().collect(),
            shares: shares.map(|(slot, shares)| (symbol(slot), shares.clone())).collect(),
            authorised: account.authorised().map(|(slot, quantity)| (symbol(slot), *quantity)).collect(),
        }
    }

    fn saved_order(&self, index: usize) -> SavedOrder {
        let entry = &self.desk.entries[index];
        SavedOrder::of(entry, entry.rows_saved)
    }

    fn restore_account(&mut self, saved: SavedAccount) {
        let Some(account) = self.account(&saved.user) else { return };
        let slot = |symbol: &Symbol| self.tape.slot_of(symbol);
        let lines =
            saved.lines.into_iter().filter_map(|line| Some(((slot(&line.symbol)?, line.product), line)));
        let shares = saved.shares.into_iter().filter_map(|(symbol, shares)| Some((slot(&symbol)?, shares)));
        let (lines, shares) = (lines.collect(), shares.collect());
        let authorised: Vec<_> = saved
            .authorised
            .into_iter()
            .filter_map(|(symbol, quantity)| Some((slot(&symbol)?, quantity)))
            .collect();
        self.accounts[account].keep_books(saved.cash, lines, shares);
        for (slot, quantity) in authorised {
            self.accounts[account].authorise(slot, quantity);
        }
    }

    fn restore_order(&mut self, saved: SavedOrder) {
        let Some(order) = saved.rows.last().cloned() else { return };
        let (Some(account), Some(slot)) =
            (self.account(&order.user_id), self.tape.any_slot_of(&order.symbol, order.token))
        else {
            return;
        };
        let stands = !order.status.is_final();
        let index = self.desk.put(Entry {
            rows_saved: saved.rows.len(),
            order,
            history: saved.rows,
            slot,
            account,
            value: saved.value,
            ahead: saved.ahead,
            rank: saved.rank,
            changes: saved.changes,
            protection: saved.protection,
            bound: saved.bound,
            expires: saved.expires,
        });
        self.accounts[account].orders.push(index);
        if stands {
            self.stand(index);
        }
    }
}
