//! Strategies: upload, list, delete.

use crate::web::body::{Asked, At};
use crate::web::error::{Problem, ProblemBody};
use crate::web::fill;
use crate::web::signed_in::SignedIn;
use crate::web::state::WebState;
use crate::web::upload::Uploaded;
use crate::web::view::strategies::StrategyView;
use axum::Json;
use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tenant::{Strategy, Tenant, Upload};
use utoipa::{IntoParams, ToSchema};

/// What to call an upload.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    /// The strategy's name; what its manifest says when absent.
    name: Option<String>,
}

/// An upload as a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the OpenAPI document alone")]
pub(crate) struct UploadForm {
    /// The component.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// The strategy's name; what its manifest says when absent.
    name: Option<String>,
}

/// The tenant's strategies.
#[utoipa::path(
    get, path = "/api/strategies", tag = "strategies",
    responses(
        (status = 200, description = "By name", body = Vec<StrategyView>),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(SignedIn(tenant): SignedIn) -> Result<Json<Vec<StrategyView>>, Problem> {
    let strategies = tenant.strategies().await.map_err(Problem::internal)?;
    Ok(Json(strategies.iter().map(fill::strategy).collect()))
}

/// One strategy.
#[utoipa::path(
    get, path = "/api/strategies/{id}", tag = "strategies", params(("id" = String, Path)),
    responses(
        (status = 200, description = "With all versions", body = StrategyView),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such strategy", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn one(
    SignedIn(tenant): SignedIn,
    At(id): At<String>,
) -> Result<Json<StrategyView>, Problem> {
    Ok(Json(fill::strategy(&find(&tenant, &id).await?)))
}

/// Upload a strategy: a component of `bulkhead:strategy`, as a form or as the body. With an `Idempotency-Key` header, the
/// same request again gives the first answer.
#[utoipa::path(
    post, path = "/api/strategies", tag = "strategies", params(Named),
    request_body(content(
        (UploadForm = "multipart/form-data"),
        (Vec<u8> = "application/wasm"),
    )),
    responses(
        (status = 201, description = "Checked, compiled and stored", body = StrategyView),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The name is taken, or there are too many", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The component is refused; `reason` and `remedy` say why and what to do", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "One of your uploads is being compiled and another is waiting; `Retry-After` says when to try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn upload(
    SignedIn(tenant): SignedIn,
    State(state): State<WebState>,
    Asked(named): Asked<Named>,
    request: Request,
) -> Result<(StatusCode, Json<StrategyView>), Problem> {
    let uploaded = Uploaded::from_request(request, &state).await?;
    let named = uploaded.name.clone().or(named.name);
    let strategy = tenant.upload(checked(&state, &tenant, uploaded, named).await?).await?;
    Ok((StatusCode::CREATED, Json(fill::strategy(&strategy))))
}

/// Upload a new version. The same bytes again give the version that holds them.
#[utoipa::path(
    post, path = "/api/strategies/{id}/versions", tag = "strategies", params(("id" = String, Path)),
    request_body(content(
        (UploadForm = "multipart/form-data"),
        (Vec<u8> = "application/wasm"),
    )),
    responses(
        (status = 201, description = "Checked, compiled and stored", body = StrategyView),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such strategy", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The component is refused; `reason` and `remedy` say why and what to do", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "One of your uploads is being compiled and another is waiting; `Retry-After` says when to try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn upload_version(
    SignedIn(tenant): SignedIn,
    State(state): State<WebState>,
    At(id): At<String>,
    request: Request,
) -> Result<(StatusCode, Json<StrategyView>), Problem> {
    let strategy = find(&tenant, &id).await?;
    let uploaded = Uploaded::from_request(request, &state).await?;
    let name = Some(strategy.name().to_owned());
    let strategy = strategy.add_version(checked(&state, &tenant, uploaded, name).await?).await?;
    Ok((StatusCode::CREATED, Json(fill::strategy(&strategy))))
}

/// Delete a strategy. Its runs, orders and trades stay.
#[utoipa::path(
    delete, path = "/api/strategies/{id}", tag = "strategies", params(("id" = String, Path)),
    responses(
        (status = 204, description = "Deleted"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such strategy", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "A run of it has not stopped; `runId` says which", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete(SignedIn(tenant): SignedIn, At(id): At<String>) -> Result<StatusCode, Problem> {
    find(&tenant, &id).await?.delete().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(tenant: &Tenant, id: &str) -> Result<Strategy, Problem> {
    let found = tenant.strategy(id).await.map_err(Problem::internal)?;
    found.ok_or_else(Problem::not_found)
}

/// Through the gate and the compiler, and its manifest read.
async fn checked(
    state: &WebState,
    tenant: &Tenant,
    uploaded: Uploaded,
    name: Option<String>,
) -> Result<Upload, Problem> {
    let program = state.programs.compile_upload(tenant, uploaded.bytes.clone()).await?;
    let manifest = serde_json::to_value(program.manifest()).map_err(Problem::internal)?;
    let name = name.unwrap_or_else(|| program.manifest().name.clone());
    Ok(Upload { name: name.trim().to_owned(), bytes: uploaded.bytes, manifest })
}
