//! What a position brings in from the day before, and the quantity and value of one side of it.

use market::{Money, Price, Product, Symbol, Timestamp};
use serde::{Deserialize, Serialize};

/// A position brought in from the day before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Carried {
    /// What is held.
    pub symbol: Symbol,
    /// How it is held.
    pub product: Product,
    /// Units; negative when short.
    pub quantity: i64,
    /// What they cost (or brought, when short), with the multiplier, as a positive amount.
    pub cost: Money,
    /// The previous day's close. Where it is not known the day's result counts from the cost.
    pub close_price: Option<Price>,
    /// The newest price known of it, with its own time.
    pub last: Option<(Timestamp, Price)>,
    /// Units of money per unit of quantity and price.
    pub multiplier: i64,
    /// What closing parts of it has booked on the days before.
    pub realised_before: Money,
}

/// Quantity and value of one side.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flow {
    pub(super) quantity: i64,
    pub(super) value: Money,
}

impl Carried {
    /// A position of so many units at an average price.
    pub fn at_average(
        symbol: Symbol,
        product: Product,
        quantity: i64,
        average: Price,
        multiplier: i64,
    ) -> Self {
        let cost = average * quantity.abs() * multiplier;
        Self {
            symbol,
            product,
            quantity,
            cost,
            close_price: None,
            last: None,
            multiplier,
            realised_before: Money::ZERO,
        }
    }

    /// The same with the previous day's close.
    pub fn closed_at(self, price: Price) -> Self {
        Self { close_price: Some(price), ..self }
    }
}

impl Flow {
    pub(super) fn plus(self, quantity: i64, value: Money) -> Self {
        Self { quantity: self.quantity + quantity, value: self.value + value }
    }

    pub(super) fn price(self, multiplier: i64) -> Price {
        self.value.per_unit(self.quantity * multiplier)
    }
}
