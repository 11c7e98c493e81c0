//! The two cookies: the session, and the sign-in that was begun in this browser.
//!
//! Over https both carry `__Host-`, so that no sibling site can plant them, and `Secure`. Knows no tenant.

use crate::web::error::Problem;
use crate::web::guard::Reach;
use axum::http::{HeaderMap, HeaderValue, header};

/// How long Kite's page may take, in seconds.
pub(crate) const LOGIN_COOKIE_S: u32 = 600;

/// Which cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// Opens the door.
    Session,
    /// Binds a sign-in through Kite's page to the browser that began it.
    Login,
}

impl Cookie {
    /// Its name, over https or not.
    pub(crate) const fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-bulkhead_session",
            (Self::Session, false) => "bulkhead_session",
            (Self::Login, true) => "__Host-bulkhead_login",
            (Self::Login, false) => "bulkhead_login",
        }
    }

    /// What the browser sent. The same name twice is nobody's: a sibling site may have planted one.
    pub(crate) fn read(self, headers: &HeaderMap, reach: &Reach) -> Option<String> {
        let name = self.name(reach.is_https());
        let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut values = pairs
            .flat_map(|pairs| pairs.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned());
        let first = values.next()?;
        values.next().is_none().then_some(first)
    }

    /// The header that sets it.
    ///
    /// # Errors
    /// When the value is none for a header.
    pub(crate) fn set(self, reach: &Reach, value: &str, max_age_s: u32) -> Result<HeaderValue, Problem> {
        let secure = if reach.is_https() { "; Secure" } else { "" };
        let name = self.name(reach.is_https());
        let text = format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}");
        let mut value = HeaderValue::from_str(&text).map_err(Problem::internal)?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// The header that makes the browser forget it. A `__Host-` cookie is only cleared by one with the same marks.
    pub(crate) fn clear(self, reach: &Reach) -> HeaderValue {
        self.set(reach, "", 0).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(text: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(text))])
    }

    fn https() -> Reach {
        Reach { public_url: Some("https://desk.example".parse().unwrap()), ..Reach::default() }
    }

    #[test]
    fn a_cookie_planted_beside_ours_opens_nothing() {
        let plain = Reach::default();
        let ours = headers("theme=dark; bulkhead_session=abc");
        assert_eq!(Cookie::Session.read(&ours, &plain).as_deref(), Some("abc"));
        let twice = headers("bulkhead_session=abc; bulkhead_session=def");
        assert_eq!(Cookie::Session.read(&twice, &plain), None);
        assert_eq!(Cookie::Session.read(&headers("xbulkhead_session=abc"), &plain), None);
    }

    #[test]
    fn over_https_only_the_name_that_no_sibling_can_set_opens() {
        let planted = headers("bulkhead_session=planted; __Host-bulkhead_session=ours");
        assert_eq!(Cookie::Session.read(&planted, &https()).as_deref(), Some("ours"));
        assert_eq!(Cookie::Session.read(&headers("bulkhead_session=planted"), &https()), None);
    }

    #[test]
    fn cookies_are_cleared_with_the_marks_they_were_set_with() {
        for cookie in [Cookie::Session, Cookie::Login] {
            let (set, clear) = (cookie.set(&https(), "abc", 60).unwrap(), cookie.clear(&https()));
            for header in [&set, &clear] {
                let text = header.to_str().unwrap();
                assert!(text.starts_with("__Host-bulkhead_"), "{text}");
                for mark in ["; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
                    assert!(text.contains(mark), "{mark} is missing from {text}");
                }
            }
            assert!(clear.to_str().unwrap().contains("Max-Age=0"));
            assert!(!cookie.set(&Reach::default(), "abc", 60).unwrap().to_str().unwrap().contains("Secure"));
        }
    }
}
