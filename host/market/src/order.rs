//! The words an order is made of, and the states it passes through.
//!
//! Each word prints and parses as Kite writes it. What a broker answers and when a state changes is known higher up.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A word that is none of an enumeration's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no {kind}: use one of {allowed}")]
pub struct UnknownWord {
    /// What was given.
    pub word: String,
    /// What it should have been.
    pub kind: &'static str,
    /// What is allowed.
    pub allowed: &'static str,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident ($kind:literal) { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as it stands on the wire, in tables and in JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    other => Err(UnknownWord {
                        word: other.to_owned(),
                        kind: $kind,
                        allowed: concat!($($word, " "),+),
                    }),
                }
            }
        }
    };
}

words! {
    /// Which way an order or trade goes.
    Side ("side") {
        /// Takes the instrument in.
        Buy = "BUY",
        /// Gives it away.
        Sell = "SELL",
    }
}

words! {
    /// How an order names its price.
    OrderKind ("order type") {
        /// At whatever the book offers, within market protection.
        Market = "MARKET",
        /// At this price or better.
        Limit = "LIMIT",
        /// Becomes a limit order when the trigger trades.
        Stop = "SL",
        /// Becomes a market order when the trigger trades.
        StopMarket = "SL-M",
    }
}

words! {
    /// How a position is held and financed.
    Product ("product") {
        /// Delivery, cash only.
        Cnc = "CNC",
        /// Intraday; the broker squares it off before the close.
        Mis = "MIS",
        /// Overnight, derivatives only.
        Nrml = "NRML",
        /// Funded delivery.
        Mtf = "MTF",
    }
}

words! {
    /// How long an order stands.
    Validity ("validity") {
        /// Until the session ends.
        Day = "DAY",
        /// What does not trade at once is cancelled.
        Ioc = "IOC",
    }
}

words! {
    /// Kite's order desks.
    Variety ("variety") {
        /// Ordinary orders.
        Regular = "regular",
        /// After-market orders.
        Amo = "amo",
        /// Cover orders.
        Co = "co",
        /// Sliced orders.
        Iceberg = "iceberg",
        /// Auction orders.
        Auction = "auction",
    }
}

words! {
    /// Where an order is on its way. The first five are ours, the rest follow the broker.
    OrderState ("order state") {
        /// Our risk gate said no. Never sent.
        Refused = "refused",
        /// Written down, waiting for its turn. Not sent.
        Intent = "intent",
        /// On its way to the broker, or about to be. Its outcome is unknown until an answer is read.
        Sending = "sending",
        /// The outcome of the send is unknown and is being looked up by tag.
        Ambiguous = "ambiguous",
        /// Never sent because the host restarted first.
        Abandoned = "abandoned",
        /// The broker took it and named it.
        Acked = "acked",
        /// Resting in the book.
        Open = "open",
        /// Waiting for its trigger.
        TriggerPending = "triggerPending",
        /// Some of it has traded; the rest still stands.
        Partial = "partial",
        /// All of it has traded.
        Complete = "complete",
        /// Withdrawn or lapsed; some of it may have traded.
        Cancelled = "cancelled",
        /// The broker or the exchange said no.
        Rejected = "rejected",
        /// Proven never to have reached the broker's book.
        Absent = "absent",
        /// Nobody could tell; a person must look.
        Escalated = "escalated",
    }
}

impl Side {
    /// +1 for buy, −1 for sell.
    pub const fn sign(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }

    /// The other one.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
}

impl OrderKind {
    /// True when a price must be given.
    pub const fn needs_price(self) -> bool {
        matches!(self, Self::Limit | Self::Stop)
    }

    /// True when a trigger must be given.
    pub const fn needs_trigger(self) -> bool {
        matches!(self, Self::Stop | Self::StopMarket)
    }
}

impl OrderState {
    /// True when nothing more can happen to the order.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Refused
                | Self::Abandoned
                | Self::Complete
                | Self::Cancelled
                | Self::Rejected
                | Self::Absent
        )
    }

    /// True when the order may stand in the exchange's book.
    pub const fn may_be_working(self) -> bool {
        !self.is_final() && !matches!(self, Self::Intent)
    }
}
