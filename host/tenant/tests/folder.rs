//! What stands in the data folder is for the host's own user alone.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use world::World;

/// The modes of everything in a folder and of itself.
fn modes(folder: &Path, found: &mut BTreeMap<String, u32>) {
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    found.insert(folder.display().to_string(), mode(folder));
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            modes(&path, found);
        } else {
            found.insert(path.display().to_string(), mode(&path));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_can_read_the_data_folder_or_anything_in_it() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    tenant.log().write(tenant::log::Level::Info, None, "a line");
    let data = world.dir.path().join("data");
    world::until("a log file", async || std::fs::read_dir(data.join("logs")).unwrap().next().is_some()).await;
    let mut found = BTreeMap::new();
    modes(&data, &mut found);
    for name in ["bulkhead.db", "bulkhead.db-wal", "bulkhead.db-shm", "lock", "logs"] {
        assert!(found.contains_key(&data.join(name).display().to_string()), "{name} is missing: {found:?}");
    }
    for (path, mode) in found {
        let wanted = if Path::new(&path).is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, wanted, "{path} has mode {mode:o}");
    }
    tenants.close().await;
}
