//! The kill switches of an account and its runs, what the account may do, and the way its orders leave by.

use crate::halt::{self, Halt};
use crate::operator::check_reason;
use crate::web::body::{At, Body};
use crate::web::error::{Problem, ProblemBody};
use crate::web::signed_in::SignedIn;
use crate::web::state::WebState;
use crate::web::view::When;
use crate::web::view::halt::{
    ClearHalt, ClosingView, EgressView, ForeignView, KillSwitchView, ScopeView, SetKillSwitch, SwitchView,
    TradingView,
};
use axum::Json;
use axum::extract::State;
use tenant::{EgressError, EgressStanding, KillSwitch, Switches, Tenant, TradingState};

impl From<EgressError> for Problem {
    fn from(error: EgressError) -> Self {
        match error {
            EgressError::Unusable(why) => Self::broker(why),
            EgressError::Store(error) => Self::internal(error),
        }
    }
}

/// What may be sent, and what stops the rest: switches, halts, and what is being closed.
#[utoipa::path(
    get, path = "/api/kill-switch", tag = "risk",
    responses(
        (status = 200, description = "As it stands", body = KillSwitchView),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn kill_switch(SignedIn(tenant): SignedIn) -> Result<Json<KillSwitchView>, Problem> {
    Ok(Json(standing(&tenant).await?))
}

/// Move the account's kill switch. On: nothing is sent from now on, and what stands is cancelled. It survives a restart.
///
/// With `flatten`, every run that has something in the market ends, and what it holds is closed as far as the account
/// still has it; `closing` says how far that is.
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
    let halt = checked(wish)?;
    halt::account(&state.supervisor, &tenant, halt).await.map_err(Problem::internal)?;
    state.streams.look(&tenant);
    Ok(Json(standing(&tenant).await?))
}

/// Move one run's kill switch. The run goes on hearing events; nothing of it is sent.
#[utoipa::path(
    put, path = "/api/runs/{id}/kill-switch", tag = "risk", params(("id" = String, Path)), request_body = SetKillSwitch,
    responses(
        (status = 200, description = "Everything that stops the account's orders now", body = KillSwitchView),
        (status = 400, description = "The body is malformed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such run", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set_run_switch(
    State(state): State<WebState>,
    SignedIn(tenant): SignedIn,
    At(id): At<String>,
    Body(wish): Body<SetKillSwitch>,
) -> Result<Json<KillSwitchView>, Problem> {
    let halt = checked(wish)?;
    let run = tenant.run(&id).await.map_err(Problem::internal)?.ok_or_else(Problem::not_found)?;
    halt::run(&state.supervisor, &tenant, &run.id, halt).await.map_err(Problem::internal)?;
    state.streams.look(&tenant);
    Ok(Json(standing(&tenant).await?))
}

/// Let a halted account go on: a person has looked at the orders that nobody here knew of, or at the day's loss.
///
/// Orders at the broker that carry this host's mark and that no row knows of are taken as they are, where `accepted` names
/// them: others stay in `foreign`, and the account stays halted. A loss that still stands closes the gate again.
#[utoipa::path(
    post, path = "/api/trading-state/clear", tag = "risk", request_body = ClearHalt,
    responses(
        (status = 200, description = "As it now stands", body = KillSwitchView),
        (status = 400, description = "The body is malformed, or there is no reason in it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn clear(
    State(state): State<WebState>,
    SignedIn(tenant): SignedIn,
    Body(wish): Body<ClearHalt>,
) -> Result<Json<KillSwitchView>, Problem> {
    check_reason(&wish.reason).map_err(Problem::bad_request)?;
    tenant.clear_halt(&wish.accepted, wish.reason.trim()).await.map_err(Problem::internal)?;
    state.streams.look(&tenant);
    Ok(Json(standing(&tenant).await?))
}

/// Which way orders leave by, and which address was proved last. The operator of the host sets it.
#[utoipa::path(
    get, path = "/api/egress", tag = "risk",
    responses(
        (status = 200, description = "As it stands", body = EgressView),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn egress(SignedIn(tenant): SignedIn) -> Json<EgressView> {
    Json(egress_view(&tenant.egress_standing()))
}

/// Go the way that an order would go, as far as to the broker's door, and say which address was seen.
#[utoipa::path(
    post, path = "/api/egress/preflight", tag = "risk",
    responses(
        (status = 200, description = "What was found; it counts for orders at once", body = EgressView),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "An order would not arrive by this way", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn preflight(SignedIn(tenant): SignedIn) -> Result<Json<EgressView>, Problem> {
    tenant.preflight().await?;
    Ok(Json(egress_view(&tenant.egress_standing())))
}

/// Everything that stops the account's orders.
pub(crate) async fn standing(tenant: &Tenant) -> Result<KillSwitchView, Problem> {
    let (switches, state) = (tenant.kill_switches().await, tenant.trading_state().await);
    let closing = tenant.square_offs().await.map_err(Problem::internal)?;
    let closing = closing.into_iter().map(|run| ClosingView {
        run_id: run.run_id,
        strategy_name: run.strategy_name,
        detail: run.words,
    });
    let closing: Vec<ClosingView> = closing.collect();
    let is_out = switches.tenant.on || switches.host.on || !closing.is_empty();
    let netted = if is_out { tenant.netted().await.map_err(Problem::internal)? } else { Vec::new() };
    let foreign = tenant.foreign_orders().await.into_iter();
    let foreign = foreign.map(|order| ForeignView { tag: order.tag, order: order.text }).collect();
    let own = switches.tenant.clone();
    let mut why = match &state {
        TradingState::Active => Vec::new(),
        TradingState::Reducing { why } => why.clone(),
        TradingState::Halted { why } => vec![why.clone()],
    };
    why.extend(tenant.egress_standing().hindrance());
    Ok(KillSwitchView {
        on: own.on,
        reason: own.reason,
        since: own.since.map(When),
        state: match state {
            TradingState::Active => TradingView::Active,
            TradingState::Reducing { .. } => TradingView::Reducing,
            TradingState::Halted { .. } => TradingView::Halted,
        },
        why,
        switches: switches_on(switches),
        foreign,
        closing,
        netted: netted.iter().map(ToString::to_string).collect(),
    })
}

fn switches_on(switches: Switches) -> Vec<SwitchView> {
    let view = |scope, run_id, switch: KillSwitch| {
        let since = switch.since.map(When);
        switch.on.then_some(SwitchView { scope, run_id, reason: switch.reason, since })
    };
    let wide = [view(ScopeView::Host, None, switches.host), view(ScopeView::Account, None, switches.tenant)];
    let runs = switches.runs.into_iter().map(|(id, switch)| view(ScopeView::Run, Some(id), switch));
    wide.into_iter().chain(runs).flatten().collect()
}

fn checked(wish: SetKillSwitch) -> Result<Halt, Problem> {
    let SetKillSwitch { on, reason, flatten } = wish;
    let reason = reason.filter(|reason| !reason.trim().is_empty());
    reason.as_deref().map_or(Ok(()), check_reason).map_err(Problem::bad_request)?;
    if flatten && !on {
        return Err(Problem::bad_request("`flatten` closes positions: it goes with `on: true` alone"));
    }
    Ok(Halt { on, reason, flatten })
}

fn egress_view(standing: &EgressStanding) -> EgressView {
    EgressView {
        way: standing.setting.egress.to_string(),
        expected: standing.setting.expected.map(|address| address.to_string()),
        address: standing.address().map(|address| address.to_string()),
        proved_at: standing.proof.as_ref().map(|proof| When(proof.at)),
        refused: standing.hindrance(),
    }
}
