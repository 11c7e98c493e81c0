//! Who the trader is and what they can spend.

use crate::wire;
use market::Money;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The trader, as `/user/profile` names them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Profile {
    /// The Zerodha id.
    #[serde(deserialize_with = "wire::required")]
    pub user_id: String,
    /// Full name.
    #[serde(default, deserialize_with = "wire::text_or_empty")]
    pub user_name: String,
    /// Mail address.
    #[serde(default, deserialize_with = "wire::text_or_empty")]
    pub email: String,
    /// The broker's name for itself.
    #[serde(default, deserialize_with = "wire::text_or_empty")]
    pub broker: String,
    /// Exchanges the account may trade on.
    #[serde(default, deserialize_with = "wire::texts")]
    pub exchanges: Vec<String>,
    /// Products the account may use.
    #[serde(default, deserialize_with = "wire::texts")]
    pub products: Vec<String>,
    /// Order types the account may use.
    #[serde(default, deserialize_with = "wire::texts")]
    pub order_types: Vec<String>,
}

/// Funds by segment. An answer without shares is no answer: it would read as no cash.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Margins {
    /// Shares, funds, and their derivatives.
    pub equity: Segment,
    /// Commodities, where the account has them.
    #[serde(default, deserialize_with = "where_readable")]
    pub commodity: Option<Segment>,
}

/// The funds of one segment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Segment {
    /// True when the account may trade there.
    #[serde(default, deserialize_with = "wire::flag")]
    pub enabled: bool,
    /// What can still be used. Nothing is not zero.
    #[serde(deserialize_with = "wire::needed_money")]
    pub net: Money,
    /// Where it comes from. Informational: what is missing is zero.
    #[serde(default)]
    pub available: Available,
    /// What it is tied up in. Informational: the parts need not add up to `debits`.
    #[serde(default)]
    pub utilised: Utilised,
}

/// A segment that nobody asked for may be empty or odd without hiding the other.
fn where_readable<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Segment>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(from)?).ok())
}

macro_rules! amounts {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
        #[serde(default)]
        pub struct $name { $($(#[$fdoc])* #[serde(deserialize_with = "wire::money")] pub $field: Money),+ }
    };
}

amounts! {
    /// Where funds come from.
    Available {
        /// Granted for the day.
        adhoc_margin,
        /// Cash.
        cash,
        /// Cash at the start of the day.
        opening_balance,
        /// Cash less what is tied up.
        live_balance,
        /// Pledged holdings.
        collateral,
        /// Paid in today.
        intraday_payin,
    }
}

amounts! {
    /// What funds are tied up in.
    Utilised {
        /// All of it.
        debits,
        /// Exposure margin.
        exposure,
        /// Booked today.
        m2m_realised,
        /// Open today.
        m2m_unrealised,
        /// Option premium paid.
        option_premium,
        /// Withdrawn.
        payout,
        /// Span margin.
        span,
        /// Proceeds of holdings sold today.
        holding_sales,
        /// Of the turnover.
        turnover,
        /// Pledged liquid funds in use.
        liquid_collateral,
        /// Pledged shares in use.
        stock_collateral,
        /// Delivery margin.
        delivery,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn funds_are_read_to_the_paisa_and_missing_segments_are_empty() {
        let json = r#"{"equity":{"enabled":true,"net":99725.05,
            "available":{"cash":245431.6,"collateral":0,"live_balance":99725.05,"new":1},
            "utilised":{"debits":145706.55,"span":101989,"delivery":null}}}"#;
        let margins: Margins = serde_json::from_str(json).unwrap();
        assert_eq!(margins.equity.net, Money::from_paise(9_972_505));
        assert_eq!(margins.equity.available.cash, Money::from_paise(24_543_160));
        assert_eq!(margins.equity.utilised.debits, Money::from_paise(14_570_655));
        assert_eq!(margins.commodity, None);
    }

    #[test]
    fn an_answer_without_the_cash_is_not_one_of_no_cash() {
        for none in [
            "{}",
            "null",
            r#"{"commodity":{"net":1}}"#,
            r#"{"equity":null}"#,
            r#"{"equity":{}}"#,
            r#"{"equity":{"enabled":true,"net":null}}"#,
            r#"{"equity":{"enabled":true,"net":""}}"#,
        ] {
            assert!(serde_json::from_str::<Margins>(none).is_err(), "{none}");
        }
        for (commodity, net) in [("{}", None), ("null", None), (r#"{"net":5}"#, Some(Money::from_rupees(5)))]
        {
            let json = format!(r#"{{"equity":{{"net":1}},"commodity":{commodity}}}"#);
            let margins: Margins = serde_json::from_str(&json).unwrap();
            assert_eq!(margins.commodity.map(|segment| segment.net), net, "{commodity}");
        }
    }

    #[test]
    fn a_profile_needs_a_user_id_and_nothing_else() {
        let profile: Profile = serde_json::from_str(r#"{"user_id":"UK9394","avatar_url":null}"#).unwrap();
        assert_eq!(profile.user_id, "UK9394");
        assert!(serde_json::from_str::<Profile>(r#"{"user_id":null}"#).is_err());
    }
}
