//! Makes a failing world smaller: fewer kinds of faults, then fewer acts, as long as a promise is broken.

use super::plan::{Act, Plan};
use super::promise::Broken;
use super::world::World;

/// How often a smaller world may be tried.
const TRIES_MAX: usize = 600;

/// The smallest failing plan that was found, what it breaks, and its story.
pub(super) fn shrink(plan: Plan, broken: Broken) -> (Plan, Broken, Vec<String>) {
    let mut smallest = (plan, broken);
    let mut tries = 0;
    let mut try_it = |plan: Plan, smallest: &mut (Plan, Broken)| {
        tries += 1;
        let fails = (tries <= TRIES_MAX).then(|| World::new(&plan).run().err()).flatten();
        // Another promise that breaks is another fault.
        let fails = fails.filter(|found| found.rule == smallest.1.rule);
        let found = fails.is_some();
        if let Some(broken) = fails {
            *smallest = (plan, broken);
        }
        found
    };
    for fault in smallest.0.faults.names() {
        let plan = Plan { faults: smallest.0.faults.without(fault), ..smallest.0.clone() };
        try_it(plan, &mut smallest);
    }
    let mut size = smallest.0.acts.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        while at < smallest.0.acts.len() {
            let mut plan = smallest.0.clone();
            let end = (at + size).min(plan.acts.len());
            // The broker's book begins anew every morning: a world without that is no smaller one.
            let kept = plan.acts[at..end].iter().filter(|planned| planned.act == Act::BookTurn).copied();
            let kept: Vec<_> = kept.collect();
            if kept.len() == end - at {
                at = end;
                continue;
            }
            plan.acts.splice(at..end, kept);
            if !try_it(plan, &mut smallest) {
                at += size;
            }
        }
        size /= 2;
    }
    let mut world = World::new(&smallest.0);
    world.story = Some(Vec::new());
    let broken = world.run().err().unwrap_or(smallest.1);
    (smallest.0, broken, world.story.unwrap_or_default())
}
