//! File descriptors. Every connection needs one, and so does every flag file that is read and every source that is asked.

use rustix::process::{Resource, getrlimit, setrlimit};

/// What is kept free of connections, unless there are very few.
const RESERVED: usize = 128;

/// Takes as many as the process may have. Service managers start with few of them and a higher bound, for programs that
/// choke on many; Go's runtime does the same.
pub(crate) fn raise_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "the number of file descriptors stays as it is");
    }
}

/// How many connections there are file descriptors for.
pub(crate) fn for_connections() -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    let all = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    all - RESERVED.min(all / 2)
}
