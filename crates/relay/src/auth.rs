//! Who is asking.

use std::sync::Arc;

use data_encoding::BASE64;
use flagstaff_flagset::Clock;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::answer::Problem;
use crate::config::{ApiKey, Grant, Key, Scope};
use crate::route::{Group, Route, query_values};
use crate::serving::Serving;
use crate::streams::guest::Guest;
use crate::tokens::{Token, Tokens};

/// At most this many `Authorization` lines are tried.
const AUTHORIZATION_LINES: usize = 20;

/// What a caller showed to be let in.
pub(crate) enum Credential<'s> {
    /// A key of the configuration.
    Key(&'s Key),
    /// A token.
    Token {
        token: Arc<Token>,
        /// What verified it.
        tokens: &'s Arc<Tokens>,
        /// What it opens here.
        grant: Grant,
    },
}

impl Credential<'_> {
    /// What it opens.
    pub(crate) fn grant(&self) -> Grant {
        match self {
            Self::Key(key) => key.grant,
            Self::Token { grant, .. } => *grant,
        }
    }

    /// What its holder is called in logs.
    pub(crate) fn name(&self) -> &Arc<str> {
        match self {
            Self::Key(key) => &key.name,
            Self::Token { token, .. } => &token.subject,
        }
    }

    /// A number that tells its holder from others.
    pub(crate) fn fingerprint(&self) -> u64 {
        match self {
            Self::Key(key) => key.fingerprint(),
            Self::Token { token, .. } => token.fingerprint,
        }
    }

    /// Its holder as somebody who listens.
    pub(crate) fn guest(&self) -> Guest {
        match self {
            Self::Key(key) => Guest::Key(key.key(), key.grant.scope),
            Self::Token { token, tokens, .. } => Guest::Token {
                tokens: Arc::clone(tokens),
                flag_set: token.flag_set.clone(),
                expires: token.expires,
            },
        }
    }
}

/// Why a caller is not let in.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// What it is told.
    Problem(Problem),
    /// What it is told unless the keys of the token issuer, once they are fetched anew, say something else.
    #[cfg_attr(not(feature = "jwt"), expect(dead_code, reason = "this build checks no tokens"))]
    UnknownSigner(Problem),
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (Refusal::Problem(problem) | Refusal::UnknownSigner(problem)) = refusal;
        problem
    }
}

/// Checks the key or token of a request for a route. `None` where none is needed.
///
/// What authenticates is also what picks the flag set.
pub(crate) fn authenticate<'s>(
    serving: &'s Serving,
    route: Route,
    headers: &HeaderMap,
    query: &str,
    clock: &Clock,
) -> Result<Option<Credential<'s>>, Refusal> {
    let door = Door { serving, route, clock };
    match route.group() {
        Group::Open => Ok(None),
        Group::Admin => door.by_headers(headers).map(Some),
        // it has a token of its own
        Group::Stream if route == Route::OfrepEvents => Ok(None),
        Group::Stream if serving.keys.required() => door.by_query(query).map(Some),
        Group::Goff | Group::Ofrep | Group::OpenFeature if serving.keys.required() => {
            door.by_headers(headers).map(Some)
        }
        Group::Goff | Group::Ofrep | Group::OpenFeature | Group::Stream => Ok(None),
    }
}

/// The administrator who asks, if it is one: by a key as everywhere, or as the password of a browser's own dialogue.
pub(crate) fn administrator<'s>(serving: &'s Serving, headers: &HeaderMap, clock: &Clock) -> Option<Credential<'s>> {
    let route = Route::Nothing(Group::Admin);
    let door = Door { serving, route, clock };
    let by_password = || {
        let lines = headers.get_all(AUTHORIZATION).iter();
        let mut passwords = lines.filter_map(|line| password(line.as_bytes()));
        passwords.find_map(|password| door.admit(&password, "").ok())
    };
    door.by_headers(headers).ok().or_else(by_password)
}

/// What is to be opened.
struct Door<'s, 'c> {
    serving: &'s Serving,
    route: Route,
    clock: &'c Clock,
}

impl<'s> Door<'s, '_> {
    /// `X-API-Key` when it is there and not empty, else the first `Authorization` line whose key opens what is asked for.
    fn by_headers(&self, headers: &HeaderMap) -> Result<Credential<'s>, Refusal> {
        if let Some(key) = headers.get("x-api-key").filter(|key| !key.is_empty()) {
            return self.admit(key.as_bytes(), "code=401, message=Unauthorized");
        }
        let mut refusal = Refusal::Problem(Problem::unauthorized("missing key in request header"));
        for line in headers.get_all(AUTHORIZATION).iter().take(AUTHORIZATION_LINES) {
            let Some(key) = bearer(line.as_bytes()) else {
                refusal = Refusal::Problem(Problem::unauthorized("invalid key in the request header"));
                continue;
            };
            match self.admit(key, "invalid key") {
                Ok(credential) => return Ok(credential),
                Err(other) => refusal = other,
            }
        }
        Err(refusal)
    }

    /// The first `apiKey` of the query.
    fn by_query(&self, query: &str) -> Result<Credential<'s>, Refusal> {
        let key = query_values(query, "apiKey").next();
        self.admit(key.as_deref().unwrap_or_default().as_bytes(), "Unauthorized")
    }

    /// Whether what was presented opens the route. Routes of administrators do not tell other keys from unknown ones, as in GO
    /// Feature Flag.
    fn admit(&self, presented: &[u8], unknown: &'static str) -> Result<Credential<'s>, Refusal> {
        let unauthorized = || Refusal::Problem(Problem::unauthorized(unknown));
        let key = ApiKey::new(presented).ok_or_else(unauthorized)?;
        let credential = match (self.serving.keys.get(key), &self.serving.tokens) {
            (Some(key), _) => Credential::Key(key),
            (None, Some(tokens)) if Tokens::look_like(presented) => self.verify(tokens, presented, key)?,
            (None, _) => return Err(unauthorized()),
        };
        if credential.grant().scope >= self.route.scope() {
            Ok(credential)
        } else if self.route.group() == Group::Admin {
            Err(unauthorized())
        } else {
            Err(Refusal::Problem(Problem::forbidden()))
        }
    }

    fn verify(&self, tokens: &'s Arc<Tokens>, presented: &[u8], key: ApiKey) -> Result<Credential<'s>, Refusal> {
        let token = tokens.check(presented, key, (self.clock)())?;
        let grant = token_grant(self.serving, token.scope, token.flag_set.as_deref());
        Ok(Credential::Token { token, tokens, grant })
    }
}

/// What a token with these claims opens.
pub(crate) fn token_grant(serving: &Serving, scope: Scope, flag_set: Option<&str>) -> Grant {
    Grant {
        scope,
        flag_set: flag_set.and_then(|name| serving.flag_sets.named(name).ok()),
        every_flag_set: flag_set.is_none(),
        dialect: None,
    }
}

/// The password of `Basic BASE64`, whoever the user is.
fn password(line: &[u8]) -> Option<Vec<u8>> {
    let (scheme, credentials) = line.split_at_checked("Basic ".len())?;
    let credentials = BASE64
        .decode(credentials)
        .ok()
        .filter(|_| scheme.eq_ignore_ascii_case(b"Basic "))?;
    let colon = credentials.iter().position(|byte| *byte == b':')?;
    Some(credentials[colon + 1..].to_vec())
}

/// The key of `Bearer KEY`: the scheme in any case, one space, and something.
fn bearer(line: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = line.split_at_checked("Bearer ".len())?;
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !key.is_empty()).then_some(key)
}
