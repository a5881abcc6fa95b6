//! The list of retrievers: one line each. An unknown kind is answered with the known ones.

use std::sync::Arc;

use flagstaff_backend::Needs::Each;
use flagstaff_backend::{Kind, Needs, find};
use serde_json::{Map, Value};

#[cfg(feature = "git-hosts")]
use crate::git_hosts::HostedFile;
use crate::settings::{Settings, SettingsError};
#[cfg(any(feature = "azure", feature = "gcs", feature = "s3"))]
use crate::stored_objects::StoredObject;
use crate::{Retriever, Surroundings};

/// Builds a retriever from its options. `None` in the list: this build does not have it.
type Constructor = fn(Settings<'_>, &Surroundings) -> Result<Arc<dyn Retriever>, SettingsError>;

/// What a retriever of a kind is built with.
#[derive(Debug, Clone, Copy)]
pub struct Backend(Option<Constructor>);

impl Backend {
    /// Whether this build has it.
    pub fn is_active(self) -> bool {
        self.0.is_some()
    }
}

/// Every kind, in the order in which they are shown.
pub const KINDS: &[Kind<Backend>] = &[
    kind("file", "file", Each(&["path"]), &[], FILE),
    kind(
        "http",
        "http",
        Each(&["url"]),
        &[&[
            "method",
            "body",
            "headers",
            "timeout",
            "clientCertPath",
            "clientKeyPath",
            "caCertPath",
        ]],
        HTTP,
    ),
    kind(
        "github",
        "git-hosts",
        Each(&["repositorySlug", "path"]),
        &[&["branch", "token", "githubToken", "baseUrl", "timeout"]],
        GITHUB,
    ),
    kind(
        "gitlab",
        "git-hosts",
        Each(&["repositorySlug", "path"]),
        &[&["branch", "token", "baseUrl", "timeout"]],
        GITLAB,
    ),
    kind(
        "bitbucket",
        "git-hosts",
        Each(&["repositorySlug", "path"]),
        &[&["branch", "token", "baseUrl", "timeout"]],
        BITBUCKET,
    ),
    kind("s3", "s3", Each(&["item", "bucket"]), &[&["timeout"]], S3),
    kind(
        "googleStorage",
        "gcs",
        Each(&["object", "bucket"]),
        &[&["timeout"]],
        GOOGLE_STORAGE,
    ),
    kind(
        "configmap",
        "configmap",
        Each(&["configmap", "namespace", "key"]),
        &[&["serviceAccountPath", "timeout"]],
        CONFIGMAP,
    ),
    kind(
        "mongodb",
        "mongodb",
        Each(&["collection", "database", "uri"]),
        &[&["changeStream", "timeout"]],
        MONGODB,
    ),
    kind(
        "redis",
        "redis",
        Each(&["redisOptions.addr"]),
        &[&["redisOptions", "redisPrefix", "keyspaceEvents", "channel"]],
        REDIS,
    ),
    kind(
        "azureBlobStorage",
        "azure",
        Each(&["accountName", "container", "object"]),
        &[&["accountKey", "serviceUrl", "timeout"]],
        AZURE_BLOB_STORAGE,
    ),
    kind(
        "postgresql",
        "postgresql",
        Each(&["uri", "table"]),
        &[&["columns", "channel", "timeout"]],
        POSTGRESQL,
    ),
    kind(
        "git",
        "git",
        Each(&["url"]),
        &[&[
            "ref",
            "branch",
            "path",
            "username",
            "token",
            "timeout",
            "clientCertPath",
            "clientKeyPath",
            "caCertPath",
            "sshKeyPath",
            "sshKnownHostsPath",
        ]],
        GIT,
    ),
    kind(
        "relay",
        "relay",
        Each(&["url"]),
        &[&[
            "apiKey",
            "headers",
            "timeout",
            "clientCertPath",
            "clientKeyPath",
            "caCertPath",
        ]],
        RELAY,
    ),
    kind("directory", "directory", Each(&["path"]), &[&["glob"]], DIRECTORY),
];

#[cfg(feature = "file")]
const FILE: Option<Constructor> = Some(|settings, _| {
    Ok(Arc::new(crate::file::FileRetriever::new(
        crate::file::FileOptions::read(settings)?,
    )))
});
#[cfg(not(feature = "file"))]
const FILE: Option<Constructor> = None;

#[cfg(feature = "http")]
const HTTP: Option<Constructor> = Some(|settings, _| {
    Ok(Arc::new(crate::http::HttpRetriever::new(
        crate::http::HttpOptions::read(settings)?,
    )))
});
#[cfg(not(feature = "http"))]
const HTTP: Option<Constructor> = None;

#[cfg(feature = "git-hosts")]
const GITHUB: Option<Constructor> = Some(|settings, _| Ok(Arc::new(HostedFile::on_github(settings)?)));
#[cfg(not(feature = "git-hosts"))]
const GITHUB: Option<Constructor> = None;

#[cfg(feature = "git-hosts")]
const GITLAB: Option<Constructor> = Some(|settings, _| Ok(Arc::new(HostedFile::on_gitlab(settings)?)));
#[cfg(not(feature = "git-hosts"))]
const GITLAB: Option<Constructor> = None;

#[cfg(feature = "git-hosts")]
const BITBUCKET: Option<Constructor> = Some(|settings, _| Ok(Arc::new(HostedFile::on_bitbucket(settings)?)));
#[cfg(not(feature = "git-hosts"))]
const BITBUCKET: Option<Constructor> = None;

#[cfg(feature = "configmap")]
const CONFIGMAP: Option<Constructor> = Some(|settings, surroundings| {
    Ok(Arc::new(crate::configmap::ConfigMapRetriever::new(
        crate::configmap::ConfigMapOptions::read(settings, surroundings)?,
    )))
});
#[cfg(not(feature = "configmap"))]
const CONFIGMAP: Option<Constructor> = None;

#[cfg(feature = "directory")]
const DIRECTORY: Option<Constructor> = Some(|settings, _| {
    Ok(Arc::new(crate::directory::DirectoryRetriever::new(
        crate::directory::DirectoryOptions::read(settings)?,
    )))
});
#[cfg(not(feature = "directory"))]
const DIRECTORY: Option<Constructor> = None;

#[cfg(feature = "git")]
const GIT: Option<Constructor> = Some(|settings, _| {
    Ok(Arc::new(crate::git::GitRetriever::new(crate::git::GitOptions::read(
        settings,
    )?)))
});
#[cfg(not(feature = "git"))]
const GIT: Option<Constructor> = None;

#[cfg(feature = "relay")]
const RELAY: Option<Constructor> = Some(|settings, _| {
    Ok(Arc::new(crate::relay::RelayRetriever::new(
        crate::relay::RelayOptions::read(settings)?,
    )))
});
#[cfg(not(feature = "relay"))]
const RELAY: Option<Constructor> = None;

#[cfg(feature = "mongodb")]
const MONGODB: Option<Constructor> = Some(|settings, _| {
    Ok(Arc::new(crate::mongodb::MongodbRetriever::new(
        crate::mongodb::MongodbOptions::read(settings)?,
    )))
});
#[cfg(not(feature = "mongodb"))]
const MONGODB: Option<Constructor> = None;

#[cfg(feature = "postgresql")]
const POSTGRESQL: Option<Constructor> = Some(|settings, surroundings| {
    Ok(Arc::new(crate::postgresql::PostgresqlRetriever::new(
        crate::postgresql::PostgresqlOptions::read(settings, surroundings)?,
    )))
});
#[cfg(not(feature = "postgresql"))]
const POSTGRESQL: Option<Constructor> = None;

#[cfg(feature = "redis")]
const REDIS: Option<Constructor> = Some(|settings, _| {
    Ok(Arc::new(crate::redis::RedisRetriever::new(
        crate::redis::RedisOptions::read(settings)?,
    )))
});
#[cfg(not(feature = "redis"))]
const REDIS: Option<Constructor> = None;

#[cfg(feature = "s3")]
const S3: Option<Constructor> =
    Some(|settings, surroundings| Ok(Arc::new(StoredObject::in_s3(settings, surroundings)?)));
#[cfg(not(feature = "s3"))]
const S3: Option<Constructor> = None;

#[cfg(feature = "gcs")]
const GOOGLE_STORAGE: Option<Constructor> =
    Some(|settings, surroundings| Ok(Arc::new(StoredObject::in_google_storage(settings, surroundings)?)));
#[cfg(not(feature = "gcs"))]
const GOOGLE_STORAGE: Option<Constructor> = None;

#[cfg(feature = "azure")]
const AZURE_BLOB_STORAGE: Option<Constructor> =
    Some(|settings, surroundings| Ok(Arc::new(StoredObject::in_azure(settings, surroundings)?)));
#[cfg(not(feature = "azure"))]
const AZURE_BLOB_STORAGE: Option<Constructor> = None;

/// Builds the retriever that a configuration block describes: `kind` and its properties, names in any case.
///
/// Nothing is opened or asked yet. Errors name the property; values are never shown.
pub fn build(options: &Map<String, Value>, surroundings: &Surroundings) -> Result<Arc<dyn Retriever>, SettingsError> {
    let kind = check(options)?;
    let Backend(constructor) = kind.backend;
    let constructor = constructor.ok_or_else(|| kind.not_compiled())?;
    constructor(Settings::new(kind.name, options), surroundings)
}

/// Whether the kind exists and its mandatory properties are there.
pub fn check(options: &Map<String, Value>) -> Result<&'static Kind<Backend>, SettingsError> {
    find(KINDS, options)
}

const fn kind(
    name: &'static str,
    feature: &'static str,
    needs: Needs,
    optional: &'static [&'static [&'static str]],
    constructor: Option<Constructor>,
) -> Kind<Backend> {
    Kind {
        name,
        feature,
        needs,
        optional,
        backend: Backend(constructor),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_configuration_picks_its_retriever() {
        for (options, expected) in [
            (json!({"kind": "file", "path": "flags.yaml"}), "flags.yaml"),
            (
                json!({"Kind": "file", "PATH": "flags.yaml", "unknown": 1}),
                "flags.yaml",
            ),
            (
                json!({"kind": "http", "url": "http://u:p@host/flags?key=1"}),
                "http://host/flags?***",
            ),
            (json!({"kind": "file"}), "no \"path\" property found for kind \"file\""),
            (
                json!({"kind": "s3", "bucket": "b"}),
                "no \"item\" property found for kind \"s3\"",
            ),
            (
                json!({"kind": "redis", "redisOptions": {}}),
                "no \"redisOptions.addr\" property found for kind \"redis\"",
            ),
            (
                json!({"kind": "ftp"}),
                "kind \"ftp\" is not supported; known kinds: file, http, github, gitlab, bitbucket, s3, googleStorage, \
                 configmap, mongodb, redis, azureBlobStorage, postgresql, git, relay, directory",
            ),
        ] {
            let result = build(options.as_object().unwrap(), &Surroundings::default());
            assert_eq!(
                result.map_or_else(|error| error.to_string(), |retriever| retriever.place()),
                expected,
                "{options}"
            );
        }
    }
}
