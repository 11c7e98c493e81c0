//! What every request passes first and every answer passes last: origin and host checks, security headers.
//!
//! Knows no tenant: whether somebody is signed in is `signed_in`'s question.

use crate::web::error::Problem;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use url::Url;

/// Kite's postback comes from Kite's servers and proves itself by checksum.
const CROSS_SITE_ALLOWED: &str = "/api/postback";

/// How the paths of streams end.
const STREAM: &str = "/stream";

/// Ends of paths to which something is posted that changes nothing.
const LOOKS: [&str; 2] = ["/replay", "/compare"];

/// Browsers that came by https once never come otherwise again, for a year.
const STRICT_TRANSPORT: &str = "max-age=31536000";

/// The page needs its own scripts, styles and API, and nothing from elsewhere.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Where the host is reached, as far as the checks need to know.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// The address people type, when it is not the listening address: behind a proxy.
    pub public_url: Option<Url>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// True when `/metrics` answers others than this machine.
    pub metrics_open: bool,
}

impl Reach {
    /// True when browsers see HTTPS, so that cookies may be marked `Secure`.
    pub fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }

    /// True for a proxy that the operator named.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted_proxies.contains(&peer.to_canonical())
    }

    /// A name that is neither an address, `localhost` nor the public one could be anybody's (DNS rebinding).
    fn knows_host(&self, host: &str) -> bool {
        let name = host_name(host);
        let public = self.public_url.as_ref().and_then(Url::host_str);
        name == "localhost" || public == Some(name) || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
    }
}

/// True for what may change something.
pub(crate) fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// True for what must be done to its end when whoever asked has gone. A replay only looks, though it is asked for by POST.
pub(crate) fn goes_on(method: &Method, path: &str) -> bool {
    changes(method) && !LOOKS.iter().any(|end| path.ends_with(end))
}

/// Refuses requests to foreign names, and changes and streams asked for by other sites' pages.
pub(crate) async fn check_request(State(reach): State<Reach>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if let Some(host) = text(headers, header::HOST).or(request.uri().host())
        && !reach.knows_host(host)
    {
        let detail = format!("this host does not answer to `{host}`: start it with --public-url");
        return Problem::new(StatusCode::MISDIRECTED_REQUEST, "unknown-host", detail).into_response();
    }
    let path = request.uri().path();
    let guarded = changes(request.method()) && path != CROSS_SITE_ALLOWED || path.ends_with(STREAM);
    if guarded && is_cross_site(headers, &reach) {
        let detail = "a page of another site may not ask for this";
        return Problem::new(StatusCode::FORBIDDEN, "cross-site", detail).into_response();
    }
    next.run(request).await
}

/// Puts the security headers on every answer.
pub(crate) async fn harden_answer(State(reach): State<Reach>, request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if reach.is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(STRICT_TRANSPORT));
    }
    if is_api {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Browsers say where a request comes from; what says nothing is no browser and carries no stranger's cookie.
pub(crate) fn is_cross_site(headers: &HeaderMap, reach: &Reach) -> bool {
    if let Some(site) = text(headers, HeaderName::from_static("sec-fetch-site")) {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(headers, header::ORIGIN) else { return false };
    let Ok(origin) = Url::parse(origin) else { return true };
    let public = reach.public_url.as_ref().is_some_and(|public| public.origin() == origin.origin());
    let authority = origin.host_str().map(|host| match origin.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    });
    !public && authority.as_deref() != text(headers, header::HOST)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn host_name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let typed = pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)));
        typed.collect()
    }

    #[test]
    fn only_the_same_origin_and_programs_may_change_things() {
        let reach = Reach { public_url: Some("https://desk.example".parse().unwrap()), ..Reach::default() };
        let cases = [
            (vec![("host", "127.0.0.1:8080")], false),
            (vec![("sec-fetch-site", "same-origin")], false),
            (vec![("sec-fetch-site", "cross-site")], true),
            (vec![("sec-fetch-site", "same-site")], true),
            (vec![("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080")], false),
            (vec![("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8081")], true),
            (vec![("host", "127.0.0.1:8080"), ("origin", "https://desk.example")], false),
            (vec![("host", "127.0.0.1:8080"), ("origin", "null")], true),
        ];
        for (pairs, foreign) in cases {
            assert_eq!(is_cross_site(&headers(&pairs), &reach), foreign, "{pairs:?}");
        }
    }

    #[test]
    fn names_that_could_be_anybodys_are_not_answered() {
        let reach = Reach { public_url: Some("https://desk.example".parse().unwrap()), ..Reach::default() };
        for host in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "10.0.0.3", "desk.example"] {
            assert!(reach.knows_host(host), "{host}");
        }
        for host in ["evil.example", "127.0.0.1.evil.example:8080", "desk.example.evil.example"] {
            assert!(!reach.knows_host(host), "{host}");
        }
    }
}
