//! A body that many ask for, in each coding that they want it in.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use flagstaff_protocol::etag::EntityTag;
use tokio::sync::OnceCell;

use super::Coding;

/// A body in each coding. It is encoded when somebody wants that first; whoever comes meanwhile waits for the same.
#[derive(Debug)]
pub(crate) struct Renditions {
    tag: EntityTag,
    coded: [OnceCell<Option<Bytes>>; Coding::ALL.len()],
}

/// The renditions of a body that changes now and then.
#[derive(Debug, Default)]
pub(crate) struct LatestRenditions(ArcSwapOption<Renditions>);

impl Renditions {
    /// The body of the tag in a coding; `None` when that fails.
    pub(crate) async fn coded(&self, coding: Coding, plain: Bytes) -> Option<Bytes> {
        let coded = self.coded[coding as usize].get_or_init(|| coding.encode(plain)).await;
        coded.clone()
    }
}

impl LatestRenditions {
    /// Those of the body of this tag.
    pub(crate) fn of(&self, tag: EntityTag) -> Arc<Renditions> {
        let latest = self.0.load();
        if let Some(latest) = latest.as_ref().filter(|latest| latest.tag == tag) {
            return Arc::clone(latest);
        }
        let renditions = Arc::new(Renditions {
            tag,
            coded: Default::default(),
        });
        // of those who come at once the first one is followed; whoever still reads what was there before is alone
        let before = self.0.compare_and_swap(&*latest, Some(Arc::clone(&renditions)));
        match before.as_ref().filter(|first| first.tag == tag) {
            Some(first) => Arc::clone(first),
            None => renditions,
        }
    }
}
