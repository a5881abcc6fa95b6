//! Where a backend runs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What a backend may know of where it runs, passed in by whoever builds it: the flag set that it serves, and the variables
/// of the environment. `Debug` hides the values of variables, since many of them are secrets.
///
/// ```
/// use flagstaff_backend::Surroundings;
///
/// let relay = Surroundings::new([("PGHOST".to_owned(), "db.internal".to_owned())]);
/// let set = relay.of_flag_set(Some("checkout".into()));
/// assert_eq!((set.flag_set(), set.variable("PGHOST")), (Some("checkout"), Some("db.internal")));
/// assert_eq!((relay.flag_set(), relay.variable("PGPORT")), (None, None));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    flag_set: Option<Arc<str>>,
    variables: Arc<BTreeMap<String, String>>,
}

impl Surroundings {
    /// The environment of a process. The flag set is the only one, or has no name.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            flag_set: None,
            variables: Arc::new(variables.into_iter().collect()),
        }
    }

    /// The same environment for a flag set; `None` for one without a name.
    #[must_use]
    pub fn of_flag_set(&self, name: Option<Arc<str>>) -> Self {
        Self {
            flag_set: name,
            variables: Arc::clone(&self.variables),
        }
    }

    /// The name of the flag set; `None` in default mode and for a set without a name.
    pub fn flag_set(&self) -> Option<&str> {
        self.flag_set.as_deref()
    }

    /// A variable of the environment. One that is empty counts as absent.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("flag_set", &self.flag_set)
            .field("variables", &self.variables.keys().collect::<Vec<_>>())
            .finish()
    }
}
