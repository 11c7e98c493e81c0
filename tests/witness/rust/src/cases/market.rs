//! Quotes, candles and the list of instruments.

use super::cases;
use crate::desk::{Desk, INFY, NIFTY, Outcome, refused};
use chrono::{Duration, Timelike};
use kiteconnect::error::ErrorKind;

cases![
    a_quote_is_typed_and_has_ten_levels,
    an_index_quote_has_no_depth,
    an_unknown_instrument_is_absent_from_quotes,
    ohlc_carries_the_day,
    a_last_price_is_keyed_by_what_was_asked,
    all_instruments_are_typed,
    derivatives_have_expiries_and_lots,
    indices_are_a_segment_of_their_own,
    minute_candles_are_typed,
    day_candles_begin_at_midnight_in_india,
    too_long_a_span_is_an_input_exception,
    an_unknown_interval_is_an_input_exception,
];

async fn a_quote_is_typed_and_has_ten_levels(desk: Desk) -> Outcome {
    let quote = desk.kite.quote(&["NSE:INFY"]).await?.remove("NSE:INFY").ok_or("no quote")?;
    let depth = quote.depth.ok_or("no depth")?;
    assert_eq!((quote.instrument_token, depth.buy.len(), depth.sell.len()), (INFY, 5, 5));
    assert!(depth.buy[0].price < depth.sell[0].price && depth.buy[0].quantity > 0);
    assert!(quote.ohlc.low <= quote.last_price && quote.last_price <= quote.ohlc.high);
    assert!(quote.lower_circuit_limit < quote.upper_circuit_limit && quote.volume > Some(0));
    assert_eq!(quote.timestamp.date(), desk.site.now().await?.date());
    Ok(())
}

async fn an_index_quote_has_no_depth(desk: Desk) -> Outcome {
    let quote = desk.kite.quote(&["NSE:NIFTY 50"]).await?.remove("NSE:NIFTY 50").ok_or("no quote")?;
    assert!(quote.depth.is_none() && quote.instrument_token == NIFTY && quote.last_price > 0.0);
    Ok(())
}

async fn an_unknown_instrument_is_absent_from_quotes(desk: Desk) -> Outcome {
    let quotes = desk.kite.ltp(&["NSE:NOSUCH"]).await?;
    assert!(quotes.is_empty());
    Ok(())
}

async fn ohlc_carries_the_day(desk: Desk) -> Outcome {
    let row = desk.kite.ohlc(&["NSE:INFY", "NSE:TCS"]).await?.remove("NSE:TCS").ok_or("no row")?;
    assert!(row.ohlc.low <= row.ohlc.open && row.ohlc.open <= row.ohlc.high && row.ohlc.close > 0.0);
    Ok(())
}

async fn a_last_price_is_keyed_by_what_was_asked(desk: Desk) -> Outcome {
    let row = desk.kite.ltp(&["408065"]).await?.remove("408065").ok_or("no row under the token")?;
    assert!(row.instrument_token == INFY && row.last_price > 0.0);
    Ok(())
}

async fn all_instruments_are_typed(desk: Desk) -> Outcome {
    let rows = desk.site.client("nobody")?.instruments().await?;
    let infy = rows.iter().find(|row| row.instrument_token == INFY).ok_or("INFY is not listed")?;
    assert_eq!((infy.tradingsymbol.as_str(), infy.segment.as_str(), infy.lot_size), ("INFY", "NSE", 1.0));
    assert!(infy.expiry.is_none() && infy.strike == 0.0 && infy.tick_size > 0.0);
    assert!(rows.iter().all(|row| row.instrument_token / 256 == row.exchange_token));
    Ok(())
}

async fn derivatives_have_expiries_and_lots(desk: Desk) -> Outcome {
    let rows = desk.kite.instruments_by_exchange("NFO").await?;
    let today = desk.site.now().await?.date();
    assert!(!rows.is_empty() && rows.iter().all(|row| row.expiry.is_some_and(|expiry| expiry >= today)));
    assert!(rows.iter().all(|row| row.lot_size > 1.0 && row.exchange == "NFO"));
    assert!(rows.iter().any(|row| row.segment == "NFO-FUT") && rows.iter().any(|row| row.strike > 0.0));
    Ok(())
}

async fn indices_are_a_segment_of_their_own(desk: Desk) -> Outcome {
    let rows = desk.kite.instruments_by_exchange("NSE").await?;
    let nifty = rows.iter().find(|row| row.tradingsymbol == "NIFTY 50").ok_or("NIFTY 50 is not listed")?;
    assert_eq!(
        (nifty.segment.as_str(), nifty.instrument_token, nifty.instrument_token & 0xff),
        ("INDICES", NIFTY, 9)
    );
    Ok(())
}

async fn minute_candles_are_typed(desk: Desk) -> Outcome {
    let now = desk.site.now().await?;
    let call = desk.kite.historical_data(INFY, "minute", now - Duration::days(4), now, false, true);
    let candles = call.await?;
    assert!(candles.len() > 375 && candles.iter().all(|candle| candle.oi.is_some() && candle.volume > 0));
    assert!(candles.iter().all(|candle| candle.low <= candle.open && candle.open <= candle.high));
    assert!(candles.windows(2).all(|pair| pair[0].date < pair[1].date), "oldest first");
    Ok(())
}

async fn day_candles_begin_at_midnight_in_india(desk: Desk) -> Outcome {
    let now = desk.site.now().await?;
    let candles = desk.kite.historical_data(INFY, "day", now - Duration::days(30), now, false, false).await?;
    assert!(candles.len() > 15 && candles.iter().all(|candle| candle.oi.is_none()));
    assert!(
        candles
            .iter()
            .all(|candle| candle.date.hour() == 0 && candle.date.offset().local_minus_utc() == 19_800)
    );
    Ok(())
}

async fn too_long_a_span_is_an_input_exception(desk: Desk) -> Outcome {
    let now = desk.site.now().await?;
    let call = desk.kite.historical_data(INFY, "minute", now - Duration::days(61), now, false, false);
    assert_eq!(refused(call, ErrorKind::Input).await?.message, "interval exceeds max limit: 60 days");
    Ok(())
}

async fn an_unknown_interval_is_an_input_exception(desk: Desk) -> Outcome {
    let now = desk.site.now().await?;
    let call = desk.kite.historical_data(INFY, "2minute", now - Duration::days(1), now, false, false);
    refused(call, ErrorKind::Input).await?;
    Ok(())
}
