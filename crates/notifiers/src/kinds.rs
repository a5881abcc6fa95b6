//! The list of notifiers: one line each. An unknown kind is answered with the known ones.

use std::fmt;
use std::sync::Arc;

use flagstaff_backend::Needs::{Each, One};
use flagstaff_backend::{Kind, Needs, Settings, SettingsError, find};
use serde_json::{Map, Value};

use crate::Notifier;

/// Builds a notifier from its options. `None` in the list: this build does not have it.
type Constructor = fn(Settings<'_>) -> Result<Arc<dyn Notifier>, SettingsError>;

/// What a notifier of a kind is built with.
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
    kind("slack", "slack", One(&["webhookUrl", "slackWebhookUrl"]), &[], SLACK),
    kind(
        "microsoftteams",
        "microsoftteams",
        Each(&["webhookUrl"]),
        &[],
        MICROSOFT_TEAMS,
    ),
    kind(
        "webhook",
        "webhook",
        Each(&["endpointUrl"]),
        &[&["secret", "meta", "headers"]],
        WEBHOOK,
    ),
    kind("discord", "discord", Each(&["webhookUrl"]), &[], DISCORD),
];

macro_rules! constructor {
    ($constant:ident, $feature:literal, $type:path) => {
        #[cfg(feature = $feature)]
        const $constant: Option<Constructor> = Some(|settings| Ok(Arc::new(<$type>::read(settings)?)));
        #[cfg(not(feature = $feature))]
        const $constant: Option<Constructor> = None;
    };
}

constructor!(SLACK, "slack", crate::slack::SlackNotifier);
constructor!(
    MICROSOFT_TEAMS,
    "microsoftteams",
    crate::microsoftteams::MicrosoftTeamsNotifier
);
constructor!(WEBHOOK, "webhook", crate::webhook::WebhookNotifier);
constructor!(DISCORD, "discord", crate::discord::DiscordNotifier);

/// A notifier that a configuration block describes. Two are equal when their options are.
#[derive(Clone)]
pub struct Recipient {
    pub(crate) kind: &'static str,
    pub(crate) options: Arc<Map<String, Value>>,
    pub(crate) notifier: Arc<dyn Notifier>,
}

impl Recipient {
    /// Builds the notifier of some options: `kind` and its properties, names in any case.
    ///
    /// Nothing is opened or asked yet. Errors name the property; values are never shown.
    pub fn build(options: &Map<String, Value>) -> Result<Self, SettingsError> {
        let kind = find(KINDS, options)?;
        let Backend(constructor) = kind.backend;
        let constructor = constructor.ok_or_else(|| kind.not_compiled())?;
        Ok(Self {
            kind: kind.name,
            notifier: constructor(Settings::new(kind.name, options))?,
            options: Arc::new(options.clone()),
        })
    }

    /// The notifier itself.
    pub fn notifier(&self) -> &Arc<dyn Notifier> {
        &self.notifier
    }

    /// The kind, like `slack`.
    pub fn kind(&self) -> &'static str {
        self.kind
    }
}

impl PartialEq for Recipient {
    fn eq(&self, other: &Self) -> bool {
        self.options == other.options
    }
}

impl fmt::Debug for Recipient {
    /// Leaves the options out: URLs, headers and secrets are among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recipient")
            .field("kind", &self.kind)
            .field("notifier", &self.notifier)
            .finish_non_exhaustive()
    }
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
