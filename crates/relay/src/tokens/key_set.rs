//! The keys that a provider signs with, and the tokens that they were found to have signed.

use std::sync::Arc;

use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use quick_cache::sync::Cache;

use super::claims::Claims;
use super::{Token, TokenError};
use crate::config::{ApiKey, TokenSettings};

/// Tokens that are remembered; the least used are forgotten, and verified again when they come back.
const REMEMBERED: usize = 10_000;

/// A token that does not say which key signed it is tried with as many.
const TRIED: usize = 8;

/// A set of keys.
pub(super) struct KeySet {
    keys: Vec<SigningKey>,
    /// What to check besides the signature, for each algorithm that is accepted.
    validations: Vec<Validation>,
    verified: Cache<ApiKey, Arc<Token>>,
}

/// A public key.
struct SigningKey {
    id: Option<String>,
    /// What alone it signs with, where it says so.
    algorithm: Option<Algorithm>,
    key: DecodingKey,
}

/// Why a document gives no keys.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeySetError {
    /// It is something else.
    #[error("is no JSON Web Key Set: {0}")]
    Malformed(#[from] serde_json::Error),
    /// There is none that can be used.
    #[error("holds no key for one of the algorithms {0}")]
    Empty(String),
}

impl KeySet {
    /// Reads a JSON Web Key Set. Keys for other purposes and of unknown kinds are left out.
    pub(super) fn read(document: &[u8], settings: &TokenSettings) -> Result<Self, KeySetError> {
        let set: JwkSet = serde_json::from_slice(document)?;
        let algorithms: Vec<Algorithm> = settings
            .algorithms
            .iter()
            .filter_map(|name| name.parse().ok())
            .collect();
        let is_accepted = |key: &SigningKey| algorithms.iter().any(|algorithm| key.signs_with(*algorithm));
        let keys: Vec<_> = set
            .keys
            .iter()
            .filter_map(SigningKey::new)
            .filter(is_accepted)
            .collect();
        if keys.is_empty() {
            return Err(KeySetError::Empty(settings.algorithms.join(", ")));
        }
        let validation = |algorithm: &Algorithm| {
            let mut validation = Validation::new(*algorithm);
            validation.set_issuer(&[&settings.issuer]);
            validation.set_audience(&settings.audiences);
            validation.set_required_spec_claims(&["exp", "iss", "aud"]);
            // times are compared with the relay's own clock
            validation.validate_exp = false;
            validation.validate_nbf = false;
            validation
        };
        Ok(Self {
            keys,
            validations: algorithms.iter().map(validation).collect(),
            verified: Cache::new(REMEMBERED),
        })
    }

    /// How many keys there are.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// A token that was verified before.
    pub(super) fn remembered(&self, key: ApiKey) -> Option<Arc<Token>> {
        self.verified.get(&key)
    }

    /// Spares a token from being verified again.
    pub(super) fn remember(&self, key: ApiKey, token: Arc<Token>) {
        self.verified.insert(key, token);
    }

    /// Checks signature, issuer and audience of a token.
    pub(super) fn verify(&self, token: &[u8]) -> Result<Claims, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        let validation = self
            .validations
            .iter()
            .find(|known| known.algorithms.contains(&header.alg));
        // what `crit` names must be understood, and nothing of it is
        let validation = validation
            .filter(|_| header.crit.is_none())
            .ok_or(TokenError::Invalid)?;
        let is_signer = |key: &&SigningKey| {
            key.signs_with(header.alg) && header.kid.as_ref().is_none_or(|id| key.id.as_ref() == Some(id))
        };
        let mut refusal = TokenError::UnknownSigner;
        for signer in self.keys.iter().filter(is_signer).take(TRIED) {
            match jsonwebtoken::decode::<Claims>(token, &signer.key, validation) {
                Ok(verified) => return Ok(verified.claims),
                // another key may have signed it, unless it names this one
                Err(_) if header.kid.is_some() => refusal = TokenError::Invalid,
                Err(_) => {}
            }
        }
        Err(refusal)
    }
}

impl SigningKey {
    fn new(key: &Jwk) -> Option<Self> {
        let is_for_signatures = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
        let algorithm = match key.common.key_algorithm {
            Some(algorithm) => Some(algorithm.to_string().parse().ok()?),
            None => None,
        };
        Some(Self {
            id: key.common.key_id.clone(),
            algorithm,
            key: DecodingKey::from_jwk(key).ok().filter(|_| is_for_signatures)?,
        })
    }

    /// Whether a token with this algorithm may be signed with it.
    fn signs_with(&self, algorithm: Algorithm) -> bool {
        self.key.family() == algorithm.family() && self.algorithm.is_none_or(|only| only == algorithm)
    }
}
