//! What must hold for every sequence of commands.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use exchange::{
    AccountSetup, Event, Exchange, Listing, ModifyOrder, Order, OrderStatus, PlaceOrder, Position, Setup,
};
use market::{
    Calendar, Change, Money, OrderKind, OrderRequest, Price, Product, Side, Symbol, Timestamp, TradingDate,
    Validity, Variety,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

const USERS: [&str; 2] = ["UK9394", "UK1234"];
const NAMES: [(&str, u32); 3] = [("NSE:INFY", 1), ("NSE:SBIN", 1), ("NFO:NIFTY26DECFUT", 65)];

type Fill = (Side, i64, Price);

#[derive(Debug, Clone)]
enum Command {
    Place { user: usize, name: usize, buy: bool, lots: u32, kind: u8, away_ticks: i64, ioc: bool },
    Change { user: usize, pick: usize, lots: u32, away_ticks: i64 },
    Cancel { user: usize, pick: usize },
    Price { name: usize, away_ticks: i64 },
    Wait { ms: i64 },
}

fn command() -> impl Strategy<Value = Command> {
    let (user, name, away) = (0..2usize, 0..3usize, -40..40i64);
    prop_oneof![
        5 => (user.clone(), name.clone(), any::<bool>(), 1..60u32, 0..4u8, away.clone(), any::<bool>()).prop_map(
            |(user, name, buy, lots, kind, away_ticks, ioc)| Command::Place { user, name, buy, lots, kind, away_ticks, ioc }),
        2 => (user.clone(), 0..20usize, 1..60u32, away.clone())
            .prop_map(|(user, pick, lots, away_ticks)| Command::Change { user, pick, lots, away_ticks }),
        1 => (user, 0..20usize).prop_map(|(user, pick)| Command::Cancel { user, pick }),
        1 => (name, away).prop_map(|(name, away_ticks)| Command::Price { name, away_ticks }),
        2 => (1..4_000i64).prop_map(|ms| Command::Wait { ms }),
    ]
}

fn start() -> Timestamp {
    TradingDate::new(2026, 11, 23).unwrap().at_seconds(10 * 3600)
}

fn fresh(seed: u64) -> Exchange {
    let account = |user: &str| AccountSetup {
        user_id: user.to_owned(),
        user_name: user.to_owned(),
        cash: Money::from_rupees(20_000_000),
        holdings: Vec::new(),
    };
    let accounts = USERS.map(account).to_vec();
    Exchange::new(Setup { seed, now: start(), calendar: Calendar::nse([]), accounts })
}

fn run(exchange: &mut Exchange, command: &Command, split: i64) -> Vec<Event> {
    match *command {
        Command::Place { user, name, buy, lots, kind, away_ticks, ioc } => {
            let order = PlaceOrder::new(request(exchange, name, buy, lots, kind, away_ticks, ioc));
            let _ = exchange.place(USERS[user], order);
        }
        Command::Change { user, pick, lots, away_ticks } => {
            if let Some((id, symbol)) = picked(exchange, user, pick) {
                let listing = exchange.find(&symbol).unwrap().instrument.clone();
                let price = near(exchange, &symbol, away_ticks);
                let quantity = Some(lots * listing.lot_size);
                let change = Change { quantity, price: Some(price), ..Change::default() };
                let _ = exchange.modify(USERS[user], &id, ModifyOrder::new(change));
            }
        }
        Command::Cancel { user, pick } => {
            if let Some((id, _)) = picked(exchange, user, pick) {
                let _ = exchange.cancel(USERS[user], Variety::Regular, &id);
            }
        }
        Command::Price { name, away_ticks } => {
            let symbol: Symbol = NAMES[name].0.parse().unwrap();
            let (token, price) =
                (exchange.find(&symbol).unwrap().instrument.token, near(exchange, &symbol, away_ticks));
            let _ = exchange.set_price(token, price);
        }
        Command::Wait { ms } => {
            let (from, mut events) = (exchange.now(), Vec::new());
            for part in 1..=split {
                events.extend(exchange.advance(from.plus_micros(ms * 1_000 * part / split)));
            }
            return events;
        }
    }
    exchange.take_events()
}

fn request(
    exchange: &Exchange,
    name: usize,
    buy: bool,
    lots: u32,
    kind: u8,
    away: i64,
    ioc: bool,
) -> OrderRequest {
    let symbol: Symbol = NAMES[name].0.parse().unwrap();
    let near_price = near(exchange, &symbol, away);
    let side = if buy { Side::Buy } else { Side::Sell };
    let market = OrderRequest::market(symbol, side, lots * NAMES[name].1);
    let validity = if ioc { Validity::Ioc } else { Validity::Day };
    match kind {
        0 => OrderRequest { validity, ..market },
        1 => OrderRequest { kind: OrderKind::StopMarket, trigger: near_price, ..market },
        _ => OrderRequest { kind: OrderKind::Limit, price: near_price, validity, ..market },
    }
}

fn near(exchange: &Exchange, symbol: &Symbol, away: i64) -> Price {
    let instrument = &exchange.find(symbol).unwrap().instrument;
    let last = exchange.quote(instrument.token).unwrap().tick.last_price;
    last + Price::from_units(instrument.tick_size.units() * away)
}

fn picked(exchange: &Exchange, user: usize, pick: usize) -> Option<(String, Symbol)> {
    let orders = exchange.orders(USERS[user]);
    let order = orders.get(pick.checked_rem(orders.len())?)?;
    Some((order.order_id.clone(), order.symbol.clone()))
}

/// Kite's formulas once more, from the trades alone (nothing is carried in these runs).
fn check_row(row: &Position, trades: &[Fill]) {
    let sum = |side| -> (i64, Money) {
        let own = trades.iter().filter(|(s, _, _)| *s == side);
        own.fold((0, Money::ZERO), |(q, v), (_, quantity, price)| (q + quantity, v + *price * *quantity))
    };
    let ((bought, paid), (sold, got)) = (sum(Side::Buy), sum(Side::Sell));
    assert_eq!(
        (row.buy_quantity, row.buy_value, row.sell_quantity, row.sell_value),
        (bought, paid, sold, got)
    );
    assert_eq!((row.quantity, row.value), (bought - sold, got - paid));
    assert_eq!(row.pnl, got - paid + row.last_price * (bought - sold));
    assert_eq!((row.m2m, row.unrealised, row.realised), (row.pnl, row.pnl, Money::ZERO));
    let average = if bought > sold { paid.per_unit(bought) } else { got.per_unit(sold) };
    assert_eq!(row.average_price, if bought == sold { Price::ZERO } else { average });
}

fn check_account(exchange: &Exchange, user: &str) {
    let mut traded: BTreeMap<&str, i64> = BTreeMap::new();
    let mut by_key: BTreeMap<(Symbol, Product), Vec<Fill>> = BTreeMap::new();
    for trade in exchange.trades(user).iter().map(|record| &record.trade) {
        assert!(trade.quantity > 0 && trade.price > Price::ZERO);
        *traded.entry(&trade.order_id).or_default() += i64::from(trade.quantity);
        let key = (trade.symbol.clone(), trade.product);
        by_key.entry(key).or_default().push((trade.side, i64::from(trade.quantity), trade.price));
    }
    for order in exchange.orders(user) {
        assert_eq!(
            i64::from(order.filled_quantity),
            traded.get(order.order_id.as_str()).copied().unwrap_or(0)
        );
        if order.status != OrderStatus::Rejected {
            assert_eq!(
                order.quantity,
                order.filled_quantity + order.pending_quantity + order.cancelled_quantity
            );
        }
        if order.status == OrderStatus::Complete {
            assert_eq!(order.filled_quantity, order.quantity);
        }
        let within = match order.side {
            Side::Buy => order.average_price <= order.price,
            Side::Sell => order.average_price >= order.price,
        };
        assert!(order.filled_quantity == 0 || order.modified || within, "{order:?}");
    }
    let books = exchange.books(user).unwrap();
    assert_eq!(books.net.len(), by_key.len());
    for row in &books.net {
        check_row(row, &by_key[&(row.symbol.clone(), row.product.rules())]);
    }
    assert_eq!(books.pnl, books.net.iter().map(|row| row.pnl).sum());
    let margins = exchange.margins(user).unwrap();
    assert_eq!(margins.net, margins.available.cash - margins.utilised.debits);
}

fn check_depth(exchange: &Exchange) {
    for listing in exchange.listings() {
        let quote = exchange.quote(listing.instrument.token).unwrap();
        assert!(quote.tick.low <= quote.tick.last_price && quote.tick.last_price <= quote.tick.high);
        let (bid, ask) = (quote.tick.bid(), quote.tick.ask());
        assert!(quote.tick.depth.is_none() || bid.is_zero() || ask.is_zero() || bid < ask, "{quote:?}");
        assert!(quote.tick.last_price.is_multiple_of(listing.instrument.tick_size));
    }
}

/// One open order as it stood before a command.
struct Stood {
    user: &'static str,
    order: Order,
}

fn standing(exchange: &Exchange) -> Vec<Stood> {
    let of = |user: &'static str| {
        let open = exchange.orders(user).into_iter().filter(|order| order.status == OrderStatus::Open);
        open.map(move |order| Stood { user, order: order.clone() }).collect::<Vec<_>>()
    };
    USERS.into_iter().flat_map(of).collect()
}

/// Nobody was served while somebody with a better price, or the same price and an earlier order, got nothing.
fn check_priority(exchange: &Exchange, before: &[Stood]) {
    let now = |stood: &Stood| -> Order {
        let orders = exchange.orders(stood.user);
        orders.into_iter().find(|order| order.order_id == stood.order.order_id).unwrap().clone()
    };
    let plain = |order: &Order| !order.modified && order.trigger_price.is_zero();
    for served in before.iter().filter(|stood| now(stood).filled_quantity > stood.order.filled_quantity) {
        for waiting in before.iter().filter(|stood| now(stood).status == OrderStatus::Open) {
            let (first, second) = (&waiting.order, &served.order);
            if first.symbol != second.symbol || first.side != second.side || *first != now(waiting) {
                continue;
            }
            // Whoever was changed by the command came in anew, at another price.
            if now(served).price != second.price {
                continue;
            }
            let better = (first.price - second.price).units() * first.side.sign();
            assert!(better <= 0, "{first:?} waited while {second:?} was served");
            let earlier = first.order_id < second.order_id && plain(first) && plain(second);
            assert!(better < 0 || !earlier, "{first:?} came before {second:?}");
        }
    }
}

/// Units that the accounts bought, and sold, of each instrument: each is one that the tape has seen.
fn check_volume(exchange: &Exchange, before: &BTreeMap<u32, u64>) {
    let mut traded: BTreeMap<(u32, Side), u64> = BTreeMap::new();
    for record in USERS.iter().flat_map(|user| exchange.trades(user)) {
        *traded.entry((record.trade.token, record.trade.side)).or_default() +=
            u64::from(record.trade.quantity);
    }
    for ((token, side), units) in traded {
        let seen = exchange.quote(token).unwrap().tick.volume - before[&token];
        assert!(units <= seen, "{token}: {units} {side:?}, but {seen} on the tape");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_same_seed_and_commands_give_the_same_events_however_time_is_cut(
        seed in 0..1_000u64,
        commands in prop::collection::vec(command(), 1..60),
        split in 2..9i64,
    ) {
        let (mut whole, mut cut) = (fresh(seed), fresh(seed));
        for command in &commands {
            prop_assert_eq!(run(&mut whole, command, 1), run(&mut cut, command, split));
        }
    }

    #[test]
    fn nothing_is_lost_and_every_row_adds_up(seed in 0..1_000u64, commands in prop::collection::vec(command(), 1..120)) {
        let mut exchange = fresh(seed);
        let volume = |listing: &Listing| (listing.instrument.token, exchange.quote(listing.instrument.token).unwrap().tick.volume);
        let volumes: BTreeMap<u32, u64> = exchange.listings().map(volume).collect();
        for command in &commands {
            let before = standing(&exchange);
            run(&mut exchange, command, 1);
            check_priority(&exchange, &before);
            check_depth(&exchange);
        }
        check_volume(&exchange, &volumes);
        USERS.iter().for_each(|user| check_account(&exchange, user));
        check_depth(&exchange);
    }
}
