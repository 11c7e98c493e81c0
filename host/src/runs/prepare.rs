//! Everything a run must know before its first event, gathered from its tenant.
//!
//! What the broker cannot answer just now is a reason to wait; what can never be answered ends the run.

use super::words;
use market::{Candle, Instrument, Interval, Symbol, Timestamp};
use sandbox::{Manifest, Params, Start, WarmUp};
use tenant::{BrokerError, BrokerState, Clock, RunLine, RunRecord, StoreError, Tenant};

/// A share of the week in which the market trades, turned around: how much calendar time covers bars of trading time.
const CALENDAR_PER_SESSION: i64 = 6;

/// Weekends and holidays that may lie before the first bar, in seconds.
const WARM_UP_SLACK_SECONDS: i64 = 7 * 86_400;

/// The most bars a start may ask for, of each instrument and interval.
const WARM_UP_BARS_MAX: u32 = 1_000;

/// What stands between a run and its first event.
#[derive(Debug)]
pub(super) enum NotReady {
    /// It may work later.
    Wait(String),
    /// It never will.
    Never(String),
}

/// A run, ready for its machine.
pub(super) struct Ready {
    pub(super) line: RunLine,
    pub(super) start: Start,
}

impl From<BrokerError> for NotReady {
    fn from(error: BrokerError) -> Self {
        match error {
            BrokerError::NoSession | BrokerError::Unreachable(_) => Self::Wait(error.to_string()),
            // Kite words many passing faults as refusals, so these are tried again too.
            BrokerError::Refused(_) => Self::Wait(error.to_string()),
        }
    }
}

impl From<StoreError> for NotReady {
    fn from(error: StoreError) -> Self {
        Self::Wait(error.to_string())
    }
}

/// Gathers what the start event carries.
pub(super) async fn prepare(
    tenant: &Tenant,
    run: &RunRecord,
    manifest: &Manifest,
    params: &Params,
    clock: &Clock,
    session: Option<(Timestamp, Timestamp)>,
) -> Result<Ready, NotReady> {
    check_broker(tenant)?;
    let instruments = instruments(tenant, manifest, params).await?;
    let cash = tenant.cash().await?;
    let now = clock.now();
    let mut warm_up = Vec::new();
    for wanted in manifest.warm_up(params) {
        for instrument in &instruments {
            warm_up.extend(bars(tenant, instrument, wanted, now).await?);
        }
    }
    let state = tenant.state_load(&run.strategy_id).await?;
    let positions = tenant.run_positions(&run.id).await?;
    let gone = || NotReady::Never("the run is no longer in the database".to_owned());
    let line = tenant.attach(&run.id).await?.ok_or_else(gone)?;
    let today_realised = positions.iter().map(|position| position.realised).sum();
    let next_order_id = line.orders.iter().map(|order| order.run_order_id).max().unwrap_or(0) + 1;
    let start = Start {
        params: params.clone(),
        instruments,
        now: clock.now(),
        session,
        cash,
        positions: positions.into_iter().map(words::position).collect(),
        orders: line.orders.iter().cloned().map(words::order).collect(),
        next_order_id,
        state,
        warm_up,
        seed: seed_of(&run.id),
        today_realised,
    };
    Ok(Ready { line, start })
}

fn check_broker(tenant: &Tenant) -> Result<(), NotReady> {
    match &*tenant.broker_state().borrow() {
        BrokerState::Live if tenant.is_reconciled() => Ok(()),
        BrokerState::Live => {
            Err(NotReady::Wait("orders are being compared with the broker's book".to_owned()))
        }
        BrokerState::Expired { .. } => {
            Err(NotReady::Wait("the broker session has ended: sign in again".to_owned()))
        }
        BrokerState::Unreachable { why, .. } => {
            Err(NotReady::Wait(format!("the broker cannot be reached: {why}")))
        }
    }
}

async fn instruments(
    tenant: &Tenant,
    manifest: &Manifest,
    params: &Params,
) -> Result<Vec<Instrument>, NotReady> {
    let list = tenant.instruments().await?;
    let find = |name: String| {
        let symbol = name.parse::<Symbol>().map_err(|error| NotReady::Never(error.to_string()))?;
        let unknown =
            || NotReady::Never(format!("{name} is not in today's instrument list: check the symbol"));
        list.by_symbol(&symbol).cloned().ok_or_else(unknown)
    };
    manifest.instruments(params).into_iter().map(find).collect()
}

/// The last finished bars before now, oldest first.
async fn bars(
    tenant: &Tenant,
    instrument: &Instrument,
    wanted: WarmUp,
    now: Timestamp,
) -> Result<Vec<Candle>, NotReady> {
    let WarmUp { interval, count } = wanted;
    let count = count.min(WARM_UP_BARS_MAX);
    let from = now.plus_seconds(-reach_seconds(interval, count));
    let mut bars = tenant.history(instrument.token, interval, from, now).await?;
    bars.retain(|bar| bar.start.plus_seconds(interval.seconds()) <= now);
    bars.sort_by_key(|bar| bar.start);
    let surplus = bars.len().saturating_sub(count as usize);
    Ok(bars.split_off(surplus))
}

fn reach_seconds(interval: Interval, count: u32) -> i64 {
    let factor = if interval == Interval::Day { 2 } else { CALENDAR_PER_SESSION };
    interval.seconds() * i64::from(count) * factor + WARM_UP_SLACK_SECONDS
}

/// The same run draws the same numbers after a restart; two runs draw different ones.
fn seed_of(run_id: &str) -> u64 {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(run_id.as_bytes());
    digest.iter().take(8).fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
}
