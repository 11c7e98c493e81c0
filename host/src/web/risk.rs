//! Risk limits: what a person decides, enforced by the tenant's gate.

use crate::web::body::Body;
use crate::web::error::{Problem, ProblemBody};
use crate::web::signed_in::SignedIn;
use crate::web::view::risk::RiskLimitsView;
use axum::Json;

/// The tenant's risk limits, over all runs together.
#[utoipa::path(
    get, path = "/api/risk-limits", tag = "risk",
    responses(
        (status = 200, description = "As they stand", body = RiskLimitsView),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn limits(SignedIn(tenant): SignedIn) -> Result<Json<RiskLimitsView>, Problem> {
    let limits = tenant.risk_limits().await.map_err(Problem::internal)?;
    Ok(Json(RiskLimitsView(limits)))
}

/// Set the risk limits. What is left out gets its default.
#[utoipa::path(
    put, path = "/api/risk-limits", tag = "risk", request_body = RiskLimitsView,
    responses(
        (status = 200, description = "As they now stand", body = RiskLimitsView),
        (status = 400, description = "The body is malformed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A limit cannot be meant; `field` names it", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set_limits(
    SignedIn(tenant): SignedIn,
    Body(RiskLimitsView(limits)): Body<RiskLimitsView>,
) -> Result<Json<RiskLimitsView>, Problem> {
    limits.check().map_err(|wrong| {
        Problem::unprocessable("risk-limits", wrong.to_string()).with("field", wrong.field)
    })?;
    tenant.set_risk_limits(limits.clone()).await.map_err(Problem::internal)?;
    Ok(Json(RiskLimitsView(limits)))
}
