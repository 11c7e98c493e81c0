//! Components made ready to run: compiled in a child process, cached on disk and in memory.
//!
//! Knows bytes and hashes; whose they are, the caller's strategy says.

mod turns;

use sandbox::{Compiler, Program, Refusal};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tenant::{Strategy, StrategyError, Tenant};
use turns::{Turn, Turns};

/// Compiled components kept in memory. Each is code that runs share.
const PROGRAMS_MAX: usize = 256;

/// Why a component is not ready.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// The sandbox will not have it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The version or its bytes are not there.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// The trader's earlier uploads are still at it.
    #[error("one of your uploads is being compiled and another is waiting: try again when one is done")]
    Busy,
    /// The compile task fell over.
    #[error("the component could not be compiled: {0}")]
    Broken(String),
}

/// The compiler with what it has made lately. Cheap to clone.
#[derive(Clone)]
pub struct Programs {
    compiler: Arc<Compiler>,
    recent: Arc<Mutex<Recent>>,
    turns: Turns,
}

#[derive(Default)]
struct Recent {
    by_hash: HashMap<String, Program>,
    order: VecDeque<String>,
}

impl Programs {
    /// Programs of this compiler.
    pub fn new(compiler: Compiler) -> Self {
        Self { compiler: Arc::new(compiler), recent: Arc::default(), turns: Turns::default() }
    }

    /// Gates, compiles and reads the manifest of an upload.
    ///
    /// # Errors
    /// When it is refused: the reason and the way out are in the error. When the trader has uploads waiting already.
    pub async fn compile_upload(&self, tenant: &Tenant, bytes: Vec<u8>) -> Result<Program, ProgramError> {
        let turn = self.turns.take(&tenant.broker_id().to_string()).ok_or(ProgramError::Busy)?;
        self.compile(bytes, Some(turn)).await
    }

    /// The program of a stored version.
    ///
    /// # Errors
    /// When there is no such version, or this release refuses it.
    pub async fn of_version(&self, strategy: &Strategy, version: u32) -> Result<Program, ProgramError> {
        let stored = strategy.versions().iter().find(|stored| stored.number == version);
        let hash = &stored.ok_or(StrategyError::UnknownVersion(version))?.sha256;
        if let Some(program) = self.recent().by_hash.get(hash) {
            return Ok(program.clone());
        }
        self.compile(strategy.component(version).await?, None).await
    }

    /// The program of bytes that were taken before.
    ///
    /// # Errors
    /// When this release refuses them.
    pub async fn of_bytes(&self, sha256: &str, bytes: &[u8]) -> Result<Program, ProgramError> {
        if let Some(program) = self.recent().by_hash.get(sha256) {
            return Ok(program.clone());
        }
        self.compile(bytes.to_vec(), None).await
    }

    async fn compile(&self, bytes: Vec<u8>, turn: Option<Turn>) -> Result<Program, ProgramError> {
        let compiler = Arc::clone(&self.compiler);
        let compiling = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            compiler.compile(&bytes)
        });
        let program = compiling.await.map_err(|error| ProgramError::Broken(error.to_string()))??;
        Ok(self.keep(hex::encode(program.sha256()), program))
    }

    /// The program that all runs of these bytes share: the one that is there already, or this.
    fn keep(&self, hash: String, program: Program) -> Program {
        let mut recent = self.recent();
        if let Some(shared) = recent.by_hash.get(&hash) {
            return shared.clone();
        }
        recent.order.push_back(hash.clone());
        recent.by_hash.insert(hash, program.clone());
        if recent.order.len() > PROGRAMS_MAX
            && let Some(oldest) = recent.order.pop_front()
        {
            recent.by_hash.remove(&oldest);
        }
        program
    }

    fn recent(&self) -> std::sync::MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
