//! Days as a whole and in parts: what they sum to, their courses, their closes, and what a fill costs in work.
#![expect(clippy::unwrap_used, reason = "a test's own helpers may fail loudly")]

#[path = "support/trades.rs"]
mod trades;

use ledger::{Charges, Curve, Day, Part, RateTable};
use market::{Money, Price, Product, Side, Symbol, Trade};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use trades::{at, day, rupees, some_trades, symbol, trade};

fn rates() -> Arc<RateTable> {
    Arc::new(RateTable::default())
}

fn part(name: &str) -> Part {
    Some(name.to_owned())
}

#[test]
fn daily_stats_know_extremes_with_their_times_and_the_deepest_fall() {
    let mut ledger = Day::open(day(), rates(), []);
    ledger.trade(&part("a"), &trade(0, Side::Buy, 10, rupees(100)));
    for (seconds, price) in [(40_000, 105), (41_000, 97), (42_000, 103)] {
        assert!(ledger.mark(&symbol(), at(seconds), rupees(price)));
        ledger.sample(at(seconds));
    }
    ledger.trade(&part("a"), &Trade { time: at(43_000), ..trade(1, Side::Sell, 10, rupees(102)) });
    ledger.sample(at(43_000));
    let stats = ledger.stats();
    assert_eq!((stats.gross, stats.wins, stats.losses, stats.trades), (Money::from_rupees(20), 1, 0, 2));
    let Curve { max, min, drawdown } = stats.curve;
    assert_eq!(max.map(|max| (max.amount, max.at)), Some((Money::from_rupees(50), at(40_000))));
    assert_eq!(min.map(|min| (min.amount, min.at)), Some((Money::from_rupees(-30), at(41_000))));
    assert_eq!((drawdown, stats.turnover), (Money::from_rupees(80), Money::from_rupees(2_020)));
    assert_eq!(stats.net, stats.gross - stats.charges.total());
    assert_eq!(ledger.by_part()[&part("a")], stats);
}

#[test]
fn a_curve_that_is_resumed_goes_on_falling_from_the_high_of_before() {
    let open = || {
        let mut ledger = Day::open(day(), rates(), []);
        ledger.trade(&part("a"), &trade(0, Side::Buy, 10, rupees(100)));
        ledger
    };
    let mut before = open();
    before.mark(&symbol(), at(40_000), rupees(150));
    before.sample(at(40_000));
    let kept = before.stats().curve;
    let mut after = open();
    after.resume(Some(kept), &BTreeMap::from([(part("a"), kept)]));
    after.mark(&symbol(), at(41_000), rupees(120));
    after.sample(at(41_000));
    for stats in [after.stats(), after.by_part()[&part("a")].clone()] {
        assert_eq!(stats.curve.drawdown, Money::from_rupees(300));
        assert_eq!(stats.curve.max, kept.max);
    }
}

#[test]
fn a_fill_that_is_told_again_as_somebody_elses_is_booked_once() {
    let mut ledger = Day::open(day(), rates(), []);
    let bought = trade(0, Side::Buy, 10, rupees(100));
    assert!(ledger.trade(&part("a"), &bought));
    assert!(!ledger.trade(&None, &bought), "whoever's it was then");
    let parts: Vec<_> = ledger.parts().map(|(part, book)| (part.clone(), book.fills())).collect();
    assert_eq!(parts, [(part("a"), 1)]);
}

#[test]
fn ten_thousand_fills_cost_a_few_steps_each() {
    let mut ledger = Day::open(day(), rates(), []);
    for n in 0..10_000 {
        let side = if n % 2 == 0 { Side::Buy } else { Side::Sell };
        let name: Symbol = format!("NSE:S{}", n % 50).parse().unwrap();
        ledger.trade(&part("a"), &Trade { symbol: name, ..trade(n, side, 1, rupees(100 + n as i64 % 7)) });
        ledger.sample(at(36_000 + n as i64));
        ledger.stats();
    }
    for book in ledger.books() {
        assert_eq!(book.fills(), 10_000);
        assert!(book.steps() <= 10_000 * 8, "{} steps", book.steps());
    }
}

#[test]
fn the_exchanges_close_moves_a_result_from_one_day_to_the_other_and_changes_no_sum() {
    let mut first = Day::open(day(), rates(), []);
    first.trade(&part("a"), &trade(0, Side::Buy, 100, rupees(100)));
    first.mark(&symbol(), at(55_000), rupees(104));
    let mut second = first.next(day().next());
    second.mark(&symbol(), day().next().at_seconds(36_000), rupees(101));
    assert_eq!(
        (first.stats().gross, second.stats().gross),
        (Money::from_rupees(400), Money::from_rupees(-300))
    );
    first.close_at(&symbol(), rupees(106));
    second.set_previous_close(&symbol(), rupees(106));
    assert_eq!(
        (first.stats().gross, second.stats().gross),
        (Money::from_rupees(600), Money::from_rupees(-500))
    );
    assert_eq!(second.by_part()[&part("a")].gross, Money::from_rupees(-500));
    let position = &second.book().positions()[0];
    assert_eq!((position.close_price, position.m2m), (Some(rupees(106)), Some(Money::from_rupees(-500))));
    assert_eq!(position.pnl, Some(Money::from_rupees(100)));
}

#[test]
fn a_price_of_yesterday_is_known_and_is_no_news_of_today() {
    let mut first = Day::open(day(), rates(), []);
    first.trade(&None, &trade(0, Side::Buy, 100, rupees(100)));
    first.mark(&symbol(), at(55_000), rupees(104));
    let mut second = first.next(day().next());
    assert!(!second.has_news());
    let position = &second.book().positions()[0];
    assert_eq!((position.last_price, position.last_price_at), (Some(rupees(104)), Some(at(55_000))));
    assert_eq!((second.stats().gross, second.stats().unrealised), (Money::ZERO, Money::from_rupees(400)));
    assert!(!second.mark(&symbol(), at(54_000), rupees(90)));
    assert!(second.mark(&symbol(), day().next().at_seconds(1), rupees(105)));
    assert!(second.has_news());
}

proptest! {
    #[test]
    fn parts_sum_to_the_whole_and_days_to_the_whole_result_when_positions_are_carried(
        days in proptest::collection::vec((some_trades(), 1_000i64..300_000, 1_000i64..300_000), 1..4)
    ) {
        let mut ledger = Day::open(day(), rates(), []);
        let (mut date, mut sum, mut cash, mut last) = (day(), Money::ZERO, Money::ZERO, Price::ZERO);
        for (nth, (trades, close, settled)) in days.into_iter().enumerate() {
            if nth > 0 {
                // The exchange names another close than the last price that was seen.
                let mut over = ledger;
                ledger = over.next(date.next());
                if over.book().open_symbols().next().is_some() {
                    over.close_at(&symbol(), Price::from_paise(settled));
                    ledger.set_previous_close(&symbol(), Price::from_paise(settled));
                }
                sum += over.stats().gross;
                date = date.next();
            }
            for (n, trade) in trades.iter().enumerate() {
                let time = date.at_seconds(36_000 + n as i64);
                cash -= trade.price * i64::from(trade.quantity) * trade.side.sign();
                let of = [None, part("a"), part("b")][n / 2 % 3].clone();
                ledger.trade(&of, &Trade { time, ..trade.clone() });
            }
            last = Price::from_paise(close);
            ledger.mark(&symbol(), date.at_seconds(55_000), last);
            let (whole, parts) = (ledger.stats(), ledger.by_part());
            prop_assert_eq!(parts.values().map(|part| part.gross).sum::<Money>(), whole.gross);
            prop_assert_eq!(parts.values().map(|part| part.turnover).sum::<Money>(), whole.turnover);
            prop_assert_eq!(parts.values().map(|part| part.trades).sum::<usize>(), whole.trades);
        }
        let held: i64 = ledger.book().positions().iter().map(|position| position.quantity).sum();
        prop_assert_eq!(sum + ledger.stats().gross, cash + last * held);
    }

    #[test]
    fn a_bill_kept_up_is_the_bill_of_the_whole_book(told in some_trades().prop_shuffle()) {
        let told: Vec<Trade> = told.into_iter().map(|t| Trade { product: Product::Cnc, ..t }).collect();
        let mut ledger = Day::open(day(), rates(), []);
        told.iter().for_each(|trade| assert!(ledger.trade(&None, trade)));
        prop_assert_eq!(ledger.stats().charges, Charges::of_book(ledger.book(), &rates()));
    }
}
