//! What each setting is: the one description of the file that decoding, environment variables and the
//! [reference](super::reference) read.

/// What a setting holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Integer,
    /// Text.
    Text,
    /// A duration like `1m30s`.
    Duration,
    /// A list of texts; a single one counts as a list.
    Texts,
    /// Names with a text each.
    TextMap,
    /// Names with lists of texts.
    TextsMap,
    /// Whatever is written.
    Free,
    /// An object with known names, in groups.
    Section(&'static [&'static [Field]]),
    /// A list of objects; a single one counts as a list.
    List(&'static [&'static [Field]]),
    /// A list of keys, each a text or an object; a single one counts as a list.
    Keys(&'static [&'static [Field]]),
}

/// A setting of a section.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// Its names, the canonical one first.
    pub(super) names: &'static [&'static str],
    /// What it holds.
    pub(super) shape: Shape,
    /// What it does: the lines of a doc comment.
    pub(super) about: &'static str,
    /// What counts when it is not written, as it would be written.
    pub(super) default: Option<&'static str>,
    /// Whether 0, or an empty text, is a value of its own. Otherwise it counts as not written.
    pub(super) keeps_zero: bool,
    /// Whether an edit counts from the next start only.
    pub(super) restart: bool,
    /// The setting that replaced it.
    pub(super) successor: Option<&'static str>,
    /// What the successor holds when this switch is on, where that is not the value itself.
    pub(super) means: Option<&'static str>,
    /// Read because GO Feature Flag knows it, and without an effect.
    pub(super) ignored: bool,
    /// How much of it may be shown.
    pub(super) exposure: Exposure,
    /// For the `kind` of a backend: what each kind can be told.
    pub(super) kinds: Option<fn() -> Vec<KindOptions>>,
}

/// How much of a value may be shown to whoever looks at a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exposure {
    /// All of it.
    Plain,
    /// A URL: user, password and query are hidden.
    Url,
    /// A URL that is a secret by itself: only scheme and host are shown.
    Webhook,
    /// Nothing; of a map the names are shown.
    Secret,
}

/// What a kind of backend can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KindOptions {
    /// Name of the kind.
    pub(super) name: &'static str,
    /// Whether this build does something with it.
    pub(super) active: bool,
    /// What must be there, as a list for people.
    pub(super) required: String,
    /// Every option of the kind, mandatory ones included; the first parts of dotted paths.
    pub(super) options: Vec<&'static str>,
}

impl Field {
    /// A setting that is live, shown as it is, and has no default.
    pub(super) const fn new(names: &'static [&'static str], shape: Shape, about: &'static str) -> Self {
        Self {
            names,
            shape,
            about,
            default: None,
            keeps_zero: false,
            restart: false,
            successor: None,
            means: None,
            ignored: false,
            exposure: Exposure::Plain,
            kinds: None,
        }
    }

    /// What counts when it is not written.
    pub(super) const fn default(self, value: &'static str) -> Self {
        Self {
            default: Some(value),
            ..self
        }
    }

    /// 0, or an empty text, is a value of its own.
    pub(super) const fn keeps_zero(self) -> Self {
        Self {
            keeps_zero: true,
            ..self
        }
    }

    /// An edit counts from the next start only.
    pub(super) const fn restart(self) -> Self {
        Self { restart: true, ..self }
    }

    /// Another setting replaced it.
    pub(super) const fn deprecated(self, successor: &'static str) -> Self {
        Self {
            successor: Some(successor),
            ..self
        }
    }

    /// A switch that stands for a value of its successor.
    pub(super) const fn means(self, value: &'static str) -> Self {
        Self {
            means: Some(value),
            ..self
        }
    }

    /// It has no effect.
    pub(super) const fn ignored(self) -> Self {
        Self { ignored: true, ..self }
    }

    /// It is a secret.
    pub(super) const fn secret(self) -> Self {
        Self {
            exposure: Exposure::Secret,
            ..self
        }
    }

    /// It is a URL that may hold a password.
    pub(super) const fn url(self) -> Self {
        Self {
            exposure: Exposure::Url,
            ..self
        }
    }

    /// It is a URL that is a secret by itself.
    pub(super) const fn webhook(self) -> Self {
        Self {
            exposure: Exposure::Webhook,
            ..self
        }
    }

    /// It picks the kind of a backend.
    pub(super) const fn picks(self, kinds: fn() -> Vec<KindOptions>) -> Self {
        Self {
            kinds: Some(kinds),
            ..self
        }
    }

    /// Whether it goes by a name, in any case.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}
