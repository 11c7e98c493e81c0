//! The audit chains of a data folder, and the journals that they tell of, for operators: read beside a host that may be
//! running. Changes nothing.

mod journals;

pub use journals::JournalsReport;

use crate::audit::{AuditRecord, Break, ChainCheck, Checkpoint, Head, Heads, Link};
use crate::broker_id::BrokerId;
use crate::error::{OpenError, StoreError};
use crate::journal::Anchors;
use crate::store::{Book, HOST_CHAIN, Store, audit_record};
use market::Timestamp;
use std::path::Path;

/// Entries read at a time.
const PAGE: u32 = 1_000;

/// How one chain stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainReport {
    /// The tenant's id, or the host's own chain.
    pub chain: String,
    /// The number of the first entry that is still there; 0 where there is none.
    pub first: u64,
    /// Entries that are there.
    pub entries: u64,
    /// The last entry that holds.
    pub head: Head,
    /// The first thing that is wrong.
    pub broken: Option<Break>,
    /// The journals of the tenant's runs, held against what the chain says of them.
    pub journals: JournalsReport,
}

/// One entry and the chain it stands in.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportedEntry {
    /// The tenant's id, or the host's own chain.
    pub chain: String,
    /// The entry.
    pub record: AuditRecord,
}

/// Which chains, and which entries of them.
#[derive(Debug, Clone, Default)]
pub struct ChainQuery {
    /// One chain alone, by its name.
    pub chain: Option<String>,
    /// Not before this instant.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub to: Option<Timestamp>,
}

/// What was kept elsewhere to hold the chains against.
#[derive(Debug, Clone, Default)]
pub struct KeptHeads {
    /// Heads with the chains they are of.
    pub named: Heads,
    /// Hashes of which nobody knows the chain.
    pub loose: Vec<[u8; 32]>,
}

enum Chain {
    Host(Store),
    Tenant(Book, String),
}

/// Follows every chain from its first entry to its last, looks for the heads that were kept, and follows the journals of which
/// the chains say where they stood.
///
/// # Errors
/// When there is no such chain, or the database cannot be read.
pub async fn verify_chains(
    data_dir: &Path,
    only: Option<&str>,
    kept: &KeptHeads,
) -> Result<Vec<ChainReport>, OpenError> {
    let store = Store::open_to_read(data_dir).await?;
    let mut loose = kept.loose.clone();
    let mut reports = Vec::new();
    for chain in chains(&store, only).await? {
        reports.push(verify(&chain, kept.named.0.get(chain.name()), &mut loose).await?);
    }
    let is_there = |name: &String| reports.iter().any(|report| report.chain == *name);
    let wanted = kept.named.0.iter().filter(|(name, _)| only.is_none_or(|only| only == name.as_str()));
    let gone: Vec<_> =
        wanted.filter(|(name, _)| !is_there(name)).map(|(name, head)| gone(name, *head)).collect();
    reports.extend(gone);
    reports.extend(loose.into_iter().map(nowhere));
    store.close().await;
    Ok(reports)
}

/// Hands out entries, oldest first, chain by chain, and says where each chain ends.
///
/// # Errors
/// When there is no such chain, the database cannot be read, or whoever takes them does not.
pub async fn export_chains(
    data_dir: &Path,
    query: &ChainQuery,
    mut take: impl FnMut(ExportedEntry) -> std::io::Result<()>,
) -> Result<Heads, OpenError> {
    let store = Store::open_to_read(data_dir).await?;
    let mut heads = Heads::default();
    for chain in chains(&store, query.chain.as_deref()).await? {
        let (from, to) = (query.from, query.to);
        let mut head = Head::EMPTY;
        loop {
            let links = chain.links(head.number).await?;
            let Some(last) = links.last() else { break };
            head = Head { number: last.number, hash: last.hash };
            for link in links {
                let record = audit_record(link)?;
                let fits = from.is_none_or(|from| record.at >= from) && to.is_none_or(|to| record.at < to);
                if fits {
                    let entry = ExportedEntry { chain: chain.name().to_owned(), record };
                    take(entry).map_err(|why| not_taken(&why))?;
                }
            }
        }
        heads.0.insert(chain.name().to_owned(), head);
    }
    store.close().await;
    Ok(heads)
}

impl ChainReport {
    fn empty(chain: &str, broken: Option<Break>) -> Self {
        let (chain, journals) = (chain.to_owned(), JournalsReport::default());
        Self { chain, first: 0, entries: 0, head: Head::EMPTY, broken, journals }
    }
}

impl Chain {
    fn name(&self) -> &str {
        match self {
            Self::Host(_) => HOST_CHAIN,
            Self::Tenant(_, name) => name,
        }
    }

    async fn links(&self, after: u64) -> Result<Vec<Link>, StoreError> {
        match self {
            Self::Host(store) => store.host_audit_links(after, PAGE).await,
            Self::Tenant(book, _) => book.audit_links(after, PAGE).await,
        }
    }

    async fn checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        match self {
            Self::Host(_) => Ok(None),
            Self::Tenant(book, _) => book.audit_checkpoint().await,
        }
    }
}

async fn chains(store: &Store, only: Option<&str>) -> Result<Vec<Chain>, OpenError> {
    let mut chains = vec![Chain::Host(store.clone())];
    for name in store.audit_chains().await? {
        let id = BrokerId::named(&name);
        let id = id.ok_or_else(|| StoreError::Unreadable { what: "broker id", why: name.clone() })?;
        chains.push(Chain::Tenant(store.book(id), name));
    }
    let Some(only) = only else { return Ok(chains) };
    chains.retain(|chain| chain.name() == only);
    if chains.is_empty() {
        return Err(OpenError::Address(format!(
            "there is no chain `{only}`: `bulkhead tenants` lists the tenants, and the host's own is `{HOST_CHAIN}`"
        )));
    }
    Ok(chains)
}

async fn verify(
    chain: &Chain,
    kept: Option<&Head>,
    loose: &mut Vec<[u8; 32]>,
) -> Result<ChainReport, StoreError> {
    loop {
        let from = chain.checkpoint().await?;
        let (mut report, anchors) = follow(chain, from, kept, loose).await?;
        // A host that runs beside may have removed old entries meanwhile.
        if report.broken.is_some() && chain.checkpoint().await? != from {
            continue;
        }
        if let Chain::Tenant(book, _) = chain {
            report.journals = journals::verify_journals(book, &anchors).await?;
        }
        return Ok(report);
    }
}

async fn follow(
    chain: &Chain,
    from: Option<Checkpoint>,
    kept: Option<&Head>,
    loose: &mut Vec<[u8; 32]>,
) -> Result<(ChainReport, Anchors), StoreError> {
    let mut check = ChainCheck::new(chain.name(), from);
    let mut report = ChainReport::empty(chain.name(), None);
    let mut anchors = Anchors::default();
    if let Some(from) = from {
        loose.retain(|hash| *hash != from.hash);
    }
    let mut after = 0;
    loop {
        let links = chain.links(after).await?;
        let Some(last) = links.last() else { break };
        after = last.number;
        for link in &links {
            if report.entries == 0 {
                report.first = link.number;
            }
            report.entries += 1;
            anchors.take(link);
            loose.retain(|hash| *hash != link.hash);
            let fits_kept = kept.is_none_or(|kept| kept.number != link.number || kept.hash == link.hash);
            let taken = if report.broken.is_none() { check.take(link) } else { Ok(()) };
            let broken = taken.err().or_else(|| (!fits_kept).then(|| other_than_kept(link.number)));
            report.broken = report.broken.or(broken);
        }
    }
    report.head = check.head();
    let cut = kept.filter(|kept| kept.number > after && report.broken.is_none());
    report.broken = report.broken.or(cut.map(|kept| Break {
        number: after + 1,
        why: format!(
            "entries {} to {} are missing: the head that was kept is of entry {2}",
            after + 1,
            kept.number,
            kept.number
        ),
    }));
    Ok((report, anchors))
}

fn other_than_kept(number: u64) -> Break {
    let why = "its hash is another than the one that was kept: the chain was written anew".to_owned();
    Break { number, why }
}

fn gone(name: &str, head: Head) -> ChainReport {
    let why = format!("the whole chain is missing: the head that was kept is of entry {}", head.number);
    ChainReport::empty(name, Some(Break { number: 1, why }))
}

fn nowhere(hash: [u8; 32]) -> ChainReport {
    let why = format!(
        "no chain holds an entry with the hash {}: it was cut off or written anew",
        hex::encode(hash)
    );
    ChainReport::empty("the head that was kept", Some(Break { number: 0, why }))
}

fn not_taken(why: &std::io::Error) -> OpenError {
    OpenError::File { path: "the output".to_owned(), why: why.to_string() }
}
