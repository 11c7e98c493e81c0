//! A new or changed alert as the form that Kite takes.

use crate::error::Error;
use crate::order_params::Form;
use crate::words::{AlertKind, Comparison};
use market::Price;
use serde_json::Value;

/// The one figure that alerts can watch.
const ATTRIBUTE: &str = "LastTradedPrice";

/// What is watched and what it is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertParams {
    /// The trader's name for it.
    pub name: String,
    /// What is watched.
    pub watched: AlertInstrument,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what.
    pub operand: AlertOperand,
    /// Orders to send, as Kite's basket; none for an alert that only tells.
    pub basket: Option<Value>,
}

/// An instrument as alerts name it: the exchange of an index is `INDICES`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertInstrument {
    /// The exchange.
    pub exchange: String,
    /// The instrument there.
    pub tradingsymbol: String,
}

/// The other side of the comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertOperand {
    /// A price.
    Constant(Price),
    /// The price of another instrument.
    Instrument(AlertInstrument),
}

impl AlertParams {
    /// The form, or what is wrong with the alert.
    pub(crate) fn form(&self) -> Result<Form, Error> {
        if self.name.trim().is_empty() {
            return Err(Error::invalid("an alert needs a name"));
        }
        let kind = if self.basket.is_some() { AlertKind::Ato } else { AlertKind::Simple };
        let mut form = vec![("name", self.name.clone()), ("type", kind.to_string())];
        form.extend(side(["lhs_exchange", "lhs_tradingsymbol", "lhs_attribute"], &self.watched));
        form.push(("operator", self.comparison.to_string()));
        match &self.operand {
            AlertOperand::Constant(price) => {
                form.push(("rhs_type", "constant".to_owned()));
                form.push(("rhs_constant", price.to_string()));
            }
            AlertOperand::Instrument(other) => {
                form.push(("rhs_type", "instrument".to_owned()));
                form.extend(side(["rhs_exchange", "rhs_tradingsymbol", "rhs_attribute"], other));
            }
        }
        form.extend(self.basket.as_ref().map(|basket| ("basket", basket.to_string())));
        Ok(form)
    }
}

fn side(names: [&'static str; 3], instrument: &AlertInstrument) -> Form {
    let [exchange, tradingsymbol, attribute] = names;
    let AlertInstrument { exchange: place, tradingsymbol: name } = instrument.clone();
    vec![(exchange, place), (tradingsymbol, name), (attribute, ATTRIBUTE.to_owned())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_names_both_sides() {
        let nifty = AlertInstrument { exchange: "INDICES".into(), tradingsymbol: "NIFTY 50".into() };
        let told = AlertParams {
            name: "high".into(),
            watched: nifty.clone(),
            comparison: Comparison::AtLeast,
            operand: AlertOperand::Constant(Price::from_paise(2_700_050)),
            basket: None,
        };
        let said = |alert: &AlertParams| {
            let form = alert.form().unwrap();
            form.iter().map(|(name, value)| format!("{name}={value};")).collect::<String>()
        };
        assert_eq!(
            said(&told),
            "name=high;type=simple;lhs_exchange=INDICES;lhs_tradingsymbol=NIFTY 50;lhs_attribute=LastTradedPrice;\
             operator=>=;rhs_type=constant;rhs_constant=27000.50;"
        );
        let sent = AlertParams {
            operand: AlertOperand::Instrument(nifty),
            basket: Some(serde_json::json!({"items": []})),
            ..told.clone()
        };
        assert!(said(&sent).contains("type=ato;"), "{}", said(&sent));
        assert!(said(&sent).ends_with(
            "rhs_type=instrument;rhs_exchange=INDICES;rhs_tradingsymbol=NIFTY 50;rhs_attribute=LastTradedPrice;basket={\"items\":[]};"
        ));
        assert!(AlertParams { name: " ".into(), ..told }.form().is_err());
    }
}
