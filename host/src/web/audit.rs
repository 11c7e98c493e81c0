//! The trader's own chain of what was done: page by page, and as a file for a spreadsheet.

use crate::sheet;
use crate::web::body::Asked;
use crate::web::error::{Problem, ProblemBody};
use crate::web::signed_in::SignedIn;
use crate::web::state::WebState;
use crate::web::view::audit::{AuditPage, AuditView};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use market::TradingDate;
use serde::Deserialize;
use tenant::audit::{AuditAction, AuditQuery, AuditRecord};
use tenant::{StoreError, Tenant};
use utoipa::IntoParams;

/// Entries in one answer when nobody says.
const ENTRIES_DEFAULT: u32 = 100;

/// The columns of the sheet.
const COLUMNS: [&str; 7] = ["number", "at", "actor", "action", "subject", "details", "hash"];

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditAsked {
    /// From this IST date on, `YYYY-MM-DD`; from the first when absent.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<TradingDate>,
    /// Up to and with this IST date; up to the newest when absent.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<TradingDate>,
    /// Only this word, such as `killSwitchOn`.
    action: Option<String>,
    /// Only what was done to this: a run's id, a strategy's id, an order's number.
    subject: Option<String>,
    /// Only entries with a lower number: the next page.
    before: Option<u64>,
    /// The newest so many, 1 to 1 000.
    limit: Option<u32>,
}

/// Which days.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditDays {
    /// From this IST date on, `YYYY-MM-DD`; from the first when absent.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<TradingDate>,
    /// Up to and with this IST date; up to the newest when absent.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<TradingDate>,
}

impl AuditAsked {
    fn query(&self, limit_max: u32) -> Result<AuditQuery, Problem> {
        let limit = self.limit.unwrap_or(ENTRIES_DEFAULT);
        if limit == 0 || limit > limit_max {
            return Err(Problem::bad_request(format!("`limit` is 1 to {limit_max}")));
        }
        let action = self.action.as_deref().map(|word| {
            let known = AuditAction::from_word(word);
            known.ok_or_else(|| Problem::bad_request(format!("`action={word}` is no word of the audit")))
        });
        Ok(AuditQuery {
            from: self.from.map(TradingDate::midnight),
            to: self.to.map(|date| date.next().midnight()),
            action: action.transpose()?,
            subject: self.subject.clone(),
            before: self.before,
            limit,
        })
    }
}

/// What was done in the account, by whom and when, newest first. Nothing in it can be changed unseen.
#[utoipa::path(
    get, path = "/api/audit", tag = "account", params(AuditAsked),
    responses(
        (status = 200, description = "Newest first", body = AuditPage),
        (status = 400, description = "The question is malformed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read(
    SignedIn(tenant): SignedIn,
    State(state): State<WebState>,
    Asked(asked): Asked<AuditAsked>,
) -> Result<Json<AuditPage>, Problem> {
    let query = asked.query(state.tenants.limits().audit_page_max)?;
    let entries = tenant.audit(&query).await.map_err(Problem::internal)?;
    let head = tenant.audit_head().await.map_err(Problem::internal)?;
    let is_full = entries.len() as u64 == u64::from(query.limit);
    let next_before = entries.last().map(|entry| entry.number).filter(|_| is_full);
    Ok(Json(AuditPage {
        entries: entries.into_iter().map(view).collect(),
        count: head.number,
        head: head.hash_text(),
        next_before,
    }))
}

/// The same as a file for a spreadsheet, newest first.
#[utoipa::path(
    get, path = "/api/audit/download", tag = "account", params(AuditDays),
    responses(
        (status = 200, description = "Comma separated, with a head line", body = String, content_type = "text/csv"),
        (status = 400, description = "That is no date", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn download(
    SignedIn(tenant): SignedIn,
    State(state): State<WebState>,
    Asked(days): Asked<AuditDays>,
) -> Result<Response, Problem> {
    let query = AuditQuery {
        from: days.from.map(TradingDate::midnight),
        to: days.to.map(|date| date.next().midnight()),
        limit: state.tenants.limits().audit_page_max,
        ..AuditQuery::default()
    };
    let disposition = format!("attachment; filename=\"{}_audit.csv\"", tenant.broker_id());
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, Body::from_stream(lines(tenant, query))).into_response())
}

/// Page after page, each read when the one before has left.
fn lines(tenant: Tenant, query: AuditQuery) -> impl futures_util::Stream<Item = Result<Bytes, StoreError>> {
    let head_line = stream::iter([Ok(Bytes::from(sheet::row(COLUMNS)))]);
    let pages = stream::try_unfold(Some(query), move |query| {
        let tenant = tenant.clone();
        async move {
            let Some(mut query) = query else { return Ok(None) };
            let entries = tenant.audit(&query).await?;
            let Some(last) = entries.last() else { return Ok(None) };
            query.before = Some(last.number);
            let text: String = entries.iter().map(line).collect();
            let more = (entries.len() as u64 == u64::from(query.limit)).then_some(query);
            Ok(Some((Bytes::from(text), more)))
        }
    });
    futures_util::StreamExt::chain(head_line, pages)
}

fn line(record: &AuditRecord) -> String {
    let (number, at, details) =
        (record.number.to_string(), record.at.rfc3339_ist(), record.details.to_string());
    let fields = [&number, &at, &record.actor, &record.action, &record.subject, &details, &record.hash];
    sheet::row(fields.map(String::as_str))
}

fn view(record: AuditRecord) -> AuditView {
    AuditView {
        number: record.number,
        at: record.at.into(),
        actor: record.actor,
        action: record.action,
        subject: record.subject,
        details: record.details,
        hash: record.hash,
    }
}
