//! A new or changed trigger as the form that Kite takes: JSON inside form fields, its prices written as decimals.

use crate::error::Error;
use crate::order_params::Form;
use crate::wire::decimal;
use crate::words::GttKind;
use market::{Price, Product, Side, Symbol};
use serde::Serialize;
use serde_json::value::RawValue;

/// A trigger: what it waits for and what it sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GttParams {
    /// Whose price it waits for, and what it trades.
    pub symbol: Symbol,
    /// The price now: it decides from which side each trigger is reached.
    pub last_price: Price,
    /// What it sends at which price.
    pub legs: GttLegs,
}

/// One order, or two of which the first to be reached ends the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GttLegs {
    /// One.
    Single(GttLeg),
    /// A stop below and a target above.
    TwoLeg {
        /// Below the last price.
        lower: GttLeg,
        /// Above the last price.
        upper: GttLeg,
    },
}

/// A limit order and the price that sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GttLeg {
    /// Sent when this price is reached.
    pub trigger: Price,
    /// Which way.
    pub side: Side,
    /// Units.
    pub quantity: u32,
    /// How the position is held.
    pub product: Product,
    /// Limit price.
    pub price: Price,
}

#[derive(Serialize)]
struct Condition<'a> {
    exchange: &'a str,
    tradingsymbol: &'a str,
    trigger_values: Vec<Box<RawValue>>,
    last_price: Box<RawValue>,
}

#[derive(Serialize)]
struct Order<'a> {
    exchange: &'a str,
    tradingsymbol: &'a str,
    transaction_type: &'a str,
    quantity: u32,
    order_type: &'a str,
    product: &'a str,
    price: Box<RawValue>,
}

impl GttParams {
    /// The form, or what is wrong with the trigger.
    pub(crate) fn form(&self) -> Result<Form, Error> {
        self.check()?;
        let (kind, legs) = match self.legs {
            GttLegs::Single(leg) => (GttKind::Single, vec![leg]),
            GttLegs::TwoLeg { lower, upper } => (GttKind::TwoLeg, vec![lower, upper]),
        };
        let (exchange, tradingsymbol) = (self.symbol.venue().as_str(), self.symbol.name());
        let trigger_values = legs.iter().map(|leg| decimal(leg.trigger)).collect();
        let last_price = decimal(self.last_price);
        let condition = Condition { exchange, tradingsymbol, trigger_values, last_price };
        let order = |leg: &GttLeg| Order {
            exchange,
            tradingsymbol,
            transaction_type: leg.side.as_str(),
            quantity: leg.quantity,
            order_type: "LIMIT",
            product: leg.product.as_str(),
            price: decimal(leg.price),
        };
        let orders: Vec<_> = legs.iter().map(order).collect();
        let json =
            |written: serde_json::Result<String>| written.map_err(|error| Error::invalid(error.to_string()));
        Ok(vec![
            ("type", kind.to_string()),
            ("condition", json(serde_json::to_string(&condition))?),
            ("orders", json(serde_json::to_string(&orders))?),
        ])
    }

    fn check(&self) -> Result<(), Error> {
        let fine = |leg: &GttLeg| leg.quantity > 0 && leg.price > Price::ZERO && leg.trigger > Price::ZERO;
        let (sound, apart) = match &self.legs {
            GttLegs::Single(leg) => (fine(leg), leg.trigger != self.last_price),
            GttLegs::TwoLeg { lower, upper } => (
                fine(lower) && fine(upper),
                lower.trigger < self.last_price && self.last_price < upper.trigger,
            ),
        };
        if !sound || self.last_price <= Price::ZERO {
            return Err(Error::invalid("a trigger's prices and quantities must be positive"));
        }
        if apart {
            return Ok(());
        }
        Err(Error::invalid(match self.legs {
            GttLegs::Single(_) => "a trigger must differ from the last price",
            GttLegs::TwoLeg { .. } => "the last price must lie between the two triggers, the lower one first",
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(trigger: i64) -> GttLeg {
        let (side, product) = (Side::Sell, Product::Cnc);
        GttLeg {
            trigger: Price::from_rupees(trigger),
            side,
            quantity: 5,
            product,
            price: Price::from_paise(139_995),
        }
    }

    fn form(legs: GttLegs) -> Result<Form, Error> {
        GttParams { symbol: "NSE:INFY".parse().unwrap(), last_price: Price::from_rupees(1_450), legs }.form()
    }

    #[test]
    fn a_trigger_is_json_within_a_form_with_decimals_that_no_float_has_touched() {
        let mut wide = leg(1_400);
        wide.trigger = Price::from_units(9_007_199_254_740_993);
        let form = form(GttLegs::Single(wide)).unwrap();
        assert_eq!(form[0], ("type", "single".to_owned()));
        let condition = r#"{"exchange":"NSE","tradingsymbol":"INFY","trigger_values":[900719925474.0993],"last_price":1450.00}"#;
        assert_eq!(form[1].1, condition);
        let orders = r#"[{"exchange":"NSE","tradingsymbol":"INFY","transaction_type":"SELL","quantity":5,"order_type":"LIMIT","product":"CNC","price":1399.95}]"#;
        assert_eq!(form[2].1, orders);
    }

    #[test]
    fn triggers_stand_on_the_right_sides_of_the_price() {
        assert!(form(GttLegs::TwoLeg { lower: leg(1_400), upper: leg(1_500) }).is_ok());
        let nothing = GttLeg { quantity: 0, ..leg(1_400) };
        for wrong in [
            GttLegs::Single(leg(1_450)),
            GttLegs::Single(leg(0)),
            GttLegs::Single(nothing),
            GttLegs::TwoLeg { lower: leg(1_500), upper: leg(1_400) },
            GttLegs::TwoLeg { lower: leg(1_400), upper: leg(1_450) },
        ] {
            assert!(matches!(form(wrong.clone()), Err(Error::Invalid { .. })), "{wrong:?}");
        }
    }
}
