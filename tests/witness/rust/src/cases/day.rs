//! The course of a day: the clock moves forward from case to case, so these run last and in this order.

use super::cases;
use crate::desk::{Account, Desk, INFY, Outcome, limit, market, refused};
use kiteconnect::error::ErrorKind;
use kiteconnect::{Mode, OrderParams, Product, TickerEvent, TransactionType::Buy, Variety};
use std::time::Duration;
use tokio::time::timeout;

cases![
    an_intraday_position_is_squared_off,
    an_order_of_the_day_ends_with_it,
    a_regular_order_after_hours_hints_at_amo,
    a_closed_market_still_has_a_snapshot_and_a_heartbeat,
    an_after_market_order_waits_is_changed_and_withdrawn,
    tokens_die_at_six_and_after_market_orders_do_not,
    shares_of_yesterday_are_holdings_of_today,
    an_order_before_the_open_is_collected_and_matched,
];

async fn an_intraday_position_is_squared_off(desk: Desk) -> Outcome {
    desk.filled(market(Buy).quantity(2)).await?;
    let buyer = desk.site.sign_in(&night()).await?;
    buyer.filled(market(Buy).product(Product::Cnc).quantity(4)).await?;
    desk.site.set_clock("2026-11-18 15:20:30").await?;
    let positions = desk.kite.positions().await?.net;
    assert_eq!((positions.len(), positions[0].quantity, positions[0].sell_quantity), (1, 0, 2));
    assert_eq!(desk.kite.orders().await?.len(), 2, "the broker's own order is in the book");
    Ok(())
}

async fn an_order_of_the_day_ends_with_it(desk: Desk) -> Outcome {
    let id = desk.place(limit(Buy, desk.far_below().await?).product(Product::Cnc)).await?;
    desk.settled(&id, &["OPEN"]).await?;
    desk.site.set_clock("2026-11-18 15:35:00").await?;
    assert_eq!(desk.settled(&id, &["CANCELLED"]).await?.filled_quantity, 0.0);
    Ok(())
}

async fn a_regular_order_after_hours_hints_at_amo(desk: Desk) -> Outcome {
    let params = limit(Buy, desk.far_below().await?).product(Product::Cnc);
    let error = refused(desk.kite.place_order(Variety::Regular, params), ErrorKind::Input).await?;
    let hints = error.data.as_ref().and_then(|data| data["hints"].as_array().cloned()).ok_or("no hints")?;
    assert!(
        error.message.contains("Markets are closed right now.") && hints.contains(&"switch_to_amo".into()),
        "{error}"
    );
    Ok(())
}

async fn a_closed_market_still_has_a_snapshot_and_a_heartbeat(desk: Desk) -> Outcome {
    let (ticker, mut events) = desk.kite.ticker().url(desk.site.ticker_url()?).spawn()?;
    ticker.subscribe(&[INFY], Mode::Full)?;
    let first = timeout(crate::desk::PATIENCE, async {
        loop {
            match events.recv().await {
                Some(TickerEvent::Ticks(ticks)) if ticks[0].depth.is_some() => return Ok(()),
                Some(TickerEvent::Ticks(_) | TickerEvent::Connected) => {}
                other => return Err(format!("{other:?}")),
            }
        }
    });
    first.await??;
    let next = timeout(Duration::from_secs(3), events.recv()).await;
    assert!(next.is_err(), "nothing changes any more, and the line stays up: {next:?}");
    Ok(())
}

async fn an_after_market_order_waits_is_changed_and_withdrawn(desk: Desk) -> Outcome {
    desk.site.set_clock("2026-11-18 16:10:00").await?;
    let price = desk.far_below().await?;
    let id = desk.kite.place_order(Variety::Amo, limit(Buy, price).product(Product::Cnc)).await?.order_id;
    let order = desk.settled(&id, &["AMO REQ RECEIVED"]).await?;
    assert!(order.variety == "amo" && order.exchange_order_id.is_none(), "{order:?}");
    desk.kite.modify_order(Variety::Amo, &id, OrderParams::new().price(price - 2.0)).await?;
    assert_eq!(desk.settled(&id, &["AMO REQ RECEIVED"]).await?.price, price - 2.0);
    desk.kite.cancel_order(Variety::Amo, &id, None).await?;
    desk.settled(&id, &["CANCELLED", "CANCELLED AMO"]).await?;
    Ok(())
}

async fn tokens_die_at_six_and_after_market_orders_do_not(desk: Desk) -> Outcome {
    let price = desk.site.last_price("NSE:INFY").await?;
    let id = desk
        .kite
        .place_order(Variety::Amo, limit(Buy, (price * 1.02).round()).product(Product::Cnc))
        .await?
        .order_id;
    desk.site.set_clock("2026-11-19 05:59:50").await?;
    desk.kite.profile().await?;
    desk.site.set_clock("2026-11-19 06:00:00").await?;
    assert!(
        desk.kite.profile().await.is_err_and(|error| error.is_session_expired()),
        "a token outlived the morning"
    );
    let desk = desk.site.sign_in(&desk.account).await?;
    desk.settled(&id, &["AMO REQ RECEIVED"]).await?;
    Ok(())
}

async fn shares_of_yesterday_are_holdings_of_today(desk: Desk) -> Outcome {
    let desk = desk.site.sign_in(&night()).await?;
    assert!(
        desk.kite.orders().await?.is_empty() && desk.kite.trades().await?.is_empty(),
        "books are of today"
    );
    let holdings = desk.kite.holdings().await?;
    let infy = holdings.iter().find(|row| row.tradingsymbol == "INFY").ok_or("nothing is held")?;
    assert_eq!((infy.quantity, infy.t1_quantity), (0, 4));
    Ok(())
}

async fn an_order_before_the_open_is_collected_and_matched(desk: Desk) -> Outcome {
    desk.site.set_clock("2026-11-19 09:02:00").await?;
    let price = (desk.site.last_price("NSE:INFY").await? * 1.03).round();
    let id = desk.place(limit(Buy, price).product(Product::Cnc)).await?;
    desk.settled(&id, &["OPEN"]).await?;
    desk.site.set_clock("2026-11-19 09:13:00").await?;
    let order = desk.settled(&id, &["COMPLETE"]).await?;
    assert!(order.average_price <= price && order.average_price > 0.0);
    Ok(())
}

/// Who buys on one day and holds on the next.
fn night() -> Account {
    Account { user: "WNIGHT".to_owned(), key: "wnight".to_owned() }
}
