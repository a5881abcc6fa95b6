//! `git` over HTTP, over HTTP with TLS of an authority of our own, and over ssh.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use flagstaff_retrievers::ErrorKind;
use serde_json::{Value, json};

use crate::case::{Case, Role, Stage};
use crate::contract::Setup;
use crate::contract::edition::{BROKEN_DOCUMENT, document};
use crate::contract::retriever::{Refusal, Source};
use crate::meter::Meter;
use crate::server::Server;
use crate::servers::git::{self, GitBackend, PASSWORD, Repository, USER};
use crate::servers::sshd::{self, Sshd};
use crate::trust::Trust;

pub(super) const CASES: &[Case] = &[
    Case {
        role: Role::Retriever,
        kind: "git",
        variant: "HTTP",
        needs: &[&git::PACKAGE],
        run: |stage| {
            prove(stage, |folder, repositories| {
                Ok(Access::Http(GitBackend::start(
                    stage.cache(),
                    folder,
                    repositories,
                    None,
                )?))
            })
        },
    },
    Case {
        role: Role::Retriever,
        kind: "git",
        variant: "TLS",
        needs: &[&git::PACKAGE],
        run: |stage| {
            prove(stage, |folder, repositories| {
                let trust = Trust::new(folder)?;
                let backend = GitBackend::start(stage.cache(), folder, repositories, Some(&trust))?;
                Ok(Access::Https(backend, trust))
            })
        },
    },
    Case {
        role: Role::Retriever,
        kind: "git",
        variant: "ssh",
        needs: &[&sshd::PACKAGE, &git::PACKAGE],
        run: |stage| prove(stage, |folder, _| Ok(Access::Ssh(Sshd::start(stage.cache(), folder)?))),
    },
];

const PATH: &str = "teams/web/flags.yaml";

fn prove(stage: &Stage, serve: impl Fn(&Path, &Path) -> Result<Access>) -> Result<()> {
    let repository = Repository::new(stage.folder())?;
    let access = serve(stage.folder(), &repository.folder)?;
    let meter = Meter::before(match &access {
        Access::Http(backend) | Access::Https(backend, _) => backend.port,
        Access::Ssh(sshd) => sshd.port,
    })?;
    let (known, unknown) = (stage.folder().join("known hosts"), stage.folder().join("no-hosts"));
    if let Access::Ssh(sshd) = &access {
        fs::write(&known, format!("[127.0.0.1]:{} {}", meter.port(), sshd.host_key))?;
    }
    fs::write(&unknown, "")?;
    stage.prove_retriever(&mut Git {
        repository,
        access,
        meter,
        known_hosts: known,
        no_hosts: unknown,
    })
}

/// The way to the repository.
enum Access {
    Http(GitBackend),
    Https(GitBackend, Trust),
    Ssh(Sshd),
}

struct Git {
    repository: Repository,
    access: Access,
    meter: Meter,
    /// The key of the host, where ssh looks for it.
    known_hosts: PathBuf,
    /// A file without keys.
    no_hosts: PathBuf,
}

impl Git {
    /// How a file of a repository is read; with what is written over it.
    fn setup(&self, repository: &str, path: &str, over: Value) -> Setup {
        let port = self.meter.port();
        let mut options = json!({"kind": "git", "ref": "main", "path": path});
        let access = match &self.access {
            Access::Http(_) => {
                json!({"url": format!("http://127.0.0.1:{port}/{repository}")})
            }
            Access::Https(_, trust) => json!({
                "url": format!("https://127.0.0.1:{port}/{repository}"), "username": USER, "token": PASSWORD,
                "caCertPath": trust.authority,
            }),
            Access::Ssh(sshd) => {
                let folder = self.repository.folder.display();
                json!({
                    "url": format!("ssh://{}@127.0.0.1:{port}{folder}/{repository}", sshd.user),
                    "sshKeyPath": sshd.key, "sshKnownHostsPath": self.known_hosts,
                })
            }
        };
        for written in [access, over] {
            let Value::Object(written) = written else { continue };
            for (name, value) in written {
                options[name] = value;
            }
        }
        options.into()
    }
}

impl Source for Git {
    fn setup(&self) -> Setup {
        self.setup("flags.git", "teams/*/*.yaml", Value::Null)
    }

    fn put(&mut self, edition: &str) -> Result<()> {
        self.repository.put(PATH, &document(edition))
    }

    fn corrupt(&mut self) -> Result<()> {
        self.repository.put(PATH, BROKEN_DOCUMENT)
    }

    fn refusals(&self) -> Vec<Refusal> {
        let over = |what, over, kind| Refusal {
            what,
            setup: self.setup("flags.git", PATH, over),
            kind,
        };
        let mut refusals = match &self.access {
            Access::Http(_) => Vec::new(),
            Access::Https(..) => vec![
                over("wrong password", json!({"token": "wrong-secret-81"}), ErrorKind::Denied),
                over("unknown authority", json!({"caCertPath": ""}), ErrorKind::Unreachable),
            ],
            Access::Ssh(sshd) => vec![
                over("wrong key", json!({"sshKeyPath": sshd.strange_key}), ErrorKind::Denied),
                over(
                    "unknown host",
                    json!({"sshKnownHostsPath": self.no_hosts}),
                    ErrorKind::Unreachable,
                ),
            ],
        };
        refusals.extend([
            Refusal {
                what: "no such repository",
                setup: self.setup("others.git", PATH, Value::Null),
                kind: ErrorKind::NotFound,
            },
            Refusal {
                what: "no such file",
                setup: self.setup("flags.git", "teams/others.yaml", Value::Null),
                kind: ErrorKind::NotFound,
            },
        ]);
        refusals
    }

    fn secrets(&self) -> Vec<String> {
        vec![PASSWORD.to_owned(), "wrong-secret-81".to_owned()]
    }

    fn server(&mut self) -> Option<&mut Server> {
        Some(match &mut self.access {
            Access::Http(backend) | Access::Https(backend, _) => &mut backend.server,
            Access::Ssh(sshd) => &mut sshd.server,
        })
    }

    fn meter(&self) -> Option<&Meter> {
        Some(&self.meter)
    }
}
