//! Risk limits and the kill switch: what a person decides, enforced by the tenant's gate.

use crate::web::body::Body;
use crate::web::error::{Problem, ProblemBody};
use crate::web::fill;
use crate::web::signed_in::SignedIn;
use crate::web::state::WebState;
use crate::web::view::risk::RiskLimitsView;
use crate::web::view::runs::{KillSwitchView, SetKillSwitch};
use axum::Json;
use axum::extract::State;

/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 500;

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

/// Whether anything may be sent.
#[utoipa::path(
    get, path = "/api/kill-switch", tag = "risk",
    responses(
        (status = 200, description = "As it stands", body = KillSwitchView),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn kill_switch(SignedIn(tenant): SignedIn) -> Result<Json<KillSwitchView>, Problem> {
    let switch = tenant.kill_switch().await.map_err(Problem::internal)?;
    Ok(Json(fill::kill_switch(switch)))
}

/// Move the kill switch. On: nothing is sent from now on, and what stands is cancelled. It survives a restart.
#[utoipa::path(
    put, path = "/api/kill-switch", tag = "risk", request_body = SetKillSwitch,
    responses(
        (status = 200, description = "As it now stands", body = KillSwitchView),
        (status = 400, description = "The body is malformed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set_kill_switch(
    State(state): State<WebState>,
    SignedIn(tenant): SignedIn,
    Body(wish): Body<SetKillSwitch>,
) -> Result<Json<KillSwitchView>, Problem> {
    let reason = wish.reason.filter(|reason| !reason.trim().is_empty());
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > REASON_CHARS_MAX) {
        return Err(Problem::bad_request(format!("a reason has at most {REASON_CHARS_MAX} characters")));
    }
    let switch = tenant
        .set_kill_switch(tenant::SwitchScope::Tenant, wish.on, reason)
        .await
        .map_err(Problem::internal)?;
    state.streams.look(&tenant);
    Ok(Json(fill::kill_switch(switch)))
}
