//! The course fed trade by trade against a recomputation of every day from all trades.

use super::*;
use crate::pnl::{DailyStats, PnlSum, reckon, report};
use ::orders::Mode;
use market::{Money, Product, Side, Trade};
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

fn rules() -> Rules {
    Rules { rates: Arc::default(), calendar: Arc::new(Calendar::always_open()) }
}

fn day_of(one: &Happening) -> TradingDate {
    match one {
        Happening::Trade(trade) => trade.trade.date(),
        Happening::Price(date, ..) => *date,
    }
}

/// Every day from all trades, with the prices that were told on it: the arithmetic that needs no memory.
fn from_scratch(told: &[Happening], today: TradingDate) -> BTreeMap<TradingDate, Day> {
    let mut dates: BTreeSet<TradingDate> = told.iter().map(day_of).collect();
    dates.insert(today);
    let mut days: BTreeMap<TradingDate, Day> = BTreeMap::new();
    for date in dates {
        let before = days.last_key_value().map(|(_, day)| day);
        let mut day = before.map_or_else(|| Day::open(date, Arc::default(), []), |before| before.next(date));
        for one in told.iter().filter(|one| day_of(one) == date) {
            match one {
                Happening::Trade(trade) => {
                    day.trade(&trade.strategy_id, &trade.trade);
                }
                Happening::Price(_, time, symbol, price) => {
                    day.mark(symbol, *time, *price);
                }
            }
        }
        days.insert(date, day);
    }
    days
}

fn opened(today: TradingDate) -> Course {
    Course::build(Base::default(), Vec::new(), BTreeMap::new(), today, rules())
}

fn told_live(told: &[Happening], today: TradingDate) -> Course {
    let mut course = opened(date(0));
    for one in told {
        course.roll(day_of(one));
        match one {
            Happening::Trade(trade) => {
                assert!(course.trade(trade));
                // The list of trades comes again and again.
                assert!(course.trade(trade));
            }
            Happening::Price(_, time, symbol, price) => {
                course.mark(symbol, *time, *price);
            }
        }
    }
    course.roll(today);
    course
}

/// Days on which nothing happened may be left out, but for today.
fn figures(days: &BTreeMap<TradingDate, Day>, today: TradingDate) -> Vec<Vec<DailyStats>> {
    let kept = days.iter().filter(|(date, day)| **date == today || day.has_news());
    kept.map(|(_, day)| without_curve(rows(day, Timestamp::EPOCH, false).stats)).collect()
}

fn figures_of(course: &Course) -> Vec<Vec<DailyStats>> {
    course.days(Timestamp::EPOCH).into_iter().map(|day| without_curve(day.stats)).collect()
}

/// What was sampled, and when a row was made, is not under test here.
fn without_curve(mut days: Vec<DailyStats>) -> Vec<DailyStats> {
    for day in &mut days {
        (day.max_mtm, day.max_mtm_at, day.min_mtm, day.min_mtm_at) = (None, None, None, None);
        (day.max_drawdown, day.as_of, day.is_final) = (Money::ZERO, Timestamp::EPOCH, false);
    }
    days
}

fn trades_of(told: &[Happening]) -> Vec<TradeRecord> {
    let trade = |one: &Happening| match one {
        Happening::Trade(trade) => Some(trade.clone()),
        Happening::Price(..) => None,
    };
    told.iter().filter_map(trade).collect()
}

/// What would have been written down of these days.
fn written(days: &BTreeMap<TradingDate, Day>) -> BTreeMap<TradingDate, Written> {
    let of_day = |day: &Day| {
        let positions = day.books().flat_map(ledger::Book::positions);
        let prices = positions.filter_map(|p| Some((p.symbol, p.last_price_at?, p.last_price?)));
        Written { prices: prices.collect(), curves: BTreeMap::new() }
    };
    days.iter().map(|(date, day)| (*date, of_day(day))).collect()
}

/// Where a course begins when all days up to this one are over.
fn base_at(days: &BTreeMap<TradingDate, Day>, date: TradingDate) -> Base {
    let day = &days[&date];
    let mut carried = BTreeMap::from([(Whose::Account, day.book().carry_over())]);
    for (part, book) in day.parts() {
        let whose = part.clone().map_or(Whose::Hand, Whose::Strategy);
        carried.insert(whose, book.carry_over());
    }
    carried.retain(|_, held| !held.is_empty());
    Base { date: Some(date), carried }
}

proptest! {
    #[test]
    fn figures_kept_up_are_those_worked_out_from_all_trades(told in happenings()) {
        let today = date(7);
        let (course, days) = (told_live(&told, today), from_scratch(&told, today));
        prop_assert_eq!(figures_of(&course), figures(&days, today));
        let book = days[&today].book();
        prop_assert_eq!(reckon::positions(course.today().book(), None), reckon::positions(book, None));
    }

    #[test]
    fn a_course_built_after_a_restart_has_the_same_figures(told in happenings(), shuffled in any::<u64>()) {
        let today = date(7);
        let days = from_scratch(&told, today);
        let mut trades = trades_of(&told);
        let middle = shuffled as usize % trades.len().max(1);
        trades.rotate_left(middle);
        let course = Course::build(Base::default(), trades, written(&days), today, rules());
        prop_assert_eq!(figures_of(&course), figures(&days, today));
    }

    #[test]
    fn a_course_that_begins_where_a_day_ended_goes_on_as_if_it_had_never_stopped(
        told in happenings(), at in any::<usize>()
    ) {
        let today = date(7);
        let days = from_scratch(&told, today);
        let over: Vec<TradingDate> = days.keys().copied().filter(|date| *date < today).collect();
        let base = over[at % over.len()];
        let mut trades = trades_of(&told);
        trades.retain(|trade| trade.trade.date() > base);
        let mut kept = written(&days);
        kept.retain(|date, _| *date > base);
        let course = Course::build(base_at(&days, base), trades, kept, today, rules());
        let mut rest = days.clone();
        rest.retain(|date, _| *date > base);
        prop_assert_eq!(figures_of(&course), figures(&rest, today));
    }

    #[test]
    fn dates_and_strategies_sum_to_the_total_over_carried_ranges(
        told in happenings(), from in 0u64..7, days in 0u64..7
    ) {
        let course = told_live(&told, date(7));
        let (from, to) = (date(from), date(from + days));
        let all: Vec<DailyStats> = course.days(Timestamp::EPOCH).into_iter().flat_map(|day| day.stats).collect();
        let asked: Vec<DailyStats> =
            all.into_iter().filter(|day| (from..=to).contains(&day.date)).collect();
        let report = report(&asked, from, to, &BTreeMap::new(), Timestamp::EPOCH);
        let sum = |amount: &dyn Fn(&PnlSum) -> Money| {
            let by_date: Money = report.by_date.iter().map(|day| amount(&day.result)).sum();
            let by_strategy: Money = report.by_strategy.iter().map(|part| amount(&part.result)).sum();
            (by_date, by_strategy)
        };
        let total = report.total;
        prop_assert_eq!(sum(&|s| s.gross), (total.gross, total.gross));
        prop_assert_eq!(sum(&|s| s.realised), (total.realised, total.realised));
        prop_assert_eq!(sum(&|s| s.unrealised_change), (total.unrealised_change, total.unrealised_change));
        prop_assert_eq!(sum(&|s| s.charges.total()), (total.charges.total(), total.charges.total()));
        prop_assert_eq!(sum(&|s| s.unrealised).1, total.unrealised);
        prop_assert_eq!(total.gross, total.realised + total.unrealised_change);
        let fills: u32 = report.by_strategy.iter().map(|part| part.result.trades).sum();
        prop_assert_eq!(fills, total.trades);
    }

    #[test]
    fn telling_a_days_trades_in_any_order_changes_no_figure(told in happenings(), at in any::<usize>()) {
        let mut trades = trades_of(&told);
        trades.retain(|trade| trade.trade.date() == date(3));
        let (mut straight, mut turned) = (opened(date(3)), opened(date(3)));
        trades.iter().for_each(|trade| assert!(straight.trade(trade)));
        let middle = at % trades.len().max(1);
        trades.rotate_left(middle);
        trades.iter().for_each(|trade| assert!(turned.trade(trade)));
        prop_assert_eq!(figures_of(&turned), figures_of(&straight));
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
    let trades = vec![one_trade(2)];
    let built = Course::build(Base::default(), trades, BTreeMap::new(), date(1), rules());
    assert!(built.today().book().positions().is_empty());
}

fn rupees(amount: i64) -> Money {
    Money::from_rupees(amount)
}

fn gross_by_date(course: &Course) -> Vec<(TradingDate, Money)> {
    course.days(Timestamp::EPOCH).iter().map(|day| (day.date, day.stats[0].gross)).collect()
}

#[test]
fn the_exchanges_close_settles_the_trading_day_before_over_a_weekend() {
    let friday: TradingDate = "2026-11-27".parse().unwrap();
    let monday = friday.next().next().next();
    let rules = Rules { calendar: Arc::new(Calendar::nse([])), ..rules() };
    let mut course = Course::build(Base::default(), Vec::new(), BTreeMap::new(), friday, rules);
    let trade = one_trade(4);
    assert_eq!(trade.trade.date(), friday);
    course.trade(&trade);
    course.mark(&symbol(0), friday.at_seconds(55_000), Price::from_rupees(104));
    course.roll(friday.next());
    course.roll(monday);
    assert_eq!(gross_by_date(&course), [(friday, rupees(20)), (monday, rupees(0))]);
    course.mark(&symbol(0), monday.at_seconds(33_301), Price::from_rupees(110));
    course.settle(&symbol(0), Price::from_rupees(106));
    assert_eq!(gross_by_date(&course), [(friday, rupees(30)), (monday, rupees(20))]);
    let position = &course.today().book().positions()[0];
    assert_eq!((position.m2m, position.pnl), (Some(rupees(20)), Some(rupees(50))));
}

#[test]
fn a_trading_day_that_nobody_saw_gets_its_own_result_from_the_exchanges_close() {
    let mut course = opened(date(0));
    course.trade(&one_trade(0));
    course.roll(date(2));
    course.mark(&symbol(0), date(2).at_seconds(33_301), Price::from_rupees(110));
    course.settle(&symbol(0), Price::from_rupees(106));
    assert_eq!(gross_by_date(&course), [(date(0), rupees(0)), (date(1), rupees(30)), (date(2), rupees(20))]);
}

#[test]
fn what_is_written_is_not_written_again_until_it_changes() {
    let mut course = opened(date(0));
    course.trade(&one_trade(0));
    course.roll(date(1));
    let dates = |course: &Course| -> Vec<TradingDate> {
        course.unwritten(Timestamp::EPOCH).iter().map(|day| day.date).collect()
    };
    assert_eq!(dates(&course), [date(0)]);
    let written = course.unwritten(Timestamp::EPOCH);
    course.written(&written);
    assert!(dates(&course).is_empty());
    course.settle(&symbol(0), Price::from_rupees(106));
    assert_eq!(dates(&course), [date(0)]);
    course.mark(&symbol(0), date(1).at_seconds(1), Price::from_rupees(110));
    course.roll(date(2));
    let last = course.unwritten(Timestamp::EPOCH);
    assert_eq!(
        last.iter().map(|day| (day.date, day.is_final)).collect::<Vec<_>>(),
        [(date(0), true), (date(1), false)]
    );
}

#[test]
fn a_flat_run_over_days_sums_what_it_booked_and_what_it_cost() {
    let sell = |day| {
        let mut sold = one_trade(day);
        sold.trade.trade_id = format!("S{day}");
        (sold.trade.side, sold.trade.price) = (Side::Sell, Price::from_rupees(103));
        sold
    };
    let trades = vec![one_trade(0), sell(1), one_trade(2), sell(2)];
    let course = Course::build(Base::default(), trades, BTreeMap::new(), date(4), rules());
    let figures = reckon::run_figures(&course);
    assert_eq!((figures.realised, figures.unrealised, figures.trades), (rupees(30), Some(rupees(0)), 4));
    assert_eq!(figures.net, Some(rupees(30) - figures.charges));
    assert!(figures.charges > Money::ZERO);
}
