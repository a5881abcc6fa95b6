//! `cargo xtask dependencies`: licences, banned crates and sources, by the rules of `deny.toml`.

use std::collections::HashSet;
use std::fs;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

use crate::metadata::{Metadata, cargo};

#[derive(Deserialize)]
struct Rules {
    licenses: Licences,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
    /// Who may depend on it all the same.
    #[serde(default)]
    wrappers: Vec<String>,
}

/// Checks every package and prints each that may not be linked.
pub(crate) fn run() -> anyhow::Result<bool> {
    let rules = fs::read_to_string("deny.toml").context("cannot read deny.toml: run from the repository's root")?;
    let rules: Rules = toml::from_str(&rules).context("deny.toml is not understood")?;
    let metadata = Metadata::read()?;
    let mut problems = Vec::new();
    let built = built()?;
    for package in metadata
        .packages
        .iter()
        .filter(|package| built.contains(&package.identity()))
    {
        let name = format!("{} {}", package.name, package.version);
        if package
            .source
            .as_deref()
            .is_some_and(|source| !source.starts_with("registry+"))
        {
            problems.push(format!(
                "{name}: comes from {}",
                package.source.as_deref().unwrap_or_default()
            ));
        }
        if let Some(ban) = rules.bans.deny.iter().find(|ban| ban.name == package.name)
            && !ban.allows(&dependents(&package.name)?)
        {
            problems.push(format!("{name}: {}", ban.reason));
        }
        let licence = package.license.as_deref().unwrap_or_default();
        match is_allowed(licence, &rules.licenses.allow) {
            Ok(true) => {}
            Ok(false) => problems.push(format!("{name}: licence {licence:?} is not allowed")),
            Err(error) => problems.push(format!("{name}: licence {licence:?} is not understood: {error}")),
        }
    }
    problems.iter().for_each(|problem| println!("dependency: {problem}"));
    println!("{} packages, {} problems", built.len(), problems.len());
    Ok(problems.is_empty())
}

impl Ban {
    fn allows(&self, dependents: &[String]) -> bool {
        !self.wrappers.is_empty() && dependents.iter().all(|name| self.wrappers.contains(name))
    }
}

/// Who depends on a package.
fn dependents(package: &str) -> anyhow::Result<Vec<String>> {
    let tree = cargo(&[
        "tree",
        "--workspace",
        "--all-features",
        "--target",
        "all",
        "--prefix",
        "none",
        "--locked",
        "--depth",
        "1",
        "--invert",
        package,
    ])?;
    let names = tree.lines().skip(1).filter_map(|line| line.split(' ').next());
    Ok(names.map(str::to_owned).collect())
}

/// Name and version of everything that is built on some platform with all features. The lock file also names packages that
/// only features would bring that nobody switches on.
fn built() -> anyhow::Result<HashSet<String>> {
    let tree = [
        "tree",
        "--workspace",
        "--all-features",
        "--target",
        "all",
        "--prefix",
        "none",
        "--locked",
    ];
    let tree = cargo(&tree)?;
    let words = tree.lines().map(|line| line.split(' '));
    Ok(words
        .filter_map(|mut words| Some(format!("{} {}", words.next()?, words.next()?)))
        .collect())
}

/// Whether a licence expression (SPDX, `/` for `OR` as old manifests write it) can be fulfilled.
fn is_allowed(expression: &str, allow: &[String]) -> anyhow::Result<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { words: &words, allow };
    let allowed = parser.any()?;
    ensure!(parser.words.is_empty(), "unexpected {:?}", parser.words[0]);
    Ok(allowed)
}

struct Parser<'w> {
    words: &'w [&'w str],
    allow: &'w [String],
}

impl<'w> Parser<'w> {
    fn any(&mut self) -> anyhow::Result<bool> {
        let mut allowed = self.all()?;
        while self.take("OR") {
            allowed |= self.all()?;
        }
        Ok(allowed)
    }

    fn all(&mut self) -> anyhow::Result<bool> {
        let mut allowed = self.one()?;
        while self.take("AND") {
            allowed &= self.one()?;
        }
        Ok(allowed)
    }

    fn one(&mut self) -> anyhow::Result<bool> {
        if self.take("(") {
            let allowed = self.any()?;
            ensure!(self.take(")"), "a parenthesis is not closed");
            return Ok(allowed);
        }
        let mut licence = self.word()?.to_owned();
        if self.take("WITH") {
            licence = format!("{licence} WITH {}", self.word()?);
        }
        Ok(self.allow.contains(&licence))
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.words.first() == Some(&word);
        if found {
            self.words = &self.words[1..];
        }
        found
    }

    fn word(&mut self) -> anyhow::Result<&'w str> {
        let Some((word, rest)) = self.words.split_first() else {
            bail!("a licence is missing at the end")
        };
        self.words = rest;
        Ok(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_fulfilled_by_what_is_allowed() {
        let allow = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
        for (expression, expected) in [
            ("MIT", true),
            ("GPL-3.0", false),
            ("GPL-3.0 OR MIT", true),
            ("GPL-3.0/MIT", true),
            ("GPL-3.0 AND MIT", false),
            ("ISC AND (GPL-3.0 OR MIT)", true),
            ("MIT OR GPL-3.0 AND ISC", true),
            ("Apache-2.0", false),
            ("Apache-2.0 WITH LLVM-exception", true),
        ] {
            assert_eq!(is_allowed(expression, &allow).unwrap(), expected, "{expression}");
        }
        for broken in ["", "MIT OR", "(MIT", "MIT ISC"] {
            assert!(is_allowed(broken, &allow).is_err(), "{broken}");
        }
    }
}
