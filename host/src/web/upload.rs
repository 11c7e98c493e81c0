//! Reading an upload: a form with a file, or the component as the whole body.

use crate::web::error::Problem;
use crate::web::state::WebState;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};
use futures_util::StreamExt;

/// What a form adds around the file, in bytes.
pub(crate) const SLACK_BYTES: usize = 64 << 10;

/// A component and what to call it, if something was said.
pub(crate) struct Uploaded {
    pub(crate) name: Option<String>,
    pub(crate) bytes: Vec<u8>,
}

impl FromRequest<WebState> for Uploaded {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, Problem> {
        if text(&request, header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            let detail = "send the component as it is, without a content encoding";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-encoding", detail));
        }
        let kind = text(&request, header::CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
        let max = state.upload_bytes_max;
        let uploaded = if kind.starts_with("multipart/form-data") {
            form(request, state).await?
        } else if kind.starts_with("application/wasm") || kind.starts_with("application/octet-stream") {
            Self { name: None, bytes: whole(request.into_body(), max).await? }
        } else {
            let detail = "send the component as `application/wasm`, or as the field `file` of a form";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", detail));
        };
        if uploaded.bytes.len() > max { Err(Problem::too_large(max)) } else { Ok(uploaded) }
    }
}

fn text(request: &Request, name: header::HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}

/// The whole body, as far as it is allowed to go.
async fn whole(body: Body, max: usize) -> Result<Vec<u8>, Problem> {
    let mut pieces = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| Problem::bad_request(format!("the body broke off: {error}")))?;
        bytes.extend_from_slice(&piece);
        if bytes.len() > max {
            return Err(Problem::too_large(max));
        }
    }
    Ok(bytes)
}

async fn form(request: Request, state: &WebState) -> Result<Uploaded, Problem> {
    let max = state.upload_bytes_max;
    let mut form = Multipart::from_request(request, state)
        .await
        .map_err(|error| Problem::bad_request(error.body_text()))?;
    let mut name = None;
    let mut file: Option<Bytes> = None;
    loop {
        let field = form.next_field().await.map_err(|error| fault(&error, max))?;
        let Some(field) = field else { break };
        match field.name() {
            Some("file") => {
                file = Some(field.bytes().await.map_err(|error| fault(&error, max))?);
            }
            Some("name") => name = Some(field.text().await.map_err(|error| fault(&error, max))?),
            other => {
                let other = other.unwrap_or_default();
                return Err(Problem::bad_request(format!(
                    "the form has the fields `file` and `name`, not `{other}`"
                )));
            }
        }
    }
    let bytes = file.ok_or_else(|| Problem::bad_request("the form has no field `file`"))?;
    Ok(Uploaded { name, bytes: bytes.into() })
}

fn fault(error: &axum::extract::multipart::MultipartError, max: usize) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::too_large(max)
    } else {
        Problem::bad_request(error.body_text())
    }
}
