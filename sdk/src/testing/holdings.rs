//! What the run holds at the desk, booked as the host books it: weighted average cost, kept exactly; a flip closes before
//! it opens. Knows no orders.

use crate::amounts::{Money, Price};
use crate::order::{Position, Product};
use std::collections::BTreeMap;

/// Positions by instrument and product.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    held: BTreeMap<Key, Held>,
    today: Money,
}

/// In the order in which the host lists them: by exchange, name and product.
type Key = (usize, String, u8);

#[derive(Debug, Default)]
struct Held {
    product: Product,
    quantity: i64,
    /// Quantity × average price, of the quantity's sign.
    cost: Money,
    realised: Money,
}

impl Holdings {
    pub(super) fn all(&self) -> Vec<Position> {
        let position = |(key, held): (&Key, &Held)| Position {
            symbol: key.1.clone(),
            product: held.product,
            quantity: held.quantity,
            average_price: Price::from_units(divide(held.cost.units().into(), held.quantity.into())),
            realised: held.realised,
        };
        self.held.iter().map(position).collect()
    }

    /// Booked today.
    pub(super) fn today(&self) -> Money {
        self.today
    }

    pub(super) fn new_day(&mut self) {
        self.today = Money::ZERO;
    }

    pub(super) fn unrealised(&self, price: impl Fn(&str) -> Option<Price>) -> Money {
        let each = self.held.iter().filter(|(_, held)| held.quantity != 0);
        each.filter_map(|(key, held)| Some(price(&key.1)? * held.quantity - held.cost)).sum()
    }

    /// Books a fill: positive bought, negative sold.
    pub(super) fn fill(&mut self, symbol: &str, product: Product, signed: i64, price: Price) {
        let held = self.held.entry(key(symbol, product)).or_default();
        held.product = product;
        let booked = held.take(signed, price);
        held.realised += booked;
        self.today += booked;
    }
}

impl Held {
    fn take(&mut self, signed: i64, price: Price) -> Money {
        let closes = self.quantity.signum() * signed.signum() < 0;
        let closing = if closes { signed.signum() * signed.abs().min(self.quantity.abs()) } else { 0 };
        let mut booked = Money::ZERO;
        if closes {
            let share = i128::from(self.cost.units()) * i128::from(closing.abs());
            let closed_cost = Money::from_units(divide(share, self.quantity.abs().into()));
            booked = -(price * closing) - closed_cost;
            self.cost -= closed_cost;
        }
        self.quantity += signed;
        self.cost += price * (signed - closing);
        booked
    }
}

fn key(symbol: &str, product: Product) -> Key {
    const EXCHANGES: [&str; 8] = ["NSE", "BSE", "NFO", "BFO", "CDS", "BCD", "MCX", "NCO"];
    let exchange = symbol.split(':').next().unwrap_or_default();
    let place = EXCHANGES.iter().position(|it| *it == exchange).unwrap_or(EXCHANGES.len());
    let product = match product {
        Product::Cnc => 0,
        Product::Mis => 1,
        Product::Nrml => 2,
        Product::Mtf => 3,
    };
    (place, symbol.to_owned(), product)
}

/// Rounded half away from zero; nothing over nothing is nothing.
fn divide(numerator: i128, denominator: i128) -> i64 {
    if denominator == 0 {
        return 0;
    }
    let (n, d) = if denominator < 0 { (-numerator, -denominator) } else { (numerator, denominator) };
    let rounded = if n >= 0 { (n + d / 2) / d } else { (n - d / 2) / d };
    rounded.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirds_of_a_rupee_come_to_whole_paise_when_flat_and_a_flip_closes_first() {
        let mut holdings = Holdings::default();
        for (signed, rupees) in [(1, 10), (2, 11), (-1, 12), (-1, 12), (-11, 12)] {
            holdings.fill("NSE:INFY", Product::Mis, signed, Price::rupees(rupees));
        }
        let held = holdings.all().remove(0);
        assert_eq!((held.quantity, held.average_price), (-10, Price::rupees(12)));
        assert_eq!((held.realised, holdings.today()), (Money::rupees(4), Money::rupees(4)));
        assert_eq!(holdings.unrealised(|_| Some(Price::rupees(11))), Money::rupees(10));
    }
}
