//! Tokens that open a stream of one flag set for a while.
//!
//! A browser opens streams without headers, and a key does not belong into a URL that is handed out. A token opens nothing but
//! the stream that tells when to fetch again, so that it is worth little to whoever finds it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use aws_lc_rs::rand::SystemRandom;
use data_encoding::BASE64URL_NOPAD;

/// Signs tokens, and checks them.
#[derive(Clone)]
pub(crate) struct Signer(hmac::Key);

/// What a token says: when it ends, then the name of the flag set.
struct Claims<'t> {
    /// Unix seconds.
    expires: u64,
    set: &'t str,
}

/// Bytes of a signature.
const SIGNATURE: usize = 32;

/// Bytes of the time in a token.
const TIME: usize = 8;

impl Signer {
    /// Signs with a secret that replicas share.
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(HMAC_SHA256, secret))
    }

    /// Signs with a secret that nobody else knows.
    pub(crate) fn random() -> Self {
        let key = hmac::Key::generate(HMAC_SHA256, &SystemRandom::new());
        Self(key.expect("the system has random numbers, or nothing encrypted would work either"))
    }

    /// A token for a flag set that is good for at least `lifetime`, and at most for twice that. It is the same one for all who
    /// ask within a lifetime, so that clients that fetch again keep their streams.
    pub(crate) fn token(&self, set: &str, now: SystemTime, lifetime: Duration) -> String {
        let lifetime = lifetime.as_secs().max(1);
        let expires = (seconds(now) / lifetime + 2) * lifetime;
        let mut token = expires.to_be_bytes().to_vec();
        token.extend_from_slice(set.as_bytes());
        let signature = hmac::sign(&self.0, &token);
        token.extend_from_slice(signature.as_ref());
        BASE64URL_NOPAD.encode(&token)
    }

    /// The flag set that a token opens; `None` when it is not ours, or not good any more.
    pub(crate) fn check(&self, token: &str, now: SystemTime) -> Option<String> {
        let token = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let (claims, signature) = token.split_at_checked(token.len().checked_sub(SIGNATURE)?)?;
        hmac::verify(&self.0, claims, signature).ok()?;
        let claims = Claims::read(claims)?;
        (seconds(now) < claims.expires).then(|| claims.set.to_owned())
    }
}

impl<'t> Claims<'t> {
    fn read(bytes: &'t [u8]) -> Option<Self> {
        let (expires, set) = bytes.split_first_chunk::<TIME>()?;
        Some(Self {
            expires: u64::from_be_bytes(*expires),
            set: str::from_utf8(set).ok()?,
        })
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(600);

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn tokens_open_their_set_for_a_while() {
        let signer = Signer::new(b"secret");
        for set in ["default", "", "Ärzte & <co>"] {
            let token = signer.token(set, at(6_000), LIFETIME);
            assert_eq!(
                token,
                signer.token(set, at(6_599), LIFETIME),
                "it stays the same for a while"
            );
            assert_ne!(token, signer.token(set, at(6_600), LIFETIME));
            for (now, opens) in [
                (0, true),
                (6_000, true),
                (7_199, true),
                (7_200, false),
                (u64::MAX / 4_000_000_000, false),
            ] {
                assert_eq!(signer.check(&token, at(now)), opens.then(|| set.to_owned()), "{now}");
            }
            assert_eq!(
                Signer::new(b"secret").check(&token, at(0)).as_deref(),
                Some(set),
                "replicas agree"
            );
            assert_eq!(Signer::new(b"other").check(&token, at(0)), None);
        }
    }

    #[test]
    fn no_byte_of_a_token_can_be_changed() {
        let signer = Signer::random();
        let token = signer.token("default", at(6_000), LIFETIME);
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
        for at_byte in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at_byte] ^= 1;
            assert_eq!(signer.check(&BASE64URL_NOPAD.encode(&changed), at(0)), None);
            assert_eq!(signer.check(&BASE64URL_NOPAD.encode(&bytes[..at_byte]), at(0)), None);
        }
        for rubbish in ["", "?", "AAAA", &token[1..]] {
            assert_eq!(signer.check(rubbish, at(0)), None);
        }
    }
}
