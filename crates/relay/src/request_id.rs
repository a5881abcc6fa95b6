//! The name of a request, for whoever has to find it in the logs of several programs.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};

/// Where it stands in requests and answers.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a caller calls its request may be this long.
const LONGEST: usize = 128;

/// Names requests that came without a name.
#[derive(Debug)]
pub(crate) struct RequestIds(AtomicU64);

impl RequestIds {
    /// Begins anywhere.
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(RandomState::new().build_hasher().finish()))
    }

    /// The name of a request: its own, or a new one if something will be said about it, in the log or by the caller to
    /// somebody who can look there.
    pub(crate) fn of(&self, asked: &HeaderMap, status: StatusCode, is_logged: bool) -> Option<HeaderValue> {
        let own = asked.get(REQUEST_ID).filter(|id| is_sane(id)).cloned();
        own.or_else(|| (is_logged || status.as_u16() >= 400).then(|| self.next()))
    }

    #[cold]
    fn next(&self) -> HeaderValue {
        let id = mix(self.0.fetch_add(1, Ordering::Relaxed));
        HeaderValue::from_str(&format!("{id:016x}")).expect("digits can stand in a header")
    }
}

/// Whether a name may go into logs and answers as it is.
fn is_sane(id: &HeaderValue) -> bool {
    let id = id.as_bytes();
    (1..=LONGEST).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic)
}

/// The last step of SplitMix64 (Steele, Lea, Flood 2014): neighbours look nothing like each other, and no two are the same.
fn mix(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}
