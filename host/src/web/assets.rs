//! The web page, embedded. Knows files; every route it does not know shows the page, whose own router goes on.

use crate::web::error::Problem;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// Files whose names carry a hash of their content never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

/// Anything that is no route of the API.
pub(crate) async fn page(method: Method, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") || path.starts_with("assets/") && file(path).is_none() {
        return Problem::not_found().into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return method_not_allowed().await.into_response();
    }
    match file(path)
        .map(|bytes| (path, bytes))
        .or_else(|| file("index.html").map(|bytes| ("index.html", bytes)))
    {
        Some((path, bytes)) => answer(path, bytes),
        None => Problem::not_found().into_response(),
    }
}

fn file(path: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(name, _)| *name == path).map(|(_, bytes)| *bytes)
}

/// A route that exists, asked with a verb it does not know.
pub(crate) async fn method_not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "this route does not take that method")
}

fn answer(path: &str, bytes: &'static [u8]) -> Response {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let caching = if path.starts_with("assets/") { FOR_EVER } else { ASK_AGAIN };
    ([(header::CONTENT_TYPE, kind.as_ref()), (header::CACHE_CONTROL, caching)], bytes).into_response()
}
