//! The names of the cash market: NIFTY 50 shares, those of them that also trade at BSE, and the indices of both.
//!
//! Exchange tokens are the real ones; prices are of the right size and no more than that. Knows no contract.

/// Token of BSE's index.
pub(crate) const SENSEX: u32 = 265;
/// Token of BSE's bank index.
pub(crate) const BANKEX: u32 = 274_441;
/// Token of the index every share leans on.
pub(crate) const NIFTY: u32 = 256_265;
/// Token of the bank index.
pub(crate) const BANK_NIFTY: u32 = 260_105;

/// One share.
pub(crate) struct Share {
    pub(crate) symbol: &'static str,
    pub(crate) name: &'static str,
    pub(crate) exchange_token: u32,
    pub(crate) rupees: f64,
    /// How much of the index's moves it makes.
    pub(crate) beta: f64,
}

const fn share(
    symbol: &'static str,
    name: &'static str,
    exchange_token: u32,
    rupees: f64,
    beta: f64,
) -> Share {
    Share { symbol, name, exchange_token, rupees, beta }
}

/// The members of the NIFTY 50.
pub(crate) const SHARES: [Share; 50] = [
    share("ADANIENT", "ADANI ENTERPRISES", 25, 2410.0, 1.4),
    share("ADANIPORTS", "ADANI PORT & SEZ", 15083, 1480.0, 1.3),
    share("APOLLOHOSP", "APOLLO HOSPITALS", 157, 7450.0, 0.7),
    share("ASIANPAINT", "ASIAN PAINTS", 236, 2860.0, 0.7),
    share("AXISBANK", "AXIS BANK", 5900, 1260.0, 1.2),
    share("BAJAJ-AUTO", "BAJAJ AUTO", 16669, 8950.0, 0.9),
    share("BAJAJFINSV", "BAJAJ FINSERV", 16675, 2080.0, 1.2),
    share("BAJFINANCE", "BAJAJ FINANCE", 317, 1020.0, 1.3),
    share("BEL", "BHARAT ELECTRONICS", 383, 415.0, 1.2),
    share("BHARTIARTL", "BHARTI AIRTEL", 10604, 2110.0, 0.8),
    share("CIPLA", "CIPLA", 694, 1530.0, 0.6),
    share("COALINDIA", "COAL INDIA", 20374, 382.0, 0.8),
    share("DRREDDY", "DR. REDDY'S LABORATORIES", 881, 1240.0, 0.5),
    share("EICHERMOT", "EICHER MOTORS", 910, 7010.0, 0.9),
    share("ETERNAL", "ETERNAL", 5097, 305.0, 1.3),
    share("GRASIM", "GRASIM INDUSTRIES", 1232, 2750.0, 0.9),
    share("HCLTECH", "HCL TECHNOLOGIES", 7229, 1610.0, 0.9),
    share("HDFCBANK", "HDFC BANK", 1333, 998.0, 1.0),
    share("HDFCLIFE", "HDFC LIFE INSURANCE", 467, 765.0, 0.8),
    share("HINDALCO", "HINDALCO INDUSTRIES", 1363, 805.0, 1.3),
    share("HINDUNILVR", "HINDUSTAN UNILEVER", 1394, 2430.0, 0.5),
    share("ICICIBANK", "ICICI BANK", 4963, 1375.0, 1.1),
    share("INDIGO", "INTERGLOBE AVIATION", 11195, 5820.0, 0.9),
    share("INFY", "INFOSYS", 1594, 1545.0, 0.9),
    share("ITC", "ITC", 1660, 405.0, 0.5),
    share("JIOFIN", "JIO FINANCIAL SERVICES", 18143, 302.0, 1.2),
    share("JSWSTEEL", "JSW STEEL", 11723, 1165.0, 1.2),
    share("KOTAKBANK", "KOTAK MAHINDRA BANK", 1922, 2095.0, 0.9),
    share("LT", "LARSEN & TOUBRO", 11483, 4020.0, 1.1),
    share("M&M", "MAHINDRA & MAHINDRA", 2031, 3690.0, 1.1),
    share("MARUTI", "MARUTI SUZUKI INDIA", 10999, 15900.0, 0.9),
    share("MAXHEALTH", "MAX HEALTHCARE INSTITUTE", 22377, 1165.0, 0.7),
    share("NESTLEIND", "NESTLE INDIA", 17963, 1260.0, 0.5),
    share("NTPC", "NTPC", 11630, 328.0, 0.9),
    share("ONGC", "OIL & NATURAL GAS CORP", 2475, 247.0, 0.9),
    share("POWERGRID", "POWER GRID CORP", 14977, 276.0, 0.8),
    share("RELIANCE", "RELIANCE INDUSTRIES", 2885, 1520.0, 1.0),
    share("SBILIFE", "SBI LIFE INSURANCE", 21808, 2010.0, 0.8),
    share("SBIN", "STATE BANK OF INDIA", 3045, 972.0, 1.1),
    share("SHRIRAMFIN", "SHRIRAM FINANCE", 4306, 835.0, 1.4),
    share("SUNPHARMA", "SUN PHARMACEUTICAL", 3351, 1770.0, 0.6),
    share("TATACONSUM", "TATA CONSUMER PRODUCTS", 3432, 1180.0, 0.6),
    share("TATASTEEL", "TATA STEEL", 3499, 172.0, 1.3),
    share("TCS", "TATA CONSULTANCY SERVICES", 11536, 3120.0, 0.8),
    share("TECHM", "TECH MAHINDRA", 13538, 1460.0, 1.0),
    share("TITAN", "TITAN COMPANY", 3506, 3880.0, 0.9),
    share("TMPV", "TATA MOTORS PASSENGER VEHICLES", 3456, 362.0, 1.3),
    share("TRENT", "TRENT", 1964, 4350.0, 1.2),
    share("ULTRACEMCO", "ULTRATECH CEMENT", 11532, 11700.0, 0.8),
    share("WIPRO", "WIPRO", 3787, 246.0, 0.9),
];

/// One index of BSE.
pub(crate) struct BseIndex {
    pub(crate) name: &'static str,
    pub(crate) token: u32,
    pub(crate) rupees: f64,
    /// How much of the NIFTY's moves it makes.
    pub(crate) beta: f64,
}

/// The indices of BSE that have contracts.
pub(crate) const BSE_INDICES: [BseIndex; 2] = [
    BseIndex { name: "SENSEX", token: SENSEX, rupees: 84_600.0, beta: 0.98 },
    BseIndex { name: "BANKEX", token: BANKEX, rupees: 65_500.0, beta: 1.1 },
];

/// The larger shares, with the numbers of the same shares at BSE (its scrip codes).
pub(crate) const AT_BSE: [(&str, u32); 20] = [
    ("RELIANCE", 500_325),
    ("TCS", 532_540),
    ("HDFCBANK", 500_180),
    ("INFY", 500_209),
    ("ICICIBANK", 532_174),
    ("SBIN", 500_112),
    ("BHARTIARTL", 532_454),
    ("ITC", 500_875),
    ("HINDUNILVR", 500_696),
    ("LT", 500_510),
    ("KOTAKBANK", 500_247),
    ("AXISBANK", 532_215),
    ("BAJFINANCE", 500_034),
    ("MARUTI", 532_500),
    ("SUNPHARMA", 524_715),
    ("TITAN", 500_114),
    ("ASIANPAINT", 500_820),
    ("TATASTEEL", 500_470),
    ("NTPC", 532_555),
    ("POWERGRID", 532_898),
];

/// Tick size of a share by its price, in paise (NSE since 2025).
pub(crate) fn share_tick_paise(rupees: f64) -> i64 {
    const BANDS: [(f64, i64); 5] = [(250.0, 1), (1_000.0, 5), (5_000.0, 10), (10_000.0, 50), (20_000.0, 100)];
    BANDS.iter().find(|(below, _)| rupees < *below).map_or(500, |(_, paise)| *paise)
}
