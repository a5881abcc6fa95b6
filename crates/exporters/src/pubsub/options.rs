//! What people write about a topic.

use flagstaff_backend::{Settings, SettingsError};

/// Options of the kind `pubsub`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PubsubOptions {
    /// `projectID` and `topic` together: `projects/PROJECT/topics/TOPIC`. A topic that is written like this is of its own project.
    pub topic: String,
}

impl PubsubOptions {
    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let (project, topic) = (settings.required("projectID")?, settings.required("topic")?);
        let (project, topic) = match topic.strip_prefix("projects/") {
            Some(name) => name
                .split_once("/topics/")
                .ok_or_else(|| settings.invalid("topic", "is not of the form projects/PROJECT/topics/TOPIC"))?,
            None => (project.as_str(), topic.as_str()),
        };
        if !is_name(project, b"-.:") {
            return Err(settings.invalid("projectID", "holds characters that are in no id of a project"));
        }
        if !is_name(topic, b"-._~+%") {
            return Err(settings.invalid("topic", "holds characters that are in no name of a topic"));
        }
        Ok(Self {
            topic: format!("projects/{project}/topics/{topic}"),
        })
    }
}

fn is_name(name: &str, others: &[u8]) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
    !name.is_empty() && name.bytes().all(is_known)
}
