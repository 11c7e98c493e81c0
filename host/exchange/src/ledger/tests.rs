//! The arithmetic of positions and shares against sums made by hand.

use super::*;

fn line() -> Line {
    line_of("NFO:NIFTY26NOVFUT", 1)
}

fn line_of(symbol: &str, multiplier: i64) -> Line {
    Line::new((symbol.parse().unwrap(), 1), ShownProduct::Nrml, multiplier)
}

#[test]
fn the_fixture_row_of_kite_is_reproduced() {
    // GOLDGUINEA: carried 3, closed at 23 232, bought 1 @ 23 388, sold 4 @ 23 340 (reference §8.1).
    let mut line = line_of("MCX:GOLDGUINEA26NOVFUT", 1);
    for _ in 0..3 {
        line.fill(Side::Buy, 1, Price::from_rupees(23_057));
    }
    line.carry(Price::from_rupees(23_232));
    line.fill(Side::Buy, 1, Price::from_rupees(23_388));
    line.fill(Side::Sell, 4, Price::from_rupees(23_340));
    let net = line.net(Price::from_rupees(23_355));
    assert_eq!(net.buy_value, Money::from_rupees(92_559));
    assert_eq!((net.value, net.pnl), (Money::from_rupees(801), Money::from_rupees(801)));
    assert_eq!((net.buy_m2m, net.m2m), (Money::from_rupees(93_084), Money::from_rupees(276)));
    assert_eq!((net.quantity, net.average_price), (0, Price::ZERO));
    let day = line.day(Price::from_rupees(23_355)).unwrap();
    assert_eq!((day.quantity, day.average_price), (-3, Price::from_rupees(23_340)));
    assert_eq!((day.pnl, day.m2m), (Money::from_rupees(-93), Money::from_rupees(-93)));
    assert_eq!(day.overnight_quantity, 0);
}

#[test]
fn values_and_profits_count_the_units_of_a_lot_and_prices_do_not() {
    // LEADMINI: one lot is a tonne, quoted for a kilogram.
    let mut line = line_of("MCX:LEADMINI26NOVFUT", 1_000);
    line.fill(Side::Buy, 1, Price::from_paise(16_105));
    let day = line.day(Price::from_paise(16_205)).unwrap();
    assert_eq!((day.multiplier, day.buy_price), (1_000, Price::from_paise(16_105)));
    assert_eq!((day.value, day.buy_value), (Money::from_rupees(-161_050), Money::from_rupees(161_050)));
    assert_eq!((day.pnl, day.m2m), (Money::from_rupees(1_000), Money::from_rupees(1_000)));
    line.carry(Price::from_paise(16_305));
    line.fill(Side::Sell, 1, Price::from_paise(16_255));
    let net = line.net(Price::from_paise(16_400));
    assert_eq!((net.pnl, net.m2m), (Money::from_rupees(1_500), Money::from_rupees(-500)));
    assert_eq!((line.realised, net.average_price), (net.pnl, Price::ZERO));
}

#[test]
fn a_record_from_before_there_were_multipliers_reads_as_one() {
    let mut json = serde_json::to_value(line()).unwrap();
    json.as_object_mut().unwrap().remove("multiplier");
    assert_eq!(serde_json::from_value::<Line>(json).unwrap(), line());
}

#[test]
fn a_flip_realises_the_closed_part_alone() {
    let mut line = line();
    line.fill(Side::Buy, 10, Price::from_rupees(100));
    line.fill(Side::Sell, 15, Price::from_rupees(110));
    assert_eq!(line.quantity(), -5);
    assert_eq!(line.realised, Money::from_rupees(100));
    assert_eq!(line.unrealised(Price::from_rupees(108)), Money::from_rupees(10));
}

#[test]
fn units_of_today_move_at_todays_average_and_carried_ones_at_theirs() {
    let mut from = line();
    from.fill(Side::Buy, 10, Price::from_rupees(100));
    from.carry(Price::from_rupees(101));
    from.fill(Side::Buy, 2, Price::from_rupees(106));
    from.fill(Side::Sell, 3, Price::from_rupees(103));
    assert_eq!((from.open_units(Units::Carried), from.open_units(Units::OfToday)), (7, 2));
    let mut to = Line::new(("NFO:NIFTY26NOVFUT".parse().unwrap(), 1), ShownProduct::Mis, 1);
    let last = Price::from_rupees(110);
    let before = from.net(last).pnl;
    let of_today = from.give(2, Units::OfToday);
    assert_eq!(of_today, Money::from_rupees(212));
    to.take(Side::Buy, 2, of_today);
    let carried = from.give(3, Units::Carried);
    assert_eq!(carried, Money::from_rupees(300));
    to.take(Side::Buy, 3, carried);
    let (left, moved) = (from.net(last), to.net(last));
    assert_eq!((left.day_buy_quantity, left.day_buy_value), (0, Money::ZERO));
    assert_eq!((left.quantity, left.overnight_quantity, moved.quantity), (4, 7, 5));
    assert_eq!(left.pnl + moved.pnl, before);
    assert_eq!(from.realised + from.unrealised(last), left.pnl);
    assert_eq!(to.realised + to.unrealised(last), moved.pnl);
}

#[test]
fn a_conversion_of_everything_leaves_no_cost_behind() {
    let mut from = line();
    from.fill(Side::Buy, 10, Price::from_rupees(100));
    from.carry(Price::from_rupees(100));
    from.fill(Side::Buy, 10, Price::from_rupees(1_000));
    from.fill(Side::Sell, 10, Price::from_rupees(500));
    assert_eq!(from.open_units(Units::OfToday), 10);
    assert_eq!(from.give(10, Units::OfToday), Money::from_rupees(10_000));
    assert_eq!((from.quantity(), from.cost()), (0, Money::ZERO));
    assert_eq!(from.realised, Money::from_rupees(4_000));
}

#[test]
fn what_a_short_position_takes_back_is_realised() {
    let mut to = line();
    to.fill(Side::Sell, 3, Price::from_rupees(100));
    to.take(Side::Buy, 3, Money::from_units(2_900_001));
    assert_eq!((to.quantity(), to.cost()), (0, Money::ZERO));
    assert_eq!(to.realised, Money::from_units(99_999));
}

#[test]
fn sold_shares_leave_at_their_average_cost() {
    let mut shares = Shares { quantity: 10, t1_quantity: 0, cost: Money::from_rupees(1_000) };
    shares.settle(-4, Money::ZERO);
    assert_eq!((shares.quantity, shares.cost), (6, Money::from_rupees(600)));
    shares.settle(5, Money::from_rupees(700));
    assert_eq!((shares.quantity, shares.t1_quantity, shares.total()), (6, 5, 11));
    shares.settle(0, Money::ZERO);
    assert_eq!((shares.quantity, shares.cost), (11, Money::from_rupees(1_300)));
}
