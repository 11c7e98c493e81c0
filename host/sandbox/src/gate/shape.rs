//! Counts what a component is made of, in one pass over its sections, without multiplying anything out in memory.

use super::GateReport;
use crate::failure::Refusal;
use crate::limits::Limits;
use wasmparser::{
    BinaryReaderError, ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    Encoding, FunctionBody, Instance, Parser, Payload,
};

const SMALLER: &str = "make the strategy smaller, or split it into several";
const REBUILD: &str = "build it again for wasm32-wasip2; the file may have been cut on its way";
const PAGE_BYTES: u64 = 64 << 10;

/// One component or module while its sections pass by.
struct Scope {
    component: bool,
    /// Instances that each component of the index space expands to; a component's own when it ends.
    components: Vec<u64>,
    instances: u64,
}

struct Survey<'l> {
    limits: &'l Limits,
    report: GateReport,
    scopes: Vec<Scope>,
    custom_bytes: usize,
}

/// The counts of a component, or the first limit it breaks.
pub(super) fn survey(component: &[u8], limits: &Limits) -> Result<GateReport, Refusal> {
    let report = GateReport { bytes: component.len(), ..GateReport::default() };
    let mut survey = Survey { limits, report, scopes: Vec::new(), custom_bytes: 0 };
    for payload in Parser::new(0).parse_all(component) {
        survey.take(payload.map_err(malformed)?)?;
    }
    Ok(survey.report)
}

impl Survey<'_> {
    fn take(&mut self, payload: Payload<'_>) -> Result<(), Refusal> {
        match payload {
            Payload::Version { encoding, .. } => self.open(encoding == Encoding::Component),
            Payload::End(_) => self.close(),
            Payload::InstanceSection(section) => {
                for instance in section {
                    if let Instance::Instantiate { .. } = instance.map_err(malformed)? {
                        self.count_instances(1)?;
                    }
                }
                Ok(())
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section {
                    if let ComponentInstance::Instantiate { component_index, .. } =
                        instance.map_err(malformed)?
                    {
                        let inner = self.component(0, component_index)?;
                        self.count_instances(inner.saturating_add(1))?;
                    }
                }
                Ok(())
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    self.alias(&alias.map_err(malformed)?)?;
                }
                Ok(())
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import.map_err(malformed)?;
                    self.import(import.name.name, import.ty.kind())?;
                }
                Ok(())
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let export = export.map_err(malformed)?;
                    self.export(export.name.name, export.kind, export.index)?;
                }
                Ok(())
            }
            other => self.take_core(other),
        }
    }

    fn take_core(&mut self, payload: Payload<'_>) -> Result<(), Refusal> {
        let limits = self.limits;
        match payload {
            Payload::FunctionSection(section) => {
                self.report.functions = self.report.functions.saturating_add(section.count());
                within("functions", self.report.functions, limits.functions)
            }
            Payload::CodeSectionEntry(body) => check_body(&body, limits),
            Payload::DataSection(section) => within("data segments", section.count(), limits.data_segments),
            Payload::ElementSection(section) => {
                within("element segments", section.count(), limits.element_segments)
            }
            Payload::GlobalSection(section) => within("globals", section.count(), limits.globals),
            Payload::MemorySection(section) => {
                for memory in section {
                    let memory = memory.map_err(malformed)?;
                    let bytes = memory.initial.saturating_mul(PAGE_BYTES);
                    within("bytes of memory at the start", bytes, limits.memory_bytes as u64)?;
                }
                Ok(())
            }
            Payload::TableSection(section) => {
                for table in section {
                    let initial = table.map_err(malformed)?.ty.initial;
                    within("table entries at the start", initial, limits.table_elements as u64)?;
                }
                Ok(())
            }
            Payload::CustomSection(section) => {
                self.custom_bytes = self.custom_bytes.saturating_add(section.data().len());
                within(
                    "bytes of custom sections (debug information)",
                    self.custom_bytes,
                    limits.custom_section_bytes,
                )
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, component: bool) -> Result<(), Refusal> {
        if component {
            let depth = self.scopes.iter().filter(|scope| scope.component).count() as u32;
            within("components within components", depth, self.limits.nesting_depth)?;
        } else {
            self.report.core_modules += 1;
            within("core modules", self.report.core_modules, self.limits.core_modules)?;
        }
        self.scopes.push(Scope { component, components: Vec::new(), instances: 0 });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Refusal> {
        let Some(scope) = self.scopes.pop() else { return Ok(()) };
        match self.scopes.last_mut() {
            Some(outer) if scope.component => outer.components.push(scope.instances),
            Some(_) => {}
            None => self.report.expanded_instances = scope.instances,
        }
        Ok(())
    }

    fn alias(&mut self, alias: &ComponentAlias<'_>) -> Result<(), Refusal> {
        match *alias {
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, count, index } => {
                let expanded = self.component(count as usize, index)?;
                self.remember(expanded);
                Ok(())
            }
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. } => {
                Err(components_as_values())
            }
            _ => Ok(()),
        }
    }

    fn import(&mut self, name: &str, kind: ComponentExternalKind) -> Result<(), Refusal> {
        if kind == ComponentExternalKind::Component {
            return Err(components_as_values());
        }
        if self.scopes.len() == 1 {
            self.report.imports.push(name.to_owned());
        }
        Ok(())
    }

    fn export(&mut self, name: &str, kind: ComponentExternalKind, index: u32) -> Result<(), Refusal> {
        if kind == ComponentExternalKind::Component {
            let expanded = self.component(0, index)?;
            self.remember(expanded);
        }
        if self.scopes.len() == 1 {
            self.report.exports.push(name.to_owned());
        }
        Ok(())
    }

    fn count_instances(&mut self, more: u64) -> Result<(), Refusal> {
        let Some(scope) = self.scopes.last_mut() else { return Ok(()) };
        scope.instances = scope.instances.saturating_add(more);
        within("instances, all nesting multiplied out", scope.instances, self.limits.expanded_instances)
    }

    /// What a component expands to, counted from a number of scopes outside this one.
    fn component(&self, outside: usize, index: u32) -> Result<u64, Refusal> {
        let scope = self.scopes.iter().rev().nth(outside);
        let expanded = scope.and_then(|scope| scope.components.get(index as usize));
        expanded
            .copied()
            .ok_or_else(|| Refusal::new("the component names a component that is not there", REBUILD))
    }

    fn remember(&mut self, expanded: u64) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.components.push(expanded);
        }
    }
}

fn check_body(body: &FunctionBody<'_>, limits: &Limits) -> Result<(), Refusal> {
    within("bytes in one function", body.range().len(), limits.body_bytes)?;
    let mut locals = 0_u32;
    for group in body.get_locals_reader().map_err(malformed)? {
        let (count, _) = group.map_err(malformed)?;
        locals = locals.saturating_add(count);
    }
    within("locals in one function", locals, limits.locals)
}

fn within<T: PartialOrd + std::fmt::Display>(what: &str, count: T, limit: T) -> Result<(), Refusal> {
    if count <= limit {
        return Ok(());
    }
    Err(Refusal::new(format!("the component has {count} {what}: at most {limit} are allowed"), SMALLER))
}

fn components_as_values() -> Refusal {
    Refusal::new("the component passes components around as values", "build it as one plain component")
}

fn malformed(error: BinaryReaderError) -> Refusal {
    Refusal::new(format!("the component is damaged: {error}"), REBUILD)
}
