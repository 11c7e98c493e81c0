//! A person's word for what became of an order of which nobody could tell.

use crate::web::body::{At, Body};
use crate::web::error::{Problem, ProblemBody};
use crate::web::fill;
use crate::web::signed_in::SignedIn;
use crate::web::view::books::OrderView;
use axum::Json;
use serde::Deserialize;
use tenant::{SettleError, Settlement, Unsettleable, checked_reason};
use utoipa::ToSchema;

/// What became of an order, by whoever has looked at Kite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettleOrder {
    settlement: SettlementView,
    /// How you know, in one line of at most 500 characters: it stands in the order's history.
    reason: String,
}

/// What became of an escalated order.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum SettlementView {
    /// It never reached the exchange.
    Absent,
    /// It reached the exchange and can trade no more: complete where all its units are filled, else cancelled.
    Ended,
}

/// Settle an escalated order: nobody could tell what became of it, and you have looked at Kite.
///
/// `id` is the order's, as `/api/orders` shows it. Its run hears how it ended. An order that may still trade is withdrawn
/// first; one with fills did reach the exchange.
#[utoipa::path(
    post, path = "/api/orders/{id}/settle", tag = "books", params(("id" = String, Path)), request_body = SettleOrder,
    responses(
        (status = 200, description = "As it now stands", body = OrderView),
        (status = 400, description = "The body is malformed, or there is no reason in it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such order", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It cannot be settled so; `detail` says why and what to do", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn settle_order(
    SignedIn(tenant): SignedIn,
    At(id): At<String>,
    Body(wish): Body<SettleOrder>,
) -> Result<Json<OrderView>, Problem> {
    let reason = checked_reason(&wish.reason).map_err(SettleError::from)?;
    let order = tenant.order(&id).await.map_err(Problem::internal)?.ok_or_else(Problem::not_found)?;
    let settlement = match wish.settlement {
        SettlementView::Absent => Settlement::Absent,
        SettlementView::Ended => Settlement::Ended,
    };
    Ok(Json(fill::order(tenant.settle_order(order.id, settlement, reason).await?)))
}

impl From<SettleError> for Problem {
    fn from(error: SettleError) -> Self {
        let why = match error {
            SettleError::BadReason(why) => return Self::bad_request(why.to_string()),
            SettleError::Store(error) => return Self::internal(error),
            SettleError::Unsettleable(why) => why,
        };
        match why {
            Unsettleable::Unknown => Self::not_found(),
            Unsettleable::NotEscalated(_) => Self::conflict("not-escalated", why.to_string()),
            Unsettleable::StillStands => Self::conflict("still-stands", why.to_string()),
            Unsettleable::HasFills => Self::conflict("has-fills", why.to_string()),
        }
    }
}
