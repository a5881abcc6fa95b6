//! Content codings: which one a client wants, and how bodies look in it.

#[cfg_attr(not(feature = "compression"), path = "coding/absent.rs")]
mod codec;
mod renditions;

use std::io;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{ACCEPT_ENCODING, HeaderValue};
use tokio::task::spawn_blocking;

pub(crate) use renditions::{LatestRenditions, Renditions};

/// The shortest body that is worth it.
pub(crate) const LEAST: usize = 1024;

/// The longest body that a thread that answers requests encodes itself: it takes less than a millisecond.
const AT_ONCE: usize = 64 << 10;

/// A way to make a body smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Zstd,
    Brotli,
    Gzip,
}

/// What a client says of each coding, in thousandths; `None` where it says nothing.
#[derive(Debug, Default)]
struct Wishes {
    codings: [Option<u16>; Coding::ALL.len()],
    identity: Option<u16>,
    others: Option<u16>,
}

impl Coding {
    /// All of them, those that take the least time for what they save first.
    pub(crate) const ALL: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];

    /// What a client wants most of that which it accepts; `None` for a body as it is.
    pub(crate) fn wanted(headers: &HeaderMap) -> Option<Self> {
        let mut wishes = Wishes::default();
        for line in headers.get_all(ACCEPT_ENCODING) {
            wishes.read(line.to_str().ok()?);
        }
        wishes.best().filter(|_| codec::IS_BUILT)
    }

    /// How headers call it.
    pub(crate) fn name(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        })
    }

    /// Encodes a body, a long one on a thread that answers no requests; `None` when that fails.
    pub(crate) async fn encode(self, body: Bytes) -> Option<Bytes> {
        if body.len() <= AT_ONCE {
            return self.encoded(&body);
        }
        spawn_blocking(move || self.encoded(&body)).await.ok().flatten()
    }

    fn encoded(self, body: &[u8]) -> Option<Bytes> {
        codec::encode(self, body)
            .inspect_err(
                |error| tracing::warn!(%error, coding = ?self, "an answer cannot be encoded, it is sent as it is"),
            )
            .ok()
            .map(Bytes::from)
    }
}

/// Decodes a body in gzip on a thread that answers no requests; `None` when there are more than `most` bytes in it.
///
/// # Errors
/// When it is no gzip.
pub(crate) async fn gunzip(body: Bytes, most: usize) -> io::Result<Option<Bytes>> {
    let decoded = spawn_blocking(move || codec::gunzip(&body, most)).await?;
    Ok(decoded?.map(Bytes::from))
}

impl Wishes {
    /// Reads a line like `gzip;q=0.5, br, *;q=0`.
    fn read(&mut self, line: &str) {
        for wish in line.split(',') {
            let mut parts = wish.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            let quality = Some(quality.map_or(1000, thousandths));
            match &*name.to_ascii_lowercase() {
                "zstd" => self.codings[Coding::Zstd as usize] = quality,
                "br" => self.codings[Coding::Brotli as usize] = quality,
                "gzip" | "x-gzip" => self.codings[Coding::Gzip as usize] = quality,
                "identity" => self.identity = quality,
                "*" => self.others = quality,
                _ => {}
            }
        }
    }

    fn best(&self) -> Option<Coding> {
        let quality = |coding: &Coding| self.codings[*coding as usize].or(self.others).unwrap_or(0);
        // the first of equals is the last one here
        let best = Coding::ALL.into_iter().rev().max_by_key(quality)?;
        let is_wanted = quality(&best) > 0 && quality(&best) >= self.identity.unwrap_or(0);
        is_wanted.then_some(best)
    }
}

/// A quality between 0 and 1; what is none is no wish.
fn thousandths(text: &str) -> u16 {
    let quality: f32 = text.parse().unwrap_or(0.0);
    (quality.clamp(0.0, 1.0) * 1000.0).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_what_is_accepted_is_chosen() {
        for (accepted, best) in [
            ("", None),
            ("gzip", Some(Coding::Gzip)),
            ("x-gzip, deflate", Some(Coding::Gzip)),
            ("gzip, deflate, br, zstd", Some(Coding::Zstd)),
            ("GZIP;q=0.8 , br ; Q=0.9", Some(Coding::Brotli)),
            ("br;q=0.001, gzip;q=0", Some(Coding::Brotli)),
            ("*", Some(Coding::Zstd)),
            ("*, zstd;q=0", Some(Coding::Brotli)),
            ("*;q=0", None),
            ("gzip;q=0.5, identity", None),
            ("gzip, identity", Some(Coding::Gzip)),
            ("gzip;q=nonsense", None),
            ("gzip;q=NaN", None),
            ("deflate, compress", None),
            (",;,;q=1", None),
        ] {
            let mut wishes = Wishes::default();
            wishes.read(accepted);
            assert_eq!(wishes.best(), best, "{accepted}");
        }
    }
}
