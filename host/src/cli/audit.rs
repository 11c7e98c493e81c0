//! `bulkhead audit`: hands the chains of what was done out, and proves that nobody changed them.
//!
//! Reads beside a host that may be running, and changes nothing.

use crate::app::not_opened;
use crate::cli::terminal::{say, start_diagnostics};
use crate::config::Settings;
use crate::exit::{EXIT_AUDIT, Exit};
use crate::sheet;
use anyhow::{Context, anyhow};
use clap::{Args, Subcommand, ValueEnum};
use market::TradingDate;
use serde_json::json;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tenant::audit::{HEADS_FILE, Heads, hash_of};
use tenant::{
    ChainQuery, ChainReport, ExportedEntry, JournalsReport, KeptHeads, export_chains, verify_chains,
};

/// The columns of the sheet.
const COLUMNS: [&str; 8] = ["chain", "number", "at", "actor", "action", "subject", "details", "hash"];

#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Writes entries to standard output, oldest first, and the end of each chain to standard error.
    Export(Box<Export>),
    /// Follows every chain from end to end and names the first entry that does not fit; then every run's journal, and names each
    /// that was altered or does not end where the chain says. Exit code 8 when one does not hold.
    Verify(Box<Verify>),
}

#[derive(Debug, Args)]
struct Export {
    /// One tenant alone, or `the host` for the host's own chain
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,
    /// From this IST date on, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    from: Option<TradingDate>,
    /// Up to and with this IST date
    #[arg(long, value_name = "DATE")]
    to: Option<TradingDate>,
    /// How entries are written
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Args)]
struct Verify {
    /// One tenant alone, or `the host` for the host's own chain
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,
    /// A hash that was written down elsewhere: some entry must still have it
    #[arg(long, value_name = "HASH")]
    head: Vec<String>,
    /// A file of heads that was kept elsewhere [default: `audit.heads` of the data folder, where it is]
    #[arg(long, value_name = "FILE")]
    heads: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// One JSON object a line
    Jsonl,
    /// For a spreadsheet
    Csv,
}

impl Audit {
    pub(crate) async fn run(self) -> Result<(), Exit> {
        match self.verb {
            Verb::Export(export) => export.run().await,
            Verb::Verify(verify) => verify.run().await,
        }
    }
}

impl Export {
    async fn run(self) -> Result<(), Exit> {
        let config = self.settings.resolve()?;
        start_diagnostics(config.log_json)?;
        let query = ChainQuery {
            chain: self.tenant,
            from: self.from.map(TradingDate::midnight),
            to: self.to.map(|date| date.next().midnight()),
        };
        let mut out = BufWriter::new(io::stdout().lock());
        if matches!(self.format, Format::Csv) {
            out.write_all(sheet::row(COLUMNS).as_bytes())?;
        }
        let written = export_chains(&config.data_dir, &query, |entry| {
            let line = match self.format {
                Format::Jsonl => json_line(&entry),
                Format::Csv => sheet_line(&entry),
            };
            out.write_all(line.as_bytes())
        });
        let heads = written.await.map_err(not_opened)?;
        out.flush()?;
        eprint!("{}", heads.text());
        Ok(())
    }
}

impl Verify {
    async fn run(self) -> Result<(), Exit> {
        let config = self.settings.resolve()?;
        start_diagnostics(config.log_json)?;
        let loose = self.head.iter().map(|text| {
            hash_of(text).ok_or_else(|| anyhow!("--head {text} is no hash: it has 64 hexadecimal digits"))
        });
        let loose = loose.collect::<anyhow::Result<_>>()?;
        let named = kept_heads(self.heads.as_deref(), &config.data_dir)?;
        let kept = KeptHeads { named, loose };
        let reports = verify_chains(&config.data_dir, self.tenant.as_deref(), &kept);
        let reports = reports.await.map_err(not_opened)?;
        reports.iter().for_each(|report| say(&told(report)));
        reports.iter().flat_map(told_of_journals).for_each(|line| say(&line));
        let chains = reports.iter().filter(|report| report.broken.is_some()).count();
        let journals: usize = reports.iter().map(|report| report.journals.broken.len()).sum();
        if chains == 0 && journals == 0 {
            return Ok(());
        }
        let error = anyhow!(
            "{chains} of {} chains and {journals} journals do not hold: keep this data folder as it is, and compare it with a \
             backup",
            reports.len()
        );
        Err(Exit { code: EXIT_AUDIT, error })
    }
}

/// What a chain's verification came to, in one line.
fn told(report: &ChainReport) -> String {
    let ChainReport { chain, first, entries, head, broken, journals: _ } = report;
    match broken {
        None if *entries == 0 => format!("{chain}: no entries"),
        None => format!("{chain}: good, entries {first} to {}, head {}", head.number, head.hash_text()),
        Some(broken) => format!("{chain}: BROKEN at {broken}"),
    }
}

/// The same of the journals of its tenant's runs: a line for all that hold, and one for each that does not.
fn told_of_journals(report: &ChainReport) -> Vec<String> {
    let JournalsReport { good, anchored, older, broken } = &report.journals;
    let chain = &report.chain;
    let mut lines: Vec<String> = broken.iter().map(|why| format!("{chain}: BROKEN: {why}")).collect();
    if *good > 0 {
        lines.push(format!(
            "{chain}: {good} journals of runs good, {anchored} of them held against the audit"
        ));
    }
    if *older > 0 {
        lines.push(format!("{chain}: {older} journals are of an earlier release and cannot be proven"));
    }
    lines
}

/// The heads of a file that was named, or of the one beside the database.
fn kept_heads(file: Option<&Path>, data_dir: &Path) -> anyhow::Result<Heads> {
    let beside = data_dir.join(HEADS_FILE);
    let path = match file {
        Some(file) => file,
        None if beside.is_file() => &beside,
        None => return Ok(Heads::default()),
    };
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.parse().with_context(|| format!("{} is no file of heads", path.display()))
}

fn json_line(entry: &ExportedEntry) -> String {
    let ExportedEntry { chain, record } = entry;
    let line = json!({
        "chain": chain, "number": record.number, "at": record.at.rfc3339_ist(), "atMicros": record.at.micros(),
        "actor": record.actor, "action": record.action, "subject": record.subject, "details": record.details,
        "hash": record.hash,
    });
    format!("{line}\n")
}

fn sheet_line(entry: &ExportedEntry) -> String {
    let ExportedEntry { chain, record } = entry;
    let (number, at, details) =
        (record.number.to_string(), record.at.rfc3339_ist(), record.details.to_string());
    let fields =
        [chain, &number, &at, &record.actor, &record.action, &record.subject, &details, &record.hash];
    sheet::row(fields.map(String::as_str))
}
