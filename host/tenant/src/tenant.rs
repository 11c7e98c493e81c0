//! The handle: one trader's compartment.

use crate::broker::BrokerState;
use crate::broker_id::BrokerId;
use crate::error::{BrokerError, StoreError, StrategyError};
use crate::feed::Feed;
use crate::instruments::InstrumentList;
use crate::news::News;
use crate::orders::{KillSwitch, OrderRecord, RunLine, TradeRecord};
use crate::pnl::{DailyStats, PnlReport, PositionRecord, RunFigures};
use crate::run::{RunRecord, RunState};
use crate::sessions::{ApiToken, NewApiToken, SessionInfo};
use crate::strategy::{Strategy, Upload};
use market::{Candle, InstrumentToken, Interval, Money, Symbol, Tick, Timestamp, TradingDate};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use tokio::sync::{broadcast, watch};

/// One trader's compartment: broker line, rows, log, limits. Cheap to clone; clones are the same compartment.
#[derive(Clone)]
pub struct Tenant {
    inner: Arc<Inner>,
}

struct Inner {
    id: BrokerId,
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tenant({})", self.inner.id)
    }
}

type Stored<T> = Result<T, StoreError>;

#[allow(unused_variables, reason = "signatures land before bodies")]
#[allow(missing_docs, reason = "signatures land before bodies")]
impl Tenant {
    pub fn broker_id(&self) -> &BrokerId {
        &self.inner.id
    }
    pub fn user_name(&self) -> String {
        unimplemented!()
    }
    pub async fn sessions(&self) -> Stored<Vec<SessionInfo>> {
        unimplemented!()
    }
    /// False when there is no such session.
    pub async fn revoke_session(&self, id: &str) -> Stored<bool> {
        unimplemented!()
    }
    pub async fn tokens(&self) -> Stored<Vec<ApiToken>> {
        unimplemented!()
    }
    pub async fn new_token(&self, name: &str) -> Stored<NewApiToken> {
        unimplemented!()
    }
    pub async fn revoke_token(&self, id: &str) -> Stored<bool> {
        unimplemented!()
    }
    pub async fn upload(&self, upload: Upload) -> Result<Strategy, StrategyError> {
        unimplemented!()
    }
    pub async fn strategies(&self) -> Stored<Vec<Strategy>> {
        unimplemented!()
    }
    pub async fn strategy(&self, id: &str) -> Stored<Option<Strategy>> {
        unimplemented!()
    }
    /// Newest first.
    pub async fn runs(&self) -> Stored<Vec<RunRecord>> {
        unimplemented!()
    }
    pub async fn run(&self, id: &str) -> Stored<Option<RunRecord>> {
        unimplemented!()
    }
    /// None when there is no such run, or it is final already.
    pub async fn set_run_state(&self, id: &str, state: RunState, reason: Option<&str>) -> Stored<Option<RunRecord>> {
        unimplemented!()
    }
    /// Counts one more restart.
    pub async fn count_restart(&self, id: &str) -> Stored<()> {
        unimplemented!()
    }
    /// None when there is no such run. A new line replaces the one before.
    pub async fn attach(&self, run_id: &str) -> Stored<Option<RunLine>> {
        unimplemented!()
    }
    /// The journal of a run, in pieces as they were submitted: (number of the last event in it, bytes).
    pub async fn journal(&self, run_id: &str) -> Stored<Vec<(u64, Vec<u8>)>> {
        unimplemented!()
    }
    pub async fn state_load(&self, strategy_id: &str) -> Stored<BTreeMap<String, Vec<u8>>> {
        unimplemented!()
    }
    /// `None` deletes.
    pub async fn state_write(&self, strategy_id: &str, writes: Vec<(String, Option<Vec<u8>>)>) -> Stored<()> {
        unimplemented!()
    }
    pub async fn record_pnl(&self, run_id: &str, label: &str, amount: Money, time: Timestamp) -> Stored<()> {
        unimplemented!()
    }
    pub fn feed(&self) -> Feed {
        unimplemented!()
    }
    pub async fn instruments(&self) -> Result<Arc<InstrumentList>, BrokerError> {
        unimplemented!()
    }
    pub async fn history(
        &self,
        token: InstrumentToken,
        interval: Interval,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>, BrokerError> {
        unimplemented!()
    }
    pub async fn quote(&self, symbols: &[Symbol]) -> Result<Vec<Tick>, BrokerError> {
        unimplemented!()
    }
    /// Cash available for new orders.
    pub async fn cash(&self) -> Result<Money, BrokerError> {
        unimplemented!()
    }
    pub fn broker_state(&self) -> watch::Receiver<BrokerState> {
        unimplemented!()
    }
    /// False until open orders of earlier days and crashes have been settled with the broker; no order leaves before.
    pub fn is_reconciled(&self) -> bool {
        unimplemented!()
    }
    pub fn news(&self) -> broadcast::Receiver<News> {
        unimplemented!()
    }
    /// Newest first.
    pub async fn orders(&self, date: Option<TradingDate>) -> Stored<Vec<OrderRecord>> {
        unimplemented!()
    }
    pub async fn trades(&self, date: Option<TradingDate>) -> Stored<Vec<TradeRecord>> {
        unimplemented!()
    }
    pub async fn positions(&self, by_strategy: bool) -> Stored<Vec<PositionRecord>> {
        unimplemented!()
    }
    /// What one run holds, for its start event.
    pub async fn run_positions(&self, run_id: &str) -> Stored<Vec<PositionRecord>> {
        unimplemented!()
    }
    pub async fn daily_stats(&self, from: TradingDate, to: TradingDate) -> Stored<Vec<DailyStats>> {
        unimplemented!()
    }
    pub async fn pnl(&self, from: TradingDate, to: TradingDate) -> Stored<PnlReport> {
        unimplemented!()
    }
    pub async fn run_figures(&self, run_id: &str) -> Stored<RunFigures> {
        unimplemented!()
    }
    pub async fn kill_switch(&self) -> Stored<KillSwitch> {
        unimplemented!()
    }
    /// On: stops sends at once and cancels what stands.
    pub async fn set_kill_switch(&self, on: bool, reason: Option<String>) -> Stored<KillSwitch> {
        unimplemented!()
    }
    /// Cancels what stands of a run and, if asked, closes what it holds at market. Returns when all is written down.
    pub async fn wind_down(&self, run_id: &str, square_off: bool) -> Stored<()> {
        unimplemented!()
    }
}
