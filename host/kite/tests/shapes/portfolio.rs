//! Positions and holdings in all their shapes.

use crate::{answered_with, asked, body, money, price};
use kite::{Conversion, Word};
use market::{Product, Side};

#[tokio::test]
async fn positions_are_read_with_their_multiplier_and_one_that_cannot_be_costs_itself_alone() {
    let (session, _) = answered_with("positions").await;
    let positions = session.positions().await.unwrap();
    assert_eq!(
        (positions.net.rows.len(), positions.net.unreadable.len(), positions.day.rows.len()),
        (2, 1, 1)
    );
    let [lead, cover] = positions.net.rows.as_slice() else { panic!() };
    let figures = lead.figures;
    assert_eq!((figures.multiplier, figures.average_price), (Some(1_000), Some(price(1_610_500))));
    assert_eq!((figures.value, figures.realised), (Some(money(-1_610_500_000)), Some(money(0))));
    assert_eq!((&cover.product, cover.figures.quantity), (&Word::Other("CO".into()), 0));
    assert_eq!(
        (positions.day.rows[0].figures.pnl, positions.day.rows[0].figures.last_price),
        (Some(money(-933_500)), None)
    );
    assert!(positions.net.whole().is_err());
}

#[tokio::test]
async fn a_part_of_a_position_is_held_another_way() {
    let (session, server) = answered_with("convert").await;
    let conversion = Conversion {
        symbol: "NSE:INFY".parse().unwrap(),
        side: Side::Buy,
        overnight: false,
        quantity: 5,
        from: Product::Mis,
        to: Product::Cnc,
    };
    session.convert(&conversion).await.unwrap();
    assert_eq!(asked(&server), "PUT /portfolio/positions");
    assert_eq!(
        body(&server),
        "exchange=NSE&tradingsymbol=INFY&transaction_type=BUY&position_type=day&quantity=5&old_product=MIS&new_product=CNC"
    );
    assert!(session.convert(&Conversion { quantity: 0, ..conversion.clone() }).await.is_err());
    assert!(session.convert(&Conversion { to: Product::Mis, ..conversion.clone() }).await.is_err());
    let (session, _) = answered_with("alerts_deleted").await;
    assert!(session.convert(&conversion).await.is_err(), "null is not true");
}

#[tokio::test]
async fn holdings_are_read_and_one_without_units_costs_itself_alone() {
    let (session, _) = answered_with("holdings").await;
    let book = session.holdings().await.unwrap();
    assert_eq!((book.rows.len(), book.unreadable.len()), (2, 1));
    let row = &book.rows[0];
    assert_eq!((row.quantity, row.t1_quantity, row.used_quantity), (16, 4, Some(1)));
    assert_eq!((row.average_price, row.pnl), (Some(price(8_017_813)), Some(money(-6_293_000))));
    assert_eq!(row.mtf.as_ref().unwrap().value, Some(money(10_000_000)));
    assert_eq!(row.extra["authorised_date"], "2026-11-23 00:00:00");
}

#[tokio::test]
async fn holdings_come_summed_compact_and_in_auction() {
    let (session, _) = answered_with("holdings_summary").await;
    let summary = session.holdings_summary().await.unwrap();
    assert_eq!((summary.total_pnl, summary.today_pnl), (money(67_982_360), money(-768_000)));
    assert_eq!(summary.extra["total_pnl_percent"], 16.563_125_004_125_87);
    let (session, server) = answered_with("holdings_compact").await;
    let compact = session.compact_holdings().await.unwrap().whole().unwrap();
    assert_eq!(
        (compact[1].symbol.to_string(), compact[1].quantity, compact[1].t1_quantity),
        ("NSE:63MOONS".into(), 1, 1)
    );
    assert_eq!(asked(&server), "GET /portfolio/holdings/compact");
    let (session, server) = answered_with("auctions").await;
    let auctions = session.auctions().await.unwrap().whole().unwrap();
    assert_eq!((auctions[0].auction_number.as_str(), auctions[0].holding.used_quantity), ("34", None));
    assert_eq!(asked(&server), "GET /portfolio/holdings/auctions");
}

#[tokio::test]
async fn leave_to_sell_holdings_names_the_page_that_the_trader_must_open() {
    let (session, server) = answered_with("authorise").await;
    let asked_for = session.authorise_holdings(&[("INE721Z01010", 5), ("INE062A01020", 1)]).await.unwrap();
    assert_eq!(asked_for.request_id, "na8QgCeQm05UHG6NL9sAGRzdfSF64UdB");
    let page = format!("{}connect/portfolio/authorise/holdings/key/{}", server.url(), asked_for.request_id);
    assert_eq!(asked_for.page.as_str(), page);
    assert_eq!(asked(&server), "POST /portfolio/holdings/authorise");
    assert_eq!(body(&server), "isin=INE721Z01010&quantity=5&isin=INE062A01020&quantity=1");
}
