//! Work that waits more than it computes, some of it at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Two processors have enough to do with these.
const AT_ONCE: usize = 3;

/// Does the work on every item, begun in their order, and hands on what came of each as soon as it is done.
pub(crate) fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync, mut done: impl FnMut(&T, R)) {
    let next = AtomicUsize::new(0);
    let (next, work) = (&next, &work);
    thread::scope(|scope| {
        let (results, finished) = mpsc::channel();
        for _ in 0..AT_ONCE {
            let results = results.clone();
            scope.spawn(move || {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // whoever waits for results waits for all
                    let _ = results.send((item, work(item)));
                }
            });
        }
        drop(results);
        for (item, result) in finished {
            done(item, result);
        }
    });
}
