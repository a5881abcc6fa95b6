//! The page of every setting.

use std::collections::VecDeque;
use std::fmt::Write as _;

use super::setting::{Holds, Setting};

const INTRODUCTION: &str = "\
<!-- Written by `cargo xtask docs`; edit the sections of crates/relay/src/config/file.rs and config/file/ instead. -->
# Settings

Every setting of the configuration file. [configuration.md](configuration.md) says where the file is looked for and how files and
variables come together; `flagstaff relay --check` prints what counts and why. A schema for editors is
[configuration.schema.json](configuration.schema.json).

- Names are accepted in any case. Under the name of a setting stands the environment variable that sets it: `0` is the index in a
  list, `NAME` a name of your own. Lists of texts are written into one variable with commas between them.
- Where there is a default, 0 and an empty text count as not written, unless 0 is said to be kept.
- live: an edit of the file counts at once. restart: it counts from the next start, and is announced until then.
- hidden: the value, or the part of it that may be secret, is shown nowhere.
";

/// A part of the page: an object, or the objects of a list.
struct Chapter<'s> {
    title: String,
    about: String,
    /// What stands in front of the names of its settings.
    path: String,
    settings: Vec<&'s Setting>,
}

/// Writes the page.
pub(crate) fn page(settings: &[Vec<Setting>]) -> anyhow::Result<String> {
    let mut page = String::from(INTRODUCTION);
    let (whole, flag_set) = settings.split_at(1);
    let (sections, plain): (Vec<_>, Vec<_>) = whole
        .iter()
        .flatten()
        .partition(|setting| setting.holds == Holds::Section);
    let mut chapters = VecDeque::new();
    chapters.push_back(Chapter {
        title: "The relay".to_owned(),
        about: "At the top of the file.".to_owned(),
        path: String::new(),
        settings: plain,
    });
    for section in sections {
        chapters.push_back(Chapter {
            title: section.name.clone(),
            about: section.about.clone(),
            path: format!("{}.", section.name),
            settings: section.members.iter().flatten().collect(),
        });
    }
    chapters.push_back(Chapter {
        title: "A flag set".to_owned(),
        about: "At the top of the file, or in each entry of `flagSets`. Entries inherit nothing from the top."
            .to_owned(),
        path: String::new(),
        settings: flag_set.iter().flatten().collect(),
    });
    let mut written: Vec<Vec<&Setting>> = Vec::new();
    while let Some(chapter) = chapters.pop_front() {
        if !written.contains(&chapter.settings) {
            write(&mut page, &chapter, &mut chapters)?;
            written.push(chapter.settings);
        }
    }
    Ok(page)
}

/// Writes a chapter; lists and backends in it become chapters of their own.
fn write<'s>(page: &mut String, chapter: &Chapter<'s>, chapters: &mut VecDeque<Chapter<'s>>) -> anyhow::Result<()> {
    writeln!(page, "\n## {}\n", chapter.title)?;
    if !chapter.about.is_empty() {
        writeln!(page, "{}\n", chapter.about)?;
    }
    for setting in chapter.settings.iter().filter(|setting| !setting.kinds.is_empty()) {
        writeln!(page, "| Kind | Mandatory | Optional |\n|---|---|---|")?;
        for kind in &setting.kinds {
            let is_optional = |setting: &&&Setting| {
                setting.kinds.is_empty()
                    && kind.options.contains(&setting.name)
                    && !kind.required.contains(&format!("`{}`", setting.name))
            };
            let optional: Vec<_> = chapter
                .settings
                .iter()
                .filter(is_optional)
                .map(|setting| format!("`{}`", setting.name))
                .collect();
            let note = if kind.active { "" } else { " (not in this version)" };
            writeln!(
                page,
                "| `{}`{note} | {} | {} |",
                kind.name,
                kind.required,
                optional.join(", ")
            )?;
        }
        writeln!(page)?;
    }
    writeln!(
        page,
        "| Setting | Holds | Default | Edit | What it does |\n|---|---|---|---|---|"
    )?;
    for setting in &chapter.settings {
        rows(page, setting, &chapter.path, chapters)?;
    }
    Ok(())
}

/// Writes the row of a setting, or the rows of what is in it.
fn rows<'s>(
    page: &mut String,
    setting: &'s Setting,
    path: &str,
    chapters: &mut VecDeque<Chapter<'s>>,
) -> anyhow::Result<()> {
    let name = format!("{path}{}", setting.name);
    if setting.holds == Holds::Section && !setting.is_backend() {
        let path = format!("{name}.");
        return setting
            .members
            .iter()
            .flatten()
            .try_for_each(|member| rows(page, member, &path, chapters));
    }
    let mut about = setting.about.clone();
    // what stands beside its own settings has a chapter already
    if let Some(own) = setting.members.first() {
        let title = title(setting, &name);
        write!(about, " See [{title}](#{}).", anchor(&title))?;
        chapters.push_back(Chapter {
            title,
            about: about_entries(setting),
            path: String::new(),
            settings: own.iter().collect(),
        });
    }
    if let Some(successor) = &setting.successor {
        about = format!("Deprecated: write `{successor}`. {about}");
    }
    if !setting.spellings.is_empty() {
        let spellings: Vec<_> = setting
            .spellings
            .iter()
            .map(|spelling| format!("`{spelling}`"))
            .collect();
        write!(about, " Also {}.", spellings.join(", "))?;
    }
    let mut marks = vec![match (setting.ignored, setting.restart) {
        (true, _) => "no effect",
        (false, true) => "restart",
        (false, false) => "live",
    }];
    marks.extend(setting.secret.then_some("hidden"));
    marks.extend((setting.keeps_zero && setting.holds != Holds::Bool).then_some("0 is kept"));
    let variable = setting
        .variable
        .iter()
        .map(|variable| format!("<br>`{variable}`"))
        .collect::<String>();
    let default = setting
        .default
        .iter()
        .map(|default| format!("`{default}`"))
        .collect::<String>();
    writeln!(
        page,
        "| `{name}`{variable} | {} | {default} | {} | {} |",
        noun(setting),
        marks.join(", "),
        about.replace('|', "\\|")
    )?;
    Ok(())
}

/// The title of the chapter about the objects of a setting. One and several of the same have one chapter.
fn title(setting: &Setting, name: &str) -> String {
    if setting.holds == Holds::Keys {
        "Keys".to_owned()
    } else if setting.is_backend() {
        let noun = name.trim_end_matches('s');
        format!("{}{}s", noun[..1].to_uppercase(), &noun[1..])
    } else {
        format!("An entry of {name}")
    }
}

/// What there is to say about the objects of a setting as such.
fn about_entries(setting: &Setting) -> String {
    if setting.holds == Holds::Keys {
        "Each key of a list is a text, or an object with these settings, of which exactly one is `key`, `sha256` or `file`. \
         [keys.md](keys.md) says more. A variable reaches a setting of one of them by its index, like `APIKEYS_0_SCOPE`."
            .to_owned()
    } else {
        String::new()
    }
}

fn anchor(title: &str) -> String {
    title.to_lowercase().replace(' ', "-").replace('.', "")
}

fn noun(setting: &Setting) -> &'static str {
    match setting.holds {
        Holds::Bool => "`true` or `false`",
        Holds::Integer => "whole number",
        Holds::Text => "text",
        Holds::Duration => "duration like `1m30s`",
        Holds::Texts => "list of texts",
        Holds::TextMap => "names with texts",
        Holds::TextsMap => "names with lists of texts",
        Holds::Free => "object",
        Holds::Section => "object",
        Holds::List => "list of objects",
        Holds::Keys => "list of keys",
    }
}
