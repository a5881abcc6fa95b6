//! How each registry's client is asked. A package is installed aside and moved into its place, so that what is there is whole.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::{Cache, Package, Recipe};
use crate::execution::run;

/// Copies the artifacts of a `pom.xml`, and what they need, into `lib`.
const COPY: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

impl Cache {
    /// Downloads and builds a package. Why it cannot be is kept for those that need it.
    pub(crate) fn install(&self, package: &Package) -> Result<()> {
        fs::create_dir_all(&self.folder).with_context(|| format!("cannot make {}", self.folder.display()))?;
        let note = self.failure_note(package);
        let tried = self.try_install(package);
        match &tried {
            Err(error) => fs::write(&note, format!("{error:#}").lines().collect::<Vec<_>>().join(" "))?,
            Ok(()) if note.exists() => fs::remove_file(&note)?,
            Ok(()) => {}
        }
        tried
    }

    fn try_install(&self, package: &Package) -> Result<()> {
        let aside = tempfile::Builder::new().prefix(".new-").tempdir_in(&self.folder)?;
        match package.recipe {
            Recipe::Debian { packages, .. } => debian(aside.path(), packages)?,
            Recipe::Pypi(requirements) => run(Command::new("python3")
                .args(["-m", "pip", "install", "--quiet", "--target"])
                .arg(aside.path())
                .args(requirements))?,
            Recipe::Npm(packages) => run(Command::new("npm")
                .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
                .arg(aside.path())
                .args(packages))?,
            Recipe::Maven(artifacts) => maven(aside.path(), artifacts)?,
            Recipe::GoInstall(program) => {
                run(self
                    .go()
                    .env("GOBIN", aside.path())
                    .args(["install", "-trimpath", "-ldflags=-s -w", program]))?;
            }
            Recipe::GoProgram { module, source, target } => {
                self.go_program(&aside.path().join(package.name), package, (module, source, target))?;
            }
        }
        let place = self.place(package);
        fs::rename(aside.keep(), &place).with_context(|| format!("cannot make {}", place.display()))
    }

    /// Removes what Go keeps to build faster, which is many times larger than what was built.
    pub(crate) fn tidy(&self) -> Result<()> {
        let folder = self.folder.join(".go");
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        Ok(())
    }

    fn go_program(
        &self,
        program: &Path,
        package: &Package,
        (module, source, target): (&str, &str, &str),
    ) -> Result<()> {
        let folder = TempDir::new()?;
        fs::write(folder.path().join("go.mod"), module)?;
        fs::write(folder.path().join("main.go"), source)?;
        // what only the tests of others need may be missing
        run(self.go().args(["mod", "tidy", "-e"]).current_dir(&folder))?;
        // Kubernetes asks its programs for their version
        let linking = format!(
            "-ldflags=-s -w -X k8s.io/component-base/version.gitVersion=v{}",
            package.version
        );
        run(self
            .go()
            .args(["build", "-trimpath", &linking, "-o"])
            .arg(program)
            .arg(target)
            .current_dir(&folder))
    }

    /// Go with folders of its own, behind everything else that the machine has to do.
    fn go(&self) -> Command {
        let mut command = Command::new("nice");
        command
            .args(["-n", "19", "go"])
            .env("GOMODCACHE", self.folder.join(".go/modules"))
            .env("GOCACHE", self.folder.join(".go/build"))
            .env("GOFLAGS", "-modcacherw")
            .env("GOTOOLCHAIN", "local");
        command
    }
}

/// Unpacks packages, since an installed server would be started, and on its usual port.
fn debian(folder: &Path, packages: &[&str]) -> Result<()> {
    let archives = folder.join("archives");
    fs::create_dir_all(archives.join("partial"))?;
    let download = || {
        run(Command::new("apt-get")
            .args(["install", "-qq", "-y", "--download-only", "--no-install-recommends"])
            .arg(format!("-oDir::Cache::archives={}", archives.display()))
            .args(["-oDebug::NoLocking=1", "-oAPT::Sandbox::User="])
            .args(packages))
    };
    // the list of packages may be older than what the archive has
    download().or_else(|_| {
        run(Command::new("apt-get").args(["update", "-qq"]))?;
        download()
    })?;
    for archive in fs::read_dir(&archives)? {
        let archive = archive?.path();
        if archive.extension().is_some_and(|extension| extension == "deb") {
            run(Command::new("dpkg").arg("-x").arg(archive).arg(folder))?;
        }
    }
    fs::remove_dir_all(archives)?;
    Ok(())
}

fn maven(folder: &Path, artifacts: &[&str]) -> Result<()> {
    let mut dependencies = String::new();
    for artifact in artifacts {
        let parts: Vec<_> = artifact.split(':').collect();
        ensure!(parts.len() == 3, "{artifact} is not group:artifact:version");
        dependencies += &format!(
            "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>",
            parts[0], parts[1], parts[2]
        );
    }
    let project = format!(
        "<project><modelVersion>4.0.0</modelVersion><groupId>flagstaff</groupId><artifactId>server</artifactId>\
         <version>1</version><packaging>pom</packaging><dependencies>{dependencies}</dependencies></project>"
    );
    fs::write(folder.join("pom.xml"), project)?;
    run(Command::new("mvn")
        .args(["-q", "-B", COPY, "-DoutputDirectory=lib", "-DincludeScope=runtime"])
        .current_dir(folder))
}
