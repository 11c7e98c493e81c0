//! How an iceberg order is cut into legs (reference §7.3).

use crate::order::{Iceberg, IcebergWish, PlaceOrder};
use crate::refusal::Refusal;
use market::Variety;

const FEWEST_LEGS: u32 = 2;
const MOST_LEGS: u32 = 50;

impl Iceberg {
    /// The first leg, for an order of these legs.
    pub(crate) const fn first(wish: IcebergWish, total_quantity: u32) -> Self {
        let IcebergWish { legs, leg_quantity } = wish;
        let remaining_quantity = total_quantity - leg_quantity;
        Self { leg: 1, legs, leg_quantity, total_quantity, remaining_quantity }
    }

    /// The next leg, and its quantity. `None` after the last.
    pub(crate) const fn next(self) -> Option<(Self, u32)> {
        if self.remaining_quantity == 0 {
            return None;
        }
        let least = self.remaining_quantity < self.leg_quantity;
        let quantity = if least { self.remaining_quantity } else { self.leg_quantity };
        let next = Self { leg: self.leg + 1, remaining_quantity: self.remaining_quantity - quantity, ..self };
        Some((next, quantity))
    }
}

/// Checks how a new order is cut.
pub(crate) fn check(order: &PlaceOrder, lot_size: u32) -> Result<(), Refusal> {
    let Some(IcebergWish { legs, leg_quantity }) = order.iceberg else {
        return if order.request.variety == Variety::Iceberg {
            Err(Refusal::input("Missing or empty field `iceberg_legs` or `iceberg_quantity`."))
        } else {
            Ok(())
        };
    };
    if !(FEWEST_LEGS..=MOST_LEGS).contains(&legs) {
        return Err(Refusal::input(format!("`iceberg_legs` must be {FEWEST_LEGS} to {MOST_LEGS}.")));
    }
    let whole = leg_quantity > 0
        && leg_quantity.is_multiple_of(lot_size)
        && order.request.quantity.is_multiple_of(lot_size);
    if !whole || order.request.quantity.div_ceil(leg_quantity) != legs {
        return Err(Refusal::input(
            "Invalid `iceberg_quantity`. The order quantity must take exactly that many legs of whole lots.",
        ));
    }
    if order.request.kind.needs_trigger() {
        return Err(Refusal::input("Iceberg orders are LIMIT or MARKET."));
    }
    Ok(())
}
