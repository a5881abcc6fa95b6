//! Tokens that open a stream of one flag set for a while.
//!
//! A browser opens streams without headers, and a key does not belong into a URL that is handed out. A token opens nothing but
//! the stream that tells when to fetch again, so that it is worth little to whoever finds it; and no longer than what its holder
//! showed to get it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use aws_lc_rs::rand::SystemRandom;
use data_encoding::BASE64URL_NOPAD;

use crate::config::ApiKey;

/// Signs tokens, and checks them.
#[derive(Clone)]
pub(crate) struct Signer(hmac::Key);

/// What a token says: when it ends, who holds it, and the name of the flag set. It is written in this order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Claims<'t> {
    /// From when on it opens nothing, in Unix seconds.
    expires: u64,
    pub(crate) holder: Holder,
    pub(crate) set: &'t str,
}

/// What a token was given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A key, by its [pseudonym](Signer::pseudonym).
    Key(u64),
    /// A token of an OpenID provider that is worth nothing from this Unix second on.
    Token(u64),
}

/// Bytes of a signature.
const SIGNATURE: usize = 32;

/// What a signed text begins with that is no token: no time is written like that.
const PSEUDONYM: &[u8] = b"pseudonym";

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

    /// A number that stands for a key in tokens, and tells nothing about it.
    pub(crate) fn pseudonym(&self, key: ApiKey) -> u64 {
        let text = [PSEUDONYM, key.sha256().as_bytes()].concat();
        let signature = hmac::sign(&self.0, &text);
        let (number, _) = signature
            .as_ref()
            .split_first_chunk()
            .expect("a signature has 32 bytes");
        u64::from_be_bytes(*number)
    }

    /// A token for a flag set that is good for at least `lifetime`, and at most for twice that, unless what its holder showed
    /// ends before. It is the same one for all who show the same within a lifetime, so that clients that fetch again keep their
    /// streams.
    pub(crate) fn token(&self, holder: Holder, set: &str, now: SystemTime, lifetime: Duration) -> String {
        let lifetime = lifetime.as_secs().max(1);
        let rounded = (seconds(now) / lifetime + 2) * lifetime;
        let claims = Claims {
            expires: match holder {
                Holder::Key(_) => rounded,
                Holder::Token(end) => rounded.min(end),
            },
            holder,
            set,
        };
        let mut token = claims.write();
        let signature = hmac::sign(&self.0, &token);
        token.extend_from_slice(signature.as_ref());
        BASE64URL_NOPAD.encode(&token)
    }

    /// Gives what a token says to `read`; `None` when it is not ours, or not good any more.
    pub(crate) fn check<T>(
        &self,
        token: &str,
        now: SystemTime,
        read: impl FnOnce(&Claims<'_>) -> Option<T>,
    ) -> Option<T> {
        let token = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let (claims, signature) = token.split_at_checked(token.len().checked_sub(SIGNATURE)?)?;
        hmac::verify(&self.0, claims, signature).ok()?;
        let claims = Claims::read(claims)?;
        read(&claims).filter(|_| seconds(now) < claims.expires)
    }
}

impl<'t> Claims<'t> {
    fn write(&self) -> Vec<u8> {
        let (kind, number) = match self.holder {
            Holder::Key(pseudonym) => (0, pseudonym),
            Holder::Token(end) => (1, end),
        };
        let parts: [&[u8]; 4] = [
            &self.expires.to_be_bytes(),
            &[kind],
            &number.to_be_bytes(),
            self.set.as_bytes(),
        ];
        parts.concat()
    }

    fn read(bytes: &'t [u8]) -> Option<Self> {
        let (expires, rest) = bytes.split_first_chunk()?;
        let (kind, rest) = rest.split_first()?;
        let (number, set) = rest.split_first_chunk()?;
        let number = u64::from_be_bytes(*number);
        Some(Self {
            expires: u64::from_be_bytes(*expires),
            holder: match kind {
                0 => Holder::Key(number),
                1 => Holder::Token(number),
                _ => return None,
            },
            set: str::from_utf8(set).ok()?,
        })
    }
}

/// Whole seconds since 1970.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(600);

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// What a token says at a time.
    fn said(signer: &Signer, token: &str, now: u64) -> Option<(Holder, String)> {
        signer.check(token, at(now), |claims| Some((claims.holder, claims.set.to_owned())))
    }

    #[test]
    fn tokens_open_their_set_for_a_while() {
        let signer = Signer::new(b"secret");
        let holders = [
            (Holder::Key(7), 7_200),
            (Holder::Token(9_000), 7_200),
            (Holder::Token(6_900), 6_900),
        ];
        for (holder, end) in holders {
            for set in ["default", "", "Ärzte & <co>"] {
                let token = signer.token(holder, set, at(6_000), LIFETIME);
                assert_eq!(
                    token,
                    signer.token(holder, set, at(6_599), LIFETIME),
                    "it stays the same for a while"
                );
                for (now, opens) in [
                    (0, true),
                    (6_000, true),
                    (end - 1, true),
                    (end, false),
                    (u64::MAX / 4_000_000_000, false),
                ] {
                    assert_eq!(
                        said(&signer, &token, now),
                        opens.then(|| (holder, set.to_owned())),
                        "{now}"
                    );
                }
                assert_eq!(
                    said(&Signer::new(b"secret"), &token, 0),
                    Some((holder, set.to_owned())),
                    "replicas agree"
                );
                assert_eq!(said(&Signer::new(b"other"), &token, 0), None);
            }
        }
        let holder = Holder::Key(7);
        assert_ne!(
            signer.token(holder, "default", at(6_599), LIFETIME),
            signer.token(holder, "default", at(6_600), LIFETIME)
        );
    }

    #[test]
    fn no_byte_of_a_token_can_be_changed() {
        let signer = Signer::random();
        let token = signer.token(Holder::Key(7), "default", at(6_000), LIFETIME);
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
        for at_byte in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at_byte] ^= 1;
            assert_eq!(said(&signer, &BASE64URL_NOPAD.encode(&changed), 0), None);
            assert_eq!(said(&signer, &BASE64URL_NOPAD.encode(&bytes[..at_byte]), 0), None);
        }
        for rubbish in ["", "?", "AAAA", &token[1..]] {
            assert_eq!(said(&signer, rubbish, 0), None);
        }
    }

    #[test]
    fn a_key_has_another_pseudonym_where_the_secret_is_another() {
        let (one, other) = (ApiKey::new(b"one").unwrap(), ApiKey::new(b"other").unwrap());
        let signer = Signer::new(b"secret");
        assert_eq!(signer.pseudonym(one), Signer::new(b"secret").pseudonym(one));
        assert_ne!(signer.pseudonym(one), signer.pseudonym(other));
        assert_ne!(signer.pseudonym(one), Signer::new(b"another").pseudonym(one));
    }
}
