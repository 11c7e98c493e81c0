//! Counts what a component is made of, in one pass over its sections, without multiplying anything out in memory.

use super::GateReport;
use super::bounds::{check_name, malformed, within};
use super::expand::{Kind, Scopes};
use crate::failure::Refusal;
use crate::limits::Limits;
use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind, ComponentInstance,
    ComponentOuterAliasKind, Encoding, FunctionBody, Instance, Parser, Payload,
};

const PAGE_BYTES: u64 = 64 << 10;

struct Survey<'l> {
    limits: &'l Limits,
    report: GateReport,
    scopes: Scopes,
    custom_bytes: usize,
    canonical_functions: u32,
}

/// The counts of a component, or the first limit it breaks.
pub(super) fn survey(component: &[u8], limits: &Limits) -> Result<GateReport, Refusal> {
    let report = GateReport { bytes: component.len(), ..GateReport::default() };
    let mut survey =
        Survey { limits, report, scopes: Scopes::default(), custom_bytes: 0, canonical_functions: 0 };
    for payload in Parser::new(0).parse_all(component) {
        survey.take(payload.map_err(malformed)?)?;
    }
    Ok(survey.report)
}

impl Survey<'_> {
    fn take(&mut self, payload: Payload<'_>) -> Result<(), Refusal> {
        let limits = self.limits;
        match payload {
            Payload::Version { encoding, .. } => self.open(encoding),
            Payload::End(_) => {
                self.close();
                Ok(())
            }
            Payload::InstanceSection(section) => each(section, |instance| match instance {
                Instance::Instantiate { module_index, .. } => {
                    self.scopes.instantiate(Kind::Module, module_index, limits)
                }
                Instance::FromExports(_) => Ok(()),
            }),
            Payload::ComponentInstanceSection(section) => each(section, |instance| match instance {
                ComponentInstance::Instantiate { component_index, .. } => {
                    self.scopes.instantiate(Kind::Component, component_index, limits)
                }
                ComponentInstance::FromExports(_) => Ok(()),
            }),
            Payload::ComponentAliasSection(section) => each(section, |alias| self.alias(&alias)),
            Payload::ComponentImportSection(section) => {
                each(section, |import| self.import(import.name.name, import.ty.kind()))
            }
            Payload::ComponentExportSection(section) => {
                each(section, |export| self.export(export.name.name, export.kind, export.index))
            }
            Payload::ComponentCanonicalSection(section) => {
                each(section, |function| self.canonical(&function))
            }
            other => self.take_core(other),
        }
    }

    fn take_core(&mut self, payload: Payload<'_>) -> Result<(), Refusal> {
        let limits = self.limits;
        match payload {
            Payload::ImportSection(section) => each(section.into_imports(), |import| {
                check_name("import", import.module, limits)?;
                check_name("import", import.name, limits)
            }),
            Payload::ExportSection(section) => {
                each(section, |export| check_name("export", export.name, limits))
            }
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
                self.scopes.define(section.count(), 0);
                each(section, |memory| {
                    let bytes = memory.initial.saturating_mul(PAGE_BYTES);
                    within("bytes of memory at the start", bytes, limits.memory_bytes as u64)
                })
            }
            Payload::TableSection(section) => {
                self.scopes.define(0, section.count());
                each(section, |table| {
                    within("table entries at the start", table.ty.initial, limits.table_elements as u64)
                })
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

    fn open(&mut self, encoding: Encoding) -> Result<(), Refusal> {
        let kind = match encoding {
            Encoding::Component => {
                within("components within components", self.scopes.depth(), self.limits.nesting_depth)?;
                Kind::Component
            }
            Encoding::Module => {
                self.report.core_modules += 1;
                within("core modules", self.report.core_modules, self.limits.core_modules)?;
                Kind::Module
            }
        };
        self.scopes.open(kind);
        Ok(())
    }

    fn close(&mut self) {
        if let Some(cost) = self.scopes.close() {
            self.report.expanded_instances = cost.instances;
            self.report.core_instances = cost.core_instances;
            self.report.memories = cost.memories;
            self.report.tables = cost.tables;
        }
    }

    fn alias(&mut self, alias: &ComponentAlias<'_>) -> Result<(), Refusal> {
        match *alias {
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, count, index } => {
                self.scopes.again(Kind::Component, count, index)
            }
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::CoreModule, count, index } => {
                self.scopes.again(Kind::Module, count, index)
            }
            ComponentAlias::InstanceExport { kind, .. } if instantiable(kind).is_some() => {
                Err(components_as_values())
            }
            _ => Ok(()),
        }
    }

    fn import(&mut self, name: &str, kind: ComponentExternalKind) -> Result<(), Refusal> {
        check_name("import", name, self.limits)?;
        if instantiable(kind).is_some() {
            return Err(components_as_values());
        }
        if self.scopes.is_outermost() {
            self.report.imports.push(name.to_owned());
        }
        Ok(())
    }

    fn export(&mut self, name: &str, kind: ComponentExternalKind, index: u32) -> Result<(), Refusal> {
        check_name("export", name, self.limits)?;
        if let Some(kind) = instantiable(kind) {
            self.scopes.again(kind, 0, index)?;
        }
        if self.scopes.is_outermost() {
            self.report.exports.push(name.to_owned());
        }
        Ok(())
    }

    fn canonical(&mut self, function: &CanonicalFunction) -> Result<(), Refusal> {
        self.canonical_functions = self.canonical_functions.saturating_add(1);
        within("canonical functions", self.canonical_functions, self.limits.canonical_functions)?;
        let (CanonicalFunction::Lift { options, .. } | CanonicalFunction::Lower { options, .. }) = function
        else {
            return Ok(());
        };
        let foreign = |option: &CanonicalOption| {
            matches!(option, CanonicalOption::UTF16 | CanonicalOption::CompactUTF16)
        };
        if options.iter().any(foreign) {
            return Err(Refusal::new(
                "the component passes text in UTF-16, but this host speaks UTF-8 alone",
                "build it with a toolchain that passes text as UTF-8, as Rust's does",
            ));
        }
        Ok(())
    }
}

/// Takes every item of a section, as long as it is well-formed and nothing is wrong with it.
fn each<T>(
    section: impl IntoIterator<Item = wasmparser::Result<T>>,
    mut take: impl FnMut(T) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    section.into_iter().try_for_each(|item| take(item.map_err(malformed)?))
}

fn instantiable(kind: ComponentExternalKind) -> Option<Kind> {
    match kind {
        ComponentExternalKind::Component => Some(Kind::Component),
        ComponentExternalKind::Module => Some(Kind::Module),
        ComponentExternalKind::Func
        | ComponentExternalKind::Value
        | ComponentExternalKind::Type
        | ComponentExternalKind::Instance => None,
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

fn components_as_values() -> Refusal {
    Refusal::new(
        "the component passes components or modules around as values",
        "build it as one plain component",
    )
}
