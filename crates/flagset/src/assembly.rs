//! From the documents of all sources to a snapshot, with what is already known.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use flagstaff_definition::diagnostic::{Code, Diagnostic, Severity};
use flagstaff_definition::document::{Document, Entry, ParsedFlag};
use flagstaff_definition::flag::FlagDefinition;
use flagstaff_definition::timestamp::Instant;
use flagstaff_engine::attribute::AttributeTable;
use flagstaff_engine::flag::Flag;
use flagstaff_engine::validate::validate;
use flagstaff_retrievers::Revision;

use crate::fetches::Answer;
use crate::options::Options;
use crate::persistence;
use crate::reconfiguration::Origin;
use crate::snapshot::{ServedFlag, Snapshot};
use crate::source::{SourceState, log};
use crate::status::{FlagFindings, Served, Status};
use crate::winner::{Winner, merge};

/// Everything the writer knows: the last good document of each source, and what came of each flag.
pub(crate) struct Assembly {
    options: Arc<Options>,
    sources: Vec<SourceState>,
    /// The persistent file, below all sources, until each of them has given a document.
    fallback: Option<Document>,
    records: HashMap<Arc<str>, Record, foldhash::fast::RandomState>,
    attributes: Arc<AttributeTable>,
    /// Length of the table when last everything was compiled into it.
    attributes_in_use: usize,
    snapshot: Arc<Snapshot>,
    findings: Arc<[FlagFindings]>,
    /// Keys that stand in several sources, as last logged.
    duplicates: Vec<Arc<str>>,
    refreshed_at: Option<SystemTime>,
}

/// What came of a flag.
struct Record {
    parsed: Arc<ParsedFlag>,
    served: Option<Arc<ServedFlag>>,
    /// Whether what is served is not what was parsed.
    refused: bool,
    /// What validation found, with places relative to the entry.
    findings: Vec<Diagnostic>,
}

/// What came of a round.
pub(crate) struct Built {
    /// Whether there is a new snapshot.
    pub(crate) changed: bool,
    /// Whether every source gave a document.
    pub(crate) refreshed: bool,
    pub(crate) status: Status,
}

/// A table of attributes may grow to twice what was in use, and this much, before it is built anew.
const ATTRIBUTE_SLACK: usize = 64;

/// So many flags are built at a stretch.
const YIELD_EVERY: usize = 64;

impl Assembly {
    /// Starts from the flags of a snapshot.
    pub(crate) fn new(options: &Arc<Options>, snapshot: Arc<Snapshot>) -> Self {
        let record = |served: &Arc<ServedFlag>| {
            let record = Record {
                parsed: Arc::default(),
                served: Some(Arc::clone(served)),
                refused: false,
                findings: Vec::new(),
            };
            (Arc::clone(served.key()), record)
        };
        Self {
            options: Arc::clone(options),
            sources: options.sources.iter().map(SourceState::new).collect(),
            fallback: None,
            records: snapshot.flags().iter().map(record).collect(),
            // the flags count on the slots of their table
            attributes: Arc::clone(snapshot.shared_attributes()),
            attributes_in_use: snapshot.attributes().len(),
            snapshot,
            findings: Arc::default(),
            duplicates: Vec::new(),
            refreshed_at: None,
        }
    }

    /// The same flags under other options: sources that are kept bring what is known of them.
    pub(crate) fn reconfigured(self, options: &Arc<Options>, sources: Vec<Origin>) -> Self {
        let mut known: Vec<Option<SourceState>> = self.sources.into_iter().map(Some).collect();
        let sources = sources
            .into_iter()
            .zip(&options.sources)
            .map(|(origin, source)| match origin {
                Origin::Fetched(state) => *state,
                // a source that stands in the list twice is read anew
                Origin::Kept(index) => known[index].take().unwrap_or_else(|| SourceState::new(source)),
            });
        Self {
            options: Arc::clone(options),
            sources: sources.collect(),
            ..self
        }
    }

    /// The round that follows [`Assembly::reconfigured`].
    pub(crate) fn adopt(&mut self, now: SystemTime) -> Built {
        let options = Arc::clone(&self.options);
        let mut changed = self.build(now, None);
        if let Some(snapshot) = self
            .snapshot
            .reconfigured(&options.enrichment, options.client_time, now)
        {
            snapshot.encode_like(&self.snapshot);
            self.snapshot = Arc::new(snapshot);
            changed = true;
        }
        let refreshed = self.sources.iter().all(|source| source.failure().is_none());
        Built {
            changed,
            refreshed,
            status: self.status(refreshed, now),
        }
    }

    /// The last snapshot that was built.
    pub(crate) fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// What to ask a source with.
    pub(crate) fn revision(&self, source: usize) -> Option<Revision> {
        self.sources[source].revision().cloned()
    }

    /// The first round. Fails with one clear message when the set cannot serve.
    pub(crate) fn start(&mut self, answers: Vec<Answer>, now: SystemTime) -> Result<Built, String> {
        let options = Arc::clone(&self.options);
        let refreshed = self.receive(answers, now).1;
        let silent: Vec<&SourceState> = self.sources.iter().filter(|source| !source.is_known()).collect();
        let causes: Vec<String> = silent
            .iter()
            .filter_map(|source| Some(format!("{}: {}", source.label, source.failure()?)))
            .collect();
        self.build(now, None);
        let wanting = !causes.is_empty() || self.records.values().any(|record| record.served.is_none());
        let persistent = options
            .persistent_file
            .as_deref()
            .filter(|_| wanting)
            .and_then(persistence::read);
        let mut cause = causes.join("; ");
        match persistent {
            Some(Ok(document)) => {
                if !causes.is_empty() {
                    tracing::warn!(flag_set = %options.name, cause, "starting with the persistent flag configuration file");
                    self.fallback = Some(document.clone());
                    cause.clear();
                }
                self.build(now, Some(&document));
            }
            Some(Err(problem)) => {
                let path = options
                    .persistent_file
                    .as_deref()
                    .unwrap_or_else(|| "".as_ref())
                    .display();
                tracing::error!(flag_set = %options.name, %path, error = problem, "cannot use the persistent flag configuration file");
                if !cause.is_empty() {
                    cause = format!("{cause}; and the persistent file {path} cannot be used: {problem}");
                }
            }
            None => {}
        }
        if !cause.is_empty() {
            if !options.start_with_retriever_error {
                return Err(format!("cannot retrieve the flags from {cause}"));
            }
            tracing::warn!(flag_set = %options.name, cause, "starting without the flags of the sources that do not answer");
        }
        Ok(Built {
            changed: true,
            refreshed,
            status: self.status(refreshed, now),
        })
    }

    /// A later round.
    pub(crate) fn update(&mut self, answers: Vec<Answer>, now: SystemTime) -> Built {
        let (changed, refreshed) = self.receive(answers, now);
        let changed = changed && self.build(now, None);
        Built {
            changed,
            refreshed,
            status: self.status(refreshed, now),
        }
    }

    /// Hands out what was fetched: whether some document is another one, and whether every source works.
    fn receive(&mut self, answers: Vec<Answer>, now: SystemTime) -> (bool, bool) {
        let mut changed = false;
        for (at, answer) in answers {
            changed |= self.sources[at].receive(answer, &self.options.name, now);
        }
        (changed, self.sources.iter().all(|source| source.failure().is_none()))
    }

    /// Merges, compiles what changed and builds a snapshot; `false` when the flags are the same as before. Flags that
    /// were never good take their version from `persistent`.
    fn build(&mut self, now: SystemTime, persistent: Option<&Document>) -> bool {
        if self.sources.iter().all(SourceState::is_known) {
            self.fallback = None;
        }
        let fallback_label = self
            .options
            .persistent_file
            .as_deref()
            .map(|path| path.display().to_string().into())
            .unwrap_or_default();
        let winners = merge(
            self.fallback.as_ref().map(|document| (&fallback_label, document)),
            &self.sources,
            self.options.duplicates,
        );
        let duplicates = winners.iter().filter(|winner| winner.is_duplicate());
        let duplicates: Vec<Arc<str>> = duplicates.map(|winner| Arc::clone(&winner.entry.key)).collect();
        if !duplicates.is_empty() && duplicates != self.duplicates {
            self.log_duplicates(&winners);
        }
        let persistent: HashMap<&Arc<str>, &Entry> = persistent
            .into_iter()
            .flat_map(|document| &document.entries)
            .map(|entry| (&entry.key, entry))
            .collect();
        let mut compiler = Compiler {
            attributes: Arc::clone(&self.attributes),
            instant: instant(now),
        };
        let mut records = HashMap::with_capacity_and_hasher(winners.len(), foldhash::fast::RandomState::default());
        let mut findings = Vec::new();
        let mut flags = Vec::with_capacity(winners.len());
        for winner in winners {
            let Winner { entry, file, .. } = winner;
            // on a busy machine an evaluation gets its turn between two flags, not after all of them
            if flags.len() % YIELD_EVERY == 0 {
                std::thread::yield_now();
            }
            let known = self.records.remove(&entry.key);
            let mut record = match known {
                Some(known) if Arc::ptr_eq(&known.parsed, &entry.parsed) => known,
                known => {
                    let record = compiler.record(entry, known.and_then(|known| known.served));
                    record.report(entry, file, &self.options.name);
                    record
                }
            };
            if record.served.is_none()
                && let Some(saved) = persistent.get(&entry.key)
            {
                record.served = compiler.record(saved, None).served;
            }
            flags.extend(record.served.clone());
            findings.extend(record.findings(&winner));
            records.insert(Arc::clone(&entry.key), record);
        }
        self.duplicates = duplicates;
        self.findings = findings.into();
        self.records = records;
        self.attributes = compiler.attributes;
        if self.attributes.len() > 2 * self.attributes_in_use + ATTRIBUTE_SLACK {
            self.compile_anew(&mut flags);
        }
        let same = flags.len() == self.snapshot.flags().len()
            && flags
                .iter()
                .zip(self.snapshot.flags())
                .all(|(new, old)| Arc::ptr_eq(new, old));
        if !same {
            let next = self
                .snapshot
                .succeed(flags, Arc::clone(&self.attributes), self.refreshed_at, now);
            next.encode_like(&self.snapshot);
            self.snapshot = Arc::new(next);
        }
        !same
    }

    /// Says which flags stand in several sources: one line for those that are overridden, as that may well be meant, and one for
    /// each that is refused.
    fn log_duplicates(&self, winners: &[Winner<'_>]) {
        let duplicates = winners.iter().flat_map(Winner::duplicates);
        let (overridden, refused): (Vec<_>, Vec<_>) = duplicates.partition(|found| found.code == Code::OverriddenFlag);
        if let Some(first) = overridden.first() {
            let (flag, file) = (first.flag.as_deref(), first.file.as_deref());
            tracing::warn!(
                flag_set = %self.options.name, count = overridden.len(), flag, file,
                "flags stand in several sources: {}", first.message
            );
        }
        for found in refused {
            log(&found, &self.options.name, "the flag of the earlier source is served");
        }
    }

    /// The table of attributes only ever grows, since the flags of older snapshots count on it. Once it may be half full
    /// of paths that no flag names any more, all flags are compiled into a new one.
    fn compile_anew(&mut self, flags: &mut [Arc<ServedFlag>]) {
        let mut table = AttributeTable::default();
        for flag in flags {
            *flag = Arc::new(serve(flag.key(), flag.flag.definition(), &mut table));
            if let Some(record) = self.records.get_mut(flag.key()) {
                record.served = Some(Arc::clone(flag));
            }
        }
        self.attributes_in_use = table.len();
        self.attributes = Arc::new(table);
    }

    fn status(&mut self, refreshed: bool, now: SystemTime) -> Status {
        if refreshed {
            self.refreshed_at = Some(now);
        }
        Status {
            name: Arc::clone(&self.options.name),
            loaded: self.sources.iter().all(SourceState::is_known),
            revision: self.snapshot.revision(),
            digest: self.snapshot.digest(),
            updated_at: self.snapshot.updated_at(),
            refreshed_at: self.refreshed_at,
            flags: self.snapshot.flags().len(),
            sources: self.sources.iter().map(SourceState::status).collect(),
            findings: Arc::clone(&self.findings),
        }
    }
}

impl Record {
    /// Everything there is to say, with file and places.
    fn findings(&self, winner: &Winner<'_>) -> Option<FlagFindings> {
        let Winner { entry, file, .. } = winner;
        let found = self.parsed.diagnostics.iter().chain(&self.findings);
        let mut diagnostics: Vec<_> = found.map(|found| entry.absolute(found, Some(file))).collect();
        diagnostics.extend(winner.duplicates());
        let served = match (&self.served, self.refused) {
            (Some(_), false) if winner.refused.is_empty() => Served::Current,
            (Some(_), false) => Served::Earlier,
            (Some(_), true) => Served::LastGood,
            (None, _) => Served::Nothing,
        };
        (!diagnostics.is_empty()).then(|| FlagFindings {
            key: Arc::clone(&entry.key),
            served,
            diagnostics,
        })
    }

    /// Logs why a flag was refused.
    fn report(&self, entry: &Entry, file: &Arc<str>, flag_set: &str) {
        let kept = if self.served.is_some() {
            "the flag keeps its last good version"
        } else {
            "the flag is left out"
        };
        let found = self.parsed.diagnostics.iter().chain(&self.findings);
        for found in found.filter(|found| found.severity == Severity::Error) {
            log(&entry.absolute(found, Some(file)), flag_set, kept);
        }
    }
}

/// Compiles flags into a table of attributes, which is copied before the first one is.
struct Compiler {
    attributes: Arc<AttributeTable>,
    instant: Instant,
}

impl Compiler {
    /// What comes of an entry, given what was served under its key.
    fn record(&mut self, entry: &Entry, last_good: Option<Arc<ServedFlag>>) -> Record {
        let parsed = Arc::clone(&entry.parsed);
        let Some(definition) = &entry.parsed.definition else {
            return Record {
                parsed,
                served: last_good,
                refused: true,
                findings: Vec::new(),
            };
        };
        let findings = validate(&entry.key, definition, self.instant);
        if findings.iter().any(|found| found.severity == Severity::Error) {
            return Record {
                parsed,
                served: last_good,
                refused: true,
                findings,
            };
        }
        let same = last_good.filter(|served| served.flag.definition() == definition);
        let served =
            same.unwrap_or_else(|| Arc::new(serve(&entry.key, definition, Arc::make_mut(&mut self.attributes))));
        Record {
            parsed,
            served: Some(served),
            refused: false,
            findings,
        }
    }
}

/// Compiles a flag and encodes its answers.
fn serve(key: &str, definition: &Arc<FlagDefinition>, table: &mut AttributeTable) -> ServedFlag {
    let flag = Flag::compile(key, definition, table);
    ServedFlag::new(flag)
}

fn instant(now: SystemTime) -> Instant {
    let nanos = match now.duration_since(UNIX_EPOCH) {
        Ok(after) => i128::try_from(after.as_nanos()).unwrap_or(i128::MAX),
        Err(before) => i128::try_from(before.duration().as_nanos()).map_or(i128::MIN, |nanos| -nanos),
    };
    Instant::from_unix_nanos(nanos)
}
