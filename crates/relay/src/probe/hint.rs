//! What to do about a failure.

use flagstaff_backend::{ErrorKind, Kind};

/// What hints need to know of a kind of backends.
#[derive(Debug, Clone, Default)]
pub(super) struct Description {
    /// The properties that say where it is.
    place: String,
    /// The properties that say who asks; empty where the machine knows that.
    credentials: String,
    /// Whether authorities can be written down to be trusted.
    has_authorities: bool,
}

/// What properties of credentials are called, or end with.
const CREDENTIALS: &[&str] = &[
    "token",
    "password",
    "accountkey",
    "apikey",
    "credentials",
    "username",
    "headers",
    "secret",
    "uri",
    "redisoptions",
    "clientcertpath",
    "webhookurl",
];

/// What libraries say, in lower case, and what it means. They wrap their causes in types of their own, so that the text is all
/// that they have in common. The first that is there counts.
const PHRASES: &[(&[&str], Trouble)] = &[
    (
        &[
            "dns error",
            "failed to lookup address",
            "name or service not known",
            "name resolution",
            "failed to resolve",
            "no such host",
        ],
        Trouble::UnknownHost,
    ),
    (&["connection refused"], Trouble::NobodyListens),
    (
        &["certificate", "ssl handshake", "tls handshake", "invalid peer"],
        Trouble::Certificate,
    ),
    (
        &["corrupt message", "wrong version number", "invalidcontenttype"],
        Trouble::NoTls,
    ),
    (
        &[
            "permission denied (os error",
            "read-only file system",
            "not allowed to read the file",
        ],
        Trouble::Permissions,
    ),
    (&["network is unreachable", "no route to host"], Trouble::NoRoute),
];

/// Why something cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    UnknownHost,
    NobodyListens,
    NoRoute,
    Certificate,
    NoTls,
    Permissions,
}

impl Description {
    pub(super) fn of<B>(kind: &Kind<B>) -> Self {
        let is_credential = |property: &&str| {
            let property = property.to_ascii_lowercase();
            CREDENTIALS.iter().any(|name| property.ends_with(name))
        };
        let quoted = kind.properties().filter(is_credential).map(|name| format!("`{name}`"));
        Self {
            place: kind.needs.describe(),
            credentials: quoted.collect::<Vec<_>>().join(", "),
            has_authorities: kind.properties().any(|name| name == "caCertPath"),
        }
    }

    /// The next step after a failure of a kind that was told like this.
    pub(super) fn hint(&self, kind: ErrorKind, error: &str) -> Option<String> {
        let error = error.to_ascii_lowercase();
        let told = |phrases: &[&str]| phrases.iter().any(|phrase| error.contains(phrase));
        let trouble = match kind {
            ErrorKind::Unreachable | ErrorKind::TimedOut | ErrorKind::Denied => {
                PHRASES.iter().find(|(phrases, _)| told(phrases))
            }
            // somebody answered, and names of files may look like anything
            _ => None,
        };
        match trouble {
            Some((_, trouble)) => Some(self.about_trouble(*trouble)),
            None => self.about_kind(kind),
        }
    }

    fn about_trouble(&self, trouble: Trouble) -> String {
        let hint = match trouble {
            Trouble::UnknownHost => {
                "the name of the host is not known here: look for a typing mistake, or ask this machine's DNS"
            }
            Trouble::NobodyListens => "nobody listens there: check host and port, and that the server runs",
            Trouble::NoRoute => "no way leads there from this machine: check its network, and that of the container",
            Trouble::Certificate if self.has_authorities => {
                "the certificate is not trusted here: name its authority in `caCertPath`, and check the name of the host"
            }
            Trouble::Certificate => {
                "the certificate is not trusted here: add its authority to those of this machine, and check the name of the host"
            }
            Trouble::NoTls => "that port does not speak TLS: check whether it should be http:// or another port",
            Trouble::Permissions => "let the user that the relay runs as in",
        };
        hint.to_owned()
    }

    fn about_kind(&self, kind: ErrorKind) -> Option<String> {
        let hint = match kind {
            // the error itself says what to write
            ErrorKind::Settings => return None,
            ErrorKind::NotFound if self.place.is_empty() => "there is nothing at that place".to_owned(),
            ErrorKind::NotFound => format!("there is nothing at that place: check {}", self.place),
            ErrorKind::Denied if self.credentials.is_empty() => {
                "check the credentials that this machine has, and what they may do".to_owned()
            }
            ErrorKind::Denied => format!("check the credentials, {}, and what they may do", self.credentials),
            ErrorKind::Refused => "it answers, but not as it should: check what it is asked for".to_owned(),
            ErrorKind::TooLarge => "make it smaller, or allow more there".to_owned(),
            ErrorKind::Unreachable => "it has trouble of its own: read its log, and try again".to_owned(),
            ErrorKind::TimedOut => {
                "something on the way may swallow requests, a firewall or a proxy; if it only is slow, use `--timeout`"
                    .to_owned()
            }
        };
        Some(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trouble_has_its_own_next_step() {
        let of = |name: &str| {
            let kind = flagstaff_retrievers::kinds::KINDS.iter().find(|kind| kind.name == name);
            Description::of(kind.unwrap())
        };
        for (kind, failure, error, expected) in [
            (
                "http",
                ErrorKind::Unreachable,
                "client error (Connect): dns error: failed to lookup",
                "DNS",
            ),
            (
                "http",
                ErrorKind::Unreachable,
                "tcp connect error: Connection refused (os error 111)",
                "nobody listens",
            ),
            (
                "http",
                ErrorKind::Unreachable,
                "invalid peer certificate: UnknownIssuer",
                "`caCertPath`",
            ),
            (
                "github",
                ErrorKind::Unreachable,
                "invalid peer certificate: UnknownIssuer",
                "of this machine",
            ),
            (
                "http",
                ErrorKind::Unreachable,
                "received corrupt message of type InvalidContentType",
                "speak TLS",
            ),
            ("github", ErrorKind::Denied, "code 401", "`token`, `githubToken`"),
            ("s3", ErrorKind::Denied, "AccessDenied", "that this machine has"),
            ("s3", ErrorKind::NotFound, "code 404", "`item`, `bucket`"),
            (
                "file",
                ErrorKind::Denied,
                "not allowed to read the file",
                "the user that the relay runs as",
            ),
            (
                "file",
                ErrorKind::NotFound,
                "no such file (path: certificate.yaml)",
                "`path`",
            ),
            ("redis", ErrorKind::TimedOut, "no answer within 10s", "`--timeout`"),
        ] {
            let hint = of(kind).hint(failure, error).unwrap();
            assert!(hint.contains(expected), "{kind} {error}: {hint}");
        }
    }
}
