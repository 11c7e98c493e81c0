//! The book against an independent oracle: shuffles, duplicates, flips, carried positions, Kite's own examples.
#![expect(clippy::unwrap_used, reason = "a test's own helpers may fail loudly")]

#[path = "support/trades.rs"]
mod trades;

use ledger::{Book, Carried, Charges, Figures, RateTable};
use market::{Money, Price, Product, Side, Symbol, Timestamp, Trade};
use proptest::prelude::*;
use std::collections::VecDeque;
use trades::{at, day, rupees, some_trades, symbol, trade};

fn book_of(trades: &[Trade]) -> Book {
    let mut book = Book::new(day());
    trades.iter().for_each(|trade| assert!(book.add(trade)));
    book
}

#[test]
fn the_goldguinea_row_of_kites_fixtures_comes_out_as_kite_has_it() {
    let gold: Symbol = "MCX:GOLDGUINEA".parse().unwrap();
    let carried =
        Carried::at_average(gold.clone(), Product::Nrml, 3, rupees(23_057), 1).closed_at(rupees(23_232));
    let mut book = Book::open_day(day(), [carried]);
    let fill = |n, side, quantity, price| Trade {
        symbol: gold.clone(),
        product: Product::Nrml,
        ..trade(n, side, quantity, rupees(price))
    };
    book.add(&fill(1, Side::Buy, 1, 23_388));
    book.add(&fill(2, Side::Sell, 4, 23_340));
    book.mark(&gold, day().at_seconds(50_000), rupees(23_355));
    let net = &book.positions()[0];
    let money = Money::from_rupees;
    assert_eq!((net.quantity, net.overnight_quantity, net.average_price), (0, 3, Price::ZERO));
    assert_eq!((net.buy_value, net.sell_value, net.value), (money(92_559), money(93_360), money(801)));
    assert_eq!((net.buy_m2m, net.pnl, net.m2m), (money(93_084), Some(money(801)), Some(money(276))));
    assert_eq!((net.realised, net.unrealised), (money(801), Some(Money::ZERO)));
    let today = &book.day_positions()[0];
    assert_eq!((today.quantity, today.overnight_quantity, today.average_price), (-3, 0, rupees(23_340)));
    assert_eq!((today.pnl, today.m2m), (Some(money(-93)), Some(money(-93))));
}

#[test]
fn a_flip_through_zero_books_the_old_side_and_opens_the_new_at_its_own_price() {
    let book = book_of(&[trade(0, Side::Buy, 10, rupees(100)), trade(1, Side::Sell, 25, rupees(110))]);
    let position = &book.positions()[0];
    assert_eq!((position.quantity, position.average_cost), (-15, rupees(110)));
    assert_eq!((position.realised, position.unrealised), (Money::from_rupees(100), Some(Money::ZERO)));
    assert_eq!(book.round_trips()[0].realised, Money::from_rupees(100));
}

#[test]
fn a_partial_close_keeps_its_realised_part_when_the_price_moves() {
    let mut book = book_of(&[trade(0, Side::Buy, 100, rupees(100)), trade(1, Side::Sell, 40, rupees(90))]);
    book.mark(&symbol(), day().at_seconds(50_000), rupees(120));
    let position = &book.positions()[0];
    assert_eq!(position.realised, Money::from_rupees(-400));
    assert_eq!(position.unrealised, Some(Money::from_rupees(1_200)));
}

#[test]
fn a_position_without_a_price_is_unpriced_and_not_worth_nothing() {
    let carried = Carried::at_average(symbol(), Product::Cnc, 10, rupees(100), 1).closed_at(rupees(105));
    let mut book = Book::open_day(day(), [carried]);
    assert_eq!(book.totals().unpriced, 1);
    assert_eq!((book.positions()[0].pnl, book.positions()[0].m2m), (None, None));
    book.mark(&symbol(), day().at_seconds(36_000), rupees(103));
    assert_eq!(book.positions()[0].pnl, Some(Money::from_rupees(30)));
    assert_eq!(book.totals().day, Money::from_rupees(-20));
}

#[test]
fn the_days_of_a_carried_position_sum_to_its_whole_result() {
    let mut first = book_of(&[trade(0, Side::Buy, 10, rupees(100))]);
    first.mark(&symbol(), day().at_seconds(55_000), rupees(104));
    let mut second = Book::open_day(day().next(), first.carry_over());
    let time = day().next().at_seconds(36_000);
    second.add(&Trade { time, ..trade(1, Side::Sell, 10, rupees(101)) });
    assert_eq!(first.totals().day, Money::from_rupees(40));
    assert_eq!(second.totals().day, Money::from_rupees(-30));
    assert_eq!(second.totals().realised, Money::from_rupees(10));
}

#[test]
fn a_multiplier_counts_everywhere_and_cannot_come_late() {
    let mut book = Book::new(day());
    book.set_multiplier(&symbol(), 1_000).unwrap();
    book.add(&trade(0, Side::Buy, 1, rupees(100)));
    book.add(&trade(1, Side::Sell, 1, rupees(101)));
    assert_eq!(book.totals().realised, Money::from_rupees(1_000));
    assert_eq!(book.turnover(), Money::from_rupees(201_000));
    book.set_multiplier(&symbol(), 5).unwrap_err();
}

#[test]
fn an_older_price_never_stands_over_a_newer_one() {
    let mut book = book_of(&[Trade { time: at(43_000), ..trade(0, Side::Buy, 10, rupees(100)) }]);
    assert!(!book.mark(&symbol(), at(42_999), rupees(90)));
    assert_eq!(book.totals().day, Money::ZERO);
    assert!(book.mark(&symbol(), at(43_001), rupees(90)));
    assert!(!book.mark(&symbol(), at(43_001), rupees(90)));
    assert_eq!(book.positions()[0].last_price_at, Some(at(43_001)));
}

#[test]
fn own_orders_that_met_each_other_are_two_fills_of_one_number() {
    let (buy, sell) = (trade(0, Side::Buy, 10, rupees(100)), trade(0, Side::Sell, 10, rupees(100)));
    let book = book_of(&[buy, Trade { order_id: "other".into(), ..sell }]);
    assert_eq!((book.fills(), book.positions()[0].quantity), (2, 0));
    assert_eq!(book.turnover(), Money::from_rupees(2_000));
}

#[test]
fn fills_of_one_second_stand_in_the_order_of_their_numbers_and_not_of_their_text() {
    let fill = |number: &str, side, price| Trade {
        trade_id: number.into(),
        order_id: number.into(),
        time: at(40_000),
        ..trade(0, side, 1, rupees(price))
    };
    // Bought, sold for ten more, bought again: by text the tenth trade would stand before the ninth.
    let fills = [fill("9", Side::Buy, 100), fill("10", Side::Sell, 110), fill("11", Side::Buy, 120)];
    let book = book_of(&fills);
    assert_eq!(book.totals().realised, Money::from_rupees(10));
    assert_eq!(book.positions()[0].average_cost, rupees(120));
    assert_eq!(book.positions()[0].last_price, Some(rupees(120)));
}

#[test]
fn ratios_over_nothing_are_undefined_and_zero_round_trips_neither_win_nor_lose() {
    let none = Figures::of(&Book::new(day()));
    assert_eq!((none.win_rate, none.profit_factor, none.expectancy), (None, None, None));
    let even = book_of(&[trade(0, Side::Buy, 1, rupees(100)), trade(1, Side::Sell, 1, rupees(100))]);
    let even = Figures::of(&even);
    assert_eq!((even.round_trips, even.wins, even.losses, even.win_rate), (1, 0, 0, None));
    let won = book_of(&[trade(0, Side::Buy, 1, rupees(100)), trade(1, Side::Sell, 1, rupees(101))]);
    let won = Figures::of(&won);
    assert_eq!((won.win_rate, won.profit_factor, won.orders), (Some(1.0), None, 1));
}

/// What FIFO books for trades that end flat.
fn fifo(trades: &[Trade]) -> i64 {
    let (mut open, mut booked) = (VecDeque::<(i64, i64)>::new(), 0);
    for trade in trades {
        for _ in 0..trade.quantity {
            let (sign, price) = (trade.side.sign(), trade.price.units());
            match open.front() {
                Some((other, _)) if *other != sign => {
                    let (other, entry) = open.pop_front().unwrap();
                    booked += (price - entry) * other;
                }
                _ => open.push_back((sign, price)),
            }
        }
    }
    booked
}

fn flattened(mut trades: Vec<Trade>) -> Vec<Trade> {
    let open: i64 = trades.iter().map(|trade| trade.side.sign() * i64::from(trade.quantity)).sum();
    if open != 0 {
        let side = if open > 0 { Side::Sell } else { Side::Buy };
        trades.push(trade(trades.len(), side, open.unsigned_abs() as u32, Price::from_paise(12_345)));
    }
    trades
}

proptest! {
    #[test]
    fn realised_of_a_flat_book_is_what_fifo_books(trades in some_trades()) {
        let trades = flattened(trades);
        let totals = book_of(&trades).totals();
        prop_assert_eq!(totals.realised.units(), fifo(&trades));
        prop_assert_eq!(totals.unrealised, Money::ZERO);
    }

    #[test]
    fn realised_and_unrealised_sum_to_the_cash_flow_at_every_price_and_stay_whole_paise(
        trades in some_trades(), last in 1_000i64..300_000
    ) {
        let mut book = book_of(&trades);
        let last = Price::from_paise(last);
        book.mark(&symbol(), Timestamp::from_seconds(i64::from(u32::MAX)), last);
        let naive: Money = trades.iter().map(|t| (last - t.price) * i64::from(t.quantity) * t.side.sign()).sum();
        let (totals, position) = (book.totals(), &book.positions()[0]);
        prop_assert_eq!(totals.realised + totals.unrealised, naive);
        prop_assert_eq!(position.pnl, Some(naive));
        prop_assert_eq!(totals.day, naive);
        prop_assert_eq!(totals.realised.round_to_paise(), totals.realised);
    }

    #[test]
    fn order_and_repetition_of_the_telling_change_nothing(
        (trades, told) in some_trades().prop_flat_map(|trades| {
            let twice: Vec<_> = trades.iter().chain(&trades).cloned().collect();
            (Just(trades), Just(twice).prop_shuffle())
        })
    ) {
        let straight = book_of(&trades);
        let mut shuffled = Book::new(day());
        let new = told.iter().filter(|trade| shuffled.add(trade)).count();
        prop_assert_eq!(new, trades.len());
        prop_assert_eq!(shuffled.positions(), straight.positions());
        prop_assert_eq!(shuffled.round_trips(), straight.round_trips());
        let rates = RateTable::default();
        prop_assert_eq!(Charges::of_book(&shuffled, &rates), Charges::of_book(&straight, &rates));
    }

    #[test]
    fn sums_that_run_along_are_the_sums_of_the_positions(trades in some_trades(), last in 1_000i64..300_000) {
        let mut book = book_of(&trades);
        book.mark(&symbol(), at(80_000), Price::from_paise(last));
        let (totals, positions) = (book.totals(), book.positions());
        prop_assert_eq!(totals.realised, positions.iter().map(|p| p.realised).sum::<Money>());
        prop_assert_eq!(totals.unrealised, positions.iter().filter_map(|p| p.unrealised).sum::<Money>());
        prop_assert_eq!(totals.day, positions.iter().filter_map(|p| p.m2m).sum::<Money>());
        let figures = Figures::of(&book);
        prop_assert_eq!((totals.wins, totals.losses), (figures.wins, figures.losses));
    }
}
