//! What one instantiation of a component makes, all nesting multiplied out, without making anything.
//!
//! Follows the index spaces of components and core modules through a file. A few hundred bytes can stand for millions of
//! instances, so everything here is a sum that stops at its limit.

use super::bounds::{REBUILD, within};
use crate::failure::Refusal;
use crate::limits::Limits;

/// What one instantiation of something makes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cost {
    /// Of components and core modules.
    pub(super) instances: u64,
    pub(super) core_instances: u64,
    pub(super) memories: u64,
    pub(super) tables: u64,
}

/// The components and modules around the section at hand, outermost first.
#[derive(Default)]
pub(super) struct Scopes(Vec<Scope>);

/// One component or module while its sections pass by.
struct Scope {
    is_component: bool,
    /// What instantiating each component and module of the index spaces makes.
    components: Vec<Cost>,
    modules: Vec<Cost>,
    own: Cost,
}

/// The two things that can be instantiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Component,
    Module,
}

impl Scopes {
    /// Components around the place at hand.
    pub(super) fn depth(&self) -> u32 {
        self.0.iter().filter(|scope| scope.is_component).count() as u32
    }

    pub(super) fn is_outermost(&self) -> bool {
        self.0.len() == 1
    }

    pub(super) fn open(&mut self, kind: Kind) {
        let own = match kind {
            Kind::Component => Cost { instances: 1, ..Cost::default() },
            Kind::Module => Cost { instances: 1, core_instances: 1, ..Cost::default() },
        };
        let is_component = kind == Kind::Component;
        self.0.push(Scope { is_component, components: Vec::new(), modules: Vec::new(), own });
    }

    /// Ends the innermost; answers what the outermost makes when that is the one.
    pub(super) fn close(&mut self) -> Option<Cost> {
        let scope = self.0.pop()?;
        match self.0.last_mut() {
            Some(outer) if scope.is_component => outer.components.push(scope.own),
            Some(outer) => outer.modules.push(scope.own),
            // The host's own instantiation of the whole is no instance within it.
            None => return Some(Cost { instances: scope.own.instances - 1, ..scope.own }),
        }
        None
    }

    /// A core module defines memories and tables of its own.
    pub(super) fn define(&mut self, memories: u32, tables: u32) {
        if let Some(scope) = self.0.last_mut() {
            scope.own.memories += u64::from(memories);
            scope.own.tables += u64::from(tables);
        }
    }

    /// The component at hand instantiates another, or a module.
    pub(super) fn instantiate(&mut self, kind: Kind, index: u32, limits: &Limits) -> Result<(), Refusal> {
        let cost = self.at(kind, 0, index)?;
        let Some(scope) = self.0.last_mut() else { return Ok(()) };
        scope.own = scope.own.and(cost);
        let own = scope.own;
        let all = "all nesting multiplied out";
        within(&format!("instances, {all}"), own.instances - 1, limits.expanded_instances)?;
        within(&format!("core instances, {all}"), own.core_instances, limits.instances as u64)?;
        within(&format!("linear memories, {all}"), own.memories, limits.memories as u64)?;
        within(&format!("tables, {all}"), own.tables, limits.tables as u64)
    }

    /// Another name for a component or module: of this scope, or of one that is so many outside.
    pub(super) fn again(&mut self, kind: Kind, outside: u32, index: u32) -> Result<(), Refusal> {
        let cost = self.at(kind, outside as usize, index)?;
        if let Some(scope) = self.0.last_mut() {
            scope.space(kind).push(cost);
        }
        Ok(())
    }

    fn at(&mut self, kind: Kind, outside: usize, index: u32) -> Result<Cost, Refusal> {
        let scope = self.0.iter_mut().rev().nth(outside);
        let cost = scope.and_then(|scope| scope.space(kind).get(index as usize).copied());
        cost.ok_or_else(|| {
            Refusal::new("the component names a component or module that is not there", REBUILD)
        })
    }
}

impl Scope {
    fn space(&mut self, kind: Kind) -> &mut Vec<Cost> {
        match kind {
            Kind::Component => &mut self.components,
            Kind::Module => &mut self.modules,
        }
    }
}

impl Cost {
    fn and(self, other: Self) -> Self {
        Self {
            instances: self.instances.saturating_add(other.instances),
            core_instances: self.core_instances.saturating_add(other.core_instances),
            memories: self.memories.saturating_add(other.memories),
            tables: self.tables.saturating_add(other.tables),
        }
    }
}
