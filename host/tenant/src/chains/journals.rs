//! The journals of a tenant's runs, each followed from its first piece to its end and held against what the audit says of it.

use crate::error::StoreError;
use crate::journal::{Anchors, JournalError};
use crate::store::Book;
use crate::tenant::JournalReading;
use std::collections::BTreeSet;

/// How the journals of a tenant's runs stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalsReport {
    /// Journals that hold from end to end.
    pub good: u64,
    /// Those of them of which the audit says where they stood.
    pub anchored: u64,
    /// Journals that an earlier release wrote, which nobody can prove.
    pub older: u64,
    /// What is wrong, a text for each journal that does not hold.
    pub broken: Vec<String>,
}

/// How one journal stands.
enum Standing {
    Nothing,
    Good,
    Older,
    Broken(String),
}

/// Follows every journal there is, and looks for every one that the audit tells of.
pub(super) async fn verify_journals(book: &Book, anchors: &Anchors) -> Result<JournalsReport, StoreError> {
    let mut runs: BTreeSet<String> = book.run_ids().await?.into_iter().collect();
    runs.extend(anchors.runs().map(str::to_owned));
    let mut report = JournalsReport::default();
    for run in runs {
        let standing = match anchors.contradiction(&run) {
            Some(why) => Standing::Broken(format!("run {run}: {why}")),
            None => follow(book, &run, anchors).await?,
        };
        match standing {
            Standing::Nothing => {}
            Standing::Good => {
                report.good += 1;
                report.anchored += u64::from(anchors.tell_of(&run));
            }
            Standing::Older => report.older += 1,
            Standing::Broken(why) => report.broken.push(why),
        }
    }
    Ok(report)
}

async fn follow(book: &Book, run_id: &str, anchors: &Anchors) -> Result<Standing, StoreError> {
    let mut reading = JournalReading::whole(book, run_id).await?;
    let mut pieces = 0_u64;
    loop {
        let next = match reading.next().await {
            Ok(Some(piece)) => anchors.check(run_id, &piece.link()),
            Ok(None) if pieces == 0 => return Ok(Standing::Nothing),
            Ok(None) => return Ok(Standing::Good),
            Err(error) => Err(error),
        };
        match next {
            Ok(()) => pieces += 1,
            Err(JournalError::Store(error)) => return Err(error),
            Err(JournalError::Older { .. }) => return Ok(Standing::Older),
            Err(damaged @ JournalError::Damaged { .. }) => return Ok(Standing::Broken(damaged.to_string())),
        }
    }
}
