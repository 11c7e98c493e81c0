//! Rows of a tenant's own settings: kill switches and risk limits.

use super::{Book, Write, unreadable};
use crate::error::StoreError;
use crate::gate::{LossLatch, RiskLimits};
use crate::orders::KillSwitch;
use market::Timestamp;
use orders::SwitchScope;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use std::collections::BTreeMap;

/// What the trader set and what the gate latched, as it is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Risk {
    pub(crate) limits: RiskLimits,
    pub(crate) latch: Option<LossLatch>,
}

impl Book {
    pub(crate) async fn kill_switch(&self) -> Result<KillSwitch, StoreError> {
        let row = sqlx::query("select is_on, reason, since from kill_switch where broker_id = ?")
            .bind(self.id())
            .fetch_optional(&self.store.writer)
            .await?;
        let Some(row) = row else { return Ok(KillSwitch::default()) };
        Ok(KillSwitch {
            on: row.try_get::<i64, _>(0)? != 0,
            reason: row.try_get(1)?,
            since: Some(Timestamp::from_micros(row.try_get(2)?)),
        })
    }

    /// The kill switches of single runs.
    pub(crate) async fn run_switches(&self) -> Result<BTreeMap<String, KillSwitch>, StoreError> {
        let rows = sqlx::query("select run_id, is_on, reason, since from run_switches where broker_id = ?")
            .bind(self.id())
            .fetch_all(&self.store.writer)
            .await?;
        let mut switches = BTreeMap::new();
        for row in &rows {
            let since = Some(Timestamp::from_micros(row.try_get(3)?));
            let switch = KillSwitch { on: row.try_get::<i64, _>(1)? != 0, reason: row.try_get(2)?, since };
            switches.insert(row.try_get(0)?, switch);
        }
        Ok(switches)
    }

    /// A switch as it stands from now on. The host's is no tenant's row.
    pub(super) async fn save_switch(
        &self,
        tx: &mut Write,
        scope: &SwitchScope,
        switch: &KillSwitch,
    ) -> Result<(), StoreError> {
        let since = switch.since.map_or(0, Timestamp::micros);
        let query = match scope {
            SwitchScope::Tenant => sqlx::query(
                "insert or replace into kill_switch (broker_id, is_on, reason, since) values (?, ?, ?, ?)",
            )
            .bind(self.id()),
            SwitchScope::Run(run_id) => sqlx::query(
                "insert or replace into run_switches (broker_id, run_id, is_on, reason, since) values (?, ?, ?, ?, ?)",
            )
            .bind(self.id())
            .bind(run_id),
            SwitchScope::Host => return Ok(()),
        };
        query.bind(i64::from(switch.on)).bind(&switch.reason).bind(since).execute(&mut **tx).await?;
        Ok(())
    }

    /// The limits and the latched loss.
    pub(crate) async fn risk(&self) -> Result<Risk, StoreError> {
        let row = sqlx::query("select limits from risk_limits where broker_id = ?")
            .bind(self.id())
            .fetch_optional(&self.store.writer)
            .await?;
        let Some(row) = row else { return Ok(Risk::default()) };
        serde_json::from_str(row.try_get(0)?).map_err(|e| unreadable("risk limits", e))
    }

    /// The limits and the latched loss as they stand from now on.
    pub(super) async fn save_risk(
        &self,
        tx: &mut Write,
        limits: &RiskLimits,
        latch: Option<LossLatch>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let risk = Risk { limits: limits.clone(), latch };
        let text = serde_json::to_string(&risk).map_err(|e| unreadable("risk limits", e))?;
        sqlx::query("insert or replace into risk_limits (broker_id, limits, updated_at) values (?, ?, ?)")
            .bind(self.id())
            .bind(text)
            .bind(at.micros())
            .execute(&mut **tx)
            .await?;
        Ok(())
    }
}
