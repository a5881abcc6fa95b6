//! When to look at a file again.
//!
//! Watching the file itself would miss most changes: editors and deployment tools put another file in its place. So
//! every folder is watched in which some step of the path could be replaced, links resolved one by one, and only events
//! on those steps count. The set is computed anew after each change, since the change may have led elsewhere.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::Changes;

/// How long a file must be left alone before it is read, so that what is written piecemeal is read whole; whoever knows how
/// often the file is polled may choose another time.
const SETTLE: Duration = Duration::from_secs(1);

/// As many links as Linux follows.
const MAX_LINKS: usize = 40;

/// Watches whatever could change what the flag file at `path` reads as.
pub(super) fn watch_flags(path: &Path) -> io::Result<Changes> {
    watch([path.to_owned()], SETTLE)
}

/// Watches whatever could change what these files read as: writes, renames, removal and re-creation, links that are pointed
/// elsewhere. Of a folder the files directly in it count. A change is told when all of them have been left alone for `settle`.
///
/// Must be called inside of a tokio runtime.
///
/// # Errors
/// When none of the files is in a folder that can be watched. Others are announced.
pub fn watch(paths: impl IntoIterator<Item = PathBuf>, settle: Duration) -> io::Result<Changes> {
    let paths: Vec<PathBuf> = paths.into_iter().collect();
    watch_found(move || paths.clone(), settle)
}

/// Does the same for paths that are looked for anew after each change: the change may have added some.
pub(crate) fn watch_found(find: impl Fn() -> Vec<PathBuf> + Send + 'static, settle: Duration) -> io::Result<Changes> {
    start(Box::new(find), settle).map_err(|error| match error.kind {
        notify::ErrorKind::Io(error) => error,
        _ => io::Error::other(error),
    })
}

fn start(find: Box<dyn Fn() -> Vec<PathBuf> + Send>, settle: Duration) -> notify::Result<Changes> {
    let places = Arc::new(Mutex::new(Places::default()));
    let (sender, receiver) = mpsc::channel(1);
    let watched = Arc::clone(&places);
    let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.map_or(true, |event| {
            watched.lock().unwrap_or_else(PoisonError::into_inner).concern(&event)
        }) {
            // A signal that is already waiting stands for this one too.
            let _ = sender.try_send(());
        }
    })?;
    let mut watch = Watch {
        find,
        watcher,
        folders: BTreeSet::new(),
        places,
    };
    watch.arm()?;
    Ok(Changes::new(receiver, settle, move || {
        if let Err(error) = watch.arm() {
            tracing::warn!(paths = ?(watch.find)(), %error, "cannot watch the file any longer");
        }
    }))
}

/// A watcher and what it watches.
struct Watch {
    find: Box<dyn Fn() -> Vec<PathBuf> + Send>,
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
    places: Arc<Mutex<Places>>,
}

/// Where something must happen to be of interest.
#[derive(Default)]
struct Places {
    /// What the paths go through.
    steps: BTreeSet<PathBuf>,
    /// Folders that they end at.
    ends: BTreeSet<PathBuf>,
}

impl Watch {
    /// Watches the folders that the paths lead through now. A folder may have been replaced by another one of the same
    /// name, so all watches are set anew.
    fn arm(&mut self) -> notify::Result<()> {
        for folder in std::mem::take(&mut self.folders) {
            // It fails for a folder that is gone, whose watch has ended by itself.
            let _ = self.watcher.unwatch(&folder);
        }
        let paths = (self.find)().into_iter().map(std::path::absolute);
        let paths: Vec<PathBuf> = paths.collect::<io::Result<_>>().map_err(notify::Error::io)?;
        let mut places = Places::default();
        paths.iter().for_each(|path| places.add(path));
        let parents = places.steps.iter().filter_map(|step| step.parent());
        let folders: BTreeSet<PathBuf> = parents.map(Path::to_owned).chain(places.ends.iter().cloned()).collect();
        *self.places.lock().unwrap_or_else(PoisonError::into_inner) = places;
        let mut failed = Vec::new();
        for folder in folders {
            match self.watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.folders.insert(folder);
                }
                Err(error) => failed.push((folder, error)),
            }
        }
        // A folder above that may be entered but not read cannot be watched, and rarely changes.
        let is_blind = |path: &PathBuf| failed.iter().any(|(folder, _)| path.parent() == Some(folder));
        let blind: Vec<_> = paths.iter().filter(|path| is_blind(path)).collect();
        if !blind.is_empty() && blind.len() < paths.len() {
            tracing::warn!(paths = ?blind, "cannot watch files in these folders");
            return Ok(());
        }
        match failed.pop() {
            Some((_, error)) if !blind.is_empty() => Err(error),
            _ => Ok(()),
        }
    }
}

impl Places {
    /// Whether an event is about one of them and more than a look at it.
    fn concern(&self, event: &Event) -> bool {
        let looked = match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
            EventKind::Access(_) => true,
            _ => false,
        };
        let is_here = |path: &PathBuf| {
            self.steps.contains(path) || path.parent().is_some_and(|folder| self.ends.contains(folder))
        };
        !looked && (event.need_rescan() || event.paths.is_empty() || event.paths.iter().any(is_here))
    }

    /// Adds every place that the path goes through until the first one that does not exist, links included and resolved.
    fn add(&mut self, path: &Path) {
        let mut place = PathBuf::new();
        let mut ahead: Vec<OsString> = components(path);
        let mut links = 0;
        while let Some(name) = ahead.pop() {
            match Path::new(&name).components().next() {
                Some(Component::ParentDir) => {
                    place.pop();
                    continue;
                }
                Some(Component::RootDir | Component::Prefix(_)) => {
                    place.push(&name);
                    continue;
                }
                Some(Component::Normal(_)) => {}
                Some(Component::CurDir) | None => continue,
            }
            let step = place.join(&name);
            self.steps.insert(step.clone());
            match std::fs::read_link(&step) {
                Ok(target) if links < MAX_LINKS => {
                    links += 1;
                    if target.is_absolute() {
                        place = PathBuf::new();
                    }
                    ahead.extend(components(&target));
                }
                Ok(_) => return,
                Err(_) if step.exists() => place = step,
                Err(_) => return,
            }
        }
        if place.is_dir() {
            self.ends.insert(place);
        }
    }
}

/// The components of a path, the first one last.
fn components(path: &Path) -> Vec<OsString> {
    let mut components: Vec<OsString> = path
        .components()
        .map(|component| component.as_os_str().to_owned())
        .collect();
    components.reverse();
    components
}
