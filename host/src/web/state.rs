//! What handlers share. No tenant stands here: one comes with each request, through `SignedIn`.

use crate::programs::Programs;
use crate::runs::Supervisor;
use crate::web::attempts::Attempts;
use crate::web::guard::Reach;
use tenant::Tenants;

/// Everything behind the door.
#[derive(Clone)]
pub struct WebState {
    /// The mint of tenants.
    pub tenants: Tenants,
    /// Runs.
    pub supervisor: Supervisor,
    /// Compiled components.
    pub programs: Programs,
    /// Where the host is reached.
    pub reach: Reach,
    /// Sign-ins tried lately.
    pub attempts: Attempts,
    /// The largest component, in bytes.
    pub upload_bytes_max: usize,
}
