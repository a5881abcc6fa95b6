//! How the last edit of the configuration fared, for whoever asks why nothing changed.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::config::{Origin, Problem};

/// What is wrong with the last edit; nothing when it is in effect.
#[derive(Default)]
pub(crate) struct LastEdit(ArcSwapOption<Vec<Problem>>);

impl LastEdit {
    /// It is in effect.
    pub(crate) fn accept(&self) {
        self.0.store(None);
    }

    /// It is not, because of these.
    pub(crate) fn refuse(&self, problems: Vec<Problem>) {
        self.0.store(Some(Arc::new(problems)));
    }

    /// It is not, for a reason that stands nowhere in the file.
    pub(crate) fn refuse_because(&self, message: String) {
        self.refuse(vec![Problem {
            origin: Origin::Absent,
            path: String::new(),
            message,
        }]);
    }

    /// What is wrong with it; `None` when it is in effect.
    pub(crate) fn problems(&self) -> Option<Arc<Vec<Problem>>> {
        self.0.load_full()
    }
}
