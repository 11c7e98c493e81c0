//! Market protection: how far from the last price a market order may trade (reference §7.2).

use crate::refusal::Refusal;
use market::{OrderKind, Price, Side};

/// Lets the exchange pick the percentage.
pub(crate) const AUTOMATIC: i32 = -1;
/// 100 %, in 1/100 percent.
const MOST: i32 = 10_000;

pub(crate) const MISSING: &str = "Market orders without market protection are not allowed via API. \
     Please set market protection or use a Limit order.";

/// Percentage by last price, in 1/100 percent: below the price in rupees, that much.
const CASH_AND_FUTURES: [(i64, i32); 2] = [(100, 200), (500, 100)];
const CASH_AND_FUTURES_ABOVE: i32 = 50;
const OPTIONS: [(i64, i32); 3] = [(10, 500), (100, 300), (500, 200)];
const OPTIONS_ABOVE: i32 = 100;

/// Checks what the client gave.
pub(crate) fn check(kind: OrderKind, protection: i32) -> Result<(), Refusal> {
    if !matches!(kind, OrderKind::Market | OrderKind::StopMarket) {
        return Ok(());
    }
    match protection {
        0 => Err(Refusal::input(MISSING)),
        AUTOMATIC | 1..=MOST => Ok(()),
        _ => Err(Refusal::input(
            "Invalid `market_protection`. Set a percentage up to 100, or -1 for automatic.",
        )),
    }
}

/// The percentage that counts, in 1/100 percent.
pub(crate) fn effective(protection: i32, last: Price, option: bool) -> i32 {
    if protection != AUTOMATIC {
        return protection;
    }
    let (table, above): (&[(i64, i32)], i32) =
        if option { (&OPTIONS, OPTIONS_ABOVE) } else { (&CASH_AND_FUTURES, CASH_AND_FUTURES_ABOVE) };
    table.iter().find(|(below, _)| last < Price::from_rupees(*below)).map_or(above, |(_, percent)| *percent)
}

/// The limit that a market order becomes.
pub(crate) fn limit(
    side: Side,
    last: Price,
    percent: i32,
    tick_size: Price,
    (lower, upper): (Price, Price),
) -> Price {
    let reach = last.units() * i64::from(percent) / i64::from(MOST);
    let price = Price::from_units(last.units() + side.sign() * reach).round_to(tick_size);
    price.max(tick_size).clamp(lower, upper.max(lower))
}

/// The marks that the order carries.
pub(crate) fn tags(percent: i32) -> [String; 2] {
    ["mktp".to_owned(), format!("mktp:{}.{:02}", percent / 100, percent % 100)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn automatic_protection_follows_the_table() {
        let cases = [
            (99, false, 200),
            (100, false, 100),
            (501, false, 50),
            (9, true, 500),
            (10, true, 300),
            (99, true, 300),
            (501, true, 100),
        ];
        for (rupees, option, percent) in cases {
            assert_eq!(
                effective(AUTOMATIC, Price::from_rupees(rupees), option),
                percent,
                "{rupees} {option}"
            );
        }
        assert_eq!(effective(250, Price::from_rupees(1), false), 250);
    }

    #[test]
    fn the_limit_lies_on_the_tick_and_within_the_day() {
        let band = (Price::from_rupees(1_400), Price::from_rupees(1_550));
        let tick = Price::from_paise(10);
        let last = Price::from_paise(154_533);
        assert_eq!(limit(Side::Buy, last, 50, tick, band), Price::from_rupees(1_550));
        assert_eq!(limit(Side::Sell, last, 50, tick, band), Price::from_paise(153_760));
        assert_eq!(tags(50), ["mktp".to_owned(), "mktp:0.50".to_owned()]);
    }
}
