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
    watch(path, SETTLE)
}

/// Watches whatever could change what `path` reads as: writes, renames, removal and re-creation, links that are pointed
/// elsewhere. A change is told when the file has been left alone for `settle`.
///
/// Must be called inside of a tokio runtime.
///
/// # Errors
/// When the folder of the file cannot be watched.
pub fn watch(path: &Path, settle: Duration) -> io::Result<Changes> {
    start(path, settle).map_err(|error| match error.kind {
        notify::ErrorKind::Io(error) => error,
        _ => io::Error::other(error),
    })
}

fn start(path: &Path, settle: Duration) -> notify::Result<Changes> {
    let path = std::path::absolute(path).map_err(notify::Error::io)?;
    let steps = Arc::new(Mutex::new(BTreeSet::new()));
    let (sender, receiver) = mpsc::channel(1);
    let watched = Arc::clone(&steps);
    let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.map_or(true, |event| {
            concerns(&event, &watched.lock().unwrap_or_else(PoisonError::into_inner))
        }) {
            // A signal that is already waiting stands for this one too.
            let _ = sender.try_send(());
        }
    })?;
    let mut watch = Watch {
        path,
        watcher,
        folders: BTreeSet::new(),
        steps,
    };
    watch.arm()?;
    Ok(Changes::new(receiver, settle, move || {
        if let Err(error) = watch.arm() {
            let path = watch.path.display();
            tracing::warn!(%path, %error, "cannot watch the file any longer");
        }
    }))
}

/// A watcher and what it watches.
struct Watch {
    path: PathBuf,
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
    steps: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Watch {
    /// Watches the folders that the path leads through now. A folder may have been replaced by another one of the same
    /// name, so all watches are set anew.
    fn arm(&mut self) -> notify::Result<()> {
        for folder in std::mem::take(&mut self.folders) {
            // It fails for a folder that is gone, whose watch has ended by itself.
            let _ = self.watcher.unwatch(&folder);
        }
        let steps = steps(&self.path);
        let folders: BTreeSet<PathBuf> = steps
            .iter()
            .filter_map(|step| step.parent())
            .map(Path::to_owned)
            .collect();
        *self.steps.lock().unwrap_or_else(PoisonError::into_inner) = steps;
        let mut result = Ok(());
        for folder in folders {
            match self.watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.folders.insert(folder);
                }
                // A folder above that may be entered but not read cannot be watched, and rarely changes.
                Err(error) if self.path.parent() == Some(&folder) => result = Err(error),
                Err(_) => {}
            }
        }
        result
    }
}

/// Whether an event is about one of the steps and more than a look at it.
fn concerns(event: &Event, steps: &BTreeSet<PathBuf>) -> bool {
    let looked = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
        EventKind::Access(_) => true,
        _ => false,
    };
    !looked && (event.need_rescan() || event.paths.is_empty() || event.paths.iter().any(|path| steps.contains(path)))
}

/// Every place that the path goes through until the first one that does not exist, links included and resolved.
fn steps(path: &Path) -> BTreeSet<PathBuf> {
    let mut steps = BTreeSet::new();
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
        steps.insert(step.clone());
        match std::fs::read_link(&step) {
            Ok(target) if links < MAX_LINKS => {
                links += 1;
                if target.is_absolute() {
                    place = PathBuf::new();
                }
                ahead.extend(components(&target));
            }
            Ok(_) => break,
            Err(_) if step.exists() => place = step,
            Err(_) => break,
        }
    }
    steps
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
