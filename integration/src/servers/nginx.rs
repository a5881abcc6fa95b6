//! nginx, of Debian: files behind a password, over TLS, over TLS for clients that have a certificate, and at the places where hosts
//! of git repositories have them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::execution::output;
use crate::package::{Cache, Package, Recipe};
use crate::server::{Launch, Server, free_port, is_listening};
use crate::trust::Trust;

pub(crate) const PACKAGE: Package = Package {
    name: "nginx",
    version: "1.22",
    recipe: Recipe::Debian {
        packages: &["nginx"],
        program: "nginx",
    },
    minutes: 0,
};

/// Who may read files on [`Nginx::port`].
pub(crate) const USER: &str = "relay";

/// Their password.
pub(crate) const PASSWORD: &str = "nginx-secret-90bd";

/// What opens the hosts of git repositories.
pub(crate) const TOKEN: &str = "token-secret-c40e";

/// An nginx that serves a folder.
#[derive(Debug)]
pub(crate) struct Nginx {
    pub(crate) server: Server,
    /// HTTP, with Basic authentication.
    pub(crate) port: u16,
    /// TLS.
    pub(crate) tls_port: u16,
    /// TLS that asks for a certificate.
    pub(crate) mutual_port: u16,
    /// HTTP, with the paths and the tokens of GitHub, GitLab and Bitbucket.
    pub(crate) hosts_port: u16,
    /// What is served.
    pub(crate) files: PathBuf,
}

impl Nginx {
    pub(crate) fn start(cache: &Cache, folder: &Path, trust: &Trust) -> Result<Self> {
        let [port, tls_port, mutual_port, hosts_port] = [free_port()?, free_port()?, free_port()?, free_port()?];
        let files = folder.join("files");
        fs::create_dir(&files)?;
        for path in [folder, &files] {
            // its workers run for nobody
            fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
        }
        let hash = output(std::process::Command::new("openssl").args(["passwd", "-apr1", PASSWORD]))
            .context("nginx needs openssl to hash a password")?;
        fs::write(folder.join("passwords"), format!("{USER}:{hash}"))?;
        let servers = SERVERS
            .replace("FOLDER", &folder.display().to_string())
            .replace("TLS_PORT", &tls_port.to_string())
            .replace("MUTUAL_PORT", &mutual_port.to_string())
            .replace("HOSTS_PORT", &hosts_port.to_string())
            .replace("TOKEN", TOKEN)
            .replace("PORT", &port.to_string())
            .replace("CERTIFICATE", &trust.server.certificate.display().to_string())
            .replace("KEY", &trust.server.key.display().to_string())
            .replace("AUTHORITY", &trust.authority.display().to_string());
        Ok(Self {
            server: start(cache, folder, &servers, port)?,
            port,
            tls_port,
            mutual_port,
            hosts_port,
            files,
        })
    }
}

/// Starts nginx with blocks of its configuration for HTTP, in which one server listens on a port.
pub(super) fn start(cache: &Cache, folder: &Path, blocks: &str, port: u16) -> Result<Server> {
    let installed = cache.need(&PACKAGE)?;
    let path = folder.join("nginx.conf");
    let configuration = CONFIGURATION
        .replace("FOLDER", &folder.display().to_string())
        .replace("BLOCKS", blocks);
    fs::write(&path, configuration)?;
    let prefix = folder.to_owned();
    let command = move || {
        let mut command = installed.command("nginx");
        command.args(["-e", "stderr", "-p"]).arg(&prefix).arg("-c").arg(&path);
        command
    };
    let launch = Launch {
        command: Box::new(command),
        ready: Box::new(move || is_listening(port)),
    };
    Server::start("nginx", folder, launch)
}

const CONFIGURATION: &str = "\
daemon off;
pid FOLDER/nginx.pid;
error_log stderr;
worker_processes 1;
events {}
http {
  access_log off;
  client_body_temp_path FOLDER/nginx-body;
  proxy_temp_path FOLDER/nginx-proxy;
  fastcgi_temp_path FOLDER/nginx-fastcgi;
  uwsgi_temp_path FOLDER/nginx-uwsgi;
  scgi_temp_path FOLDER/nginx-scgi;
  BLOCKS
}
";

const SERVERS: &str = "\
  root FOLDER/files;
  ssl_certificate CERTIFICATE;
  ssl_certificate_key KEY;
  server { listen 127.0.0.1:PORT; auth_basic flags; auth_basic_user_file FOLDER/passwords; }
  server { listen 127.0.0.1:TLS_PORT ssl; }
  server { listen 127.0.0.1:MUTUAL_PORT ssl; ssl_verify_client on; ssl_client_certificate AUTHORITY; }
  map $http_authorization$http_private_token $granted { default 0; TOKEN 1; \"Bearer TOKEN\" 1; }
  server {
    listen 127.0.0.1:HOSTS_PORT;
    if ($granted = 0) { return 401; }
    location = /repos/team/flags/contents/config/flags.yaml { alias FOLDER/files/flags.yaml; }
    location = /api/v4/projects/team/flags/repository/files/config/flags.yaml/raw { alias FOLDER/files/flags.yaml; }
    location = /2.0/repositories/team/flags/src/main/config/flags.yaml { alias FOLDER/files/flags.yaml; }
  }
";
