//! The host's settings: from flags, then `BULKHEAD_*`, then a TOML file. Knows no part that uses them.

mod bounds;

pub use bounds::{
    ABSENT_AFTER_S_DEFAULT, ARCHIVE_INTERVAL_S_DEFAULT, BoundSettings, Bounds, JOURNAL_KEEP_DAYS_DEFAULT,
    REBUILD_EVENTS_MAX_DEFAULT, RUNS_MAX_DEFAULT, RUNS_PER_TENANT_MAX_DEFAULT,
};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use url::Url;

/// Where the page answers when nobody says.
pub const LISTEN_DEFAULT: &str = "127.0.0.1:8080";

/// Where everything is kept when nobody says.
pub const DATA_DIR_DEFAULT: &str = "./bulkhead-data";

/// Settings as they are given. Flags and variables come through clap; a TOML file has the same names in snake case.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// TOML file with further settings, named as the flags are, in snake_case.
    #[arg(long, env = "BULKHEAD_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// Address of the page and the API [default: 127.0.0.1:8080]
    #[arg(long, env = "BULKHEAD_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,

    /// Folder of database, logs and compiled components [default: ./bulkhead-data]
    #[arg(long, env = "BULKHEAD_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,

    /// Key that seals credentials, made at the first start. Must lie outside the data folder; back it up elsewhere
    /// [default: the data folder's name with `.key`, beside it]
    #[arg(long, env = "BULKHEAD_KEY_FILE", value_name = "FILE")]
    pub key_file: Option<PathBuf>,

    /// Server that speaks Kite Connect v3, instead of Zerodha, such as http://127.0.0.1:8081
    #[arg(long, env = "BULKHEAD_KITE_URL", value_name = "URL")]
    pub kite_url: Option<Url>,

    /// How much of everything.
    #[command(flatten)]
    #[serde(flatten)]
    pub bounds: BoundSettings,

    /// Address people type, when a proxy stands before the host. With https, cookies are marked Secure
    #[arg(long, env = "BULKHEAD_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<Url>,

    /// Addresses of proxies whose X-Forwarded-For is believed, with commas between
    #[arg(
        long = "trusted-proxy",
        env = "BULKHEAD_TRUSTED_PROXY",
        value_name = "ADDRESSES",
        value_delimiter = ','
    )]
    #[serde(default, rename = "trusted_proxy")]
    pub trusted_proxies: Vec<IpAddr>,

    /// Show /metrics to everybody, not to this machine alone
    #[arg(long, env = "BULKHEAD_METRICS_OPEN")]
    #[serde(default)]
    pub metrics_open: bool,

    /// Page that tells who asks from which address it was asked, as bare text or as JSON with a field `ip`: with it, the
    /// address that orders leave from is proved, not only the way
    #[arg(long, env = "BULKHEAD_ECHO_URL", value_name = "URL")]
    pub echo_url: Option<Url>,

    /// How long a sign-in lasts, in seconds [default: 86400]
    #[arg(long, env = "BULKHEAD_SESSION_TTL_S", value_name = "SECONDS")]
    pub session_ttl_s: Option<i64>,

    /// Trading holidays beside weekends, as YYYY-MM-DD, with commas between
    #[arg(long, env = "BULKHEAD_HOLIDAYS", value_name = "DATES", value_delimiter = ',')]
    #[serde(default)]
    pub holidays: Vec<market::TradingDate>,

    /// Trading calendar as a TOML file: holidays, special sessions and hours of each market
    #[arg(long, env = "BULKHEAD_CALENDAR", value_name = "FILE")]
    pub calendar: Option<PathBuf>,

    /// What trading costs, as a JSON list of dated rules, instead of Zerodha's card
    #[arg(long, env = "BULKHEAD_RATES", value_name = "FILE")]
    pub rates: Option<PathBuf>,

    /// Treat the market as open at all times, for simulators
    #[arg(long, env = "BULKHEAD_ALWAYS_OPEN")]
    #[serde(default)]
    pub always_open: bool,

    /// Write diagnostics as JSON lines. BULKHEAD_LOG filters them, such as `info,tenant=debug`
    #[arg(long, env = "BULKHEAD_LOG_JSON")]
    #[serde(default)]
    pub log_json: bool,
}

/// Settings with every default filled in.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address of page and API.
    pub listen: SocketAddr,
    /// Folder of database, logs and compiled components.
    pub data_dir: PathBuf,
    /// The key that seals credentials.
    pub key_file: PathBuf,
    /// A server that speaks Kite Connect; Zerodha when absent.
    pub kite_url: Option<Url>,
    /// How much of everything.
    pub bounds: Bounds,
    /// Address people type.
    pub public_url: Option<Url>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// `/metrics` answers everybody.
    pub metrics_open: bool,
    /// Page that tells who asks from which address it was asked.
    pub echo_url: Option<Url>,
    /// How long a sign-in lasts, in seconds.
    pub session_ttl_s: Option<i64>,
    /// When the market trades.
    pub calendar: market::Calendar,
    /// File of what trading costs; Zerodha's card when absent.
    pub rates: Option<PathBuf>,
    /// Diagnostics as JSON lines.
    pub log_json: bool,
}

impl Settings {
    /// Fills in the file's settings and the defaults.
    ///
    /// # Errors
    /// When the file cannot be read or settings contradict each other.
    pub fn resolve(self) -> Result<Config> {
        let file = match &self.config {
            Some(path) => read(path)?,
            None => Self::default(),
        };
        let data_dir = self.data_dir.or(file.data_dir).unwrap_or_else(|| DATA_DIR_DEFAULT.into());
        let key_file = self.key_file.or(file.key_file).unwrap_or_else(|| key_beside(&data_dir));
        let holidays = if self.holidays.is_empty() { file.holidays } else { self.holidays };
        let session_ttl_s = self.session_ttl_s.or(file.session_ttl_s);
        if session_ttl_s.is_some_and(|seconds| !(1..=7 * 86_400).contains(&seconds)) {
            bail!("--session-ttl-s must lie between 1 and 604800 seconds");
        }
        let default_listen = || LISTEN_DEFAULT.parse().context("the default address is none");
        let bounds = self.bounds.or(file.bounds).resolve()?;
        let kite_url = self.kite_url.or(file.kite_url);
        if kite_url.is_none() && bounds.absent_after_s < ABSENT_AFTER_S_DEFAULT {
            bail!(
                "--absent-after-s below {ABSENT_AFTER_S_DEFAULT} is for simulators (--kite-url), not for Zerodha"
            );
        }
        Ok(Config {
            listen: self.listen.or(file.listen).map_or_else(default_listen, Ok)?,
            data_dir,
            key_file,
            kite_url,
            bounds,
            public_url: self.public_url.or(file.public_url),
            trusted_proxies: if self.trusted_proxies.is_empty() {
                file.trusted_proxies
            } else {
                self.trusted_proxies
            },
            metrics_open: self.metrics_open || file.metrics_open,
            echo_url: self.echo_url.or(file.echo_url),
            session_ttl_s,
            calendar: if self.always_open || file.always_open {
                market::Calendar::always_open()
            } else {
                calendar(self.calendar.or(file.calendar).as_deref())?.with_holidays(holidays)
            },
            rates: self.rates.or(file.rates),
            log_json: self.log_json || file.log_json,
        })
    }
}

/// `./bulkhead-data` → `./bulkhead-data.key`: beside the folder, so that a copy of the folder is no copy of the key.
pub fn key_beside(data_dir: &Path) -> PathBuf {
    let mut name = data_dir.file_name().unwrap_or("bulkhead-data".as_ref()).to_owned();
    name.push(".key");
    data_dir.parent().map_or_else(|| PathBuf::from(&name), |parent| parent.join(&name))
}

/// The calendar of a file, or the usual hours without holidays.
pub(crate) fn calendar(file: Option<&Path>) -> Result<market::Calendar> {
    let Some(path) = file else { return Ok(market::Calendar::nse([])) };
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is not a trading calendar", path.display()))
}

fn read(path: &Path) -> Result<Settings> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is not a settings file", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_go_before_the_file_and_the_file_before_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bulkhead.toml");
        std::fs::write(
            &path,
            "listen = '127.0.0.1:9000'\ndata_dir = '/srv/bulkhead'\nruns_per_tenant_max = 40\ntrusted_proxy = ['10.0.0.1']\n",
        )
        .unwrap();
        let flags = Settings { config: Some(path), data_dir: Some("here".into()), ..Settings::default() };
        let config = flags.resolve().unwrap();
        assert_eq!(config.listen.port(), 9000);
        assert_eq!(config.bounds.runs_per_tenant_max, 40);
        assert_eq!(config.trusted_proxies, ["10.0.0.1".parse::<IpAddr>().unwrap()]);
        assert_eq!(config.data_dir, PathBuf::from("here"));
        assert_eq!(config.key_file, PathBuf::from("here.key"));
        let defaults = Settings::default().resolve().unwrap();
        assert_eq!(defaults.listen.to_string(), LISTEN_DEFAULT);
        assert_eq!(defaults.key_file, PathBuf::from("./bulkhead-data.key"));
    }

    #[test]
    fn a_calendar_file_and_single_holidays_go_together() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calendar.toml");
        let text = "[hours]\ncommodity = '09:00-23:55'\n\n[[holidays]]\ndate = '2026-01-26'\nname = 'Republic Day'\n\n\
                    [[special]]\ndate = '2026-11-08'\nname = 'Muhurat'\nsessions = ['18:00-19:00']\n";
        std::fs::write(&path, text).unwrap();
        let holidays = vec!["2026-03-03".parse().unwrap()];
        let settings = Settings { calendar: Some(path), holidays, ..Settings::default() };
        let calendar = settings.resolve().unwrap().calendar;
        let session =
            |text: &str| calendar.session(text.parse().unwrap()).map(|session| session.open_seconds);
        assert_eq!(["2026-01-26", "2026-03-03"].map(session), [None, None]);
        assert_eq!((session("2026-11-08"), session("2026-11-23")), (Some(18 * 3600), Some(33_300)));
        let nobody = Settings { calendar: Some("nowhere.toml".into()), ..Settings::default() };
        assert!(nobody.resolve().unwrap_err().to_string().contains("cannot read nowhere.toml"));
    }

    #[test]
    fn a_setting_nobody_knows_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bulkhead.toml");
        std::fs::write(&path, "listne = '127.0.0.1:9000'\n").unwrap();
        let wrong = Settings { config: Some(path), ..Settings::default() }.resolve().unwrap_err();
        assert!(format!("{wrong:#}").contains("listne"), "{wrong:#}");
    }
}
