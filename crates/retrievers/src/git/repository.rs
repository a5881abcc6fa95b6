//! One look at a repository, from the list of its references to the texts of its files.

use std::any::Any;
use std::num::NonZeroU32;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::credentials::helper::{Action, NextAction};
use gix::credentials::protocol::Outcome;
use gix::progress::Discard;
use gix::protocol::transport::client::blocking_io::http;
use gix::remote::Direction;
use gix::remote::fetch::refmap::Source;
use gix::remote::fetch::{RefMap, Shallow, Tags};

use super::options::Selection;
use super::{GitOptions, ssh};
use crate::http::certificates::Certificates;
use crate::pattern::{FLAG_FILES, Pattern};
use crate::{ErrorKind, ErrorStatus, MAX_DOCUMENT, Part, RetrieveError};

/// Where what is fetched is noted, in a repository that nobody else sees.
const NOTED: &str = "refs/flagstaff";

/// The files of a commit.
#[derive(Debug)]
pub(super) struct Commit {
    pub(super) id: String,
    pub(super) author: String,
    pub(super) message: String,
    pub(super) files: Vec<Part>,
}

/// Fetches the files of the commit that is meant, without any history; `None` when it is the one that is `known`. Blocks.
pub(super) fn fetch(
    options: &GitOptions,
    certificates: Certificates,
    known: Option<&str>,
    interrupt: &AtomicBool,
) -> Result<Option<Commit>, RetrieveError> {
    let folder = tempfile::tempdir().map_err(|error| {
        RetrieveError::new(ErrorKind::Unreachable, "no room for a copy of the repository").caused_by(error)
    })?;
    let words = folder.path().join("ssh-words");
    let failed = |error: gix::Error| explain(&error, &ssh::words(&words));
    // Neither the configuration of the machine nor its environment count. Nobody is there to be asked for a password.
    let command = format!("core.sshCommand={}", ssh::command(options, &words));
    let opened = gix::open::Options::isolated().config_overrides([command.as_str(), "ssh.variant=ssh"]);
    let kind = gix::create::Kind::Bare;
    let repository = gix::ThreadSafeRepository::init_opts(folder.path(), kind, gix::create::Options::default(), opened)
        .map_err(failed)?
        .to_thread_local();
    let remote = repository
        .remote_at(options.url.clone())
        .and_then(|remote| {
            remote
                .with_fetch_tags(Tags::None)
                .with_refspecs(wanted(options), Direction::Fetch)
        })
        .map_err(failed)?;
    let connection = remote.connect(Direction::Fetch).map_err(failed)?;
    let mut connection = connection.with_credentials(|action| credentials(options, action));
    if let Some(transport) = transport(&repository, options, certificates).map_err(failed)? {
        connection.set_transport_options(transport);
    }
    let prepared = connection
        .prepare_fetch(Discard, gix::remote::ref_map::Options::default())
        .map_err(failed)?;
    let Some(commit) = tip(prepared.ref_map()) else {
        let message = "the repository has no such branch, tag or commit";
        return Err(RetrieveError::new(ErrorKind::NotFound, message).status(ErrorStatus::Temporary));
    };
    if known.and_then(|known| ObjectId::from_hex(known.as_bytes()).ok()) == Some(commit) {
        return Ok(None);
    }
    prepared
        .with_shallow(Shallow::DepthAtRemote(NonZeroU32::MIN))
        .receive(Discard, interrupt)
        .map_err(failed)?;
    read(&repository, commit, &options.selection).map(Some)
}

/// What the configuration says about connections; a client of HTTP has the certificates and the time of this repository.
fn transport(
    repository: &gix::Repository,
    options: &GitOptions,
    certificates: Certificates,
) -> Result<Option<Box<dyn Any>>, gix::Error> {
    let mut transport = repository.transport_options(options.url.to_bstring().as_bstr(), None)?;
    let http = transport
        .as_mut()
        .and_then(|transport| transport.downcast_mut::<http::Options>());
    if let Some(http) = http {
        let limit = options.timeout;
        let client = move |builder: reqwest::blocking::ClientBuilder| {
            let builder = builder.timeout(limit).tls_certs_merge(certificates.trusted.clone());
            let identity = certificates.identity.iter().cloned();
            Ok(identity.fold(builder, reqwest::blocking::ClientBuilder::identity))
        };
        let options = http::reqwest::Options {
            configure_client: Some(Box::new(client)),
            ..http::reqwest::Options::default()
        };
        http.backend = Some(Arc::new(Mutex::new(options)));
    }
    Ok(transport)
}

/// What is asked for: a commit, a branch or else a tag, or where the repository points by itself.
fn wanted(options: &GitOptions) -> Vec<gix::bstr::BString> {
    let specifications = match options.reference.as_deref() {
        None => vec![format!("+HEAD:{NOTED}/head")],
        Some(id) if ObjectId::from_hex(id.as_bytes()).is_ok() => vec![format!("+{id}:{NOTED}/commit")],
        Some(name) if name.starts_with("refs/") => vec![format!("+{name}:{NOTED}/named")],
        Some(name) => vec![
            format!("+refs/heads/{name}:{NOTED}/branch"),
            format!("+refs/tags/{name}:{NOTED}/tag"),
        ],
    };
    specifications.into_iter().map(Into::into).collect()
}

/// The commit that a branch points to, or a tag where there is no such branch.
fn tip(references: &RefMap) -> Option<ObjectId> {
    let commit = |source: &Source| match source {
        Source::ObjectId(id) => Some(*id),
        Source::Ref(reference) => {
            let (_, object, peeled) = reference.unpack();
            peeled.or(object).map(ToOwned::to_owned)
        }
    };
    let is_tag =
        |source: &Source| matches!(source, Source::Ref(reference) if reference.unpack().0.starts_with(b"refs/tags/"));
    let sources = || references.mappings.iter().map(|mapping| &mapping.remote);
    let first = sources().find(|source| !is_tag(source)).or_else(|| sources().next());
    first.and_then(commit).filter(|id| !id.is_null())
}

/// Answers the server's wish for credentials with what is written; nothing is stored, and nobody is asked.
fn credentials(options: &GitOptions, action: Action) -> Result<Option<Outcome>, gix::Error> {
    let Action::Get(context) = action else {
        return Ok(None);
    };
    Ok(options.token.as_ref().map(|token| Outcome {
        identity: gix::sec::identity::Account {
            username: options.username.clone(),
            password: token.clone(),
            oauth_refresh_token: None,
        },
        next: NextAction::from(context),
    }))
}

fn read(repository: &gix::Repository, id: ObjectId, selection: &Selection) -> Result<Commit, RetrieveError> {
    let failed = |error: gix::Error| explain(&error, "");
    let commit = repository
        .find_object(id)
        .and_then(gix::Object::peel_to_commit)
        .map_err(failed)?;
    let tree = commit.tree().map_err(failed)?;
    let mut paths = Vec::new();
    for entry in tree.traverse().breadthfirst.files().map_err(failed)? {
        if entry.mode.is_blob() {
            paths.push((entry.filepath.to_string(), entry.oid));
        }
    }
    let files = selected(paths, selection)?;
    let mut left = MAX_DOCUMENT;
    let mut parts = Vec::with_capacity(files.len());
    for (path, file) in files {
        let mut file = repository.find_object(file).map_err(failed)?;
        let bytes = Bytes::from(std::mem::take(&mut file.data));
        left = left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(RetrieveError::too_large)?;
        parts.push(Part::file(path, bytes));
    }
    let author = commit.author().map_err(failed)?;
    Ok(Commit {
        id: commit.id.to_string(),
        author: format!("{} <{}>", author.name, author.email),
        message: commit.message_raw().map_err(failed)?.to_str_lossy().trim().to_owned(),
        files: parts,
    })
}

/// The files that are meant, in the order of their paths.
fn selected(
    mut paths: Vec<(String, ObjectId)>,
    selection: &Selection,
) -> Result<Vec<(String, ObjectId)>, RetrieveError> {
    match selection {
        Selection::Path(path) if paths.iter().any(|(known, _)| known == path) => {
            paths.retain(|(known, _)| known == path);
        }
        Selection::Path(folder) => {
            let flags = Pattern::new(FLAG_FILES).expect("the usual pattern is one");
            let below = |path: &str| {
                path.strip_prefix(folder)?
                    .strip_prefix('/')
                    .map(|name| flags.matches(name))
            };
            paths.retain(|(path, _)| below(path).unwrap_or(false));
        }
        Selection::Pattern(pattern) => paths.retain(|(path, _)| pattern.matches(path)),
    }
    if paths.is_empty() {
        let message = "no file of the commit is meant by path";
        return Err(RetrieveError::new(ErrorKind::NotFound, message).status(ErrorStatus::Temporary));
    }
    paths.sort();
    Ok(paths)
}

/// The error as a retriever tells it, with what ssh said. The URL that it may name holds no credentials.
fn explain(error: &gix::Error, words: &str) -> RetrieveError {
    let mut causes: Vec<String> = Vec::new();
    if !words.is_empty() {
        causes.push(words.to_owned());
    }
    for cause in error.iter_errors() {
        let cause = cause.to_string().lines().collect::<Vec<_>>().join(" ");
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    let classes = || error.classify();
    // the client's own error cannot be had behind that of the system which git makes of it
    let is_missing = || causes.iter().any(|cause| cause.contains("HTTP status 404"));
    let (kind, message) = if let Some(said) = ssh::kind(words) {
        said
    } else if classes().is_unauthenticated() || classes().is_permission_denied() {
        (ErrorKind::Denied, "the host does not let us in")
    } else if classes().is_not_found() || is_missing() {
        (ErrorKind::NotFound, "no such repository, or nothing of that name in it")
    } else {
        (ErrorKind::Unreachable, "the repository cannot be fetched")
    };
    RetrieveError::new(kind, format!("{message}: {}", causes.join(": "))).status(ErrorStatus::Temporary)
}
