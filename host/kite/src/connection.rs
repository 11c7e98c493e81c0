//! One account's line to the broker: the HTTP client, its way out and its budgets.
//!
//! [`Connection::send`] is the only place where a request leaves. It waits for the budget, sends once, reads at most so
//! many bytes and hands out an [`Answer`]. No redirect is followed and nothing is retried.

use crate::answer::{Answer, clean};
use crate::clock::{self, Steady};
use crate::egress::Egress;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::odd::OddFields;
use crate::secret::Secret;
use crate::settings::ConnectionLimits;
use crate::throttle::{Lane, Moment, Throttle};
use crate::tls;
use market::Timestamp;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Method, Proxy, RequestBuilder, Response, redirect, retry};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

const USER_AGENT: &str = concat!("bulkhead/", env!("CARGO_PKG_VERSION"));
/// Idle connections are dropped before the broker drops them: an order on a line that is just being closed is ambiguous.
const IDLE: Duration = Duration::from_secs(30);

/// One account's line to the broker. Cheap to clone; clones share the budgets.
#[derive(Debug, Clone)]
pub struct Connection {
    client: Client,
    egress: Arc<Egress>,
    shared: Arc<Shared>,
}

/// What stays as it is when the line leaves by another way.
#[derive(Debug)]
struct Shared {
    endpoints: Endpoints,
    limits: ConnectionLimits,
    throttle: Throttle,
    clock: Steady,
    odd: OddFields,
}

/// One request, before it leaves.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) fields: Fields<'a>,
    /// A body of JSON. The fields go into the query then.
    pub(crate) json: Option<String>,
    pub(crate) lane: Lane,
    pub(crate) credentials: Option<Credentials<'a>>,
    pub(crate) size: Size,
    /// What its fields say in confidence, beside the credentials.
    pub(crate) hidden: Vec<Secret>,
}

/// Parameters: in the query of GET and DELETE, in a form otherwise.
pub(crate) type Fields<'a> = Vec<(&'static str, std::borrow::Cow<'a, str>)>;

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Credentials<'a> {
    pub(crate) api_key: &'a str,
    pub(crate) access_token: &'a Secret,
}

/// How much an answer may weigh and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Small,
    Bulk,
    Instruments,
}

/// The fields may hold tokens: they are never printed.
impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({} {}, {} fields)", self.method, self.url.path(), self.fields.len())
    }
}

impl Connection {
    /// A line with the default limits.
    ///
    /// # Errors
    /// When the proxy address cannot be used.
    pub fn new(endpoints: Endpoints, egress: Egress) -> Result<Self, Error> {
        Self::with_limits(endpoints, egress, ConnectionLimits::default())
    }

    /// A line with these limits.
    ///
    /// # Errors
    /// When the proxy address cannot be used.
    pub fn with_limits(
        endpoints: Endpoints,
        egress: Egress,
        limits: ConnectionLimits,
    ) -> Result<Self, Error> {
        let client = build_client(&egress, &limits)?;
        let throttle = Throttle::new(limits.rates);
        let (clock, odd) = (Steady::start(), OddFields::default());
        let shared = Arc::new(Shared { endpoints, limits, throttle, clock, odd });
        Ok(Self { client, egress: Arc::new(egress), shared })
    }

    /// The same line by another way out. The budgets and what was counted of them stay: they are the account's.
    ///
    /// # Errors
    /// When the proxy address cannot be used.
    pub fn rerouted(&self, egress: Egress) -> Result<Self, Error> {
        let client = build_client(&egress, &self.shared.limits)?;
        Ok(Self { client, egress: Arc::new(egress), shared: Arc::clone(&self.shared) })
    }

    /// Counts orders, changes and withdrawals that left before this line was made, by the time of each on a clock
    /// that says `as_of` now: the broker counts them for the account, whatever process sent them.
    pub fn count_orders(&self, sent: &[Timestamp], as_of: Timestamp) {
        let now = Moment { steady: self.shared.clock.elapsed(), wall: clock::now() };
        self.shared.throttle.sent_before(sent, as_of, now);
    }

    /// Where the broker listens.
    pub fn endpoints(&self) -> &Endpoints {
        &self.shared.endpoints
    }

    /// The way out.
    pub fn egress(&self) -> &Egress {
        &self.egress
    }

    /// The limits of this line.
    pub fn limits(&self) -> &ConnectionLimits {
        &self.shared.limits
    }

    pub(crate) fn odd(&self) -> &OddFields {
        &self.shared.odd
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Sends one request, once. What comes back has status 200; what stands in it is judged by whoever reads it.
    pub(crate) async fn send(&self, call: Call<'_>) -> Result<Answer, Error> {
        let now = Moment { steady: self.shared.clock.elapsed(), wall: clock::now() };
        let wait = self.shared.throttle.take(call.lane, now)?;
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let (cap, timeout) = self.bounds(call.size);
        let hidden = call.hidden();
        let exchanged = tokio::time::timeout(timeout, exchange(self.request(call)?, cap, hidden.clone()));
        let limit_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        let answer = exchanged.await.unwrap_or(Err(Error::TimedOut { limit_ms }));
        let success = answer.and_then(|answer| answer.check_status().map(|()| answer));
        success.map_err(|error| hidden.iter().fold(error, Error::without))
    }

    fn bounds(&self, size: Size) -> (usize, Duration) {
        let limits = &self.shared.limits;
        match size {
            Size::Small => (limits.body_bytes, limits.request_timeout),
            Size::Bulk => (limits.bulk_body_bytes, limits.request_timeout),
            Size::Instruments => (limits.instruments_body_bytes, limits.instruments_timeout),
        }
    }

    fn request(&self, call: Call<'_>) -> Result<RequestBuilder, Error> {
        let in_query = call.method == Method::GET || call.method == Method::DELETE || call.json.is_some();
        let mut request = self.client.request(call.method, call.url).header("X-Kite-Version", "3");
        if let Some(who) = call.credentials {
            request = request.header(AUTHORIZATION, who.header()?);
        }
        let request = match in_query {
            true if call.fields.is_empty() => request,
            true => request.query(&call.fields),
            false => request.form(&call.fields),
        };
        Ok(match call.json {
            Some(json) => request.header(CONTENT_TYPE, "application/json").body(json),
            None => request,
        })
    }
}

impl Call<'_> {
    fn hidden(&self) -> Vec<Secret> {
        let token = self.credentials.map(|who| who.access_token.clone());
        self.hidden.iter().cloned().chain(token).collect()
    }
}

impl Credentials<'_> {
    fn header(&self) -> Result<HeaderValue, Error> {
        let text = format!("token {}:{}", self.api_key, self.access_token.expose());
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            Error::invalid("the API key or access token holds characters that no header takes")
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

fn build_client(egress: &Egress, limits: &ConnectionLimits) -> Result<Client, Error> {
    let invalid = |e: &dyn std::error::Error| Error::invalid(format!("no HTTP client: {}", root_cause(e)));
    let tls = tls::client_config(&[b"h2", b"http/1.1"]).map_err(|e| invalid(&e))?;
    let builder = Client::builder()
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .connect_timeout(limits.connect_timeout)
        .pool_idle_timeout(IDLE)
        .tcp_nodelay(true)
        .no_proxy()
        .tls_backend_preconfigured(tls);
    let builder = match egress {
        Egress::Direct => builder,
        Egress::From(address) => builder.local_address(*address),
        Egress::Proxy(url) => builder.proxy(Proxy::all(url.clone()).map_err(|e| invalid(&e))?),
    };
    builder.build().map_err(|e| invalid(&e))
}

/// Sends the request and reads the answer, never more than `cap` bytes of it.
async fn exchange(request: RequestBuilder, cap: usize, hidden: Vec<Secret>) -> Result<Answer, Error> {
    let mut response = request.send().await.map_err(network_error)?;
    let mut answer = Answer {
        status: response.status().as_u16(),
        content_type: content_type(&response),
        body: Vec::new(),
        hidden,
    };
    while let Some(chunk) = response.chunk().await.map_err(|e| answer.unreadable(cause(&e)))? {
        if answer.body.len() + chunk.len() > cap {
            return Err(answer.unreadable(format!("it is longer than {cap} bytes")));
        }
        answer.body.extend_from_slice(&chunk);
    }
    Ok(answer)
}

fn content_type(response: &Response) -> String {
    let value = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_ascii_lowercase()
}

/// A connection that was never made is a definite *not sent*; anything later is not.
pub(crate) fn network_error(error: reqwest::Error) -> Error {
    if error.is_builder() {
        return Error::invalid(cause(&error));
    }
    if error.is_connect() {
        Error::NotSent { reason: cause(&error) }
    } else {
        Error::Broken { reason: cause(&error) }
    }
}

/// What the network said, without the address: it may carry a token.
fn cause(error: &reqwest::Error) -> String {
    clean(&root_cause(error))
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    if std::ptr::eq(deepest, error) { "the request failed".to_owned() } else { deepest.to_string() }
}
