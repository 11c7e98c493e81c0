//! The course fed trade by trade against a recomputation of every day from all trades.

use super::*;
use crate::mode::Mode;
use crate::pnl::reckon;
use ledger::Carried;
use market::{Product, Side, Trade};
use proptest::prelude::*;

const SYMBOLS: [&str; 3] = ["NSE:INFY", "NSE:TCS", "NFO:NIFTY26NOVFUT"];
const STRATEGIES: [Option<&str>; 3] = [None, Some("a"), Some("b")];

fn symbol(n: usize) -> Symbol {
    SYMBOLS[n].parse().unwrap()
}

fn date(n: u64) -> TradingDate {
    let first: TradingDate = "2026-11-23".parse().unwrap();
    (0..n).fold(first, |date, _| date.next())
}

/// One thing that happens: a trade or a price, on a day.
#[derive(Debug, Clone)]
enum Happening {
    Trade(TradeRecord),
    Price(TradingDate, Timestamp, Symbol, Price),
}

fn happening() -> impl Strategy<Value = (u64, bool, usize, usize, bool, u32, i64)> {
    (0u64..6, any::<bool>(), 0usize..3, 0usize..3, any::<bool>(), 1u32..50, 1_000i64..300_000)
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    proptest::collection::vec(happening(), 1..40).prop_map(|mut raw| {
        raw.sort_by_key(|one| one.0);
        let told = raw.into_iter().enumerate().map(|(n, (day, is_trade, of, by, buy, quantity, paise))| {
            let (price, time) = (Price::from_paise(paise), date(day).at_seconds(36_000 + n as i64));
            if !is_trade {
                return Happening::Price(date(day), time, symbol(of), price);
            }
            let trade = Trade {
                trade_id: format!("T{n}"),
                order_id: format!("O{}", n / 2),
                symbol: symbol(of),
                token: of as u32,
                side: if buy { Side::Buy } else { Side::Sell },
                product: Product::Nrml,
                quantity,
                price,
                time,
            };
            let strategy_id = STRATEGIES[by].map(str::to_owned);
            let run_id = strategy_id.clone();
            Happening::Trade(TradeRecord { trade, run_id, strategy_id, mode: Mode::Live })
        });
        told.collect()
    })
}

/// Every day from all trades, with the prices that were told on it: the arithmetic that needs no memory.
fn from_scratch(told: &[Happening], today: TradingDate) -> BTreeMap<TradingDate, Day> {
    let day_of = |one: &Happening| match one {
        Happening::Trade(trade) => trade.trade.date(),
        Happening::Price(date, ..) => *date,
    };
    let mut dates: BTreeSet<TradingDate> = told.iter().map(day_of).collect();
    dates.insert(today);
    let mut days: BTreeMap<TradingDate, Day> = BTreeMap::new();
    for date in dates {
        let before = days.last_key_value().map(|(_, day)| day);
        let mut day = Day::open(date, before.map(|day| day.book().carry_over()).unwrap_or_default());
        for strategy in STRATEGIES.into_iter().flatten() {
            let book = before.and_then(|day| day.strategy_book(strategy));
            let carried: Vec<Carried> = book.map(ledger::Book::carry_over).unwrap_or_default();
            if !carried.is_empty() {
                day.open_strategy(strategy, carried);
            }
        }
        for one in told.iter().filter(|one| day_of(one) == date) {
            match one {
                Happening::Trade(trade) => {
                    day.trade(trade.strategy_id.as_deref(), &trade.trade);
                }
                Happening::Price(_, time, symbol, price) => day.mark(*time, &[(symbol.clone(), *price)]),
            }
        }
        days.insert(date, day);
    }
    days
}

fn opened(today: TradingDate) -> Course {
    Course::build(&[], &Closes::new(), today, RateTable::zerodha())
}

fn told_live(told: &[Happening], today: TradingDate) -> Course {
    let mut course = opened(date(0));
    for one in told {
        match one {
            Happening::Trade(trade) => {
                course.roll(trade.trade.date());
                assert!(course.trade(trade));
                // The list of trades comes again and again.
                assert!(course.trade(trade));
            }
            Happening::Price(date, time, symbol, price) => {
                course.roll(*date);
                course.mark(*time, &[(symbol.clone(), *price)]);
            }
        }
    }
    course.roll(today);
    course
}

/// What days without trades and positions come to is nothing, and they may be left out.
fn figures(days: &BTreeMap<TradingDate, Day>, today: TradingDate) -> Vec<(TradingDate, DayFigures)> {
    let rates = RateTable::zerodha();
    let is_kept = |day| books(day).any(|book| !book.positions().is_empty());
    let kept = days.iter().filter(|(date, day)| **date == today || is_kept(day));
    kept.map(|(date, day)| (*date, DayFigures::of(day, &rates))).collect()
}

fn without_curve(mut days: Vec<(TradingDate, DayFigures)>) -> Vec<(TradingDate, DayFigures)> {
    for (_, day) in &mut days {
        for stats in std::iter::once(&mut day.total).chain(day.by_strategy.values_mut()) {
            (stats.max_mtm, stats.min_mtm, stats.max_drawdown) = (None, None, market::Money::ZERO);
        }
    }
    days
}

proptest! {
    #[test]
    fn figures_kept_up_are_those_worked_out_from_all_trades(told in happenings()) {
        let today = date(7);
        let (course, days) = (told_live(&told, today), from_scratch(&told, today));
        prop_assert_eq!(course.days().collect::<Vec<_>>(), figures(&days, today));
        let book = days[&today].book();
        prop_assert_eq!(reckon::positions(course.today().book(), None), reckon::positions(book, None));
    }

    #[test]
    fn a_course_built_after_a_restart_has_the_same_figures(told in happenings(), shuffled in any::<u64>()) {
        let today = date(7);
        let days = from_scratch(&told, today);
        let mut trades: Vec<TradeRecord> = told.iter().filter_map(|one| match one {
            Happening::Trade(trade) => Some(trade.clone()),
            Happening::Price(..) => None,
        }).collect();
        let middle = shuffled as usize % trades.len().max(1);
        trades.rotate_left(middle);
        let closes: Closes = days.iter().map(|(date, day)| {
            let held = books(day).flat_map(ledger::Book::positions);
            (*date, held.filter_map(|p| Some((p.symbol, p.last_price?))).collect())
        }).collect();
        let course = Course::build(&trades, &closes, today, RateTable::zerodha());
        let built = without_curve(course.days().collect());
        prop_assert_eq!(built, without_curve(figures(&days, today)));
    }

    #[test]
    fn telling_a_days_trades_in_any_order_changes_no_figure(told in happenings(), at in any::<usize>()) {
        let trades: Vec<TradeRecord> = told.into_iter().filter_map(|one| match one {
            Happening::Trade(trade) if trade.trade.date() == date(3) => Some(trade),
            Happening::Trade(_) | Happening::Price(..) => None,
        }).collect();
        let (mut straight, mut turned) = (opened(date(3)), opened(date(3)));
        trades.iter().for_each(|trade| assert!(straight.trade(trade)));
        let mut other = trades.clone();
        other.rotate_left(at % trades.len().max(1));
        other.iter().for_each(|trade| assert!(turned.trade(trade)));
        prop_assert_eq!(without_curve(turned.days().collect()), without_curve(straight.days().collect()));
    }
}

fn one_trade(day: u64) -> TradeRecord {
    let trade = Trade {
        trade_id: format!("D{day}"),
        order_id: "O".into(),
        symbol: symbol(0),
        token: 1,
        side: Side::Buy,
        product: Product::Mis,
        quantity: 5,
        price: Price::from_rupees(100),
        time: date(day).at_seconds(40_000),
    };
    TradeRecord { trade, run_id: None, strategy_id: None, mode: Mode::Live }
}

#[test]
fn a_trade_of_a_day_that_is_over_asks_for_building_anew_and_one_of_tomorrow_waits() {
    let mut course = opened(date(1));
    assert!(!course.trade(&one_trade(0)));
    assert!(course.trade(&one_trade(2)));
    assert!(course.today().book().positions().is_empty());
    course.roll(date(2));
    assert_eq!(course.today().book().positions()[0].quantity, 5);
    let built = Course::build(&[one_trade(2)], &Closes::new(), date(1), RateTable::zerodha());
    assert!(built.today().book().positions().is_empty());
}
