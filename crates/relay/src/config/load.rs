//! From files and variables to one tree, and through it to settings.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flagstaff_definition::diagnostic::Diagnostic;
use flagstaff_definition::format::Format;
use flagstaff_definition::tree::{self, Kind, Resolved};

use super::decode::{Decode, Section, join};
use super::file::RootFile;
use super::report::{ConfigurationError, Origin, Problem, Report};
use super::tree::{Member, Node, Scalar, Value, select};
use super::{Checked, Loaded, Settings, Sources, conversion, effective, environment};

/// Folders in which a configuration is looked for; the first is the working folder.
const FOLDERS: &[&str] = &["./", "/goff/", "/etc/opt/goff/"];

/// Names under which it is looked for in each folder.
const NAMES: &[&str] = &[
    "goff-proxy.yaml",
    "goff-proxy.toml",
    "goff-proxy.json",
    "goff-proxy.yml",
];

/// Reads, merges, decodes and converts; fails with every problem at once.
pub(super) fn load(sources: &Sources) -> Result<Loaded, ConfigurationError> {
    let mut report = Report::default();
    let read = assemble(sources, &mut report)
        .and_then(|Assembled { tree, file }| Ok((settings(&tree, sources, &mut report)?, file)));
    match read {
        Ok((settings, file)) => {
            let (settings, notices) = report.finish(settings)?;
            Ok(Loaded {
                settings,
                file,
                notices,
            })
        }
        Err(problem) => report.fail(problem),
    }
}

/// Does the same, and says what counts and why as far as it could be read.
pub(super) fn check(sources: &Sources) -> Checked {
    let mut report = Report::default();
    let mut checked = Checked {
        file: sources.file.clone(),
        ..Checked::default()
    };
    let read = assemble(sources, &mut report).and_then(|Assembled { tree, file }| {
        checked.file = file;
        checked.settings = effective::settings(&tree);
        settings(&tree, sources, &mut report)
    });
    let ended = match read {
        Ok(_) => report.finish(()),
        Err(problem) => report.fail(problem),
    };
    match ended {
        Ok(((), notices)) => checked.notices = notices,
        Err(ConfigurationError { problems, notices, .. }) => (checked.problems, checked.notices) = (problems, notices),
    }
    checked
}

/// What was written, all in one.
struct Assembled {
    tree: Node,
    file: Option<PathBuf>,
}

/// Reads the file and lays the environment over it.
///
/// A file that was asked for, or found, and cannot be understood is an error whatever the environment holds: it may hold the
/// keys, and a relay without keys is open.
fn assemble(sources: &Sources, report: &mut Report) -> Result<Assembled, Problem> {
    let file = sources
        .file
        .clone()
        .filter(|path| !path.as_os_str().is_empty())
        .or_else(|| search(&sources.working_directory));
    let mut tree = match &file {
        Some(path) => read(path, &sources.working_directory, report)?,
        None => Node {
            value: Value::Map(Vec::new()),
            origin: Origin::Absent,
        },
    };
    let prefix = prefix(&tree);
    environment::overlay(&mut tree, RootFile::FIELDS, &sources.environment, &prefix, report);
    if file.is_none() && tree.members().is_empty() {
        return Err(nothing_found());
    }
    Ok(Assembled { tree, file })
}

/// Decodes and converts.
fn settings(tree: &Node, sources: &Sources, report: &mut Report) -> Result<Settings, Problem> {
    match RootFile::decode(tree, "", report) {
        Some(decoded) => Ok(conversion::convert(decoded, sources, report)),
        None => Err(Problem {
            origin: tree.origin.clone(),
            path: String::new(),
            message: "nothing could be read".to_owned(),
        }),
    }
}

/// The first file of the search path that exists.
fn search(working_directory: &Path) -> Option<PathBuf> {
    let paths = FOLDERS
        .iter()
        .flat_map(|folder| NAMES.iter().map(move |name| Path::new(folder).join(name)));
    paths.into_iter().find(|path| working_directory.join(path).is_file())
}

fn nothing_found() -> Problem {
    let folders = FOLDERS.join(", ");
    let names = NAMES.join(", ");
    let message = format!(
        "no configuration found: none of {names} in {folders}, and no setting in the environment; \
         write a goff-proxy.yaml like `retriever: {{kind: file, path: flags.yaml}}`, or name one with --config"
    );
    Problem {
        origin: Origin::Absent,
        path: String::new(),
        message,
    }
}

/// Reads a file into a tree.
fn read(path: &Path, working_directory: &Path, report: &mut Report) -> Result<Node, Problem> {
    let name: Arc<str> = path.display().to_string().into();
    let whole = |message: String| Problem {
        origin: Origin::File {
            file: Arc::clone(&name),
            line: 1,
            column: 1,
        },
        path: String::new(),
        message,
    };
    let bytes = fs::read(working_directory.join(path)).map_err(|error| Problem {
        origin: Origin::WholeFile(Arc::clone(&name)),
        ..whole(format!("cannot be read: {error}"))
    })?;
    let format = match path.extension().and_then(|extension| extension.to_str()) {
        Some(extension) => Format::from_setting(extension),
        None => Format::Yaml,
    };
    let mut builder = Builder {
        file: Arc::clone(&name),
        report,
    };
    let text = format
        .decode_bytes(&bytes)
        .map_err(|diagnostic| builder.syntax(&diagnostic))?;
    let document = match format.parse(&text) {
        Ok(document) => document,
        Err(diagnostics) => {
            let mut problems = diagnostics
                .iter()
                .map(|diagnostic| builder.syntax(diagnostic))
                .collect::<Vec<_>>();
            let last = problems
                .pop()
                .unwrap_or_else(|| whole("the text cannot be understood".to_owned()));
            problems
                .into_iter()
                .for_each(|Problem { origin, path, message }| builder.report.problem(&origin, path, message));
            return Err(last);
        }
    };
    let node = builder.node(document, "");
    match node.value {
        Value::Map(_) => Ok(node),
        Value::Null => Err(whole(
            "the file is empty: no retriever available in the configuration; write {} to take everything from the environment".to_owned(),
        )),
        _ => Err(whole(format!("expected an object with settings, found {}", node.noun()))),
    }
}

/// `envVariablePrefix` of the file.
fn prefix(tree: &Node) -> String {
    let members = tree.members();
    match select(members, &["envVariablePrefix"]).map(|at| &members[at].node.value) {
        Some(Value::Scalar(Scalar { text, resolved })) if *resolved != Resolved::Null => text.to_string(),
        _ => String::new(),
    }
}

/// Turns a document into a tree that knows its file.
struct Builder<'r> {
    file: Arc<str>,
    report: &'r mut Report,
}

impl Builder<'_> {
    fn node(&mut self, node: tree::Node, path: &str) -> Node {
        let origin = Origin::File {
            file: Arc::clone(&self.file),
            line: node.span.line,
            column: node.span.column,
        };
        let value = match node.kind {
            Kind::Scalar(tree::Scalar {
                resolved: Resolved::Null,
                ..
            }) => Value::Null,
            Kind::Scalar(tree::Scalar { text, resolved, .. }) => Value::Scalar(Scalar { text, resolved }),
            Kind::List(items) => {
                let items = items.into_iter().enumerate();
                Value::List(
                    items
                        .map(|(at, item)| self.node(item, &format!("{path}[{at}]")))
                        .collect(),
                )
            }
            Kind::Map(members) => Value::Map(self.members(members, path)),
            Kind::Invalid(diagnostic) => {
                let problem = self.syntax(&diagnostic);
                self.report.problem(&problem.origin, path, problem.message);
                Value::Null
            }
        };
        Node { value, origin }
    }

    /// Members of an object; a name written twice is an error, since one of the two would be lost.
    fn members(&mut self, members: Vec<tree::Member>, path: &str) -> Vec<Member> {
        let mut kept: Vec<Member> = Vec::with_capacity(members.len());
        for tree::Member { name, value } in members {
            let name = match self.node(name, path) {
                Node {
                    value: Value::Scalar(scalar),
                    ..
                } => scalar.text,
                Node { value: Value::Null, .. } => "null".into(),
                Node { origin, .. } => {
                    self.report
                        .problem(&origin, path, "expected a text as the name of a setting");
                    continue;
                }
            };
            let path = join(path, &name);
            let node = self.node(value, &path);
            if kept.iter().any(|member| member.name == name) {
                self.report
                    .problem(&node.origin, path, "is written twice, keep one of the two");
            } else {
                kept.push(Member { name, node });
            }
        }
        kept
    }

    /// A finding of the parser.
    fn syntax(&self, diagnostic: &Diagnostic) -> Problem {
        let span = diagnostic.span.unwrap_or_default();
        let (line, column) = (span.line.max(1), span.column.max(1));
        let message = match &diagnostic.hint {
            Some(hint) => format!("{}, {hint}", diagnostic.message),
            None => diagnostic.message.clone(),
        };
        Problem {
            origin: Origin::File {
                file: Arc::clone(&self.file),
                line,
                column,
            },
            path: String::new(),
            message,
        }
    }
}
