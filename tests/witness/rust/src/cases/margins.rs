//! What orders would bind and cost.

use super::cases;
use crate::desk::{Desk, Outcome, same};
use kiteconnect::{
    BasketParams, ChargesParams, Exchange, MarginParams, OrderChargesParam, OrderMarginParam, OrderType,
    Product, TransactionType, TransactionType::Buy, TransactionType::Sell, Variety,
};

cases![
    margins_of_orders_are_typed,
    compact_margins_are_the_total,
    a_basket_of_opposites_binds_less_than_its_parts,
    charges_add_up,
];

fn asked(side: TransactionType, product: Product) -> OrderMarginParam {
    let param =
        OrderMarginParam::new(Exchange::Nse, "SBIN", side, Variety::Regular, product, OrderType::Limit, 10);
    param.price(900.0)
}

async fn margins_of_orders_are_typed(desk: Desk) -> Outcome {
    let params = MarginParams::new(vec![asked(Buy, Product::Cnc), asked(Buy, Product::Mis)]);
    let rows = desk.kite.order_margins(params).await?;
    assert!(same(rows[0].total, 9_000.0) && rows[1].total < rows[0].total);
    assert!(rows.iter().all(|row| row.charges.is_some() && row.leverage >= Some(1.0)));
    assert_eq!(rows[0].margin_type.as_deref(), Some("equity"));
    Ok(())
}

async fn compact_margins_are_the_total(desk: Desk) -> Outcome {
    let params = MarginParams::new(vec![asked(Buy, Product::Cnc)]).compact(true);
    assert!(same(desk.kite.order_margins(params).await?[0].total, 9_000.0));
    Ok(())
}

async fn a_basket_of_opposites_binds_less_than_its_parts(desk: Desk) -> Outcome {
    let orders = vec![asked(Buy, Product::Mis), asked(Sell, Product::Mis)];
    let basket = desk.kite.basket_margins(BasketParams::new(orders)).await?;
    assert!(basket.final_margin.total < basket.initial.total && basket.orders.len() == 2);
    Ok(())
}

async fn charges_add_up(desk: Desk) -> Outcome {
    let param = OrderChargesParam::new(
        "1",
        Exchange::Nse,
        "SBIN",
        Buy,
        Variety::Regular,
        Product::Cnc,
        OrderType::Limit,
        10,
        900.0,
    );
    let rows = desk.kite.order_charges(ChargesParams::new(vec![param])).await?;
    let charges = &rows[0].charges;
    let parts = charges.transaction_tax + charges.exchange_turnover_charge + charges.sebi_turnover_charge;
    let parts = parts + charges.brokerage + charges.stamp_duty + charges.gst.total;
    assert!(
        (charges.total - parts).abs() < 0.001 && charges.transaction_tax_type == "stt" && charges.total > 0.0
    );
    Ok(())
}
