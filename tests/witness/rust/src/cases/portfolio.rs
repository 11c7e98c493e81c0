//! Holdings, positions, conversion.

use super::cases;
use crate::desk::{Desk, Outcome, market, order, refused, same};
use kiteconnect::error::ErrorKind;
use kiteconnect::{
    ConvertPositionParams, Exchange, OrderType, PositionType, Product, TransactionType::Buy,
    TransactionType::Sell,
};

cases![
    holdings_are_typed_and_add_up,
    the_summary_sums_the_holdings_up,
    compact_holdings_are_the_same_shares,
    the_list_of_auctions_is_typed,
    a_sale_out_of_holdings_uses_them_up,
    positions_add_up,
    a_flat_position_stays_listed,
    a_position_is_converted,
    a_conversion_of_more_than_there_is_is_an_input_exception,
];

async fn holdings_are_typed_and_add_up(desk: Desk) -> Outcome {
    let holdings = desk.kite.holdings().await?;
    assert!(!holdings.is_empty());
    for row in holdings {
        let units = (row.quantity + row.t1_quantity) as f64;
        assert!((row.pnl - (row.last_price - row.average_price) * units).abs() < 0.05, "{row:?}");
        assert!(row.isin.len() == 12 && row.product == "CNC" && row.authorised_date.is_some(), "{row:?}");
    }
    Ok(())
}

async fn the_summary_sums_the_holdings_up(desk: Desk) -> Outcome {
    let holdings = desk.kite.holdings().await?;
    let summary = desk.kite.holdings_summary().await?;
    let invested: f64 =
        holdings.iter().map(|row| row.average_price * (row.quantity + row.t1_quantity) as f64).sum();
    assert!((summary.invested_amount - invested).abs() < 1.0, "{summary:?} and not {invested}");
    assert!((summary.total_pnl - (summary.current_value - summary.invested_amount)).abs() < 1.0);
    Ok(())
}

async fn compact_holdings_are_the_same_shares(desk: Desk) -> Outcome {
    let compact = desk.kite.holdings_compact().await?;
    let holdings = desk.kite.holdings().await?;
    assert_eq!(compact.len(), holdings.len());
    assert!(
        compact
            .iter()
            .zip(&holdings)
            .all(|(a, b)| a.tradingsymbol == b.tradingsymbol && a.quantity == b.quantity)
    );
    Ok(())
}

async fn the_list_of_auctions_is_typed(desk: Desk) -> Outcome {
    desk.kite.auction_instruments().await?;
    Ok(())
}

async fn a_sale_out_of_holdings_uses_them_up(desk: Desk) -> Outcome {
    let sale = order("ITC", Sell).order_type(OrderType::Market).market_protection(-1.0).product(Product::Cnc);
    desk.filled(sale.quantity(7)).await?;
    let holdings = desk.kite.holdings().await?;
    let itc = holdings.iter().find(|row| row.tradingsymbol == "ITC").ok_or("no ITC")?;
    assert_eq!((itc.used_quantity, itc.quantity), (7, 200));
    Ok(())
}

async fn positions_add_up(desk: Desk) -> Outcome {
    desk.filled(market(Buy).quantity(5)).await?;
    desk.filled(market(Sell).quantity(2)).await?;
    let positions = desk.kite.positions().await?;
    let row = positions.net.iter().find(|row| row.tradingsymbol == "INFY").ok_or("no position")?;
    assert_eq!((row.quantity, row.buy_quantity, row.sell_quantity, row.overnight_quantity), (3, 5, 2, 0));
    assert!(same(row.value, row.sell_value - row.buy_value) && same(row.realised, 0.0));
    assert!(
        same(row.pnl, row.value + 3.0 * row.last_price * row.multiplier) && same(row.unrealised, row.pnl)
    );
    assert!(same(row.average_price, row.buy_price) && positions.day.len() == 1);
    Ok(())
}

async fn a_flat_position_stays_listed(desk: Desk) -> Outcome {
    desk.filled(market(Buy)).await?;
    desk.filled(market(Sell)).await?;
    let positions = desk.kite.positions().await?.net;
    assert_eq!((positions.len(), positions[0].quantity), (1, 0));
    assert!(same(positions[0].average_price, 0.0) && same(positions[0].pnl, positions[0].value));
    Ok(())
}

fn conversion(quantity: i64) -> ConvertPositionParams {
    ConvertPositionParams::new(
        Exchange::Nse,
        "INFY",
        Product::Mis,
        Product::Cnc,
        PositionType::Day,
        Buy,
        quantity,
    )
}

async fn a_position_is_converted(desk: Desk) -> Outcome {
    desk.filled(market(Buy).quantity(3)).await?;
    assert!(desk.kite.convert_position(conversion(2)).await?);
    let held = |product: &'static str| move |row: &kiteconnect::Position| row.product == product;
    let net = desk.kite.positions().await?.net;
    let quantity = |product| net.iter().find(|row| held(product)(row)).map(|row| row.quantity);
    assert_eq!((quantity("CNC"), quantity("MIS")), (Some(2), Some(1)));
    Ok(())
}

async fn a_conversion_of_more_than_there_is_is_an_input_exception(desk: Desk) -> Outcome {
    desk.filled(market(Buy)).await?;
    assert_eq!(refused(desk.kite.convert_position(conversion(9)), ErrorKind::Input).await?.status, 400);
    Ok(())
}
