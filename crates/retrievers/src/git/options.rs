//! What people write about a repository.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use gix::bstr::ByteSlice;
use gix::url::Scheme;

use crate::http::CertificateFiles;
use crate::pattern::{FLAG_FILES, Pattern};
use crate::settings::{Settings, SettingsError};
use crate::timeout;

/// The name by which hosts expect whoever comes with a token.
const TOKEN_USER: &str = "git";

/// Options of the kind `git`. `Debug` hides the token.
#[derive(Clone)]
pub struct GitOptions {
    /// `url`: of the repository, over https (`https://host/team/flags.git`) or ssh (`git@host:team/flags.git`); a password in it
    /// counts as `token`. Mandatory.
    pub url: gix::Url,
    /// `ref`, or `branch`: a branch, a tag or the whole id of a commit; the default branch of the repository unless it is written.
    pub reference: Option<String>,
    /// `path`: a file, a folder or a pattern like `teams/*/*.yaml`; all files of flags unless it is written.
    pub(super) selection: Selection,
    /// `username`: who comes with the token; `git` by default.
    pub username: String,
    /// `token`: or a password; for https.
    pub token: Option<String>,
    /// `clientCertPath`, `clientKeyPath` and `caCertPath`; for https.
    pub certificates: CertificateFiles,
    /// `sshKeyPath`: a private key that the system's ssh program shows instead of those that it finds by itself.
    pub ssh_key: Option<PathBuf>,
    /// `sshKnownHostsPath`: the keys of hosts that the ssh program trusts, instead of those of its user.
    pub ssh_known_hosts: Option<PathBuf>,
    /// `timeout`: milliseconds for the whole exchange; 10,000 by default, also for 0 and below.
    pub timeout: Duration,
}

/// Which files of a repository are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selection {
    /// This one; should it be a folder, all files of flags below it.
    Path(String),
    /// Those that match.
    Pattern(Pattern),
}

impl GitOptions {
    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let mut url = gix::url::parse(settings.required("url")?.as_bytes().as_bstr())
            .map_err(|_| settings.invalid("url", "is not the URL of a git repository"))?;
        let optional =
            |property| Ok::<_, SettingsError>(Some(settings.text(property)?).filter(|text| !text.is_empty()));
        let (mut username, mut token) = (optional("username")?, optional("token")?);
        if matches!(url.scheme, Scheme::Http | Scheme::Https) {
            // Nothing that shows the URL is to show these.
            let password = url.password.take();
            let user = url.user.take();
            username = username.or(user);
            token = token.or(password);
        }
        if url.scheme == Scheme::Http && token.is_some() {
            return Err(settings.invalid("token", "is not sent in clear over http: write an https URL"));
        }
        let selection = match settings.text("path")? {
            path if path.trim_matches('/').is_empty() => FLAG_FILES.to_owned(),
            path => path.trim_matches('/').to_owned(),
        };
        let selection = if Pattern::is_one(&selection) {
            Selection::Pattern(Pattern::new(&selection).map_err(|problem| settings.invalid("path", problem))?)
        } else {
            Selection::Path(selection)
        };
        let reference = optional("ref")?.or(optional("branch")?);
        if reference
            .as_deref()
            .is_some_and(|reference| gix::validate::reference::name_partial(reference.into()).is_err())
        {
            return Err(settings.invalid("ref", "is not a branch, a tag or a commit"));
        }
        Ok(Self {
            url,
            reference,
            selection,
            username: username.unwrap_or_else(|| TOKEN_USER.to_owned()),
            token,
            certificates: CertificateFiles::read(settings)?,
            ssh_key: settings.file("sshKeyPath")?,
            ssh_known_hosts: settings.file("sshKnownHostsPath")?,
            timeout: timeout::read(settings)?,
        })
    }

    /// Where the files are, without credentials.
    pub(super) fn place(&self) -> String {
        let url = self.url.to_bstring();
        match &self.reference {
            Some(reference) => format!("{url}@{reference}"),
            None => url.to_string(),
        }
    }
}

impl fmt::Debug for GitOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitOptions")
            .field("place", &self.place())
            .field("selection", &self.selection)
            .field("username", &self.username)
            .field("certificates", &self.certificates)
            .field("ssh_key", &self.ssh_key)
            .field("ssh_known_hosts", &self.ssh_known_hosts)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
