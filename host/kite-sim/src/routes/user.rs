//! `/user/…`: profile and funds.

use crate::broker::Broker;
use crate::calls::Signed;
use crate::config::SimAccount;
use crate::reply::{Answer, Refusal, success};
use crate::view::user::{BothMargins, FullProfile, Profile, SegmentMargins};
use axum::extract::{Path, State};
use exchange::Margins;

pub(crate) async fn profile(State(broker): State<Broker>, call: Signed) -> Answer {
    success(Profile::from(account(&broker, &call)?))
}

pub(crate) async fn full_profile(State(broker): State<Broker>, call: Signed) -> Answer {
    success(FullProfile::from(account(&broker, &call)?))
}

pub(crate) async fn margins(State(broker): State<Broker>, call: Signed) -> Answer {
    let equity = equity(&broker, &call).into();
    success(BothMargins { equity, commodity: Margins::default().into() })
}

pub(crate) async fn segment_margins(
    State(broker): State<Broker>,
    Path(segment): Path<String>,
    call: Signed,
) -> Answer {
    match segment.as_str() {
        "equity" => success(SegmentMargins::from(equity(&broker, &call))),
        "commodity" => success(SegmentMargins::from(Margins::default())),
        _ => Err(Refusal::input("Invalid `segment`.")),
    }
}

fn account<'a>(broker: &'a Broker, call: &Signed) -> Result<&'a SimAccount, Refusal> {
    broker.account(&call.user_id).ok_or_else(|| Refusal::general(500, "The account is gone."))
}

fn equity(broker: &Broker, call: &Signed) -> Margins {
    broker.exchange(|exchange| exchange.margins(&call.user_id)).unwrap_or_default()
}
