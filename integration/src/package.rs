//! What can be installed, by name and version, from public registries, into a cache outside of the repository.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fmt, fs};

use anyhow::{Context, Result};

mod installation;

/// A server, or a tool that one needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Package {
    /// Its name in messages and in the cache.
    pub(crate) name: &'static str,
    /// The version that is installed.
    pub(crate) version: &'static str,
    /// Where it comes from.
    pub(crate) recipe: Recipe,
    /// Minutes that its build takes; it is built with `--all` only. 0 for what is installed in seconds.
    pub(crate) minutes: u32,
}

/// Where a package comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Recipe {
    /// Packages of Debian in the version of its release, unpacked together with what the machine lacks for them.
    Debian {
        /// Names.
        packages: &'static [&'static str],
        /// The program that they are wanted for: a machine that has it needs nothing.
        program: &'static str,
    },
    /// Requirements of Python, as pip reads them.
    Pypi(&'static [&'static str]),
    /// Packages of npm, with their versions.
    Npm(&'static [&'static str]),
    /// Artifacts of Maven as `group:artifact:version`, with what they need at run time.
    Maven(&'static [&'static str]),
    /// A program of a Go module, as `path@version`.
    GoInstall(&'static str),
    /// A Go program of this repository, around what a module brings.
    GoProgram {
        /// `go.mod`, without what that requires in turn.
        module: &'static str,
        /// `main.go`.
        source: &'static str,
        /// What is built: `.`, or a program of the module that is required.
        target: &'static str,
    },
}

/// The folder in which each package has a folder of its own.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    folder: PathBuf,
}

/// A package that is there.
#[derive(Debug, Clone)]
pub(crate) struct Installed {
    recipe: Recipe,
    folder: PathBuf,
}

/// Why something was not tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing(pub(crate) String);

impl Cache {
    /// `flagstaff-servers` below the user's folder for caches.
    pub(crate) fn of(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        let folder = match (variable("XDG_CACHE_HOME"), variable("HOME")) {
            (Some(caches), _) if Path::new(&caches).is_absolute() => PathBuf::from(caches),
            (_, home) => Path::new(&home.context("HOME is not set: set it, or XDG_CACHE_HOME")?).join(".cache"),
        };
        let folder = folder.join("flagstaff-servers");
        Ok(Self { folder })
    }

    /// A package, if it is installed.
    pub(crate) fn find(&self, package: &Package) -> Option<Installed> {
        let installed = |folder| Installed {
            recipe: package.recipe,
            folder,
        };
        let here = installed(self.place(package));
        if here.folder.is_dir() {
            return Some(here);
        }
        let Recipe::Debian { program, .. } = package.recipe else {
            return None;
        };
        let machine = installed(PathBuf::from("/"));
        machine.debian_program(program).map(|_| machine)
    }

    /// Why a package could not be installed when that was last tried.
    fn failure(&self, package: &Package) -> Option<String> {
        fs::read_to_string(self.failure_note(package)).ok()
    }

    fn place(&self, package: &Package) -> PathBuf {
        self.folder.join(format!("{}-{}", package.name, package.version))
    }

    /// Where it stands why.
    fn failure_note(&self, package: &Package) -> PathBuf {
        self.folder.join(format!("{}-{}.failed", package.name, package.version))
    }

    /// A package that is needed.
    ///
    /// # Errors
    /// [`Missing`].
    pub(crate) fn need(&self, package: &Package) -> Result<Installed> {
        let advice = || match (self.failure(package), package.minutes) {
            (Some(failure), _) => Missing(format!("{package} cannot be installed: {failure}")),
            (None, 0) => Missing(format!("{package} is not installed")),
            (None, minutes) => Missing(format!(
                "{package} is not built, --all builds it in about {minutes} min"
            )),
        };
        Ok(self.find(package).ok_or_else(advice)?)
    }
}

impl Installed {
    /// Runs one of its programs: by name for Debian, npm and Go, by module for Python, by class for Java.
    pub(crate) fn command(&self, program: &str) -> Command {
        match self.recipe {
            Recipe::Debian { .. } => {
                let found = self.debian_program(program).unwrap_or_else(|| program.into());
                let mut command = Command::new(found);
                if self.folder != Path::new("/") {
                    let libraries = format!("usr/lib/{}-linux-gnu", std::env::consts::ARCH);
                    command.env("LD_LIBRARY_PATH", self.folder.join(libraries));
                }
                command
            }
            Recipe::Pypi(_) => {
                let mut command = Command::new("python3");
                command.env("PYTHONPATH", &self.folder).args(["-m", program]);
                command
            }
            Recipe::Npm(_) => {
                let mut command = Command::new("node");
                command.arg(self.folder.join("node_modules/.bin").join(program));
                command
            }
            Recipe::Maven(_) => {
                let mut command = Command::new("java");
                command.arg("-cp").arg(self.folder.join("lib/*")).arg(program);
                command
            }
            Recipe::GoInstall(_) | Recipe::GoProgram { .. } => Command::new(self.folder.join(program)),
        }
    }

    /// One of its files.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// Runs a script of Python or Node.js that uses it.
    pub(crate) fn script(&self, text: &str) -> Command {
        if let Recipe::Npm(_) = self.recipe {
            let mut command = Command::new("node");
            command
                .env("NODE_PATH", self.folder.join("node_modules"))
                .args(["-e", text]);
            return command;
        }
        let mut command = Command::new("python3");
        command.env("PYTHONPATH", &self.folder).args(["-c", text]);
        command
    }

    fn debian_program(&self, program: &str) -> Option<PathBuf> {
        // the programs of PostgreSQL lie in a folder of their version
        let postgresql = fs::read_dir(self.folder.join("usr/lib/postgresql"));
        let postgresql = postgresql.into_iter().flatten().flatten();
        let versions = postgresql.map(|version| version.path().join("bin"));
        let folders = ["usr/bin", "usr/sbin", "usr/local/bin"].map(|folder| self.folder.join(folder));
        let mut places = folders.into_iter().chain(versions).map(|folder| folder.join(program));
        places.find(|place| place.is_file())
    }
}

impl Recipe {
    /// Whether it is built by Go.
    pub(crate) fn is_go(self) -> bool {
        matches!(self, Self::GoInstall(_) | Self::GoProgram { .. })
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Missing {}
