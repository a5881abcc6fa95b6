//! The API server of Kubernetes on Debian's etcd: roles, tokens of service accounts and TLS are real.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use flagstaff_testkit::http::{Request, Response};
use flagstaff_testkit::tls::Client;
use serde_json::{Value, json};

use crate::execution::run;
use crate::package::{Cache, Package, Recipe};
use crate::server::{Launch, Server, free_port, is_listening, loopback};
use crate::trust::Trust;

pub(crate) const PACKAGE: Package = Package {
    name: "kube-apiserver",
    version: "1.35.4",
    recipe: Recipe::GoProgram {
        module: include_str!("../../go/kube-apiserver/go.mod"),
        source: include_str!("../../go/kube-apiserver/main.go"),
        target: ".",
    },
    minutes: 12,
};

pub(crate) const ETCD: Package = Package {
    name: "etcd",
    version: "3.4",
    recipe: Recipe::Debian {
        packages: &["etcd-server"],
        program: "etcd",
    },
    minutes: 0,
};

/// Opens everything.
const ADMINISTRATOR: &str = "administrator-secret-6c1e";

/// An API server with a service account that may read ConfigMaps of the namespace `default`.
#[derive(Debug)]
pub(crate) struct Kubernetes {
    pub(crate) server: Server,
    pub(crate) port: u16,
    /// The service account's token.
    pub(crate) token: String,
    client: Administrator,
    _etcd: Server,
}

/// Asks as the administrator.
#[derive(Debug, Clone)]
struct Administrator {
    client: Client,
    port: u16,
}

impl Kubernetes {
    pub(crate) fn start(cache: &Cache, folder: &Path, trust: &Trust) -> Result<Self> {
        let installed = cache.need(&PACKAGE)?;
        let etcd_port = free_port()?;
        let etcd = etcd(cache, folder, etcd_port)?;
        let port = free_port()?;
        let signing = folder.join("service-accounts.key");
        run(Command::new("openssl")
            .args(["genrsa", "-out"])
            .arg(&signing)
            .arg("2048"))?;
        let tokens = folder.join("tokens.csv");
        fs::write(&tokens, format!("{ADMINISTRATOR},administrator,1,\"system:masters\"\n"))?;
        let arguments = [
            format!("--etcd-servers=http://127.0.0.1:{etcd_port}"),
            format!("--secure-port={port}"),
            format!("--tls-cert-file={}", trust.server.certificate.display()),
            format!("--tls-private-key-file={}", trust.server.key.display()),
            format!("--token-auth-file={}", tokens.display()),
            format!("--service-account-key-file={}", signing.display()),
            format!("--service-account-signing-key-file={}", signing.display()),
        ];
        let command = move || {
            let mut command = installed.command("kube-apiserver");
            command.args(&arguments).args(FIXED_ARGUMENTS);
            command
        };
        let client = Client {
            authority: fs::read_to_string(&trust.authority)?,
            ..Client::default()
        };
        let client = Administrator { client, port };
        let asked = client.clone();
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || {
                let ready = asked.ask("GET", "/readyz", &Value::Null);
                ready.is_ok_and(|answer| answer.status == 200)
            }),
        };
        let mut kubernetes = Self {
            server: Server::start("kube-apiserver", folder, launch)?,
            port,
            token: String::new(),
            client,
            _etcd: etcd,
        };
        kubernetes.token = kubernetes.admit()?;
        Ok(kubernetes)
    }

    /// Makes a ConfigMap of the namespace `default` hold one document.
    pub(crate) fn put(&self, name: &str, key: &str, document: &str) -> Result<()> {
        let map = json!({"metadata": {"name": name}, "data": {key: document}});
        let folder = "/api/v1/namespaces/default/configmaps";
        let mut answer = self.client.ask("PUT", &format!("{folder}/{name}"), &map)?;
        if answer.status == 404 {
            answer = self.client.ask("POST", folder, &map)?;
        }
        ensure!(matches!(answer.status, 200 | 201), "no ConfigMap: {}", answer.text());
        Ok(())
    }

    /// Lets a service account in; its token.
    fn admit(&self) -> Result<String> {
        let roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";
        let accounts = "/api/v1/namespaces/default/serviceaccounts";
        let rule = json!({"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"]});
        let granted = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "flags"});
        let account = json!({"kind": "ServiceAccount", "name": "relay", "namespace": "default"});
        for (path, body) in [
            (accounts.to_owned(), json!({"metadata": {"name": "relay"}})),
            (
                format!("{roles}/roles"),
                json!({"metadata": {"name": "flags"}, "rules": [rule]}),
            ),
            (
                format!("{roles}/rolebindings"),
                json!({"metadata": {"name": "flags"}, "roleRef": granted, "subjects": [account]}),
            ),
        ] {
            let answer = self.client.ask("POST", &path, &body)?;
            ensure!(answer.status == 201, "{path}: {}", answer.text());
        }
        let answer = self
            .client
            .ask("POST", &format!("{accounts}/relay/token"), &json!({"spec": {}}))?;
        ensure!(answer.status == 201, "no token: {}", answer.text());
        Ok(answer.json()["status"]["token"].as_str().unwrap_or_default().to_owned())
    }
}

impl Administrator {
    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Response> {
        let mut request = Request::post(path, body).header("Authorization", &format!("Bearer {ADMINISTRATOR}"));
        method.clone_into(&mut request.method);
        if body.is_null() {
            request.body.clear();
        }
        let (mut connection, _) = self.client.connect(loopback(self.port))?;
        Ok(connection.send(&request)?)
    }
}

fn etcd(cache: &Cache, folder: &Path, port: u16) -> Result<Server> {
    let installed = cache.need(&ETCD)?;
    let data: PathBuf = folder.join("etcd");
    let (clients, peers) = (
        format!("http://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{}", free_port()?),
    );
    let command = move || {
        let mut command = installed.command("etcd");
        command.arg("--data-dir").arg(&data).args([
            "--unsafe-no-fsync",
            "--listen-client-urls",
            &clients,
            "--advertise-client-urls",
            &clients,
            "--listen-peer-urls",
            &peers,
        ]);
        command
    };
    let launch = Launch {
        command: Box::new(command),
        ready: Box::new(move || is_listening(port)),
    };
    Server::start("etcd", folder, launch)
}

const FIXED_ARGUMENTS: &[&str] = &[
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    "--authorization-mode=RBAC",
    "--service-account-issuer=https://kubernetes.default.svc",
    "--service-cluster-ip-range=10.0.0.0/24",
    "--disable-admission-plugins=ServiceAccount",
    "--endpoint-reconciler-type=none",
];
