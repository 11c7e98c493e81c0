//! Profile, login answer and funds (reference §2.4, §6).

use crate::config::SimAccount;
use crate::sessions::Grant;
use exchange::Margins;
use market::Money;
use serde::Serialize;

const EXCHANGES: [&str; 8] = ["NSE", "BSE", "NFO", "BFO", "CDS", "BCD", "MCX", "NCO"];
/// CO is what cover orders are shown as; they are placed as MIS.
const PRODUCTS: [&str; 5] = ["CNC", "NRML", "MIS", "MTF", "CO"];
const ORDER_TYPES: [&str; 4] = ["MARKET", "LIMIT", "SL", "SL-M"];

/// `POST /session/token`.
#[derive(Serialize)]
pub(crate) struct SessionData<'a> {
    user_type: &'static str,
    email: String,
    user_name: &'a str,
    user_shortname: &'a str,
    broker: &'static str,
    exchanges: [&'static str; 8],
    products: [&'static str; 5],
    order_types: [&'static str; 4],
    avatar_url: Option<()>,
    user_id: &'a str,
    api_key: &'a str,
    access_token: &'a str,
    public_token: &'a str,
    enctoken: &'a str,
    refresh_token: &'static str,
    silo: &'static str,
    login_time: String,
    meta: Demat,
}

/// `GET /user/profile`.
#[derive(Serialize)]
pub(crate) struct Profile<'a> {
    user_id: &'a str,
    user_type: &'static str,
    email: String,
    user_name: &'a str,
    user_shortname: &'a str,
    broker: &'static str,
    exchanges: [&'static str; 8],
    products: [&'static str; 5],
    order_types: [&'static str; 4],
    avatar_url: Option<()>,
    meta: Demat,
}

/// `GET /user/profile/full`.
#[derive(Serialize)]
pub(crate) struct FullProfile<'a> {
    user_id: &'a str,
    twofa_type: &'static str,
    user_name: &'a str,
    user_type: &'static str,
    email: String,
    phone: &'static str,
    broker: &'static str,
    bank_accounts: [BankAccount; 1],
    dp_ids: [&'static str; 1],
    products: [&'static str; 5],
    order_types: [&'static str; 4],
    exchanges: [&'static str; 8],
    pan: &'static str,
    user_shortname: &'a str,
    avatar_url: Option<()>,
    tags: [&'static str; 0],
    password_timestamp: &'static str,
    twofa_timestamp: &'static str,
    meta: FullMeta,
}

/// `GET /user/margins`.
#[derive(Serialize)]
pub(crate) struct BothMargins {
    pub(crate) equity: SegmentMargins,
    pub(crate) commodity: SegmentMargins,
}

/// One segment's funds.
#[derive(Serialize)]
pub(crate) struct SegmentMargins {
    enabled: bool,
    net: Money,
    available: Available,
    utilised: Utilised,
}

#[derive(Serialize)]
struct Demat {
    demat_consent: &'static str,
}

#[derive(Serialize)]
struct BankAccount {
    name: &'static str,
    branch: &'static str,
    account: &'static str,
}

#[derive(Serialize)]
struct FullMeta {
    poa: &'static str,
    silo: &'static str,
    account_blocks: [&'static str; 0],
}

#[derive(Serialize)]
struct Available {
    adhoc_margin: Money,
    cash: Money,
    opening_balance: Money,
    live_balance: Money,
    collateral: Money,
    intraday_payin: Money,
}

#[derive(Serialize)]
struct Utilised {
    debits: Money,
    exposure: Money,
    m2m_realised: Money,
    m2m_unrealised: Money,
    option_premium: Money,
    payout: Money,
    span: Money,
    holding_sales: Money,
    turnover: Money,
    liquid_collateral: Money,
    stock_collateral: Money,
    delivery: Money,
}

impl<'a> SessionData<'a> {
    pub(crate) fn new(account: &'a SimAccount, api_key: &'a str, grant: &'a Grant) -> Self {
        Self {
            user_type: "individual",
            email: email(account),
            user_name: &account.user_name,
            user_shortname: shortname(account),
            broker: "ZERODHA",
            exchanges: EXCHANGES,
            products: PRODUCTS,
            order_types: ORDER_TYPES,
            avatar_url: None,
            user_id: &grant.user_id,
            api_key,
            access_token: &grant.access_token,
            public_token: &grant.public_token,
            enctoken: "",
            refresh_token: "",
            silo: "",
            login_time: grant.login_time.ist_text(),
            meta: Demat { demat_consent: consent(account) },
        }
    }
}

impl<'a> From<&'a SimAccount> for Profile<'a> {
    fn from(account: &'a SimAccount) -> Self {
        Self {
            user_id: &account.user_id,
            user_type: "individual",
            email: email(account),
            user_name: &account.user_name,
            user_shortname: shortname(account),
            broker: "ZERODHA",
            exchanges: EXCHANGES,
            products: PRODUCTS,
            order_types: ORDER_TYPES,
            avatar_url: None,
            meta: Demat { demat_consent: consent(account) },
        }
    }
}

impl<'a> From<&'a SimAccount> for FullProfile<'a> {
    fn from(account: &'a SimAccount) -> Self {
        Self {
            user_id: &account.user_id,
            twofa_type: "totp",
            user_name: &account.user_name,
            user_type: "individual",
            email: email(account),
            phone: "*9999",
            broker: "ZERODHA",
            bank_accounts: [BankAccount { name: "HDFC BANK", branch: "", account: "*9999" }],
            dp_ids: ["1208160000000001"],
            products: PRODUCTS,
            order_types: ORDER_TYPES,
            exchanges: EXCHANGES,
            pan: "*111A",
            user_shortname: shortname(account),
            avatar_url: None,
            tags: [],
            password_timestamp: "1970-01-01 00:00:00",
            twofa_timestamp: "1970-01-01 00:00:00",
            meta: FullMeta { poa: "online", silo: "", account_blocks: [] },
        }
    }
}

impl From<Margins> for SegmentMargins {
    fn from(margins: Margins) -> Self {
        let (available, utilised) = (margins.available, margins.utilised);
        Self {
            enabled: true,
            net: margins.net,
            available: Available {
                adhoc_margin: Money::ZERO,
                cash: available.cash,
                opening_balance: available.opening_balance,
                live_balance: available.live_balance,
                collateral: Money::ZERO,
                intraday_payin: Money::ZERO,
            },
            utilised: Utilised {
                debits: utilised.debits,
                exposure: utilised.exposure,
                m2m_realised: utilised.m2m_realised,
                m2m_unrealised: utilised.m2m_unrealised,
                option_premium: utilised.option_premium,
                payout: Money::ZERO,
                span: utilised.span,
                holding_sales: utilised.holding_sales,
                turnover: Money::ZERO,
                liquid_collateral: Money::ZERO,
                stock_collateral: Money::ZERO,
                delivery: utilised.delivery,
            },
        }
    }
}

/// Kite's word for a holder who has signed, and none for one who has not.
const fn consent(account: &SimAccount) -> &'static str {
    if account.demat_consent { "consent" } else { "" }
}

fn email(account: &SimAccount) -> String {
    format!("{}@example.com", account.user_id.to_lowercase())
}

fn shortname(account: &SimAccount) -> &str {
    account.user_name.split(' ').next().unwrap_or(&account.user_name)
}
