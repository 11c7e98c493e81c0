//! The risk gate: says yes or no to every order before it is written down as one that may leave.
//!
//! Pure: time, prices and counts come in as arguments, and the same arguments give the same verdict. It does not
//! know how orders are sent, stored or found again, and nothing a strategy does can reach it.

mod limits;
mod percent;
mod refusal;
mod window;

pub use limits::{
    BROKER_CALLS_PER_DAY, BROKER_CALLS_PER_MINUTE, BROKER_CALLS_PER_SECOND, InvalidLimits,
    RESERVED_CALLS_PER_DAY, RESERVED_CALLS_PER_MINUTE, RiskLimits,
};
pub use percent::Percent;
pub use refusal::Refusal;
pub use window::{SendCounts, SendWindow};

use crate::line::BrokerState;
#[cfg(test)]
use crate::planted::{Planted, is_planted};
use market::{Change, Money, OrderRequest, Price, Timestamp, Venue};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the gate must be told about the account at the instant of the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The instant of the decision.
    pub now: Timestamp,
    /// Orders of the account that may stand in the exchange's book.
    pub open_orders: u32,
    /// The account's result of the day, realised and unrealised; `None` while it cannot be told.
    pub day_pnl: Option<Money>,
    /// The newest price of the order's instrument. Look one up for market orders: they are refused without.
    pub last_price: Option<Price>,
    /// Units of money per unit of quantity and price: 1 on every venue that passes this gate.
    pub multiplier: i64,
    /// True during continuous trading of the order's venue.
    pub market_open: bool,
    /// Why the kill switch is on, where it is (run, tenant or host).
    pub killed: Option<String>,
    /// How the line to the broker stands; live for what never goes there.
    pub broker: BrokerState,
}

/// What is asked of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked<'a> {
    /// A new order of a run.
    Place(&'a OrderRequest),
    /// A new order that a person or the host makes to close a position. A run can never ask for one.
    Exit(&'a OrderRequest),
    /// New values for a standing order.
    Modify {
        /// The order as it stands.
        standing: &'a OrderRequest,
        /// What shall change.
        change: &'a Change,
    },
    /// Withdraw a standing order. Never refused; it counts when it leaves, not when it is asked for.
    Cancel,
}

/// The gate's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be sent.
    Pass,
    /// It must not be sent.
    Refuse(Refusal),
}

/// The loss that closed the gate. Stands until a person clears it, over restarts and days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LossLatch {
    /// When the limit was passed.
    pub since: Timestamp,
    /// The result at that instant.
    pub day_pnl: Money,
}

/// One account's gate, shared by all its runs.
#[derive(Debug, Clone)]
pub struct Gate {
    limits: Arc<RiskLimits>,
    window: SendWindow,
    latch: Option<LossLatch>,
}

impl Gate {
    /// A gate with these limits, the sends counted so far and the latch as it was stored.
    pub fn new(limits: impl Into<Arc<RiskLimits>>, window: SendWindow, latch: Option<LossLatch>) -> Self {
        Self { limits: limits.into(), window, latch }
    }

    /// The limits in force.
    pub fn limits(&self) -> &Arc<RiskLimits> {
        &self.limits
    }

    /// Puts other limits in force. The latch stays: only a person clears it.
    pub fn set_limits(&mut self, limits: impl Into<Arc<RiskLimits>>) {
        self.limits = limits.into();
    }

    /// The loss that closed the gate, if one has.
    pub fn latch(&self) -> Option<LossLatch> {
        self.latch
    }

    /// A person opens the gate again. A loss that still stands closes it at the next look.
    pub fn clear_latch(&mut self) {
        self.latch = None;
    }

    /// Looks at the day's result between orders, so that the latch falls when the loss happens. True when it just did.
    pub fn observe(&mut self, now: Timestamp, day_pnl: Money) -> bool {
        let lost = self.limits.max_daily_loss.is_some_and(|limit| day_pnl <= -limit);
        let falls = lost && self.latch.is_none();
        if falls {
            self.latch = Some(LossLatch { since: now, day_pnl });
        }
        falls
    }

    /// The calls counted so far.
    pub fn window(&self) -> &SendWindow {
        &self.window
    }

    /// Decides. A pass is not yet a send: [`Gate::count`] counts those.
    pub fn decide(&mut self, snapshot: &Snapshot, asked: Asked<'_>) -> Verdict {
        if let Some(day_pnl) = snapshot.day_pnl {
            self.observe(snapshot.now, day_pnl);
        }
        match self.refusal(snapshot, asked) {
            Some(refusal) => Verdict::Refuse(refusal),
            None => Verdict::Pass,
        }
    }

    /// Decides and counts a pass in one step, so that two orders of one step cannot both take the last place. A cancel is
    /// left to [`Gate::count`]: asked for twice it still leaves once.
    pub fn admit(&mut self, snapshot: &Snapshot, asked: Asked<'_>) -> Verdict {
        let verdict = self.decide(snapshot, asked);
        if verdict == Verdict::Pass && asked != Asked::Cancel {
            self.count(snapshot.now);
        }
        verdict
    }

    /// Counts a call that somebody else made on the account at another instant.
    pub fn count_past(&mut self, at: Timestamp, now: Timestamp) {
        self.window.count_past(at, now);
    }

    /// Counts one call to the broker: a place, a modify or a cancel that leaves.
    pub fn count(&mut self, now: Timestamp) {
        self.window.count(now);
    }

    /// The clock was set: see [`SendWindow::moved`].
    pub fn moved(&mut self, now: Timestamp) {
        self.window.moved(now);
    }

    fn refusal(&self, snapshot: &Snapshot, asked: Asked<'_>) -> Option<Refusal> {
        match asked {
            Asked::Cancel => None,
            Asked::Exit(order) => self
                .reachability(snapshot)
                .or_else(|| self.rate_of_exits(snapshot))
                .or_else(|| self.price(order, snapshot)),
            Asked::Place(order) => self
                .stops(snapshot)
                .or_else(|| self.reachability(snapshot))
                .or_else(|| self.rate(snapshot))
                .or_else(|| self.open_orders(snapshot))
                .or_else(|| self.order(order, snapshot)),
            Asked::Modify { standing, change } => self
                .stops(snapshot)
                .or_else(|| self.reachability(snapshot))
                .or_else(|| self.rate(snapshot))
                .or_else(|| self.order(&changed(standing, change), snapshot)),
        }
    }

    /// What a person or a loss has stopped.
    fn stops(&self, snapshot: &Snapshot) -> Option<Refusal> {
        if let Some(reason) = &snapshot.killed {
            return Some(Refusal::kill_switch(reason));
        }
        let latched = self.latch.map(|latch| Refusal::daily_loss(latch, self.limits.max_daily_loss));
        // Whoever set a limit does not want it to depend on a price that nobody knows.
        let unknown = self.limits.max_daily_loss.is_some() && snapshot.day_pnl.is_none();
        latched.or_else(|| unknown.then(Refusal::unknown_result))
    }

    /// What cannot arrive anywhere.
    fn reachability(&self, snapshot: &Snapshot) -> Option<Refusal> {
        if snapshot.broker != BrokerState::Live {
            return Some(Refusal::no_session(&snapshot.broker));
        }
        (self.limits.market_hours_only && !snapshot.market_open).then(Refusal::market_closed)
    }

    fn rate(&self, snapshot: &Snapshot) -> Option<Refusal> {
        #[cfg(test)]
        if is_planted(Planted::IgnoreRate) {
            return None;
        }
        let sent = self.window.counts(snapshot.now);
        let limits = &self.limits;
        if sent.second >= limits.orders_per_second {
            return Some(Refusal::rate("second", limits.orders_per_second));
        }
        if sent.minute >= limits.minute_of_runs() {
            return Some(Refusal::rate("minute", limits.minute_of_runs()));
        }
        (sent.day >= limits.day_of_runs()).then(|| Refusal::order_count(limits.day_of_runs()))
    }

    /// An exit is held against the broker's limits alone. Its second is not looked at: it waits for the next one.
    fn rate_of_exits(&self, snapshot: &Snapshot) -> Option<Refusal> {
        let sent = self.window.counts(snapshot.now);
        if sent.minute >= BROKER_CALLS_PER_MINUTE {
            return Some(Refusal::rate("minute", BROKER_CALLS_PER_MINUTE));
        }
        (sent.day >= BROKER_CALLS_PER_DAY).then(|| Refusal::order_count(BROKER_CALLS_PER_DAY))
    }

    fn open_orders(&self, snapshot: &Snapshot) -> Option<Refusal> {
        let limit = self.limits.max_open_orders;
        (snapshot.open_orders >= limit).then(|| Refusal::open_orders(limit))
    }

    fn order(&self, order: &OrderRequest, snapshot: &Snapshot) -> Option<Refusal> {
        self.instrument(order)
            .or_else(|| self.quantity(order))
            .or_else(|| self.value(order, snapshot))
            .or_else(|| self.price(order, snapshot))
    }

    fn instrument(&self, order: &OrderRequest) -> Option<Refusal> {
        if !is_supported(order.symbol.venue()) {
            return Some(Refusal::venue(order.symbol.venue()));
        }
        let allowed = self.limits.allowed_instruments.as_ref()?;
        (!allowed.contains(&order.symbol)).then(|| Refusal::instrument(&order.symbol))
    }

    fn quantity(&self, order: &OrderRequest) -> Option<Refusal> {
        let limit = self.limits.max_order_quantity;
        (order.quantity > limit).then(|| Refusal::quantity(order.quantity, limit))
    }

    fn value(&self, order: &OrderRequest, snapshot: &Snapshot) -> Option<Refusal> {
        let Some(price) = worst_price(order, snapshot.last_price) else {
            return Some(Refusal::no_price(&order.symbol, self.limits.max_order_value));
        };
        let units = i64::from(order.quantity).saturating_mul(snapshot.multiplier.max(1));
        let (value, limit) = (price * units, self.limits.max_order_value);
        (value > limit).then(|| Refusal::value(value, limit))
    }

    /// Keeps a price from lying on the losing side of the market by more than the band.
    fn price(&self, order: &OrderRequest, snapshot: &Snapshot) -> Option<Refusal> {
        let (percent, last) = (self.limits.price_band_percent?, snapshot.last_price?);
        let asked = order.kind.needs_price().then_some(order.price)?;
        let worse_units = (asked.units() - last.units()).saturating_mul(order.side.sign());
        let too_far = percent.is_passed_by(worse_units, last.units());
        too_far.then(|| Refusal::price_band(order.side, asked, last, percent))
    }
}

/// Where one unit of quantity and price is one rupee and the hours are those of the calendar. A wrong contract size would
/// let an order through that is a hundred times its limit.
const fn is_supported(venue: Venue) -> bool {
    match venue {
        Venue::Nse | Venue::Bse | Venue::Nfo | Venue::Bfo => true,
        Venue::Mcx | Venue::Cds | Venue::Bcd | Venue::Nco => false,
    }
}

/// The most an order may come to per unit: its own price where it names one, else the market's.
fn worst_price(order: &OrderRequest, last: Option<Price>) -> Option<Price> {
    let own = if order.kind.needs_price() { order.price } else { order.trigger };
    // An instrument that never traded has a last price of zero at the broker: that is no price.
    let worst = own.max(last.unwrap_or(Price::ZERO));
    (worst > Price::ZERO).then_some(worst)
}

fn changed(standing: &OrderRequest, change: &Change) -> OrderRequest {
    OrderRequest {
        quantity: change.quantity.unwrap_or(standing.quantity),
        price: change.price.unwrap_or(standing.price),
        trigger: change.trigger.unwrap_or(standing.trigger),
        kind: change.kind.unwrap_or(standing.kind),
        validity: change.validity.unwrap_or(standing.validity),
        ..standing.clone()
    }
}

#[cfg(test)]
mod tests;
