//! Shares in the depository, as Kite lists them (reference §8.3).

use market::{InstrumentToken, Money, Price, Symbol};
use serde::Serialize;

/// One line of the holdings page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Holding {
    /// What is held.
    pub symbol: Symbol,
    /// Its number.
    pub token: InstrumentToken,
    /// International number, made up but well formed.
    pub isin: String,
    /// Settled units, those sold today still included.
    pub quantity: u32,
    /// Bought on the last trading day, not yet settled.
    pub t1_quantity: u32,
    /// Sold today.
    pub used_quantity: u32,
    /// Units that the holder has let be sold today; none where that is not asked.
    pub authorised_quantity: u32,
    /// Units at the start of the day.
    pub opening_quantity: u32,
    /// What they cost on average.
    pub average_price: Price,
    /// Price of the last trade.
    pub last_price: Price,
    /// Previous day's close.
    pub close_price: Price,
    /// `(last − average) × (quantity + t1)`.
    pub pnl: Money,
    /// Per share, last − close.
    pub day_change: Price,
    /// The same in 1/10 000 percent points of the close: 12 500 is 1.25 %.
    pub day_change_percentage: Price,
}

/// A made-up international number of a share: as long as a real one, with the check digit that belongs to it.
pub(crate) fn isin(exchange_token: u32) -> String {
    let base = format!("INE{:05}A01", exchange_token % 100_000);
    let digit = check_digit(&base);
    format!("{base}{digit}")
}

/// Letters count as 10 to 35; from the right every other digit counts twice, and all add up to a multiple of ten.
fn check_digit(base: &str) -> u32 {
    let values = base.chars().filter_map(|letter| letter.to_digit(36));
    let digits: Vec<u32> =
        values.flat_map(|value| if value > 9 { vec![value / 10, value % 10] } else { vec![value] }).collect();
    let twice = |digit: u32| digit * 2 / 10 + digit * 2 % 10;
    let counted = digits.iter().rev().enumerate();
    let sum: u32 = counted.map(|(n, digit)| if n % 2 == 0 { twice(*digit) } else { *digit }).sum();
    (10 - sum % 10) % 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_is_that_of_real_numbers() {
        assert_eq!((check_digit("INE009A0102"), check_digit("INE062A0102")), (1, 0));
        assert_eq!(isin(1_594).len(), 12);
    }
}
