//! The ticker: modes, indices, order updates, what happens when a line breaks.

use super::cases;
use crate::desk::{Desk, Fault, INFY, NIFTY, Outcome, PATIENCE, limit, market};
use kiteconnect::{
    AccessToken, CloseReason, KiteTicker, Mode, Order, Tick, TickerEvent, TickerEvents, TransactionType::Buy,
};
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

cases![
    a_subscription_brings_a_snapshot_in_full_mode,
    quote_mode_has_no_depth,
    ltp_mode_is_a_price_alone,
    an_index_has_a_day_and_no_depth,
    a_mode_is_changed_in_flight,
    an_unsubscribed_instrument_falls_silent,
    a_moved_price_is_ticked,
    heartbeats_keep_a_silent_line_up,
    order_updates_come_unasked,
    an_order_update_says_open_before_complete,
    a_broken_line_is_joined_again_with_its_subscriptions,
    a_wrong_token_is_final,
    a_dead_token_goes_on_hearing,
];

/// A ticker with what it heard.
struct Line {
    ticker: KiteTicker,
    events: TickerEvents,
}

impl Line {
    fn open(desk: &Desk) -> Result<Self, Fault> {
        let (ticker, events) = desk.kite.ticker().url(desk.site.ticker_url()?).spawn()?;
        Ok(Self { ticker, events })
    }

    async fn event(&mut self) -> Result<TickerEvent, Fault> {
        Ok(timeout(PATIENCE, self.events.recv()).await?.ok_or("the ticker has ended")?)
    }

    /// The first tick that is as wanted.
    async fn tick(&mut self, wanted: impl Fn(&Tick) -> bool) -> Result<Tick, Fault> {
        let search = async {
            loop {
                if let TickerEvent::Ticks(ticks) = self.event().await?
                    && let Some(tick) = ticks.into_iter().find(&wanted)
                {
                    return Ok(tick);
                }
            }
        };
        timeout(PATIENCE, search).await?
    }

    async fn update(&mut self, order_id: &str, status: &str) -> Result<Order, Fault> {
        let search = async {
            loop {
                match self.event().await? {
                    TickerEvent::OrderUpdate(order)
                        if order.order_id == order_id && order.status == status =>
                    {
                        return Ok(*order);
                    }
                    TickerEvent::InvalidOrderUpdate { error, frame } => {
                        return Err(format!("{error}: {frame}").into());
                    }
                    _ => {}
                }
            }
        };
        timeout(PATIENCE, search).await?
    }
}

async fn a_subscription_brings_a_snapshot_in_full_mode(desk: Desk) -> Outcome {
    let mut line = Line::open(&desk)?;
    line.ticker.subscribe(&[INFY], Mode::Full)?;
    let tick = line.tick(|tick| tick.depth.is_some()).await?;
    let depth = tick.depth.ok_or("no depth")?;
    assert_eq!((tick.instrument_token, depth.buy.len(), depth.sell.len()), (INFY, 5, 5));
    assert!(
        depth.buy[0].price < depth.sell[0].price
            && tick.low <= tick.last_price
            && tick.last_price <= tick.high
    );
    let behind = desk.site.now().await?.and_utc().timestamp()
        - 19_800
        - i64::from(tick.exchange_time.ok_or("no time")?);
    assert!((0..60).contains(&behind), "{behind} s behind the exchange's clock");
    Ok(())
}

async fn quote_mode_has_no_depth(desk: Desk) -> Outcome {
    let mut line = Line::open(&desk)?;
    line.ticker.subscribe(&[INFY], Mode::Quote)?;
    let tick = line.tick(|tick| tick.volume.is_some()).await?;
    assert!(
        tick.depth.is_none() && tick.oi.is_none() && tick.exchange_time.is_none() && tick.close.is_some()
    );
    Ok(())
}

async fn ltp_mode_is_a_price_alone(desk: Desk) -> Outcome {
    let mut line = Line::open(&desk)?;
    line.ticker.subscribe(&[INFY, NIFTY], Mode::Ltp)?;
    for token in [INFY, NIFTY] {
        // The client asks for quotes first and for the mode then.
        let tick = line.tick(|tick| tick.instrument_token == token && tick.open.is_none()).await?;
        assert!(tick.last_price > Some(0.0) && tick.volume.is_none());
    }
    Ok(())
}

async fn an_index_has_a_day_and_no_depth(desk: Desk) -> Outcome {
    let mut line = Line::open(&desk)?;
    line.ticker.subscribe(&[NIFTY], Mode::Full)?;
    let tick = line.tick(|tick| tick.exchange_time.is_some()).await?;
    assert!(tick.is_index && tick.depth.is_none() && tick.volume.is_none());
    assert!(
        tick.low <= tick.open
            && tick.open <= tick.high
            && tick.low <= tick.last_price
            && tick.last_price <= tick.high
    );
    Ok(())
}

async fn a_mode_is_changed_in_flight(desk: Desk) -> Outcome {
    let mut line = Line::open(&desk)?;
    line.ticker.subscribe(&[INFY], Mode::Ltp)?;
    line.tick(|tick| tick.volume.is_none()).await?;
    line.ticker.set_mode(Mode::Full, &[INFY])?;
    line.tick(|tick| tick.depth.is_some()).await?;
    Ok(())
}

async fn an_unsubscribed_instrument_falls_silent(desk: Desk) -> Outcome {
    let mut line = Line::open(&desk)?;
    line.ticker.subscribe(&[INFY, NIFTY], Mode::Quote)?;
    line.tick(|tick| tick.instrument_token == INFY).await?;
    line.ticker.unsubscribe(&[INFY])?;
    line.ticker.set_mode(Mode::Full, &[NIFTY])?;
    // What was under way may still come; after the index in its new mode nothing of the share does.
    line.tick(|tick| tick.instrument_token == NIFTY && tick.exchange_time.is_some()).await?;
    let late = timeout(Duration::from_secs(2), line.tick(|tick| tick.instrument_token == INFY)).await;
    assert!(late.is_err(), "it was still ticking");
    Ok(())
}

async fn a_moved_price_is_ticked(desk: Desk) -> Outcome {
    let mut line = Line::open(&desk)?;
    line.ticker.subscribe(&[INFY], Mode::Ltp)?;
    line.tick(|_| true).await?;
    let last = desk.site.last_price("NSE:INFY").await?;
    let moved = (last * 1.01).round();
    desk.site.control("/sim/price", json!({ "symbol": "NSE:INFY", "price": moved })).await?;
    let outcome = line.tick(|tick| tick.last_price == Some(moved)).await;
    desk.site.control("/sim/price", json!({ "symbol": "NSE:INFY", "price": last })).await?;
    outcome.map(drop)
}

async fn heartbeats_keep_a_silent_line_up(desk: Desk) -> Outcome {
    let mut line = Line::open(&desk)?;
    assert!(matches!(line.event().await?, TickerEvent::Connected));
    let quiet = timeout(Duration::from_secs(4), line.event()).await;
    assert!(quiet.is_err(), "nothing is subscribed to, and this came: {quiet:?}");
    line.ticker.subscribe(&[INFY], Mode::Ltp)?;
    line.tick(|_| true).await?;
    Ok(())
}

async fn order_updates_come_unasked(desk: Desk) -> Outcome {
    let (mut one, mut two) = (Line::open(&desk)?, Line::open(&desk)?);
    assert!(matches!(one.event().await?, TickerEvent::Connected));
    assert!(matches!(two.event().await?, TickerEvent::Connected));
    let id = desk.place(market(Buy)).await?;
    for line in [&mut one, &mut two] {
        let order = line.update(&id, "COMPLETE").await?;
        assert_eq!((order.filled_quantity, order.status_message.as_deref()), (1.0, Some("")));
        assert_eq!((order.tag.as_deref(), order.parent_order_id.as_deref()), (Some(""), Some("")));
    }
    Ok(())
}

async fn an_order_update_says_open_before_complete(desk: Desk) -> Outcome {
    let mut line = Line::open(&desk)?;
    assert!(matches!(line.event().await?, TickerEvent::Connected));
    let id = desk.place(limit(Buy, desk.far_below().await?)).await?;
    line.update(&id, "OPEN").await?;
    desk.kite.cancel_order(kiteconnect::Variety::Regular, &id, None).await?;
    assert_eq!(line.update(&id, "CANCELLED").await?.cancelled_quantity, 1.0);
    Ok(())
}

async fn a_broken_line_is_joined_again_with_its_subscriptions(desk: Desk) -> Outcome {
    let mut line = Line::open(&desk)?;
    line.ticker.subscribe(&[INFY], Mode::Full)?;
    line.tick(|tick| tick.depth.is_some()).await?;
    desk.site.control("/sim/ticker/disconnect", json!({ "apiKey": desk.account.key })).await?;
    loop {
        if let TickerEvent::Reconnecting { .. } = line.event().await? {
            break;
        }
    }
    line.tick(|tick| tick.depth.is_some()).await?;
    Ok(())
}

async fn a_wrong_token_is_final(desk: Desk) -> Outcome {
    let mut kite = desk.kite.clone();
    kite.set_access_token(AccessToken::new("wrong")?);
    let (_ticker, mut events) = kite.ticker().url(desk.site.ticker_url()?).spawn()?;
    let event = timeout(PATIENCE, events.recv()).await?;
    assert!(matches!(event, Some(TickerEvent::Closed(CloseReason::AuthRejected(_)))), "{event:?}");
    Ok(())
}

async fn a_dead_token_goes_on_hearing(desk: Desk) -> Outcome {
    let mut line = Line::open(&desk)?;
    line.ticker.subscribe(&[INFY], Mode::Ltp)?;
    line.tick(|_| true).await?;
    desk.site.control("/sim/expire-token", json!({ "apiKey": desk.account.key })).await?;
    assert!(desk.kite.profile().await.is_err_and(|error| error.is_session_expired()));
    line.ticker.set_mode(Mode::Full, &[INFY])?;
    line.tick(|tick| tick.depth.is_some()).await?;
    Ok(())
}
