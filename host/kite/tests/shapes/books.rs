//! Orders of every desk, what became of them, and fills.

use crate::{answered_with, asked, body, infy, price};
use kite::{
    BrokerOrderId, BrokerStatus, IcebergLegs, OrderAddress, Outcome, PlaceOptions, PlaceParams,
    UnreadableRow, Word,
};
use market::{Change, OrderKind, OrderRequest, Price, Product, Timestamp, Validity, Variety};

fn id(text: &str) -> BrokerOrderId {
    text.parse().unwrap()
}

fn params(request: OrderRequest) -> PlaceParams {
    PlaceParams { request, tag: "BH7Q2".into() }
}

#[tokio::test]
async fn orders_of_every_desk_are_read_and_one_that_cannot_be_costs_itself_alone() {
    let (session, _) = answered_with("orders").await;
    let book = session.orders().await.unwrap();
    assert_eq!(book.rows.len(), 9);
    let [UnreadableRow { order_id, reason, .. }] = book.unreadable.as_slice() else {
        panic!("{:?}", book.unreadable)
    };
    assert_eq!(
        (order_id.as_deref(), reason.as_str()),
        (Some("1995000000000000010"), "`quantity` is missing")
    );
    let [plain, currency, iceberg, protected, sliced, auction, cover, amo, new] = book.rows.as_slice() else {
        panic!()
    };
    assert_eq!(
        (plain.price, plain.average_price, plain.tag.as_deref()),
        (price(14_005_000), price(14_004_500), None)
    );
    assert_eq!((&currency.status, currency.price), (&BrokerStatus::Cancelled, price(832_525)));
    assert_eq!(
        (&iceberg.validity, iceberg.extra["validity_ttl"].as_u64()),
        (&Word::Other("TTL".into()), Some(2))
    );
    assert_eq!(
        (iceberg.quantity, iceberg.extra["meta"]["iceberg"]["remaining_quantity"].as_u64()),
        (200, Some(800))
    );
    assert_eq!((iceberg.exchange_order_id.as_deref(), iceberg.exchange_timestamp), (None, None));
    assert_eq!(iceberg.status_message_raw.as_deref(), Some("RMS:Margin Exceeds "));
    assert_eq!(
        (protected.tags.join(" "), protected.account_id.as_deref()),
        ("mktp mktp:2.00".into(), Some("UK9394"))
    );
    assert_eq!(sliced.tags[1], "autoslice:1995000000000000000");
    assert_eq!((auction.extra["auction_number"].as_str(), auction.pending_quantity), (Some("22"), 60));
    assert_eq!(
        (cover.parent_order_id.as_deref(), cover.trigger),
        (Some("1995000000000000001"), price(13_900_500))
    );
    assert_eq!((&cover.product, &cover.variety), (&Word::Other("CO".into()), &Word::Known(Variety::Co)));
    assert_eq!((&amo.status, &amo.variety), (&BrokerStatus::AmoReqReceived, &Word::Known(Variety::Amo)));
    assert_eq!(new.status, BrokerStatus::Other("FROZEN BY REGULATOR".into()));
    assert_eq!((new.symbol.to_string(), new.kind.to_string()), ("NSEIX:INFY".into(), "PEGGED".into()));
    assert_eq!(new.extra["new_field"]["a"], 1);
    assert!(book.odd_fields.is_empty(), "{:?}", book.odd_fields);
}

#[tokio::test]
async fn an_orders_history_is_every_state_in_its_order() {
    let (session, server) = answered_with("order_history").await;
    let history = session.order_history(&id("261123000000001")).await.unwrap().whole().unwrap();
    let states: Vec<_> = history.iter().map(|row| row.status.as_str()).collect();
    let first = ["PUT ORDER REQ RECEIVED", "VALIDATION PENDING", "OPEN PENDING", "OPEN"];
    let then = ["MODIFY VALIDATION PENDING", "MODIFY PENDING", "MODIFIED", "COMPLETE"];
    assert_eq!(states, [first, then].concat());
    let numbered: Vec<_> = history.iter().map(|row| row.exchange_order_id.is_some()).collect();
    assert_eq!(numbered, [false, false, false, true, true, true, true, true]);
    assert_eq!(asked(&server), "GET /orders/261123000000001");
}

#[tokio::test]
async fn fills_are_read_exactly_and_one_of_nothing_costs_itself_alone() {
    let (session, _) = answered_with("trades").await;
    let book = session.trades().await.unwrap();
    assert_eq!((book.rows.len(), book.unreadable.len()), (4, 1));
    assert_eq!((book.rows[0].price, book.rows[1].price), (price(4_206_500), price(727_550)));
    let now = Timestamp::parse_ist("2026-11-23 12:00:00").unwrap();
    assert_eq!(book.rows[3].to_trade(now).unwrap().product, Product::Mis);
    let (session, server) = answered_with("trades").await;
    assert_eq!(session.order_trades(&id("7")).await.unwrap().rows.len(), 4);
    assert_eq!(asked(&server), "GET /orders/7/trades");
}

#[tokio::test]
async fn a_sliced_order_names_its_children_and_which_of_them_were_refused() {
    let (session, server) = answered_with("autoslice").await;
    let options = PlaceOptions { autoslice: true, ..PlaceOptions::default() };
    let placed = session.place_with(&params(infy()), &options).await.unwrap();
    assert_eq!(placed.order_id, id("1995000000000000000"));
    assert_eq!(placed.children[..2], [Ok(id("1995000000000000001")), Ok(id("1995000000000000002"))]);
    let refused = placed.children[2].as_ref().unwrap_err();
    assert_eq!(refused.outcome(), Outcome::DefiniteNo);
    assert!(refused.to_string().starts_with("Insufficient funds. Required margin is 228365.92"), "{refused}");
    assert_eq!(asked(&server), "POST /orders/regular");
    assert!(body(&server).ends_with("&tag=BH7Q2&autoslice=true"), "{}", body(&server));
}

#[tokio::test]
async fn every_desk_is_told_what_it_needs() {
    let limit =
        OrderRequest { kind: OrderKind::Limit, price: Price::from_rupees(100), quantity: 1_000, ..infy() };
    let at = |variety| OrderRequest { variety, ..limit.clone() };
    let cover = OrderRequest { trigger: Price::from_rupees(95), ..at(Variety::Co) };
    let none = PlaceOptions::default;
    let iceberg = Some(IcebergLegs { legs: 5, leg_quantity: 200 });
    for (request, options, route, says) in [
        (at(Variety::Amo), none(), "/orders/amo", "tag=BH7Q2"),
        (cover, none(), "/orders/co", "trigger_price=95.00"),
        (
            at(Variety::Iceberg),
            PlaceOptions { iceberg, ..none() },
            "/orders/iceberg",
            "iceberg_legs=5&iceberg_quantity=200",
        ),
        (
            at(Variety::Auction),
            PlaceOptions { auction_number: Some("22".into()), ..none() },
            "/orders/auction",
            "auction_number=22",
        ),
    ] {
        let (session, server) = answered_with("order_id").await;
        let placed = session.place_with(&params(request), &options).await.unwrap();
        assert_eq!((placed.order_id, placed.children.len()), (id("1995000000000000001"), 0));
        assert_eq!(asked(&server), format!("POST {route}"));
        assert!(body(&server).contains(says), "{}", body(&server));
    }
}

#[tokio::test]
async fn the_second_leg_of_a_cover_order_is_addressed_by_its_first() {
    let address = OrderAddress { parent: Some(id("7")), ..OrderAddress::new(Variety::Co, id("8")) };
    let (session, server) = answered_with("order_id").await;
    session.cancel_at(&address).await.unwrap();
    assert_eq!(asked(&server), "DELETE /orders/co/8?parent_order_id=7");
    let (session, server) = answered_with("order_id").await;
    let trigger = Price::from_rupees(95);
    let leg = OrderRequest { kind: OrderKind::StopMarket, trigger, variety: Variety::Co, ..infy() };
    let change = Change { trigger: Some(Price::from_rupees(96)), ..Change::default() };
    session.modify_at(&address, &leg, &change).await.unwrap();
    assert_eq!(asked(&server), "PUT /orders/co/8");
    assert_eq!(body(&server), "order_type=SL-M&quantity=1&trigger_price=96.00&parent_order_id=7");
    assert_eq!(leg.validity, Validity::Day);
}
