//! `bulkhead simulate`: the Kite-compatible simulator alone.

use crate::app::reached_at;
use crate::cli::terminal::{asked_to_stop, say, start_diagnostics};
use crate::config::calendar;
use crate::exit::{EXIT_ADDRESS, EXIT_DATA, Exit};
use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use kite_sim::{ClockSetup, SimAccount, SimConfig, Simulator, StartError};
use market::{Money, Timestamp};
use std::net::SocketAddr;
use std::path::PathBuf;
use url::Url;

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Address of REST, login page and ticker.
    #[arg(long, env = "BULKHEAD_SIM_LISTEN", default_value = "127.0.0.1:8081", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where the login page sends the browser afterwards.
    #[arg(long, value_name = "URL")]
    redirect_url: Option<Url>,
    /// Seed of the market: the same seed gives the same prices.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// When the market trades.
    #[arg(long, value_enum, default_value_t = Hours::Always)]
    hours: Hours,
    /// Trading calendar as a TOML file, as `bulkhead serve` reads it: hours, auctions, holidays and special sessions. Goes with
    /// --hours nse.
    #[arg(long, value_name = "FILE")]
    calendar: Option<PathBuf>,
    /// Starts a virtual clock at this time (IST) instead of going by the machine's. PUT /sim/clock moves it.
    #[arg(long, value_name = "\"YYYY-MM-DD HH:MM:SS\"", value_parser = instant)]
    clock: Option<Timestamp>,
    /// Simulated seconds per second of a virtual clock, 0 to 10000; 0 stands still.
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0, requires = "clock")]
    speed: f64,
    /// Answers every call, however many there are in a second, minute or day.
    #[arg(long)]
    no_limits: bool,
    /// Traders instead of the demo's two: a JSON list of {"userId", "userName", "apiKey", "apiSecret"} and, where wanted,
    /// "redirectUrl", "postbackUrl", "allowedIps", "dematConsent", "plan" ("connect" or "personal"), "cash" and "holdings":
    /// [{"symbol", "quantity", "averagePrice"}].
    #[arg(long, value_name = "FILE")]
    accounts: Option<PathBuf>,
    /// Opening cash of every trader, in rupees.
    #[arg(long, value_name = "RUPEES")]
    cash: Option<u32>,
    /// Folder in which the broker's books (orders, trades, positions, cash) outlive the process. Without it they end with it.
    #[arg(long, env = "BULKHEAD_SIM_DATA_DIR", value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

/// When the market trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Hours {
    /// Round the clock, every day.
    Always,
    /// As the exchanges do, Monday to Friday: shares 09:15 to 15:30 with pre-open and closing session, currencies to 17:00,
    /// commodities to 23:30.
    Nse,
}

impl Simulate {
    pub(crate) async fn run(self) -> Result<(), Exit> {
        start_diagnostics(false)?;
        let simulator = start(self.config()?, "--listen").await?;
        say(&format!(
            "The simulator answers on http://{0}; its control API is described at http://{0}/sim/",
            reached_at(simulator.address())
        ));
        let broke = tokio::select! {
            () = asked_to_stop() => false,
            () = simulator.ended() => true,
        };
        simulator.stop().await;
        if broke {
            Err(anyhow!("the simulated market broke; what it said stands above").into())
        } else {
            Ok(())
        }
    }

    fn config(self) -> Result<SimConfig, Exit> {
        let mut config = SimConfig::demo(self.listen);
        if self.calendar.is_some() && self.hours == Hours::Always {
            return Err(anyhow!("--calendar needs --hours nse: a market that never closes has none").into());
        }
        config.calendar = self.calendar.as_deref().map(|path| calendar(Some(path))).transpose()?;
        if let Some(path) = &self.accounts {
            let text = std::fs::read_to_string(path);
            let text = text.with_context(|| format!("cannot read the accounts in {}", path.display()))?;
            config.accounts =
                SimAccount::list_from_json(&text).with_context(|| path.display().to_string())?;
        }
        if let Some(url) = &self.redirect_url {
            config = config.with_redirect_url(url.as_str());
        }
        for account in &mut config.accounts {
            account.cash = self.cash.map_or(account.cash, |rupees| Money::from_rupees(rupees.into()));
        }
        Ok(SimConfig {
            seed: self.seed.unwrap_or(config.seed),
            clock: self.clock.map_or(config.clock, |start| ClockSetup::Virtual { start, speed: self.speed }),
            always_open: self.hours == Hours::Always,
            rate_limits: !self.no_limits,
            data_dir: self.data_dir,
            ..config
        })
    }
}

/// Starts a simulator; a taken port names the flag that moves it.
pub(crate) async fn start(config: SimConfig, flag: &str) -> Result<Simulator, Exit> {
    Simulator::start(config).await.map_err(|error| match &error {
        StartError::Listen { .. } => Exit {
            code: EXIT_ADDRESS,
            error: anyhow!("{error}\nIs something else using it? {flag} ADDRESS moves the simulator."),
        },
        StartError::Journal(_) => Exit { code: EXIT_DATA, error: error.into() },
        StartError::Accounts(_) | StartError::Speed { .. } => error.into(),
    })
}

fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_ist(text).map_err(|_| "write YYYY-MM-DD HH:MM:SS, Indian time".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        simulate: Simulate,
    }

    fn config(words: &str) -> SimConfig {
        let line = Line::try_parse_from(["simulate"].into_iter().chain(words.split_terminator('|'))).unwrap();
        line.simulate.config().unwrap()
    }

    #[test]
    fn without_a_flag_it_is_the_demo() {
        let config = config("");
        assert!(config.always_open && config.rate_limits && config.data_dir.is_none());
        assert_eq!((config.clock, config.accounts.len()), (ClockSetup::Wall, 2));
    }

    #[test]
    fn every_flag_changes_what_it_names() {
        let words = "--hours|nse|--clock|2026-11-23 10:00:00|--speed|0|--no-limits|--cash|5000|--seed|7|--data-dir|kept";
        let config = config(words);
        assert!(!config.always_open && !config.rate_limits);
        let start = Timestamp::parse_ist("2026-11-23 10:00:00").unwrap();
        assert_eq!(config.clock, ClockSetup::Virtual { start, speed: 0.0 });
        assert!(config.accounts.iter().all(|account| account.cash == Money::from_rupees(5_000)));
        assert_eq!((config.seed, config.data_dir), (7, Some(PathBuf::from("kept"))));
    }

    #[test]
    fn a_calendar_is_read_from_a_file_and_goes_with_hours_that_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calendar.toml");
        std::fs::write(&path, "[[holidays]]\ndate = \"2026-11-23\"\n").unwrap();
        let flag = format!("--calendar|{}", path.display());
        let holiday = market::TradingDate::new(2026, 11, 23).unwrap();
        let calendar = config(&format!("--hours|nse|{flag}")).calendar.unwrap();
        assert!(calendar.session(holiday).is_none() && calendar.session(holiday.next()).is_some());
        let line = Line::try_parse_from(["simulate"].into_iter().chain(flag.split('|'))).unwrap();
        assert!(line.simulate.config().unwrap_err().error.to_string().contains("--hours nse"));
    }

    #[test]
    fn a_speed_needs_a_clock_and_a_time_must_be_one() {
        for words in [["--speed", "2"].as_slice(), &["--clock", "noon"]] {
            assert!(Line::try_parse_from(["simulate"].iter().chain(words)).is_err(), "{words:?}");
        }
    }
}
