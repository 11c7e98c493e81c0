//! `bulkhead replay RUN`: runs a recorded run again, offline, and shows where it goes another way, what another version
//! would have done, what it held at a place, or how an order came to be.
//!
//! Reads the rows only: a host may be running on them.

use crate::app::{compiler_for_once, not_opened, read_rates};
use crate::cli::terminal::{say, start_diagnostics};
use crate::config::{Config, Settings};
use crate::exit::{EXIT_DATA, EXIT_DIVERGED, EXIT_REFUSED, Exit};
use crate::replay::{self, Bound, GiveUp, Place, Tape, text};
use anyhow::{Context, anyhow};
use clap::{Args, value_parser};
use ledger::RateTable;
use sandbox::{Compiler, Engine, Limits, Program};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tenant::{Recorded, RecordingError, Recordings};

/// How long a replay may take when nobody says, in seconds.
const REPLAY_S_DEFAULT: u32 = 3_600;

/// Orders of one version that are compared when nobody says.
const ORDERS_DEFAULT: u32 = 200_000;

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The run's id; without one, the runs that were recorded are listed
    run: Option<String>,
    /// Whose run it is, such as UK9394; only needed where two tenants have a run of that id
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,
    /// Show what this component would have ordered and earned on the recorded market
    #[arg(long, value_name = "FILE", conflicts_with_all = ["until", "explain"])]
    component: Option<PathBuf>,
    /// Stop there and show what the run held: an event's number, a time such as 09:20:30, or 2026-11-23T09:20:30
    #[arg(long, value_name = "PLACE", conflicts_with = "explain")]
    until: Option<Place>,
    /// Show how an order came to be: the run's own number for it, our id, its tag or the broker's number
    #[arg(long, value_name = "ORDER")]
    explain: Option<String>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    longest: Longest,
    #[command(flatten)]
    settings: Settings,
}

/// When a replay ends before its end.
#[derive(Debug, Clone, Copy, Args)]
struct Longest {
    /// Longest time that the replay may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = REPLAY_S_DEFAULT, value_parser = value_parser!(u32).range(1..))]
    replay_s_max: u32,
    /// Orders of one version that are compared; one that places more ends the comparison
    #[arg(long, value_name = "COUNT", default_value_t = ORDERS_DEFAULT, value_parser = value_parser!(u32).range(1..))]
    orders_max: u32,
}

impl Longest {
    /// The bound from now on, and what ends it early when it is dropped.
    fn bound(self) -> (Bound, GiveUp) {
        let (bound, waiting) = Bound::within(Duration::from_secs(self.replay_s_max.into()));
        (bound.with_orders(self.orders_max as usize), waiting)
    }
}

impl Replay {
    pub(crate) async fn run(self) -> Result<(), Exit> {
        let Self { run, tenant, component, until, explain, json, longest, settings } = self;
        let config = settings.resolve()?;
        start_diagnostics(config.log_json)?;
        let recordings = Recordings::open(&config.data_dir).await.map_err(not_opened)?;
        let done = match run {
            None => list(&recordings, tenant.as_deref()).await,
            Some(run) => {
                let asked = Asked { component, until, explain, json, longest };
                asked.answer(&recordings, &run, tenant.as_deref(), &config).await
            }
        };
        recordings.close().await;
        done
    }
}

/// What is asked of a recording.
struct Asked {
    component: Option<PathBuf>,
    until: Option<Place>,
    explain: Option<String>,
    json: bool,
    longest: Longest,
}

impl Asked {
    async fn answer(
        self,
        recordings: &Recordings,
        run: &str,
        tenant: Option<&str>,
        config: &Config,
    ) -> Result<(), Exit> {
        let recorded = recordings.run(run, tenant).await.map_err(not_recorded)?;
        let (tape, json) = (Tape::of(&recorded), self.json);
        if let Some(file) = self.component {
            return compare(&recorded, &tape, &file, config, json, self.longest);
        }
        if let Some(place) = self.until {
            let program = program(&recorded)?;
            let (mut bound, _waiting) = self.longest.bound();
            let report = replay::until(&recorded, &tape, &program, place, &mut bound)?;
            return print(json, &report, text::snapshot);
        }
        let Some(order) = self.explain else { return again(&recorded, &tape, json, self.longest) };
        let found = replay::find(&recorded, &order)?;
        let history = recordings.history_of(&recorded.tenant, found.order.id).await.map_err(not_recorded)?;
        let (mut bound, _waiting) = self.longest.bound();
        print(json, &replay::explain(&recorded, &tape, found, &history, &mut bound)?, text::explained)
    }
}

/// The same component over the same events.
fn again(recorded: &Recorded, tape: &Tape<'_>, json: bool, longest: Longest) -> Result<(), Exit> {
    let program = program(recorded)?;
    let (mut bound, _waiting) = longest.bound();
    let report = replay::again(recorded, tape, &program, &mut bound)?;
    print(json, &report, text::replayed)?;
    match &report.divergence {
        None => Ok(()),
        Some(divergence) => {
            let event = divergence.event;
            let error = anyhow!("the replay went another way than the recording, first at event {event}");
            Err(Exit { code: EXIT_DIVERGED, error })
        }
    }
}

/// Another component over the same market. Each is compiled within the limits of an upload, then both run within one bound.
fn compare(
    recorded: &Recorded,
    tape: &Tape<'_>,
    file: &Path,
    config: &Config,
    json: bool,
    longest: Longest,
) -> Result<(), Exit> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let compiler = compiler_for_once(Engine::unpooled(Limits::default())?);
    let old = compiled(&compiler, &recorded.component, "the run's own component")?;
    let new = compiled(&compiler, &bytes, &file.display().to_string())?;
    let rates = match &config.rates {
        Some(path) => read_rates(path)?,
        None => RateTable::zerodha(),
    };
    let (mut bound, _waiting) = longest.bound();
    let report = replay::compare(recorded, tape, &old, &new, &rates, &mut bound)?;
    print(json, &report, text::difference)
}

fn program(recorded: &Recorded) -> Result<Program, Exit> {
    let compiler = compiler_for_once(Engine::unpooled(Limits::default())?);
    compiled(&compiler, &recorded.component, "the run's own component")
}

fn compiled(compiler: &Compiler, bytes: &[u8], name: &str) -> Result<Program, Exit> {
    compiler.compile(bytes).map_err(|refusal| Exit {
        code: EXIT_REFUSED,
        error: anyhow!("{name} is refused.\n  reason: {}\n  remedy: {}", refusal.reason, refusal.remedy),
    })
}

async fn list(recordings: &Recordings, tenant: Option<&str>) -> Result<(), Exit> {
    say(&format!(
        "{:<34} {:<10} {:<24} {:>4} {:<6} {:<12} started (IST)",
        "run", "tenant", "strategy", "v", "mode", "state"
    ));
    for one in recordings.runs(tenant).await.map_err(not_recorded)? {
        let run = one.run;
        say(&format!(
            "{:<34} {:<10} {:<24} {:>4} {:<6} {:<12} {}",
            run.id,
            one.tenant,
            run.strategy_name,
            run.version,
            run.mode.as_str(),
            run.state.as_str(),
            run.started_at.ist_text()
        ));
    }
    Ok(())
}

fn not_recorded(error: RecordingError) -> Exit {
    match error {
        RecordingError::Open(error) => not_opened(error),
        RecordingError::Store(_) => Exit { code: EXIT_DATA, error: error.into() },
        RecordingError::UnknownTenant { .. }
        | RecordingError::UnknownRun { .. }
        | RecordingError::SeveralRuns { .. }
        | RecordingError::NoComponent { .. }
        | RecordingError::TooLong { .. } => error.into(),
    }
}

fn print<T: Serialize>(json: bool, report: &T, worded: fn(&T) -> String) -> Result<(), Exit> {
    let text = if json { serde_json::to_string_pretty(report)? } else { worded(report) };
    say(text.trim_end());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, FromArgMatches, Parser};

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        longest: Longest,
    }

    fn longest(flags: &[&str]) -> Result<Longest, clap::Error> {
        let line = Line::command().try_get_matches_from([&["replay"][..], flags].concat())?;
        Line::from_arg_matches(&line).map(|line| line.longest)
    }

    #[test]
    fn a_replay_ends_after_an_hour_and_two_hundred_thousand_orders_unless_somebody_says_otherwise() {
        let usual = longest(&[]).unwrap();
        assert_eq!((usual.replay_s_max, usual.orders_max), (3_600, 200_000));
        let (bound, _waiting) = longest(&["--orders-max", "3"]).unwrap().bound();
        assert!(bound.orders(3).is_ok() && bound.orders(4).is_err());
        assert!(longest(&["--replay-s-max", "0"]).is_err(), "no time at all is no bound that anybody means");
    }
}
