//! Mistakes that are made on purpose, one at a time, to prove that the simulation sees them. In tests alone.

use crate::book::Reading;
use std::cell::Cell;

macro_rules! mistakes {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// One mistake.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Planted { $($(#[$doc])* $name),+ }
        impl Planted {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),+];
        }
    };
}

mistakes! {
    /// An order leaves before its row is written.
    SendBeforeWrite,
    /// A place that timed out is sent again.
    RetryOnTimeout,
    /// A place that timed out counts as rejected.
    TimeoutIsNo,
    /// A book of open orders alone proves that others are absent.
    TrustOpenOrdersAlone,
    /// The first reading that lacks an order proves its absence.
    NoAbsenceWindow,
    /// A second fill of an order is taken for the first one.
    OneTradeAnOrder,
    /// The cumulative average is taken for the price of the newest fill.
    AverageIsFillPrice,
    /// A reading under an old session opens the gate of the new one.
    IgnoreSession,
    /// The kill switch is kept in memory alone.
    SwitchInMemory,
    /// Tags repeat.
    TagCollision,
    /// Orders leave before what stands was compared with the broker.
    SkipStartupGate,
    /// What the ticker said before the acknowledgement came is forgotten with it.
    AckForgetsUpdates,
    /// A change is built upon what the book shows, though a newer one was taken.
    ChangeOnStaleBase,
    /// What waited when the host went down is sent by the next one.
    SendAbandonedLate,
    /// A wish to withdraw does not outlive the process.
    ForgetWishes,
    /// An older update takes fills back.
    TrustOldUpdates,
    /// Paper orders go to the broker.
    PaperLeaves,
    /// Orders that no row knows of halt nothing.
    IgnoreForeign,
    /// The account's rate is not looked at.
    IgnoreRate,
    /// A second order under a tag is not noticed.
    IgnoreTwins,
}

thread_local! {
    static PLANTED: Cell<Option<Planted>> = const { Cell::new(None) };
}

/// True where this mistake shall be made.
pub(crate) fn is_planted(mistake: Planted) -> bool {
    PLANTED.get() == Some(mistake)
}

/// From now on this mistake is made on this thread.
pub(crate) fn plant(mistake: Option<Planted>) {
    PLANTED.set(mistake);
}

impl Reading {
    /// As if the broker had been asked for open orders alone.
    pub(crate) fn with_open_orders_alone(&self) -> Self {
        let mut reading = self.clone();
        reading.orders.rows.retain(|row| !row.state.is_final());
        reading
    }
}
