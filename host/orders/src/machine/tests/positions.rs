//! A difference between positions and trades over a restart: nothing new leaves before it was looked at.

use super::*;
use crate::book::DayPosition;
use crate::trading::TradingState;
use market::Product;

fn bought(units: i64) -> Vec<DayPosition> {
    vec![DayPosition { symbol: "NSE:INFY".parse().unwrap(), product: Product::Mis, bought: units, sold: 0 }]
}

impl Bench {
    /// A reading that shows so many units bought today of which no trade tells.
    fn shows(&mut self, positions: Vec<DayPosition>) -> Vec<Effect> {
        let reading = Reading { positions: Some(Listing::whole(positions)), ..self.reading(vec![]) };
        self.pass(Duration::from_millis(1));
        self.feed(Event::Reading(Box::new(reading)))
    }
}

fn is_reducing(bench: &Bench) -> bool {
    matches!(bench.core.trading_state(), TradingState::Reducing { .. })
}

#[test]
fn a_difference_in_the_first_reading_of_a_life_lets_nothing_new_leave_from_the_moment_the_gate_opens() {
    let mut bench = Bench::fresh(Loaded::default());
    bench.feed(Event::SessionChanged);
    let effects = bench.shows(bought(10));
    assert!(said(&effects, "trading is open") && said(&effects, "by the first comparison"), "{effects:?}");
    assert_eq!(refusals(&bench.ask(vec![buy(1)])), [RefusalCode::Reducing]);
    let tag = bench.tag();
    assert_eq!(places(&bench.feed(exit(tag))).len(), 1, "what closes something leaves");
    bench.pass(Duration::from_secs(2));
    let effects = bench.shows(bought(10));
    assert!(said(&effects, "leave until they agree again"), "a person is told once it stays: {effects:?}");
    assert!(is_reducing(&bench));
}

#[test]
fn it_is_looked_at_again_soon_though_nothing_stands_and_was_traded_here_and_trading_goes_on_when_it_is_gone()
{
    let mut bench = Bench::fresh(Loaded::default());
    bench.feed(Event::SessionChanged);
    bench.shows(bought(10));
    let due = bench.core.next_wake().unwrap();
    assert!(due <= bench.now.since_boot + Duration::from_secs(3), "{due:?}");
    bench.pass(Duration::from_secs(3));
    let asked = bench.feed(Event::Time);
    assert!(
        asked.iter().any(|effect| matches!(effect, Effect::ReadBook { with_positions: true, .. })),
        "{asked:?}"
    );
    assert!(said(&bench.shows(vec![]), "agree again"));
    assert_eq!(bench.core.trading_state(), TradingState::Active);
    assert!(refusals(&bench.ask(vec![buy(1)])).is_empty());
}

#[test]
fn in_a_life_that_has_compared_already_a_new_session_does_not_take_one_difference_for_a_lasting_one() {
    let mut bench = Bench::fresh(Loaded::default());
    bench.feed(Event::SessionChanged);
    bench.shows(vec![]);
    bench.world.line.session = Some(2);
    bench.feed(Event::SessionChanged);
    bench.shows(bought(10));
    assert!(!is_reducing(&bench), "it may be a fill in between");
}
