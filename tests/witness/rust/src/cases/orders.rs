//! Orders: every type and validity, changes, withdrawals, what is refused.

use super::cases;
use crate::desk::{Desk, INFY, Outcome, limit, market, order, refused};
use kiteconnect::error::ErrorKind;
use kiteconnect::{
    Exchange, OrderParams, OrderType, Product, TransactionType::Buy, TransactionType::Sell, Validity, Variety,
};

cases![
    a_market_order_completes_as_a_protected_limit,
    a_market_order_without_protection_is_an_input_exception,
    a_limit_order_rests_is_changed_and_withdrawn,
    a_stop_waits_for_its_trigger,
    a_stop_limit_becomes_a_limit_when_changed,
    an_ioc_order_does_not_stand,
    a_time_to_live_is_shown,
    a_disclosed_part_is_shown,
    an_order_off_the_tick_is_an_input_exception,
    an_order_of_nothing_is_an_input_exception,
    an_unknown_order_is_a_general_exception,
    a_finished_order_takes_no_withdrawal,
    the_history_is_oldest_first,
    trades_are_typed_and_belong_to_their_order,
    an_iceberg_shows_its_legs,
    slices_have_an_order_each,
    too_little_money_is_a_rejected_row,
    a_bracket_order_is_refused,
    an_after_market_order_is_refused_while_the_market_is_open,
];

async fn a_market_order_completes_as_a_protected_limit(desk: Desk) -> Outcome {
    let order = desk.filled(market(Buy).tag("witness")).await?;
    assert_eq!((order.order_type.as_str(), order.market_protection), ("LIMIT", Some(0.0)));
    assert_eq!((order.tag.as_deref(), order.tags[0].as_str()), (Some("witness"), "witness"));
    assert!(order.tags.contains(&"mktp".to_owned()) && order.average_price > 0.0, "{:?}", order.tags);
    assert_eq!((order.instrument_token, order.filled_quantity, order.pending_quantity), (INFY, 1.0, 0.0));
    assert!(order.exchange_order_id.is_some() && order.exchange_timestamp.is_some() && order.guid.is_some());
    Ok(())
}

async fn a_market_order_without_protection_is_an_input_exception(desk: Desk) -> Outcome {
    let call = desk.kite.place_order(Variety::Regular, order("INFY", Buy).order_type(OrderType::Market));
    let error = refused(call, ErrorKind::Input).await?;
    assert!(error.status == 400 && error.message.contains("market protection"), "{error}");
    assert!(desk.kite.orders().await?.is_empty(), "a refusal left a row");
    Ok(())
}

async fn a_limit_order_rests_is_changed_and_withdrawn(desk: Desk) -> Outcome {
    let price = desk.far_below().await?;
    let id = desk.place(limit(Buy, price)).await?;
    assert!(desk.settled(&id, &["OPEN"]).await?.status_message.is_none());
    desk.kite.modify_order(Variety::Regular, &id, OrderParams::new().quantity(3).price(price - 1.0)).await?;
    let order = desk.settled(&id, &["OPEN"]).await?;
    assert_eq!((order.quantity, order.price, order.modified), (3.0, price - 1.0, Some(true)));
    assert_eq!(desk.kite.cancel_order(Variety::Regular, &id, None).await?.order_id, id);
    let order = desk.settled(&id, &["CANCELLED"]).await?;
    assert_eq!((order.cancelled_quantity, order.filled_quantity), (3.0, 0.0));
    Ok(())
}

async fn a_stop_waits_for_its_trigger(desk: Desk) -> Outcome {
    let last = desk.site.last_price("NSE:INFY").await?;
    let stop = market(Sell).order_type(OrderType::SlM).trigger_price((last * 0.97).round());
    let id = desk.place(stop).await?;
    let order = desk.settled(&id, &["TRIGGER PENDING"]).await?;
    assert_eq!(order.trigger_price, (last * 0.97).round());
    desk.kite.cancel_order(Variety::Regular, &id, None).await?;
    desk.settled(&id, &["CANCELLED"]).await?;
    Ok(())
}

async fn a_stop_limit_becomes_a_limit_when_changed(desk: Desk) -> Outcome {
    let last = desk.site.last_price("NSE:INFY").await?;
    let trigger = (last * 1.03).round();
    let stop = limit(Buy, trigger + 2.0).order_type(OrderType::Sl).trigger_price(trigger);
    let id = desk.place(stop).await?;
    desk.settled(&id, &["TRIGGER PENDING"]).await?;
    let change = OrderParams::new().order_type(OrderType::Limit).price(desk.far_below().await?);
    desk.kite.modify_order(Variety::Regular, &id, change).await?;
    assert_eq!(desk.settled(&id, &["OPEN"]).await?.order_type, "LIMIT");
    Ok(())
}

async fn an_ioc_order_does_not_stand(desk: Desk) -> Outcome {
    let id = desk.place(limit(Buy, desk.far_below().await?).validity(Validity::Ioc)).await?;
    let order = desk.settled(&id, &["CANCELLED"]).await?;
    assert_eq!((order.validity.as_str(), order.filled_quantity, order.cancelled_quantity), ("IOC", 0.0, 1.0));
    Ok(())
}

async fn a_time_to_live_is_shown(desk: Desk) -> Outcome {
    let params = limit(Buy, desk.far_below().await?).validity(Validity::Ttl).validity_ttl(7);
    let id = desk.place(params).await?;
    let order = desk.settled(&id, &["OPEN"]).await?;
    assert_eq!((order.validity.as_str(), order.validity_ttl), ("TTL", Some(7)));
    Ok(())
}

async fn a_disclosed_part_is_shown(desk: Desk) -> Outcome {
    let id = desk.place(limit(Buy, desk.far_below().await?).quantity(50).disclosed_quantity(10)).await?;
    assert_eq!(desk.settled(&id, &["OPEN"]).await?.disclosed_quantity, 10.0);
    Ok(())
}

async fn an_order_off_the_tick_is_an_input_exception(desk: Desk) -> Outcome {
    let price = desk.far_below().await? + 0.03;
    let error = refused(desk.kite.place_order(Variety::Regular, limit(Buy, price)), ErrorKind::Input).await?;
    assert!(error.message.starts_with("Tick size for this script is "), "{error}");
    Ok(())
}

async fn an_order_of_nothing_is_an_input_exception(desk: Desk) -> Outcome {
    let call = desk.kite.place_order(Variety::Regular, market(Buy).quantity(0));
    assert_eq!(refused(call, ErrorKind::Input).await?.status, 400);
    Ok(())
}

async fn an_unknown_order_is_a_general_exception(desk: Desk) -> Outcome {
    let error = refused(desk.kite.order_history("1"), ErrorKind::General).await?;
    assert_eq!(error.message, "Couldn't find that `order_id`.");
    Ok(())
}

async fn a_finished_order_takes_no_withdrawal(desk: Desk) -> Outcome {
    let order = desk.filled(market(Buy)).await?;
    let call = desk.kite.cancel_order(Variety::Regular, &order.order_id, None);
    assert_eq!(refused(call, ErrorKind::Input).await?.status, 400);
    Ok(())
}

async fn the_history_is_oldest_first(desk: Desk) -> Outcome {
    let order = desk.filled(market(Buy)).await?;
    let rows = desk.kite.order_history(&order.order_id).await?;
    let states: Vec<&str> = rows.iter().map(|row| row.status.as_str()).collect();
    assert_eq!(states[..3], ["PUT ORDER REQ RECEIVED", "VALIDATION PENDING", "OPEN PENDING"]);
    assert_eq!(states.last(), Some(&"COMPLETE"));
    assert!(rows[0].exchange_order_id.is_none(), "no exchange has seen it yet");
    Ok(())
}

async fn trades_are_typed_and_belong_to_their_order(desk: Desk) -> Outcome {
    let order = desk.filled(market(Buy).quantity(4)).await?;
    let trades = desk.kite.order_trades(&order.order_id).await?;
    assert_eq!(trades.iter().map(|trade| trade.quantity).sum::<f64>(), 4.0);
    assert!(trades.iter().all(|trade| Some(&trade.exchange_order_id) == order.exchange_order_id.as_ref()));
    let all = desk.kite.trades().await?;
    assert!(trades.iter().all(|trade| all.iter().any(|other| other.trade_id == trade.trade_id)));
    Ok(())
}

async fn an_iceberg_shows_its_legs(desk: Desk) -> Outcome {
    let params = limit(Buy, desk.far_below().await?).quantity(6).iceberg_legs(3).iceberg_quantity(2);
    let id = desk.kite.place_order(Variety::Iceberg, params).await?.order_id;
    let order = desk.settled(&id, &["OPEN"]).await?;
    let meta = order.meta.and_then(|meta| meta.get("iceberg").cloned()).ok_or("no iceberg in meta")?;
    assert_eq!((order.quantity, &meta["leg"], &meta["legs"]), (2.0, &1.into(), &3.into()));
    assert_eq!((&meta["total_quantity"], &meta["remaining_quantity"]), (&6.into(), &4.into()));
    Ok(())
}

async fn slices_have_an_order_each(desk: Desk) -> Outcome {
    let futures = desk.kite.instruments_by_exchange("NFO").await?;
    let option = futures.iter().filter(|row| row.name == "NIFTY" && row.instrument_type == "CE");
    let option = option.max_by(|a, b| a.strike.total_cmp(&b.strike)).ok_or("no NIFTY call is listed")?;
    let params = OrderParams::new().exchange(Exchange::Nfo).tradingsymbol(&option.tradingsymbol);
    let params = params.transaction_type(Buy).product(Product::Nrml).order_type(OrderType::Limit);
    let price = desk.site.last_price(&format!("NFO:{}", option.tradingsymbol)).await?;
    let params = params.price(price).quantity(65 * 60).autoslice(true);
    let answer = desk.kite.place_order(Variety::Regular, params).await?;
    assert!(answer.children.len() >= 3, "3900 is more than twice the freeze quantity: {answer:?}");
    assert!(answer.children.iter().all(|child| child.order_id.is_some() != child.error.is_some()));
    Ok(())
}

async fn too_little_money_is_a_rejected_row(desk: Desk) -> Outcome {
    let id = desk.place(market(Buy).product(Product::Cnc).quantity(90_000)).await?;
    let order = desk.settled(&id, &["REJECTED"]).await?;
    assert!(order.status_message.ok_or("no message")?.starts_with("Insufficient funds. Required margin is "));
    assert!(order.exchange_order_id.is_none() && order.average_price == 0.0);
    Ok(())
}

async fn a_bracket_order_is_refused(desk: Desk) -> Outcome {
    let params = limit(Buy, desk.far_below().await?).squareoff(5.0).stoploss(5.0);
    assert_eq!(refused(desk.kite.place_order(Variety::Bo, params), ErrorKind::Input).await?.status, 400);
    Ok(())
}

async fn an_after_market_order_is_refused_while_the_market_is_open(desk: Desk) -> Outcome {
    let call = desk.kite.place_order(Variety::Amo, limit(Buy, desk.far_below().await?));
    refused(call, ErrorKind::Input).await?;
    Ok(())
}
