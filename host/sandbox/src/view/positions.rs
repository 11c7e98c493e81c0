//! What the run holds, from its own fills: weighted average cost, a flip closes before it opens.
//!
//! The account's books are kept elsewhere, from the broker's trades; this is what a strategy needs to act.

use crate::event::{HeldPosition, OrderView};
use market::{Money, Price, Product, Symbol};
use std::collections::BTreeMap;

/// Positions by instrument and product.
pub(crate) struct Positions {
    held: BTreeMap<(Symbol, Product), Held>,
    today: Money,
}

/// What is held of one instrument. The exact cost is kept, so that averages do not drift by rounding.
#[derive(Default)]
struct Held {
    quantity: i64,
    /// Quantity × average price, of the quantity's sign.
    cost: Money,
    realised: Money,
}

impl Positions {
    pub(crate) fn new(positions: Vec<HeldPosition>, today: Money) -> Self {
        let held = positions.into_iter().map(|position| {
            let HeldPosition { symbol, product, quantity, cost, realised, .. } = position;
            ((symbol, product), Held { quantity, cost, realised })
        });
        Self { held: held.collect(), today }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = HeldPosition> {
        self.held.iter().map(|((symbol, product), held)| HeldPosition {
            symbol: symbol.clone(),
            product: *product,
            quantity: held.quantity,
            average_price: held.cost.per_unit(held.quantity),
            cost: held.cost,
            realised: held.realised,
        })
    }

    /// Booked today.
    pub(crate) fn today(&self) -> Money {
        self.today
    }

    pub(crate) fn new_day(&mut self) {
        self.today = Money::ZERO;
    }

    pub(crate) fn unrealised(&self, price: impl Fn(&Symbol) -> Option<Price>) -> Money {
        let each = self.held.iter().filter(|(_, held)| held.quantity != 0);
        each.filter_map(|((symbol, _), held)| Some(price(symbol)? * held.quantity - held.cost)).sum()
    }

    /// Books what traded of an order.
    pub(crate) fn fill(&mut self, order: &OrderView, quantity: u32, price: Price) {
        let signed = order.side.sign() * i64::from(quantity);
        let held = self.held.entry((order.symbol.clone(), order.product)).or_default();
        let booked = held.take(signed, price);
        self.today = self.today.saturating_add(booked);
    }
}

impl Held {
    /// Takes a fill, and answers what it booked.
    fn take(&mut self, signed: i64, price: Price) -> Money {
        let closes = self.quantity.signum() * signed.signum() < 0;
        let closing = if closes { signed.signum() * signed.abs().min(self.quantity.abs()) } else { 0 };
        let mut booked = Money::ZERO;
        if closes {
            // Selling (closing < 0) brings −closing × price in and gives the cost away; buying back mirrors it.
            let closed_cost = self.cost.scaled(closing.abs(), self.quantity.abs());
            booked = -(price * closing) - closed_cost;
            self.cost -= closed_cost;
        }
        self.quantity += signed;
        self.cost += price * (signed - closing);
        self.realised = self.realised.saturating_add(booked);
        booked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(price: i64) -> Price {
        Price::from_rupees(price)
    }

    #[test]
    fn a_flip_books_what_it_closes_and_opens_the_rest_at_its_own_price() {
        let rupees = Money::from_rupees;
        let mut held = Held::default();
        assert_eq!(held.take(10, at(100)), Money::ZERO);
        assert_eq!(held.take(10, at(110)), Money::ZERO);
        assert_eq!(held.cost.per_unit(held.quantity), at(105));
        assert_eq!(held.take(-30, at(120)), rupees(300));
        assert_eq!((held.quantity, held.cost.per_unit(held.quantity)), (-10, at(120)));
        assert_eq!(held.take(10, at(115)), rupees(50));
        assert_eq!((held.quantity, held.cost, held.realised), (0, Money::ZERO, rupees(350)));
    }

    #[test]
    fn a_run_that_starts_again_goes_on_with_the_exact_cost() {
        let (symbol, rupees) = ("NSE:INFY".parse::<Symbol>().unwrap(), Money::from_rupees);
        let held = HeldPosition {
            symbol: symbol.clone(),
            product: Product::Mis,
            quantity: 3,
            average_price: rupees(32).per_unit(3),
            cost: rupees(32),
            realised: Money::ZERO,
        };
        let again = Positions::new(vec![held], Money::ZERO);
        assert_eq!(again.unrealised(|_| Some(at(12))), rupees(4));
        assert_eq!(again.all().next().unwrap().cost, rupees(32));
    }

    #[test]
    fn thirds_of_a_rupee_come_to_whole_paise_when_flat() {
        let mut held = Held::default();
        held.take(1, at(10));
        held.take(2, at(11));
        let booked: Money = (0..3).map(|_| held.take(-1, at(12))).sum();
        assert_eq!((booked, held.cost), (Money::from_rupees(4), Money::ZERO));
    }

    #[test]
    fn thirds_of_a_rupee_survive_a_restart() {
        let mut before = Positions::new(Vec::new(), Money::ZERO);
        let infy: Symbol = "NSE:INFY".parse().unwrap();
        before.held.entry((infy.clone(), Product::Cnc)).or_default().take(1, at(10));
        before.held.entry((infy.clone(), Product::Cnc)).or_default().take(2, at(11));
        let mut after = Positions::new(before.all().collect(), Money::ZERO);
        let held = after.held.get_mut(&(infy, Product::Cnc)).unwrap();
        assert_eq!(held.take(-3, at(12)), Money::from_rupees(4), "not a rounded average times three");
    }
}
