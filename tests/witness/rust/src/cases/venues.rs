//! Everything that is traded elsewhere than on NSE and NFO.

use super::cases;
use crate::desk::{Desk, Fault, Outcome, PATIENCE, same};
use kiteconnect::{
    Exchange, Instrument, Mode, OrderParams, OrderType, Product, TickerEvent, TransactionType::Buy, Variety,
};
use tokio::time::timeout;

cases![
    bse_lists_shares_and_its_index,
    a_share_trades_on_bse,
    bfo_lists_sensex_options,
    currencies_have_four_decimals,
    a_currency_ticks_in_its_own_divisor,
    commodities_count_lots,
    a_commodity_position_carries_its_multiplier,
];

async fn first(
    desk: &Desk,
    exchange: &str,
    wanted: impl Fn(&Instrument) -> bool,
) -> Result<Instrument, Fault> {
    let rows = desk.kite.instruments_by_exchange(exchange).await?;
    Ok(rows.into_iter().find(wanted).ok_or_else(|| format!("{exchange} does not list it"))?)
}

async fn bse_lists_shares_and_its_index(desk: Desk) -> Outcome {
    let sensex = first(&desk, "BSE", |row| row.tradingsymbol == "SENSEX").await?;
    assert_eq!((sensex.instrument_token, sensex.segment.as_str()), (265, "INDICES"));
    let share = first(&desk, "BSE", |row| row.tradingsymbol == "INFY").await?;
    assert_eq!((share.instrument_token & 0xff, share.segment.as_str()), (4, "BSE"));
    Ok(())
}

async fn a_share_trades_on_bse(desk: Desk) -> Outcome {
    let params =
        OrderParams::new().exchange(Exchange::Bse).tradingsymbol("INFY").transaction_type(Buy).quantity(1);
    let params = params.product(Product::Cnc).order_type(OrderType::Market).market_protection(-1.0);
    let order = desk.filled(params).await?;
    assert_eq!(
        (order.exchange.as_str(), desk.kite.positions().await?.net[0].exchange.as_str()),
        ("BSE", "BSE")
    );
    Ok(())
}

async fn bfo_lists_sensex_options(desk: Desk) -> Outcome {
    let option = first(&desk, "BFO", |row| row.name == "SENSEX" && row.instrument_type == "CE").await?;
    assert!(option.instrument_token & 0xff == 5 && option.segment == "BFO-OPT" && option.lot_size > 1.0);
    assert!(option.expiry.is_some() && option.strike > 0.0);
    Ok(())
}

async fn currencies_have_four_decimals(desk: Desk) -> Outcome {
    let future = first(&desk, "CDS", |row| row.instrument_type == "FUT").await?;
    assert_eq!(
        (future.tick_size, future.segment.as_str(), future.instrument_token & 0xff),
        (0.0025, "CDS-FUT", 3)
    );
    let name = format!("CDS:{}", future.tradingsymbol);
    let quote = desk.kite.quote(&[&name]).await?.remove(&name).ok_or("no quote")?;
    let ticks = quote.last_price / 0.0025;
    assert!(
        quote.last_price > 0.0 && (ticks - ticks.round()).abs() < 1e-6,
        "{} is off the tick",
        quote.last_price
    );
    Ok(())
}

async fn a_currency_ticks_in_its_own_divisor(desk: Desk) -> Outcome {
    let future = first(&desk, "CDS", |row| row.instrument_type == "FUT").await?;
    let (ticker, mut events) = desk.kite.ticker().url(desk.site.ticker_url()?).spawn()?;
    ticker.subscribe(&[future.instrument_token], Mode::Full)?;
    let tick = loop {
        if let Some(TickerEvent::Ticks(mut ticks)) = timeout(PATIENCE, events.recv()).await? {
            break ticks.remove(0);
        }
    };
    let quoted = desk.site.last_price(&format!("CDS:{}", future.tradingsymbol)).await?;
    let ticked = tick.last_price.ok_or("no price")?;
    assert!((ticked / quoted - 1.0).abs() < 0.02, "{ticked} and {quoted}");
    Ok(())
}

async fn commodities_count_lots(desk: Desk) -> Outcome {
    let rows = desk.kite.instruments_by_exchange("MCX").await?;
    assert!(
        !rows.is_empty() && rows.iter().all(|row| row.lot_size == 1.0 && row.instrument_token & 0xff == 7)
    );
    assert!(rows.iter().any(|row| row.segment == "MCX-FUT"));
    Ok(())
}

async fn a_commodity_position_carries_its_multiplier(desk: Desk) -> Outcome {
    let future = first(&desk, "MCX", |row| row.name == "GOLDM" && row.instrument_type == "FUT").await?;
    let params =
        OrderParams::new().exchange(Exchange::Mcx).tradingsymbol(&future.tradingsymbol).transaction_type(Buy);
    let price = (desk.site.last_price(&format!("MCX:{}", future.tradingsymbol)).await? * 1.005).round();
    let params = params.quantity(1).product(Product::Nrml).order_type(OrderType::Limit).price(price);
    let order = desk.kite.place_order(Variety::Regular, params).await?.order_id;
    let order = desk.settled(&order, &["COMPLETE"]).await?;
    let row = desk.kite.positions().await?.net.swap_remove(0);
    assert!(row.multiplier > 1.0 && row.quantity == 1 && same(row.buy_price, order.average_price));
    assert!(same(row.buy_value, order.average_price * row.multiplier), "{row:?}");
    assert!(same(row.pnl, row.value + row.last_price * row.multiplier), "{row:?}");
    Ok(())
}
