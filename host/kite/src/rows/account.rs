//! Who the trader is and what they can spend.

use super::book::{Record, read_as_record};
use crate::wire::fields::{Extra, Fields};
use market::{Money, Timestamp};
use serde_json::Value;

/// The trader, as `/user/profile` names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The Zerodha id.
    pub user_id: String,
    /// `individual` and the like.
    pub user_type: Option<String>,
    /// Full name.
    pub user_name: String,
    /// The name they are called by.
    pub user_shortname: Option<String>,
    /// Mail address.
    pub email: String,
    /// The broker's name for itself.
    pub broker: String,
    /// Exchanges the account may trade on.
    pub exchanges: Vec<String>,
    /// Products the account may use.
    pub products: Vec<String>,
    /// Order types the account may use.
    pub order_types: Vec<String>,
    /// Where their picture is.
    pub avatar_url: Option<String>,
    /// What else the record says, as it came: `meta` with the consent to sell holdings, and what is new.
    pub extra: Extra,
}

/// The trader, with what `/user/profile/full` adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullProfile {
    /// What the short one says; its `extra` holds `meta` with the blocks on the account.
    pub profile: Profile,
    /// The second factor they sign in with.
    pub twofa_type: Option<String>,
    /// The end of their telephone number.
    pub phone: Option<String>,
    /// The end of their tax number.
    pub pan: Option<String>,
    /// Where payouts go.
    pub bank_accounts: Vec<BankAccount>,
    /// Their depository accounts.
    pub dp_ids: Vec<String>,
    /// Marks of the broker's.
    pub tags: Vec<String>,
    /// When the password was last changed.
    pub password_timestamp: Option<Timestamp>,
    /// When the second factor was last changed.
    pub twofa_timestamp: Option<Timestamp>,
}

/// A bank account of the trader's, as far as the broker shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankAccount {
    /// The bank.
    pub name: Option<String>,
    /// Its branch.
    pub branch: Option<String>,
    /// The end of the number.
    pub account: Option<String>,
    /// What else the record says, as it came.
    pub extra: Extra,
}

/// Funds by segment. An answer without shares is no answer: it would read as no cash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Margins {
    /// Shares, funds, and their derivatives.
    pub equity: Segment,
    /// Commodities, where the account has them.
    pub commodity: Option<Segment>,
    /// What else the record says, as it came.
    pub extra: Extra,
}

/// The funds of one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// True when the account may trade there.
    pub enabled: bool,
    /// What can still be used. Nothing is not zero.
    pub net: Money,
    /// Where it comes from. Informational.
    pub available: Available,
    /// What it is tied up in. Informational: the parts need not add up to `debits`.
    pub utilised: Utilised,
    /// What else the record says, as it came.
    pub extra: Extra,
}

macro_rules! amounts {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$fdoc])* pub $field: Option<Money>,)+
            /// What else the record says, as it came.
            pub extra: Extra,
        }

        impl $name {
            fn read(record: Value) -> Result<Self, String> {
                let mut fields = Fields::of(record)?;
                $(let $field = fields.maybe_money(stringify!($field));)+
                Ok(Self { $($field,)+ extra: fields.rest().0 })
            }
        }
    };
}

amounts! {
    /// Where funds come from. What the broker does not say is `None` and not zero.
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
    /// What funds are tied up in. What the broker does not say is `None` and not zero.
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

impl Record for Profile {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let profile = Self::of(&mut fields)?;
        Ok(Self { extra: fields.rest().0, ..profile })
    }

    fn odd(&self) -> &[&'static str] {
        &[]
    }
}

impl Profile {
    /// Everything but what nobody asked for.
    fn of(fields: &mut Fields) -> Result<Self, String> {
        Ok(Self {
            user_id: fields.needed_text("user_id")?,
            user_type: fields.text("user_type"),
            user_name: fields.text("user_name").unwrap_or_default(),
            user_shortname: fields.text("user_shortname"),
            email: fields.text("email").unwrap_or_default(),
            broker: fields.text("broker").unwrap_or_default(),
            exchanges: fields.texts("exchanges"),
            products: fields.texts("products"),
            order_types: fields.texts("order_types"),
            avatar_url: fields.text("avatar_url"),
            extra: Extra::new(),
        })
    }
}

impl Record for FullProfile {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let full = Self {
            profile: Profile::of(&mut fields)?,
            twofa_type: fields.text("twofa_type"),
            phone: fields.text("phone"),
            pan: fields.text("pan"),
            bank_accounts: fields.records("bank_accounts", BankAccount::read),
            dp_ids: fields.texts("dp_ids"),
            tags: fields.texts("tags"),
            password_timestamp: fields.instant("password_timestamp"),
            twofa_timestamp: fields.instant("twofa_timestamp"),
        };
        let profile = Profile { extra: fields.rest().0, ..full.profile };
        Ok(Self { profile, ..full })
    }

    fn odd(&self) -> &[&'static str] {
        &[]
    }
}

impl BankAccount {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let (name, branch) = (fields.text("name"), fields.text("branch"));
        let account = fields.text("account");
        Ok(Self { name, branch, account, extra: fields.rest().0 })
    }
}

impl Record for Margins {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let equity = fields.needed_record("equity", Segment::read)?;
        // A segment that nobody asked for may be empty or odd without hiding the other.
        let commodity = fields.record("commodity", Segment::read);
        Ok(Self { equity, commodity, extra: fields.rest().0 })
    }

    fn odd(&self) -> &[&'static str] {
        &[]
    }
}

impl Record for Segment {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let (net, enabled) = (fields.needed_money("net")?, fields.flag("enabled"));
        let available = fields.record("available", Available::read).unwrap_or_default();
        let utilised = fields.record("utilised", Utilised::read).unwrap_or_default();
        Ok(Self { enabled, net, available, utilised, extra: fields.rest().0 })
    }

    fn odd(&self) -> &[&'static str] {
        &[]
    }
}

read_as_record!(Profile, FullProfile, Margins, Segment);

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
        assert_eq!(margins.equity.available.cash, Some(Money::from_paise(24_543_160)));
        assert_eq!(margins.equity.utilised.debits, Some(Money::from_paise(14_570_655)));
        assert_eq!((margins.equity.utilised.delivery, margins.equity.utilised.payout), (None, None));
        assert_eq!(margins.equity.available.extra["new"], 1);
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
