//! API tokens, for the command line and scripts.

use crate::web::body::{At, Body};
use crate::web::error::{Problem, ProblemBody};
use crate::web::signed_in::{Door, Entered, SignedIn};
use crate::web::state::WebState;
use crate::web::view::account::{IssuedToken, NewToken, TokenView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

/// The longest name of a token, in characters.
const NAME_CHARS_MAX: usize = 100;

/// The tenant's API tokens, without their secrets.
#[utoipa::path(
    get, path = "/api/auth/tokens", tag = "account",
    responses(
        (status = 200, description = "Newest first", body = Vec<TokenView>),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(SignedIn(tenant): SignedIn) -> Result<Json<Vec<TokenView>>, Problem> {
    let tokens = tenant.tokens().await.map_err(Problem::internal)?;
    let shown = tokens.into_iter().map(|token| TokenView {
        id: token.id,
        name: token.name,
        created_at: token.created_at.into(),
        expires_at: token.expires_at.into(),
    });
    Ok(Json(shown.collect()))
}

/// Make an API token. Its secret is shown this once. A token cannot make tokens: somebody who found one could keep
/// themselves in.
#[utoipa::path(
    post, path = "/api/auth/tokens", tag = "account", request_body = NewToken,
    responses(
        (status = 201, description = "Made", body = IssuedToken),
        (status = 400, description = "The name is empty or too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "An API token asked", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn issue(
    Entered { tenant, door, .. }: Entered,
    Body(wish): Body<NewToken>,
) -> Result<(StatusCode, Json<IssuedToken>), Problem> {
    match door {
        Door::Session(_) => {}
        Door::Token(_) => {
            let detail = "an API token cannot make another: sign in and make it there";
            return Err(Problem::new(StatusCode::FORBIDDEN, "needs-session", detail));
        }
    }
    let name = wish.name.trim();
    let fits = (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.contains(char::is_control);
    if !fits {
        return Err(Problem::bad_request(format!(
            "a token's name has 1 to {NAME_CHARS_MAX} printable characters"
        )));
    }
    let made = tenant.new_token(name).await.map_err(Problem::internal)?;
    let token = IssuedToken {
        id: made.info.id,
        name: made.info.name,
        token: made.secret.expose().to_owned(),
        expires_at: made.info.expires_at.into(),
    };
    Ok((StatusCode::CREATED, Json(token)))
}

/// Revoke an API token at once.
#[utoipa::path(
    delete, path = "/api/auth/tokens/{id}", tag = "account", params(("id" = String, Path)),
    responses(
        (status = 204, description = "Revoked"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such token", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn revoke(
    State(state): State<WebState>,
    SignedIn(tenant): SignedIn,
    At(id): At<String>,
) -> Result<StatusCode, Problem> {
    let was_there = tenant.revoke_token(&id).await.map_err(Problem::internal)?;
    state.streams.look(&tenant);
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}

/// Revoke every API token at once.
#[utoipa::path(
    delete, path = "/api/auth/tokens", tag = "account",
    responses(
        (status = 204, description = "Revoked"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn revoke_all(
    State(state): State<WebState>,
    SignedIn(tenant): SignedIn,
) -> Result<StatusCode, Problem> {
    for token in tenant.tokens().await.map_err(Problem::internal)? {
        tenant.revoke_token(&token.id).await.map_err(Problem::internal)?;
    }
    state.streams.look(&tenant);
    Ok(StatusCode::NO_CONTENT)
}
