//! Good-till-triggered orders as the broker records them (reference §10).

use market::{InstrumentToken, OrderKind, Price, Product, Side, Symbol, Timestamp};
use serde::{Deserialize, Serialize};

/// A wish for a trigger: with one value a single, with two (stop loss first, target second) a two-leg, of which one
/// fires and ends the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceGtt {
    /// What is watched and traded.
    pub symbol: Symbol,
    /// One value, or two.
    pub triggers: Vec<Price>,
    /// The price that the client saw.
    pub last_price: Price,
    /// One order for each trigger.
    pub orders: Vec<GttOrder>,
}

/// The order that a trigger places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GttOrder {
    /// Which way.
    pub side: Side,
    /// Units.
    pub quantity: u32,
    /// LIMIT.
    pub kind: OrderKind,
    /// How the position is held.
    pub product: Product,
    /// Limit price.
    pub price: Price,
}

/// Where a trigger stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GttStatus {
    /// It waits.
    Active,
    /// It fired.
    Triggered,
    /// What it watched is listed no more.
    Disabled,
    /// Its year is over.
    Expired,
    /// Its owner withdrew it.
    Deleted,
}

/// One trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Gtt {
    /// Its number.
    pub id: u64,
    /// Whose.
    pub user: String,
    /// What is watched and traded.
    pub symbol: Symbol,
    /// Its number.
    pub token: InstrumentToken,
    /// One value, or two, the lower first.
    pub triggers: Vec<Price>,
    /// The price at its creation or last change: it decides from which side each trigger is reached.
    pub last_price: Price,
    /// One for each trigger.
    pub legs: Vec<GttLeg>,
    /// Where it stands.
    pub status: GttStatus,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last touched.
    pub updated: Timestamp,
    /// When it ends by itself.
    pub expires: Timestamp,
}

/// One trigger's order, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GttLeg {
    /// What is placed.
    pub order: GttOrder,
    /// What came of it, once this leg has fired.
    pub result: Option<GttResult>,
}

/// What came of a leg that fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GttResult {
    /// When.
    pub time: Timestamp,
    /// At which price.
    pub price: Price,
    /// The order's id, or why none was taken.
    pub order: Result<String, String>,
}

impl Gtt {
    /// `single` or `two-leg`.
    pub const fn kind_word(&self) -> &'static str {
        if self.triggers.len() == 2 { "two-leg" } else { "single" }
    }

    /// The leg that a trade at a price fires.
    pub(crate) fn fired_by(&self, last: Price) -> Option<usize> {
        self.triggers
            .iter()
            .position(|trigger| if *trigger > self.last_price { last >= *trigger } else { last <= *trigger })
    }
}

impl GttStatus {
    /// Kite's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Triggered => "triggered",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::Deleted => "deleted",
        }
    }
}
