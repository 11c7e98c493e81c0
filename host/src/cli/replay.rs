//! `bulkhead replay RUN`: runs a recorded run again, offline, and shows where it goes another way, what another version
//! would have done, what it held at a place, or how an order came to be.
//!
//! Reads the rows only: a host may be running on them.

use crate::app::{not_opened, read_rates};
use crate::cli::terminal::{say, start_diagnostics};
use crate::config::{Config, Settings};
use crate::exit::{EXIT_DATA, EXIT_DIVERGED, EXIT_REFUSED, Exit};
use crate::replay::{self, Bound, Place, Tape, text};
use anyhow::{Context, anyhow};
use clap::Args;
use ledger::RateTable;
use sandbox::{Engine, Limits, Program};
use serde::Serialize;
use std::path::{Path, PathBuf};
use tenant::{Recorded, RecordingError, Recordings};

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
    settings: Settings,
}

impl Replay {
    pub(crate) async fn run(self) -> Result<(), Exit> {
        let Self { run, tenant, component, until, explain, json, settings } = self;
        let config = settings.resolve()?;
        start_diagnostics(config.log_json)?;
        let recordings = Recordings::open(&config.data_dir).await.map_err(not_opened)?;
        let done = match run {
            None => list(&recordings, tenant.as_deref()).await,
            Some(run) => {
                let asked = Asked { component, until, explain, json };
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
            return compare(&recorded, &tape, &file, config, json);
        }
        if let Some(place) = self.until {
            let report = replay::until(&recorded, &tape, &program(&recorded)?, place)?;
            return print(json, &report, text::snapshot);
        }
        let Some(order) = self.explain else { return again(&recorded, &tape, json) };
        let found = replay::find(&recorded, &order)?;
        let history = recordings.history_of(&recorded.tenant, found.order.id).await.map_err(not_recorded)?;
        print(json, &replay::explain(&recorded, &tape, found, &history, &mut Bound::none())?, text::explained)
    }
}

/// The same component over the same events.
fn again(recorded: &Recorded, tape: &Tape<'_>, json: bool) -> Result<(), Exit> {
    let report = replay::again(recorded, tape, &program(recorded)?, &mut Bound::none())?;
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

/// Another component over the same market.
fn compare(
    recorded: &Recorded,
    tape: &Tape<'_>,
    file: &Path,
    config: &Config,
    json: bool,
) -> Result<(), Exit> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let engine = Engine::unpooled(Limits::default())?;
    let old = compiled(&engine, &recorded.component, "the run's own component")?;
    let new = compiled(&engine, &bytes, &file.display().to_string())?;
    let rates = match &config.rates {
        Some(path) => read_rates(path)?,
        None => RateTable::zerodha(),
    };
    let report = replay::compare(recorded, tape, &old, &new, &rates, &mut Bound::none())?;
    print(json, &report, text::difference)
}

fn program(recorded: &Recorded) -> Result<Program, Exit> {
    compiled(&Engine::unpooled(Limits::default())?, &recorded.component, "the run's own component")
}

fn compiled(engine: &Engine, bytes: &[u8], name: &str) -> Result<Program, Exit> {
    engine.compile_in_process(bytes).map_err(|refusal| Exit {
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
