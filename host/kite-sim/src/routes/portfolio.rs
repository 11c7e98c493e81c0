//! `/portfolio/…`: positions, conversion, holdings.

use crate::broker::Broker;
use crate::calls::Signed;
use crate::reply::{Answer, Refusal, success};
use crate::routes::orders::symbol;
use crate::view::portfolio::{CompactHolding, HoldingRow, HoldingsSummary, PositionLists, PositionRow};
use axum::extract::State;
use exchange::ConvertPosition;

pub(crate) async fn positions(State(broker): State<Broker>, call: Signed) -> Answer {
    let lists = broker.exchange(|exchange| exchange.positions(&call.user_id));
    let net = lists.net.iter().map(PositionRow::from).collect();
    let day = lists.day.iter().map(PositionRow::from).collect();
    success(PositionLists { net, day })
}

pub(crate) async fn convert(State(broker): State<Broker>, call: Signed) -> Answer {
    let params = &call.params;
    let overnight = match params.required("position_type")? {
        "day" => false,
        "overnight" => true,
        _ => return Err(Refusal::input("Invalid `position_type`.")),
    };
    let wish = ConvertPosition {
        symbol: symbol(params)?,
        side: params.required_parsed("transaction_type")?,
        overnight,
        quantity: params.count("quantity")?.unwrap_or(0),
        old_product: params.required_parsed("old_product")?,
        new_product: params.required_parsed("new_product")?,
    };
    broker.exchange(|exchange| exchange.convert(&call.user_id, &wish))?;
    success(true)
}

pub(crate) async fn holdings(State(broker): State<Broker>, call: Signed) -> Answer {
    let now = broker.now();
    let holdings = broker.exchange(|exchange| exchange.holdings(&call.user_id));
    success(holdings.iter().map(|holding| HoldingRow::new(holding, now)).collect::<Vec<_>>())
}

pub(crate) async fn holdings_summary(State(broker): State<Broker>, call: Signed) -> Answer {
    success(HoldingsSummary::of(&broker.exchange(|exchange| exchange.holdings(&call.user_id))))
}

pub(crate) async fn holdings_compact(State(broker): State<Broker>, call: Signed) -> Answer {
    let holdings = broker.exchange(|exchange| exchange.holdings(&call.user_id));
    success(holdings.iter().map(CompactHolding::from).collect::<Vec<_>>())
}

/// Nothing of anyone's is ever in auction here.
pub(crate) async fn auctions(_call: Signed) -> Answer {
    success(Vec::<()>::new())
}
