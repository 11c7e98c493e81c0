//! Looks an upload over before anything is compiled: what no honest strategy has is refused in milliseconds.
//!
//! Knows the limits and the list of linked interfaces; compiles and runs nothing.

mod bounds;
mod expand;
mod imports;
mod magic;
mod shape;
mod types;

use crate::failure::Refusal;
use crate::limits::Limits;

/// What the gate saw.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GateReport {
    /// Size of the upload.
    pub bytes: usize,
    /// Functions in all core modules.
    pub functions: u32,
    /// Core modules.
    pub core_modules: u32,
    /// Instances that one instantiation makes.
    pub expanded_instances: u64,
    /// Those of them that are of core modules.
    pub core_instances: u64,
    /// Linear memories that one instantiation makes.
    pub memories: u64,
    /// Tables that one instantiation makes.
    pub tables: u64,
    /// Interfaces it imports.
    pub imports: Vec<String>,
    /// Interfaces it exports.
    pub exports: Vec<String>,
}

/// The first thing that no honest strategy has.
pub(crate) fn check(component: &[u8], limits: &Limits) -> Result<GateReport, Refusal> {
    if component.len() > limits.upload_bytes {
        let (bytes, limit) = (component.len(), limits.upload_bytes);
        return Err(Refusal::new(
            format!("the upload has {bytes} bytes: at most {limit} are allowed"),
            "build in release mode, with `strip = true` and `lto = true`",
        ));
    }
    magic::check(component)?;
    let report = shape::survey(component, limits)?;
    imports::check_imports(&report.imports)?;
    imports::check_exports(&report.exports)?;
    types::validate(component, limits)?;
    Ok(report)
}
