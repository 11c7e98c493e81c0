//! Charges against sums made by hand, and the table's own rules.

use super::*;
use market::Venue;

fn date(text: &str) -> TradingDate {
    text.parse().unwrap()
}

fn charge(symbol: &str, product: Product, side: Side, rupees: i64, day: &str) -> Charges {
    let symbol: Symbol = symbol.parse().unwrap();
    let order =
        OrderCharge { symbol: &symbol, product, side, date: date(day), turnover: Money::from_rupees(rupees) };
    Charges::of_order(&order, &RateTable::default())
}

fn total(symbol: &str, product: Product, buy: i64, sell: i64, day: &str) -> String {
    let bought = charge(symbol, product, Side::Buy, buy, day).total();
    (bought + charge(symbol, product, Side::Sell, sell, day).total()).to_string()
}

#[test]
fn a_delivery_round_trip_of_a_crore_costs_what_openalgo_publishes() {
    assert_eq!(total("NSE:INFY", Product::Cnc, 5_000_000, 5_000_000, "2026-11-23"), "11124.06");
}

#[test]
fn each_segment_costs_what_the_card_says() {
    let day = "2026-11-23";
    let table = [
        // brokerage 20+20, tax 25, exchange 3.07+3.07, sebi .1+.1, stamp 3, gst 18 % of 23.17 twice (4.17)
        ("NSE:INFY", Product::Mis, 100_000, 100_000, day, "82.68"),
        // brokerage 20+20, tax 500, exchange 18.3+18.3, sebi 1+1, stamp 20, gst 7.07 twice
        ("NFO:NIFTY26NOVFUT", Product::Nrml, 1_000_000, 1_000_000, day, "612.74"),
        // brokerage 20+20, tax 15, exchange 3.55+3.55, sebi .01+.01, stamp .3, gst 4.24 twice
        ("NFO:NIFTY26NOV26000CE", Product::Nrml, 10_000, 10_000, day, "70.90"),
        ("NFO:NIFTY26NOV26000CE", Product::Nrml, 10_000, 10_000, "2026-03-31", "65.90"),
        // brokerage 20+20, tax 10, exchange 2.1+2.1, sebi .1+.1, stamp 2, gst 4 (3.996) twice
        ("MCX:GOLDM26DECFUT", Product::Nrml, 100_000, 100_000, day, "64.40"),
    ];
    for (symbol, product, buy, sell, day, expected) in table {
        assert_eq!(total(symbol, product, buy, sell, day), expected, "{symbol} {day}");
    }
}

#[test]
fn brokerage_is_a_percentage_until_the_cap() {
    let small = charge("NSE:INFY", Product::Mis, Side::Buy, 10_000, "2026-11-23");
    let large = charge("NSE:INFY", Product::Mis, Side::Buy, 10_000_000, "2026-11-23");
    assert_eq!(small.brokerage, Money::from_rupees(3));
    assert_eq!(large.brokerage, Money::from_rupees(20));
}

#[test]
fn an_order_before_the_first_rate_is_counted_and_not_free() {
    assert_eq!(charge("NSE:INFY", Product::Cnc, Side::Buy, 100, "2024-09-30").unrated, 1);
}

#[test]
fn the_venues_own_rule_goes_before_the_general_one() {
    let rule = |venue| RateTable::default().rule(Segment::EquityDelivery, venue, date("2026-11-23")).cloned();
    assert_eq!(rule(Venue::Bse).unwrap().exchange, Rate::from_parts(37_500));
    assert_eq!(rule(Venue::Nse).unwrap().exchange, Rate::from_parts(30_700));
}

#[test]
fn the_table_survives_json_in_percent_and_refuses_doubles() {
    let table = RateTable::default();
    let json = serde_json::to_string(&table).unwrap();
    assert!(json.contains("\"exchange\":0.00307"), "{json}");
    assert_eq!(serde_json::from_str::<RateTable>(&json).unwrap(), table);
    let rules = [table.rules(), &table.rules()[..1]].concat();
    assert_eq!(RateTable::new(rules).unwrap_err().segment, Segment::EquityDelivery);
}
