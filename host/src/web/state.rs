//! What handlers share. No tenant stands here: one comes with each request, through `SignedIn`.

use crate::programs::Programs;
use crate::runs::Supervisor;
use crate::web::answered::Answered;
use crate::web::attempts::Attempts;
use crate::web::ending::Ending;
use crate::web::guard::Reach;
use crate::web::postbacks::Postbacks;
use crate::web::replays::Replays;
use crate::web::streams::Streams;
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
    /// The largest component, in bytes.
    pub upload_bytes_max: usize,
    /// Whether the host is ending.
    pub ending: Ending,
    /// Sign-ins tried lately.
    pub(crate) attempts: Attempts,
    /// Postbacks of late.
    pub(crate) postbacks: Postbacks,
    /// Live streams.
    pub(crate) streams: Streams,
    /// Replays under way.
    pub(crate) replays: Replays,
    /// Answers to requests that named a key of their own.
    pub(crate) answered: Answered,
}

impl WebState {
    /// A door that nobody has come through yet.
    pub fn new(
        tenants: Tenants,
        supervisor: Supervisor,
        programs: Programs,
        reach: Reach,
        upload_bytes_max: usize,
    ) -> Self {
        Self {
            tenants,
            supervisor,
            programs,
            reach,
            upload_bytes_max,
            ending: Ending::default(),
            attempts: Attempts::default(),
            postbacks: Postbacks::default(),
            streams: Streams::default(),
            replays: Replays::default(),
            answered: Answered::default(),
        }
    }
}
