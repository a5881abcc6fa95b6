//! From lists of keys to the one table of them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::super::decode::Written;
use super::super::key_list::{ApiKeyFile, KeyList};
use super::super::key_source::{self, KeySource, KeyTextError};
use super::super::keys::{ApiKey, Grant, Key, Keys, Scope};
use super::super::report::{Origin, Report};
use super::super::settings::Dialect;
use super::{choice, shown, text};

/// Where keys are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    /// `authorizedKeys.evaluation`, or its deprecated spelling.
    Evaluation,
    /// A flag set's `apiKeys`, by its index.
    FlagSet(usize),
    /// `authorizedKeys.admin`.
    Admin,
}

/// Collects the keys of all lists.
pub(super) struct Collection<'p> {
    /// Where relative paths begin.
    working_directory: &'p Path,
    /// Everything collected so far.
    pub(super) keys: Keys,
}

/// The keys of one list.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Each once.
    pub(super) keys: Vec<ApiKey>,
    /// Flag sets before this one that list one of them too, by their index.
    pub(super) shared_with: BTreeSet<usize>,
}

/// A key of a list.
struct Listed<'l> {
    key: ApiKey,
    /// What it is called when it was given no name.
    place: Arc<str>,
    name: Option<Arc<str>>,
    scope: Option<Scope>,
    dialect: Option<Dialect>,
    origin: &'l Origin,
    path: &'l str,
}

impl<'p> Collection<'p> {
    /// No keys yet.
    pub(super) fn new(working_directory: &'p Path) -> Self {
        Self {
            working_directory,
            keys: Keys::default(),
        }
    }

    /// Adds the keys of a list. An empty one is announced and left out.
    pub(super) fn add(&mut self, written: &Written<KeyList>, list: List, report: &mut Report) -> Listing {
        // Listing a key asks for authentication, even if the key is empty or its file cannot be read.
        if list != List::Admin && !written.value.0.is_empty() {
            self.keys.require();
        }
        let mut listing = Listing::default();
        let mut has_empty = false;
        for entry in &written.value.0 {
            for listed in self.read(entry, list, &mut has_empty, report) {
                self.insert(listed, list, &mut listing, report);
            }
        }
        if has_empty {
            let message = "holds an empty key, which opens nothing";
            report.notice(&written.origin, &written.path, message);
        }
        listing
    }

    /// The keys of an entry: one, or those of its file.
    fn read<'l>(
        &self,
        entry: &'l Written<ApiKeyFile>,
        list: List,
        has_empty: &mut bool,
        report: &mut Report,
    ) -> Vec<Listed<'l>> {
        let Written { value, origin, path } = entry;
        let name: Option<Arc<str>> = text(value.name.as_ref()).map(Arc::from);
        let scope = value.scope.as_ref().filter(|scope| !scope.value.is_empty());
        if let (List::Admin, Some(scope)) = (list, scope)
            && !scope.value.eq_ignore_ascii_case(Scope::Admin.name())
        {
            let message = "keys of administrators have the scope admin, list others under authorizedKeys.evaluation";
            report.problem(&scope.origin, &scope.path, message);
        }
        let scope = choice(
            scope,
            "scope",
            |name| Scope::parse(name).map(Some),
            Scope::NAMES,
            report,
        );
        let dialect = value.ofrep_dialect.as_ref().filter(|dialect| !dialect.value.is_empty());
        let dialect = choice(
            dialect,
            "dialect",
            |name| Dialect::parse(name).map(Some),
            Dialect::NAMES,
            report,
        );
        let listed = |key, place| Listed {
            key,
            place,
            name: name.clone(),
            scope,
            dialect,
            origin,
            path,
        };
        match (&value.key, &value.sha256, &value.file) {
            (Some(written), None, None) => match key_source::key(written.value.as_bytes()) {
                Ok(key) => vec![listed(key, Arc::from(path.as_str()))],
                Err(KeyTextError::Empty) => {
                    *has_empty = true;
                    Vec::new()
                }
                Err(error) => {
                    report.problem(&written.origin, &written.path, error.to_string());
                    Vec::new()
                }
            },
            (None, Some(written), None) => {
                let digits = written.value.strip_prefix("sha256:").unwrap_or(&written.value);
                let key = ApiKey::from_sha256(digits);
                if key.is_none() {
                    let message = "is not a SHA-256, which has 64 hexadecimal digits: `flagstaff key new` makes one";
                    report.problem(&written.origin, &written.path, message);
                }
                key.map(|key| listed(key, Arc::from(path.as_str())))
                    .into_iter()
                    .collect()
            }
            (None, None, Some(written)) => {
                let keys = self.read_file(written, report);
                keys.into_iter().map(|(key, file)| listed(key, file)).collect()
            }
            _ => {
                report.problem(origin, path, "write exactly one of key, sha256 and file");
                Vec::new()
            }
        }
    }

    /// The keys of a file. One that is of no use is a problem: without its keys nobody may be let in, nor locked out.
    fn read_file(&self, written: &Written<Box<str>>, report: &mut Report) -> Vec<(ApiKey, Arc<str>)> {
        let path = self.working_directory.join(&*written.value);
        match KeySource::read(&path) {
            Ok(source) => {
                source.places.into_iter().for_each(|place| report.depends_on(place));
                source.keys
            }
            Err(error) => {
                report.depends_on(path);
                let message = format!("key file {} {error}", shown(&written.value, &written.origin));
                report.problem(&written.origin, &written.path, message);
                Vec::new()
            }
        }
    }

    /// Adds a key. One that is in several lists is an administrator's if one of them says so, as in GO Feature Flag, and
    /// keeps its flag set.
    fn insert(&mut self, listed: Listed<'_>, list: List, listing: &mut Listing, report: &mut Report) {
        let Listed {
            key,
            place,
            name,
            dialect,
            origin,
            path,
            ..
        } = listed;
        let scope = match list {
            List::Admin => Scope::Admin,
            List::Evaluation | List::FlagSet(_) => listed.scope.unwrap_or(Scope::Server),
        };
        let flag_set = match list {
            List::FlagSet(index) => Some(index),
            List::Evaluation | List::Admin => None,
        };
        let every_flag_set = flag_set.is_none() && scope == Scope::Admin;
        let Some(known) = self.keys.get_mut(key) else {
            listing.keys.push(key);
            let grant = Grant {
                scope,
                flag_set,
                every_flag_set,
                dialect,
            };
            return self.keys.insert(Key::new(key, name.unwrap_or(place), grant));
        };
        let before = known.grant;
        match before.flag_set {
            Some(other) if flag_set.is_some_and(|index| index != other) => {
                listing.shared_with.insert(other);
            }
            Some(_) => {}
            None => listing.keys.push(key),
        }
        if before.scope != scope && before.scope.min(scope) == Scope::Client {
            let message = format!(
                "is the same key as {}, which has another scope: {} and {}",
                known.name,
                before.scope.name(),
                scope.name()
            );
            report.problem(origin, path, message);
        }
        if let (Some(one), Some(other)) = (before.dialect, dialect)
            && one != other
        {
            let message = format!("is the same key as {}, which has another dialect", known.name);
            report.problem(origin, path, message);
        }
        known.grant = Grant {
            scope: before.scope.max(scope),
            flag_set: flag_set.or(before.flag_set),
            every_flag_set: before.every_flag_set || every_flag_set,
            dialect: dialect.or(before.dialect),
        };
        if let Some(name) = name {
            known.name = name;
        }
    }
}
