//! Risk limits as JSON: the tenant's own type, with a schema beside it.

use serde::{Deserialize, Serialize};
use tenant::gate::RiskLimits;
use utoipa::openapi::schema::{Schema, SchemaType};
use utoipa::openapi::{ObjectBuilder, RefOr, Type};
use utoipa::{PartialSchema, ToSchema};

/// Limits of one account, all its runs together.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct RiskLimitsView(pub(crate) RiskLimits);

/// Name, type, whether it may be null, and what it is.
const FIELDS: [(&str, Type, bool, &str); 10] = [
    ("ordersPerSecond", Type::Integer, false, "Calls to the broker per calendar second, at most 10."),
    ("ordersPerMinute", Type::Integer, false, "Calls to the broker per calendar minute, at most 400."),
    ("ordersPerDay", Type::Integer, false, "Calls to the broker per IST day, at most 5000."),
    ("maxOrderQuantity", Type::Integer, false, "Units in one order."),
    ("maxOrderValue", Type::Number, false, "Rupees in one order."),
    ("maxOpenOrders", Type::Integer, false, "Orders that may stand at once."),
    ("maxDailyLoss", Type::Number, true, "Rupees lost in a day that close the gate; null for no limit."),
    ("priceBandPercent", Type::Number, true, "Percent a price may lie beyond the last; null for no limit."),
    ("marketHoursOnly", Type::Boolean, false, "Orders outside continuous trading are refused here."),
    ("allowedInstruments", Type::Array, true, "The only instruments that may be traded; null for all."),
];

impl PartialSchema for RiskLimitsView {
    fn schema() -> RefOr<Schema> {
        let mut object =
            ObjectBuilder::new().description(Some("Limits of one account, all its runs together."));
        for (name, kind, nullable, doc) in FIELDS {
            let kinds = if nullable {
                SchemaType::from_iter([kind.clone(), Type::Null])
            } else {
                SchemaType::new(kind.clone())
            };
            object = if kind == Type::Array {
                let list = utoipa::openapi::ArrayBuilder::new()
                    .schema_type(kinds)
                    .items(ObjectBuilder::new().schema_type(Type::String));
                object.property(name, list.description(Some(doc)))
            } else {
                object.property(name, ObjectBuilder::new().schema_type(kinds).description(Some(doc)))
            };
        }
        object.into()
    }
}

impl ToSchema for RiskLimitsView {
    fn name() -> std::borrow::Cow<'static, str> {
        "RiskLimits".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_names_every_limit_there_is() {
        let json = serde_json::to_value(RiskLimitsView(RiskLimits::default())).unwrap();
        let mut real: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
        let mut shown: Vec<_> = FIELDS.iter().map(|(name, ..)| (*name).to_owned()).collect();
        real.sort();
        shown.sort();
        assert_eq!(real, shown);
    }
}
