//! What stands on paper, and for how long.

use super::*;
use market::Validity;

#[test]
fn what_stands_on_paper_ends_with_its_markets_hours_and_fills_no_more() {
    let mut bench = on_paper(limit(1));
    bench.world.hours = 9..12;
    bench.world.price = Some(Price::from_rupees(1));
    bench.feed(Event::Time);
    assert_eq!((bench.state(1), bench.record(1).filled), (OrderState::Cancelled, 0));
    assert!(bench.record(1).message.contains("closed"), "{}", bench.record(1).message);
    assert_eq!(bench.core.next_wake(), None, "the night is quiet");
}

#[test]
fn an_immediate_order_on_paper_fills_at_once_or_never() {
    let Intent::Place { id, request } = limit(1) else { unreachable!() };
    let immediate = OrderRequest { validity: Validity::Ioc, ..request };
    let mut bench = on_paper(Intent::Place { id, request: immediate.clone() });
    bench.feed(Event::Time);
    assert_eq!(bench.state(1), OrderState::Cancelled);
    assert!(bench.record(1).message.contains("at once"), "{}", bench.record(1).message);
    let mut bench = on_paper(Intent::Place { id, request: immediate });
    bench.world.price = Some(Price::from_rupees(98));
    bench.feed(Event::Time);
    assert_eq!(bench.state(1), OrderState::Complete);
}

fn on_paper(intent: Intent) -> Bench {
    let mut bench = Bench::fresh(Loaded::default());
    let mut asked = bench.intents(vec![intent]);
    asked.run = run(Mode::Paper);
    bench.feed(Event::Intents(asked));
    assert_eq!(bench.state(1), OrderState::Open);
    bench
}
