//! Whatever is done with cover orders: what they hold is never more or less than what their stops would end.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/desk.rs"]
mod support;

use exchange::{Exchange, ModifyOrder, Order, OrderStatus, PlaceOrder, ShownProduct, State};
use market::{Calendar, Change, Money, OrderKind, OrderRequest, Price, Side, Variety};
use proptest::prelude::*;
use support::*;

#[derive(Debug, Clone)]
enum Command {
    Place { buy: bool, quantity: u32, limit: bool, away_rupees: i64 },
    Ordinary { buy: bool, quantity: u32, away_rupees: i64 },
    Modify { pick: usize, away_rupees: i64 },
    Cancel { pick: usize },
    Price { away_rupees: i64 },
    Wait { ms: i64 },
    Restart,
}

fn command() -> impl Strategy<Value = Command> {
    let away = -12..12i64;
    prop_oneof![
        4 => (any::<bool>(), 1..4_000u32, any::<bool>(), away.clone())
            .prop_map(|(buy, quantity, limit, away_rupees)| Command::Place { buy, quantity, limit, away_rupees }),
        2 => (any::<bool>(), 1..4_000u32, away.clone())
            .prop_map(|(buy, quantity, away_rupees)| Command::Ordinary { buy, quantity, away_rupees }),
        2 => (0..30usize, away.clone()).prop_map(|(pick, away_rupees)| Command::Modify { pick, away_rupees }),
        2 => (0..30usize).prop_map(|pick| Command::Cancel { pick }),
        3 => away.prop_map(|away_rupees| Command::Price { away_rupees }),
        3 => (1..4_000i64).prop_map(|ms| Command::Wait { ms }),
        1 => Just(Command::Restart),
    ]
}

fn rich() -> exchange::Setup {
    let mut setup = setup(Calendar::nse([]), ten_o_clock());
    setup.accounts.iter_mut().for_each(|account| account.cash = Money::from_rupees(100_000_000));
    setup
}

fn near(exchange: &Exchange, away_rupees: i64) -> Price {
    last(exchange).round_to(Price::from_rupees(1)) + Price::from_rupees(away_rupees)
}

fn run(exchange: &mut Exchange, command: &Command) {
    match *command {
        Command::Place { buy, quantity, limit, away_rupees } => {
            let side = if buy { Side::Buy } else { Side::Sell };
            let price = near(exchange, away_rupees);
            let trigger = price - Price::from_rupees((3 + away_rupees.abs()) * side.sign());
            let request = OrderRequest { variety: Variety::Co, trigger, ..infy(side, quantity) };
            let limited =
                OrderRequest { kind: OrderKind::Limit, price, market_protection: 0, ..request.clone() };
            let _ = exchange.place(USER, PlaceOrder::new(if limit { limited } else { request }));
        }
        Command::Ordinary { buy, quantity, away_rupees } => {
            let side = if buy { Side::Buy } else { Side::Sell };
            let price = near(exchange, away_rupees);
            let request = OrderRequest { kind: OrderKind::Limit, price, ..infy(side, quantity) };
            let _ = exchange.place(USER, PlaceOrder::new(OrderRequest { market_protection: 0, ..request }));
        }
        Command::Modify { pick, away_rupees } => {
            let to = Some(near(exchange, away_rupees));
            let Some(id) = picked(exchange, pick) else { return };
            let leg = order(exchange, &id).parent_order_id.is_some();
            let change = if leg {
                Change { trigger: to, ..Change::default() }
            } else {
                Change { price: to, ..Change::default() }
            };
            let _ =
                exchange.modify(USER, &id, ModifyOrder { variety: Variety::Co, ..ModifyOrder::new(change) });
        }
        Command::Cancel { pick } => {
            if let Some(id) = picked(exchange, pick) {
                let _ = exchange.cancel(USER, Variety::Co, &id);
            }
        }
        Command::Price { away_rupees } => {
            let _ = exchange.set_price(INFY, near(exchange, away_rupees));
        }
        Command::Wait { ms } => {
            exchange.advance(exchange.now().plus_micros(ms * 1_000));
        }
        Command::Restart => {
            let state = serde_json::to_string(&exchange.take_state()).unwrap();
            let state: State = serde_json::from_str(&state).unwrap();
            *exchange = Exchange::restore(rich(), state);
        }
    }
}

fn picked(exchange: &Exchange, pick: usize) -> Option<String> {
    let orders = exchange.orders(USER);
    orders.get(pick % orders.len().max(1)).map(|order| order.order_id.clone())
}

fn held(exchange: &Exchange) -> i64 {
    let net = exchange.positions(USER).net;
    net.iter().filter(|row| row.product == ShownProduct::Co).map(|row| row.quantity).sum()
}

/// What second legs would still do to the position, signed.
fn kept(exchange: &Exchange) -> i64 {
    let legs = exchange.orders(USER).into_iter().filter(|order| order.parent_order_id.is_some());
    legs.map(|order| i64::from(order.pending_quantity) * order.side.sign()).sum()
}

fn check_legs(order: &Order, all: &[&Order]) {
    let legs = all.iter().filter(|leg| leg.parent_order_id.as_ref() == Some(&order.order_id));
    let (mut quantity, mut sides) = (0, Vec::new());
    for leg in legs {
        quantity += leg.quantity;
        sides.push(leg.side);
    }
    assert_eq!(quantity, order.filled_quantity, "{order:?}");
    assert!(sides.iter().all(|side| *side == order.side.opposite()));
    assert_eq!(order.quantity, order.filled_quantity + order.pending_quantity + order.cancelled_quantity);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_cover_position_always_has_stops_for_all_of_it(commands in prop::collection::vec(command(), 1..60)) {
        let mut exchange = Exchange::new(rich());
        for command in &commands {
            run(&mut exchange, command);
            prop_assert_eq!(held(&exchange) + kept(&exchange), 0, "after {:?}", command);
        }
        let all = exchange.orders(USER);
        let first = |order: &&&Order| order.variety == Variety::Co && order.parent_order_id.is_none() && order.status_message.is_none();
        all.iter().filter(first).for_each(|order| check_legs(order, &all));
        exchange.jump(monday().at_seconds(15 * 3600 + 29 * 60));
        // The broker's exits carry a protected price, which the market may have left: then they still stand in the book.
        prop_assert_eq!(held(&exchange) + kept(&exchange), 0, "after the square-off");
        for order in exchange.orders(USER) {
            prop_assert!(order.status.is_final() || order.status == OrderStatus::Open, "{:?}", order);
        }
    }
}
