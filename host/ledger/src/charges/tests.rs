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
fn the_newest_rule_goes_first_and_bfo_has_its_own_from_the_start() {
    let table = RateTable::default();
    let option = |day: &str| table.rule(Segment::EquityOptions, Venue::Bfo, date(day)).cloned().unwrap();
    assert_eq!(
        (option("2024-10-01").exchange, option("2024-10-01").tax_on_sell),
        (Rate::from_parts(325_000), Rate::from_parts(1_000_000))
    );
    assert_eq!(
        (option("2026-04-01").exchange, option("2026-04-01").tax_on_sell),
        (Rate::from_parts(325_000), Rate::from_parts(1_500_000))
    );
    let old = Rule { effective_from: date("2025-01-01"), ..option("2024-10-01") };
    let new = Rule { effective_from: date("2025-02-01"), venue: None, gst: Rate::ZERO, ..old.clone() };
    let own = RateTable::new(vec![new.clone(), old]).unwrap();
    assert_eq!(own.rule(Segment::EquityOptions, Venue::Bfo, date("2025-03-01")), Some(&new));
}

#[test]
fn the_table_survives_json_in_percent_and_refuses_doubles_there_too() {
    let table = RateTable::default();
    let json = serde_json::to_string(&table).unwrap();
    assert!(json.contains("\"exchange\":0.00307"), "{json}");
    assert_eq!(serde_json::from_str::<RateTable>(&json).unwrap(), table);
    let rules = [table.rules(), &table.rules()[..1]].concat();
    let doubled = serde_json::to_string(&rules).unwrap();
    assert_eq!(RateTable::new(rules).unwrap_err().segment, Segment::EquityDelivery);
    let refused = serde_json::from_str::<RateTable>(&doubled).unwrap_err().to_string();
    assert!(refused.contains("keep one"), "{refused}");
}

fn fill(n: usize, order: &str, side: Side, quantity: u32, rupees: i64) -> market::Trade {
    market::Trade {
        trade_id: n.to_string(),
        order_id: order.into(),
        symbol: "NSE:INFY".parse().unwrap(),
        token: 1,
        side,
        product: Product::Cnc,
        quantity,
        price: market::Price::from_rupees(rupees),
        time: date("2026-11-23").at_seconds(40_000 + n as i64),
    }
}

fn bill_of(fills: &[market::Trade]) -> Charges {
    let mut book = Book::new(date("2026-11-23"));
    fills.iter().for_each(|fill| assert!(book.add(fill)));
    Charges::of_book(&book, &RateTable::default())
}

#[test]
fn a_delivery_sale_costs_one_depository_fee_a_scrip_and_day() {
    let sold = bill_of(&[fill(1, "a", Side::Sell, 10, 1_000), fill(2, "b", Side::Sell, 10, 1_000)]);
    // 13 and 18 % of it; beside that tax 10 twice, exchange .31 twice, sebi .01 twice, gst .06 twice
    assert_eq!((sold.depository, sold.gst), (Money::from_rupees(13), Money::from_paise(234 + 12)));
    assert_eq!(sold.total(), Money::from_paise(1_300 + 234 + 2 * (1_000 + 31 + 1 + 6)));
    assert_eq!(bill_of(&[fill(1, "a", Side::Buy, 10, 1_000)]).depository, Money::ZERO);
}

#[test]
fn what_is_bought_and_sold_again_under_cnc_is_charged_as_intraday() {
    let both = bill_of(&[fill(1, "a", Side::Buy, 100, 1_000), fill(2, "b", Side::Sell, 100, 1_000)]);
    let as_mis = |side| charge("NSE:INFY", Product::Mis, side, 100_000, "2026-11-23");
    let mut wanted = as_mis(Side::Buy);
    wanted += as_mis(Side::Sell);
    assert_eq!(both, wanted);
}

#[test]
fn a_sale_of_holdings_that_is_half_bought_back_is_half_netted() {
    let half = bill_of(&[fill(1, "a", Side::Sell, 100, 1_000), fill(2, "b", Side::Buy, 50, 1_000)]);
    // sold: 50 000 intraday at 0.025 % and 50 000 delivery at 0.1 %; bought: 50 000 intraday
    assert_eq!(half.transaction_tax, Money::from_paise(1_250 + 5_000));
    assert_eq!(half.stamp_duty, Money::from_paise(150));
    // 0.03 % of the whole of either order, however little met: 30 capped at 20, and 15
    assert_eq!(half.brokerage, Money::from_rupees(20 + 15));
    assert_eq!(half.depository, Money::from_rupees(13));
    let late = bill_of(&[fill(2, "b", Side::Buy, 50, 1_000), fill(1, "a", Side::Sell, 100, 1_000)]);
    assert_eq!(late, half);
}
