//! Everything a run must know before its first event, gathered from its tenant.
//!
//! What the broker cannot answer just now is a reason to wait; what can never be answered ends the run.

use super::words;
use market::{Candle, Instrument, Interval, Symbol, Timestamp};
use sandbox::{Manifest, ParamError, Params, Program, Start, WarmUp};
use tenant::{BrokerError, BrokerState, Clock, RunLine, RunRecord, StoreError, Tenant};

/// A share of the week in which the market trades, turned around: how much calendar time covers bars of trading time.
const CALENDAR_PER_SESSION: i64 = 6;

/// Weekends and holidays that may lie before the first bar, in seconds.
const WARM_UP_SLACK_SECONDS: i64 = 7 * 86_400;

/// The most bars a start may carry in all. Each is one more that the broker is asked for and the machine must hold.
const WARM_UP_BARS_ALL_MAX: usize = 50_000;

/// What stands between a run and its first event.
#[derive(Debug)]
pub(super) enum NotReady {
    /// The broker does not answer yet.
    Broker(String),
    /// The host itself is not ready.
    Host(String),
    /// The component did not compile, although it did before.
    Compile(String),
    /// It never will be.
    Never(String),
    /// It can begin, but not as it was.
    Anew(String),
    /// There is nothing that it was.
    NeverBegan,
}

/// A component with values for its parameters.
pub(super) type Made = (Program, Params);

/// A run, ready for its machine.
pub(super) struct Ready {
    pub(super) line: RunLine,
    pub(super) start: Start,
}

impl From<BrokerError> for NotReady {
    fn from(error: BrokerError) -> Self {
        match error {
            // Kite words many passing faults as refusals, so these are tried again too.
            BrokerError::NoSession | BrokerError::Unreachable(_) | BrokerError::Refused(_) => {
                Self::Broker(error.to_string())
            }
        }
    }
}

impl From<StoreError> for NotReady {
    fn from(error: StoreError) -> Self {
        Self::Host(error.to_string())
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
    let wanted = warm_up(manifest, params).map_err(|error| NotReady::Never(error.to_string()))?;
    let mut bars_before = Vec::new();
    for wanted in wanted {
        for instrument in &instruments {
            bars_before.extend(bars(tenant, instrument, wanted, now).await?);
        }
    }
    let state = tenant.state_load(&run.strategy_id).await?;
    let mut line = line(tenant, run).await?;
    let positions = std::mem::take(&mut line.positions);
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
        warm_up: bars_before,
        seed: seed_of(&run.id),
        today_realised,
    };
    Ok(Ready { line, start })
}

/// The run's line into the order path, once its orders and positions fit together.
pub(super) async fn line(tenant: &Tenant, run: &RunRecord) -> Result<RunLine, NotReady> {
    let gone = || NotReady::Never("the run is no longer in the database".to_owned());
    let line = tenant.attach(&run.id).await?.ok_or_else(gone)?;
    if !line.is_settled {
        return Err(NotReady::Broker("its last fills are being booked".to_owned()));
    }
    Ok(line)
}

/// What a run wants to know of before its start: each interval once, the most that is asked for.
///
/// # Errors
/// When it is more than a start may carry.
pub(super) fn warm_up(manifest: &Manifest, params: &Params) -> Result<Vec<WarmUp>, ParamError> {
    let wanted = manifest.warm_up(params);
    let instruments = manifest.instruments(params).len();
    let each: usize = wanted.iter().map(|warm_up| warm_up.count as usize).sum();
    let all = each * instruments;
    if all > WARM_UP_BARS_ALL_MAX {
        let message = format!(
            "{each} bars for each of {instruments} instruments are {all}: at most {WARM_UP_BARS_ALL_MAX} are \
             allowed; ask for fewer bars or instruments"
        );
        return Err(ParamError { parameter: "warm-up".to_owned(), message });
    }
    Ok(wanted)
}

/// Nothing begins before the broker answers and what stood before is settled.
pub(super) fn check_broker(tenant: &Tenant) -> Result<(), NotReady> {
    match &*tenant.broker_state().borrow() {
        BrokerState::Live if tenant.is_reconciled() => Ok(()),
        BrokerState::Live => {
            Err(NotReady::Broker("orders are being compared with the broker's book".to_owned()))
        }
        BrokerState::Expired { .. } => {
            Err(NotReady::Broker("the broker session has ended: sign in again".to_owned()))
        }
        BrokerState::Unreachable { why, .. } => {
            Err(NotReady::Broker(format!("the broker cannot be reached: {why}")))
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

#[cfg(test)]
mod tests {
    use super::*;
    use sandbox::{Hears, WarmUpCount, WarmUpInterval, WarmUpWish};
    use std::collections::BTreeMap;

    fn manifest(instruments: usize, warm_up: Vec<WarmUpWish>) -> Manifest {
        Manifest {
            name: "test".to_owned(),
            version: "1".to_owned(),
            summary: String::new(),
            parameters: Vec::new(),
            instruments: (0..instruments).map(|number| format!("NSE:S{number}")).collect(),
            hears: Hears { ticks: true, candles: true, orders: true, timers: true, notices: true },
            candles: Vec::new(),
            warm_up,
            tags: BTreeMap::new(),
        }
    }

    fn bars(interval: Interval, count: u32) -> WarmUpWish {
        WarmUpWish { interval: WarmUpInterval::Fixed(interval), count: WarmUpCount::Fixed(count) }
    }

    #[test]
    fn an_interval_that_is_asked_for_twice_is_fetched_once() {
        let wanted = vec![bars(Interval::Minute, 20), bars(Interval::Day, 5), bars(Interval::Minute, 50)];
        let each = warm_up(&manifest(2, wanted), &Params::new()).unwrap();
        let most = |interval, count| WarmUp { interval, count };
        assert_eq!(each, [most(Interval::Minute, 50), most(Interval::Day, 5)]);
    }

    #[test]
    fn more_bars_than_a_start_may_carry_are_refused_with_the_figures() {
        let wanted = vec![bars(Interval::Minute, 1_000)];
        let most = WARM_UP_BARS_ALL_MAX / 1_000;
        warm_up(&manifest(most, wanted.clone()), &Params::new()).unwrap();
        let said = warm_up(&manifest(most + 1, wanted), &Params::new()).unwrap_err().to_string();
        assert!(said.contains("51 instruments are 51000: at most 50000"), "{said}");
    }
}
