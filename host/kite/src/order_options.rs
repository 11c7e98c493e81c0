//! What an order may say beyond what every order says: legs, an auction's number, minutes to live, slicing.
//!
//! Checks here are those of the wire.

use crate::error::Error;
use crate::order_params::{BrokerOrderId, Form, PlaceParams, changed_form};
use market::{Change, OrderKind, OrderRequest, Price, Variety};
use std::fmt::Display;

/// The fewest and the most legs of an iceberg order.
const ICEBERG_LEGS: std::ops::RangeInclusive<u32> = 2..=50;

/// What one order says beyond its request. The default says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlaceOptions {
    /// Have the broker cut what is above the exchange's freeze quantity into orders of their own.
    pub autoslice: bool,
    /// Units shown in the book.
    pub disclosed_quantity: Option<u32>,
    /// Stands for so many minutes, instead of the request's validity.
    pub ttl_minutes: Option<u32>,
    /// How an iceberg order is cut.
    pub iceberg: Option<IcebergLegs>,
    /// Which auction of the day an auction order goes to.
    pub auction_number: Option<String>,
    /// The exchange's number of the strategy behind the order.
    pub algo_id: Option<String>,
}

/// The legs of an iceberg order: one goes out when the one before is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcebergLegs {
    /// How many, 2 to 50.
    pub legs: u32,
    /// Units in each.
    pub leg_quantity: u32,
}

/// Which standing order is meant: the broker wants its desk, and for the second leg of a cover order the first one's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderAddress {
    /// The order's own desk.
    pub variety: Variety,
    /// Its number.
    pub id: BrokerOrderId,
    /// The order that it hangs on.
    pub parent: Option<BrokerOrderId>,
}

impl PlaceOptions {
    /// The form of an order with these options, or what does not go together.
    pub(crate) fn form(&self, params: &PlaceParams) -> Result<Form, Error> {
        self.check(&params.request)?;
        let mut form = params.plain_form()?;
        if let Some(minutes) = self.ttl_minutes {
            form.retain(|(name, _)| *name != "validity");
            form.push(("validity", "TTL".to_owned()));
            form.push(("validity_ttl", positive("the minutes an order stands", minutes)?));
        }
        if let Some(units) = self.disclosed_quantity {
            form.push(("disclosed_quantity", positive("the disclosed quantity", units)?));
        }
        if let Some(IcebergLegs { legs, leg_quantity }) = self.iceberg {
            form.push(("iceberg_legs", legs.to_string()));
            form.push(("iceberg_quantity", positive("the quantity of an iceberg's leg", leg_quantity)?));
        }
        for (name, text) in [("auction_number", &self.auction_number), ("algo_id", &self.algo_id)] {
            form.extend(text.clone().map(|text| (name, text)));
        }
        if self.autoslice {
            form.push(("autoslice", "true".to_owned()));
        }
        Ok(form)
    }

    fn check(&self, request: &OrderRequest) -> Result<(), Error> {
        let is_iceberg = request.variety == Variety::Iceberg;
        let is_cover = request.variety == Variety::Co;
        let legs_fit = self.iceberg.is_none_or(|iceberg| ICEBERG_LEGS.contains(&iceberg.legs));
        let of_auction = self.auction_number.as_ref().is_some_and(|number| !number.is_empty());
        let wrong = if is_iceberg != self.iceberg.is_some() {
            "iceberg orders, and no others, name their legs"
        } else if !legs_fit {
            "an iceberg order has 2 to 50 legs"
        } else if (request.variety == Variety::Auction) != of_auction {
            "auction orders, and no others, name the number of their auction"
        } else if is_cover && request.trigger.is_zero() {
            "a cover order needs a trigger for its second leg"
        } else if is_cover && request.kind.needs_trigger() {
            "the first leg of a cover order is a LIMIT or MARKET order"
        } else if self.autoslice && (is_iceberg || is_cover) {
            "orders of several legs cannot be sliced as well"
        } else {
            return Ok(());
        };
        Err(Error::invalid(wrong))
    }
}

impl OrderAddress {
    /// An order that hangs on no other.
    pub fn new(variety: Variety, id: BrokerOrderId) -> Self {
        Self { variety, id, parent: None }
    }

    /// The form of a change.
    pub(crate) fn change_form(&self, current: &OrderRequest, change: &Change) -> Result<Form, Error> {
        let mut form = changed_form(current, change)?;
        // A request knows no time to live: what nobody asked to change must not become one day's.
        if change.validity.is_none() {
            form.retain(|(name, _)| *name != "validity");
        }
        // The trigger of a cover order's first leg is that of the stop to come, whatever kind of order the leg is.
        let moved = change.trigger.filter(|_| self.variety == Variety::Co && self.parent.is_none());
        if let Some(trigger) = moved.filter(|_| !form.iter().any(|(name, _)| *name == "trigger_price")) {
            if trigger <= Price::ZERO {
                return Err(Error::invalid("the trigger price must be positive"));
            }
            form.push(("trigger_price", trigger.to_string()));
        }
        // The second leg of a cover order goes to market when its trigger trades, and only the trigger can be moved.
        if self.parent.is_some() && current.kind == OrderKind::StopMarket {
            form.retain(|(name, _)| *name != "market_protection");
        }
        form.extend(self.parent_field());
        Ok(form)
    }

    /// The form, or query, of a withdrawal.
    pub(crate) fn parent_field(&self) -> Form {
        self.parent.iter().map(|parent| ("parent_order_id", parent.to_string())).collect()
    }
}

fn positive(what: impl Display, number: u32) -> Result<String, Error> {
    if number > 0 { Ok(number.to_string()) } else { Err(Error::invalid(format!("{what} must be positive"))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::Side;

    fn order(variety: Variety) -> PlaceParams {
        let request = OrderRequest {
            variety,
            kind: OrderKind::Limit,
            price: Price::from_rupees(100),
            ..OrderRequest::market("NSE:INFY".parse().unwrap(), Side::Buy, 1_000)
        };
        PlaceParams { request, tag: "BH7Q2".into() }
    }

    fn tail(options: &PlaceOptions, params: &PlaceParams) -> String {
        let form = options.form(params).unwrap();
        let at = form.iter().position(|(name, _)| *name == "tag").unwrap();
        form[at + 1..].iter().map(|(name, value)| format!("{name}={value};")).collect()
    }

    #[test]
    fn every_option_has_its_field() {
        let iceberg = Some(IcebergLegs { legs: 5, leg_quantity: 200 });
        let options = PlaceOptions { iceberg, ttl_minutes: Some(2), ..PlaceOptions::default() };
        let said = tail(&options, &order(Variety::Iceberg));
        assert_eq!(said, "validity=TTL;validity_ttl=2;iceberg_legs=5;iceberg_quantity=200;");
        let options = PlaceOptions {
            auction_number: Some("22".into()),
            algo_id: Some("A1".into()),
            disclosed_quantity: Some(100),
            ..PlaceOptions::default()
        };
        let said = tail(&options, &order(Variety::Auction));
        assert_eq!(said, "disclosed_quantity=100;auction_number=22;algo_id=A1;");
        let options = PlaceOptions { autoslice: true, ..PlaceOptions::default() };
        assert_eq!(tail(&options, &order(Variety::Regular)), "autoslice=true;");
        assert_eq!(tail(&PlaceOptions::default(), &order(Variety::Amo)), "");
    }

    #[test]
    fn what_does_not_go_together_is_not_sent() {
        let legs = |legs| Some(IcebergLegs { legs, leg_quantity: 1 });
        let none = PlaceOptions::default;
        for (variety, options) in [
            (Variety::Iceberg, none()),
            (Variety::Iceberg, PlaceOptions { iceberg: legs(1), ..none() }),
            (Variety::Iceberg, PlaceOptions { iceberg: legs(51), ..none() }),
            (
                Variety::Iceberg,
                PlaceOptions { iceberg: Some(IcebergLegs { legs: 2, leg_quantity: 0 }), ..none() },
            ),
            (Variety::Regular, PlaceOptions { iceberg: legs(2), ..none() }),
            (Variety::Regular, PlaceOptions { auction_number: Some("1".into()), ..none() }),
            (Variety::Regular, PlaceOptions { ttl_minutes: Some(0), ..none() }),
            (Variety::Regular, PlaceOptions { disclosed_quantity: Some(0), ..none() }),
            (Variety::Auction, none()),
            (Variety::Auction, PlaceOptions { auction_number: Some(String::new()), ..none() }),
            (Variety::Co, none()),
        ] {
            let refused = options.form(&order(variety));
            assert!(matches!(refused, Err(Error::Invalid { .. })), "{variety} {options:?}");
        }
    }

    #[test]
    fn a_cover_order_names_its_second_legs_trigger() {
        let mut cover = order(Variety::Co);
        cover.request.trigger = Price::from_rupees(95);
        let form = PlaceOptions::default().form(&cover).unwrap();
        assert!(form.contains(&("trigger_price", "95.00".to_owned())), "{form:?}");
        let sliced = PlaceOptions { autoslice: true, ..PlaceOptions::default() };
        assert!(sliced.form(&cover).is_err());
        let leg = OrderRequest { kind: OrderKind::StopMarket, ..cover.request };
        let address = OrderAddress {
            parent: Some("7".parse().unwrap()),
            ..OrderAddress::new(Variety::Co, "8".parse().unwrap())
        };
        let change = Change { trigger: Some(Price::from_rupees(96)), ..Change::default() };
        let form = address.change_form(&leg, &change).unwrap();
        assert!(
            form.ends_with(&[("trigger_price", "96.00".into()), ("parent_order_id", "7".into())]),
            "{form:?}"
        );
    }

    #[test]
    fn the_trigger_of_a_cover_orders_first_leg_moves_with_the_leg_unfilled() {
        let mut request = order(Variety::Co).request;
        request.trigger = Price::from_rupees(95);
        let address = OrderAddress::new(Variety::Co, "7".parse().unwrap());
        let change = Change { trigger: Some(Price::from_rupees(96)), ..Change::default() };
        let form = address.change_form(&request, &change).unwrap();
        assert!(form.contains(&("trigger_price", "96.00".to_owned())), "{form:?}");
        assert!(!form.iter().any(|(name, _)| *name == "validity"), "a time to live stays: {form:?}");
        let none = Change { trigger: Some(Price::ZERO), ..Change::default() };
        assert!(address.change_form(&request, &none).is_err());
    }
}
