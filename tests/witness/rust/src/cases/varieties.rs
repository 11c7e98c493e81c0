//! Cover orders, auctions, and shares that must be authorised before they are sold.

use super::cases;
use crate::desk::{Account, Desk, Fault, Outcome, limit, market, order, refused};
use kiteconnect::error::ErrorKind;
use kiteconnect::{
    Error, HoldingAuthParams, HoldingsAuthInstruments, Order, OrderParams, OrderType, Product,
    TransactionType::Buy, TransactionType::Sell, Variety,
};
use serde_json::json;
use std::time::Instant;

cases![
    a_cover_order_brings_its_stop,
    a_cover_order_is_exited_by_its_second_leg,
    a_cover_orders_trigger_is_moved,
    a_cover_order_needs_a_trigger,
    a_cover_position_is_shown_as_co,
    an_auction_order_needs_an_auction,
    a_holding_is_sold_in_an_auction,
    an_authorisation_has_a_request_and_a_page,
    a_sale_without_authorisation_is_a_428,
];

/// A cover order that has filled, and its stop.
async fn covered(desk: &Desk) -> Result<(String, Order), Fault> {
    let trigger = (desk.site.last_price("NSE:INFY").await? * 0.985).round();
    let first = desk.kite.place_order(Variety::Co, market(Buy).trigger_price(trigger)).await?.order_id;
    desk.settled(&first, &["COMPLETE"]).await?;
    let until = Instant::now() + crate::desk::PATIENCE;
    loop {
        let orders = desk.kite.orders().await?;
        if let Some(stop) = orders.into_iter().find(|order| order.parent_order_id.as_ref() == Some(&first)) {
            return Ok((first, stop));
        }
        if Instant::now() > until {
            return Err("no second leg came".into());
        }
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    }
}

async fn a_cover_order_brings_its_stop(desk: Desk) -> Outcome {
    let (first, stop) = covered(&desk).await?;
    assert_eq!((stop.status.as_str(), stop.variety.as_str()), ("TRIGGER PENDING", "co"));
    assert_eq!((stop.transaction_type.as_str(), stop.quantity, stop.filled_quantity), ("SELL", 1.0, 0.0));
    assert!(stop.order_id != first && stop.trigger_price > 0.0);
    Ok(())
}

async fn a_cover_order_is_exited_by_its_second_leg(desk: Desk) -> Outcome {
    let (first, stop) = covered(&desk).await?;
    desk.kite.exit_order(Variety::Co, &stop.order_id, Some(&first)).await?;
    let left = desk.settled(&stop.order_id, &["COMPLETE", "CANCELLED"]).await?;
    assert_eq!(left.status, "COMPLETE", "an exit leaves at the market");
    assert!(desk.kite.positions().await?.net.iter().all(|row| row.quantity == 0));
    Ok(())
}

async fn a_cover_orders_trigger_is_moved(desk: Desk) -> Outcome {
    let (first, stop) = covered(&desk).await?;
    let trigger = stop.trigger_price - 2.0;
    let change = OrderParams::new().trigger_price(trigger);
    desk.kite.modify_order(Variety::Co, &stop.order_id, change).await?;
    let stop = desk.settled(&stop.order_id, &["TRIGGER PENDING"]).await?;
    assert_eq!((stop.trigger_price, stop.parent_order_id), (trigger, Some(first)));
    Ok(())
}

async fn a_cover_order_needs_a_trigger(desk: Desk) -> Outcome {
    refused(desk.kite.place_order(Variety::Co, market(Buy)), ErrorKind::Input).await?;
    Ok(())
}

async fn a_cover_position_is_shown_as_co(desk: Desk) -> Outcome {
    covered(&desk).await?;
    let net = desk.kite.positions().await?.net;
    assert_eq!((net.len(), net[0].product.as_str(), net[0].quantity), (1, "CO", 1));
    Ok(())
}

async fn an_auction_order_needs_an_auction(desk: Desk) -> Outcome {
    let price = desk.site.last_price("NSE:ITC").await?;
    let sale = order("ITC", Sell).order_type(OrderType::Limit).price(price).product(Product::Cnc);
    refused(desk.kite.place_order(Variety::Auction, sale.clone()), ErrorKind::Input).await?;
    refused(desk.kite.place_order(Variety::Auction, sale.auction_number("987654")), ErrorKind::Input).await?;
    assert!(desk.kite.orders().await?.is_empty());
    Ok(())
}

async fn a_holding_is_sold_in_an_auction(desk: Desk) -> Outcome {
    let price = desk.site.last_price("NSE:TCS").await?.round();
    let call = json!({ "symbol": "NSE:TCS", "wanted": 100, "price": price, "seconds": 2 });
    desk.site.control("/sim/auction", call).await?;
    let rows = desk.kite.auction_instruments().await?;
    let row = rows.into_iter().rfind(|row| row.tradingsymbol == "TCS").ok_or("TCS is held and in auction")?;
    let sale = order("TCS", Sell).order_type(OrderType::Limit).price(price).product(Product::Cnc).quantity(5);
    let call = desk.kite.place_order(Variety::Auction, sale.auction_number(&row.auction_number));
    let id = call.await?.order_id;
    let order = desk.settled(&id, &["COMPLETE"]).await?;
    assert_eq!((order.auction_number, order.filled_quantity), (Some(row.auction_number), 5.0));
    Ok(())
}

async fn an_authorisation_has_a_request_and_a_page(desk: Desk) -> Outcome {
    let isin = desk.kite.holdings().await?.swap_remove(0).isin;
    let params = HoldingAuthParams::new().instruments(vec![HoldingsAuthInstruments::new(isin, 1.0)]);
    let answer = desk.kite.initiate_holdings_auth(params).await?;
    assert!(!answer.request_id.is_empty() && answer.redirect_url.contains(&answer.request_id));
    Ok(())
}

async fn a_sale_without_authorisation_is_a_428(desk: Desk) -> Outcome {
    let careful = Account { user: "WPHYS1".to_owned(), key: "wphys1".to_owned() };
    let desk = desk.site.sign_in(&careful).await?;
    let price = desk.site.last_price("NSE:ITC").await?;
    let sale = limit(Sell, price).tradingsymbol("ITC").product(Product::Cnc);
    match desk.kite.place_order(Variety::Regular, sale).await {
        Err(Error::Api(error)) => assert_eq!(error.status, 428, "{error}"),
        other => return Err(format!("{other:?}").into()),
    }
    assert!(desk.kite.orders().await?.is_empty(), "a 428 left a row");
    Ok(())
}
