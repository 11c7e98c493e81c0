//! The session at hand, and the tenant's other sessions.

use crate::web::body::At;
use crate::web::cookies::Cookie;
use crate::web::error::{Problem, ProblemBody};
use crate::web::fill::broker_session;
use crate::web::signed_in::{Door, Entered, SignedIn};
use crate::web::state::WebState;
use crate::web::view::account::{Device, SessionView};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tenant::SessionInfo;

/// Who is signed in, until when, and how the broker's own session stands.
#[utoipa::path(
    get, path = "/api/auth/session", tag = "account",
    responses(
        (status = 200, description = "Signed in", body = SessionView),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn session(entered: Entered) -> Json<SessionView> {
    Json(SessionView {
        broker_id: entered.tenant.broker_id().to_string(),
        user_name: entered.tenant.user_name(),
        expires_at: entered.door.expires_at().into(),
        broker_session: broker_session(&entered.tenant),
    })
}

/// End this session. An API token is not a session: revoke it instead.
#[utoipa::path(
    post, path = "/api/auth/logout", tag = "account",
    responses(
        (status = 204, description = "Signed out"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn logout(State(state): State<WebState>, entered: Entered) -> Result<Response, Problem> {
    match &entered.door {
        Door::Session(session) => {
            entered.tenant.revoke_session(&session.id).await.map_err(Problem::internal)?
        }
        Door::Token(_) => {
            let detail = "an API token cannot sign out: revoke it with DELETE /api/auth/tokens/{id}";
            return Err(Problem::bad_request(detail));
        }
    };
    state.streams.look(&entered.tenant);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, Cookie::Session.clear(&state.reach))]).into_response())
}

/// The tenant's sessions on all devices.
#[utoipa::path(
    get, path = "/api/auth/sessions", tag = "account",
    responses(
        (status = 200, description = "Newest first", body = Vec<Device>),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sessions(entered: Entered) -> Result<Json<Vec<Device>>, Problem> {
    let own = match &entered.door {
        Door::Session(session) => Some(session.id.clone()),
        Door::Token(_) => None,
    };
    let sessions = entered.tenant.sessions().await.map_err(Problem::internal)?;
    let shown = |session: SessionInfo| Device {
        current: own.as_deref() == Some(session.id.as_str()),
        id: session.id,
        created_at: session.created_at.into(),
        expires_at: session.expires_at.into(),
        device: session.device,
    };
    Ok(Json(sessions.into_iter().map(shown).collect()))
}

/// End one session, on whatever device it is.
#[utoipa::path(
    delete, path = "/api/auth/sessions/{id}", tag = "account", params(("id" = String, Path)),
    responses(
        (status = 204, description = "Ended"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such session", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn revoke_session(
    State(state): State<WebState>,
    SignedIn(tenant): SignedIn,
    At(id): At<String>,
) -> Result<StatusCode, Problem> {
    let was_there = tenant.revoke_session(&id).await.map_err(Problem::internal)?;
    state.streams.look(&tenant);
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}

/// Sign out everywhere: end every session, this one too. API tokens stay; `DELETE /api/auth/tokens` revokes those.
#[utoipa::path(
    delete, path = "/api/auth/sessions", tag = "account",
    responses(
        (status = 204, description = "Ended"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn revoke_sessions(
    State(state): State<WebState>,
    SignedIn(tenant): SignedIn,
) -> Result<Response, Problem> {
    for session in tenant.sessions().await.map_err(Problem::internal)? {
        tenant.revoke_session(&session.id).await.map_err(Problem::internal)?;
    }
    state.streams.look(&tenant);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, Cookie::Session.clear(&state.reach))]).into_response())
}
