//! The gallery of example strategies, so that somebody without a compiler has something to upload.

use crate::web::body::At;
use crate::web::error::{Problem, ProblemBody};
use crate::web::signed_in::SignedIn;
use crate::web::view::strategies::ExampleView;
use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use example_strategies::GALLERY;

/// The example strategies.
#[utoipa::path(
    get, path = "/api/examples", tag = "strategies",
    responses(
        (status = 200, description = "Simplest first", body = Vec<ExampleView>),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(SignedIn(_): SignedIn) -> Json<Vec<ExampleView>> {
    let shown = GALLERY.iter().map(|example| ExampleView {
        name: example.name.to_owned(),
        summary: example.summary.to_owned(),
        size_bytes: example.bytes.len() as u64,
    });
    Json(shown.collect())
}

/// The component of an example, ready to be uploaded.
#[utoipa::path(
    get, path = "/api/examples/{name}/download", tag = "strategies", params(("name" = String, Path)),
    responses(
        (status = 200, description = "The component", body = Vec<u8>, content_type = "application/wasm"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such example", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn download(SignedIn(_): SignedIn, At(name): At<String>) -> Result<Response, Problem> {
    let example = GALLERY.iter().find(|example| example.name == name).ok_or_else(Problem::not_found)?;
    let file = format!("attachment; filename=\"{}.wasm\"", example.name);
    let headers =
        [(header::CONTENT_TYPE, "application/wasm".to_owned()), (header::CONTENT_DISPOSITION, file)];
    Ok((headers, example.bytes).into_response())
}
