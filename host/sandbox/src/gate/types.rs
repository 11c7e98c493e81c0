//! Validates a component, and looks at its types as they are declared: how deep, how wide, how named.
//!
//! Exactly the WebAssembly that the engine runs is valid. The validator's own bounds on types are far wider than
//! anything honest, and lowering code grows with every field and every level.

use super::bounds::{check_name, within};
use crate::failure::{Refusal, TEXT_BYTES, quoted};
use crate::limits::Limits;
use std::collections::HashMap;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentEntityType, ComponentItem,
    ComponentValType,
};
use wasmparser::types::TypesRef;
use wasmparser::{
    BinaryReaderError, FuncValidatorAllocations, Parser, Payload, ValidPayload, Validator, WasmFeatures,
};

const DEEP: &str = "nest types less deeply: name the parts and pass them one by one";

/// Exactly the WebAssembly that the engine runs, and no type beyond its limits.
pub(super) fn validate(component: &[u8], limits: &Limits) -> Result<(), Refusal> {
    let features = WasmFeatures::WASM2 | WasmFeatures::EXTENDED_CONST | WasmFeatures::COMPONENT_MODEL;
    let mut validator = Validator::new_with_features(features);
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut look = Look { limits, depths: HashMap::new(), seen: Vec::new() };
    let mut functions = Vec::new();
    for payload in parser.parse_all(component) {
        let payload = payload.map_err(|error| invalid(&error))?;
        match validator.payload(&payload).map_err(|error| invalid(&error))? {
            ValidPayload::Func(function, body) => functions.push((function, body)),
            ValidPayload::Ok | ValidPayload::Parser(_) | ValidPayload::End(_) => {}
        }
        look.after(&payload, validator.types(0))?;
    }
    let mut allocations = FuncValidatorAllocations::default();
    for (function, body) in functions {
        let mut validator = function.into_validator(allocations);
        validator.validate(&body).map_err(|error| invalid(&error))?;
        allocations = validator.into_allocations();
    }
    Ok(())
}

/// What was looked at so far.
struct Look<'l> {
    limits: &'l Limits,
    depths: HashMap<ComponentAnyTypeId, u32>,
    /// How many types of each component around the place at hand, outermost first.
    seen: Vec<u32>,
}

impl Look<'_> {
    fn after(&mut self, payload: &Payload<'_>, types: Option<TypesRef<'_>>) -> Result<(), Refusal> {
        match payload {
            Payload::Version { .. } => self.seen.push(0),
            Payload::End(_) => drop(self.seen.pop()),
            Payload::ComponentTypeSection(_) => {
                if let (Some(types), Some(seen)) = (types, self.seen.last_mut()) {
                    let from = std::mem::replace(seen, types.component_type_count());
                    for index in from..types.component_type_count() {
                        self.depth(types, types.component_any_type_at(index), 1)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Levels of a type, its own included, looked at from `level` levels inside another.
    fn depth(&mut self, types: TypesRef<'_>, id: ComponentAnyTypeId, level: u32) -> Result<u32, Refusal> {
        if let Some(&depth) = self.depths.get(&id) {
            self.check_depth(level - 1 + depth)?;
            return Ok(depth);
        }
        self.check_depth(level)?;
        let depth = match id {
            ComponentAnyTypeId::Resource(_) => 0,
            ComponentAnyTypeId::Defined(id) => self.defined(types, id, level)?,
            ComponentAnyTypeId::Func(id) => {
                let function = &types[id];
                self.check_width("parameters of one function", function.params.len())?;
                self.check_names(function.params.iter().map(|(name, _)| name.as_str()))?;
                let values = function.params.iter().map(|(_, value)| *value).chain(function.result);
                self.values(types, values, level)?
            }
            ComponentAnyTypeId::Instance(id) => self.items(types, types[id].exports.iter(), level)?,
            ComponentAnyTypeId::Component(id) => {
                let items = types[id].imports.iter().chain(types[id].exports.iter());
                self.items(types, items, level)?
            }
        };
        self.depths.insert(id, depth);
        Ok(depth)
    }

    fn defined(
        &mut self,
        types: TypesRef<'_>,
        id: ComponentDefinedTypeId,
        level: u32,
    ) -> Result<u32, Refusal> {
        match &types[id] {
            ComponentDefinedType::Primitive(_)
            | ComponentDefinedType::Own(_)
            | ComponentDefinedType::Borrow(_) => Ok(0),
            ComponentDefinedType::Record(record) => {
                self.check_width("fields in one record", record.fields.len())?;
                self.check_names(record.fields.keys().map(|name| name.as_str()))?;
                self.values(types, record.fields.values().copied(), level)
            }
            ComponentDefinedType::Variant(variant) => {
                self.check_width("cases in one variant", variant.cases.len())?;
                self.check_names(variant.cases.keys().map(|name| name.as_str()))?;
                self.values(types, variant.cases.values().filter_map(|case| case.ty), level)
            }
            ComponentDefinedType::Flags(names) | ComponentDefinedType::Enum(names) => {
                self.check_width("cases in one enumeration or set of flags", names.len())?;
                self.check_names(names.iter().map(|name| name.as_str()))?;
                Ok(1)
            }
            ComponentDefinedType::Tuple(tuple) => {
                self.check_width("parts in one tuple", tuple.types.len())?;
                self.values(types, tuple.types.iter().copied(), level)
            }
            ComponentDefinedType::FixedLengthList { element, length, .. } => {
                self.check_width("elements in one list of fixed length", *length as usize)?;
                self.values(types, [*element], level)
            }
            ComponentDefinedType::List { element, .. } => self.values(types, [*element], level),
            ComponentDefinedType::Map { key, value, .. } => self.values(types, [*key, *value], level),
            ComponentDefinedType::Option { ty, .. } => self.values(types, [*ty], level),
            ComponentDefinedType::Result { ok, err, .. } => {
                self.values(types, ok.iter().chain(err).copied(), level)
            }
            ComponentDefinedType::Future { ty, .. } | ComponentDefinedType::Stream { ty, .. } => {
                self.values(types, *ty, level)
            }
        }
    }

    fn values(
        &mut self,
        types: TypesRef<'_>,
        values: impl IntoIterator<Item = ComponentValType>,
        level: u32,
    ) -> Result<u32, Refusal> {
        let mut deepest = 0;
        for value in values {
            if let ComponentValType::Type(id) = value {
                deepest = deepest.max(self.depth(types, ComponentAnyTypeId::Defined(id), level + 1)?);
            }
        }
        Ok(deepest + 1)
    }

    fn items<'t>(
        &mut self,
        types: TypesRef<'_>,
        items: impl Iterator<Item = (&'t String, &'t ComponentItem)>,
        level: u32,
    ) -> Result<u32, Refusal> {
        let mut deepest = 0;
        for (name, item) in items {
            check_name("export of an interface", name, self.limits)?;
            let id = match item.ty {
                ComponentEntityType::Func(id) => ComponentAnyTypeId::Func(id),
                ComponentEntityType::Type { created, .. } => created,
                ComponentEntityType::Instance(id) => ComponentAnyTypeId::Instance(id),
                ComponentEntityType::Component(id) => ComponentAnyTypeId::Component(id),
                ComponentEntityType::Value(ComponentValType::Type(id)) => ComponentAnyTypeId::Defined(id),
                ComponentEntityType::Value(ComponentValType::Primitive(_))
                | ComponentEntityType::Module(_) => continue,
            };
            deepest = deepest.max(self.depth(types, id, level + 1)?);
        }
        Ok(deepest + 1)
    }

    fn check_depth(&self, depth: u32) -> Result<(), Refusal> {
        let limit = self.limits.type_depth;
        if depth <= limit {
            return Ok(());
        }
        Err(Refusal::new(format!("the component has types nested more than {limit} deep"), DEEP))
    }

    fn check_width(&self, what: &str, width: usize) -> Result<(), Refusal> {
        within(what, width, self.limits.type_width)
    }

    fn check_names<'n>(&self, mut names: impl Iterator<Item = &'n str>) -> Result<(), Refusal> {
        names.try_for_each(|name| check_name("field or case", name, self.limits))
    }
}

fn invalid(error: &BinaryReaderError) -> Refusal {
    Refusal::new(
        format!("the component is not valid: {}", quoted(&error.to_string(), TEXT_BYTES)),
        "build it for wasm32-wasip2 with its default WebAssembly features",
    )
}
