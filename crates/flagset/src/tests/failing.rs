//! Sources that fail, hang, or want to be left alone. Time is that of the test: it moves when everybody waits.

use std::future::pending;

use flagstaff_retrievers::Pause;
use tokio::time::{Instant, sleep, timeout};

use super::*;

/// What a source answers. The last answer of a list counts for good.
#[derive(Debug, Clone, Copy)]
enum Answer {
    Flags(usize),
    /// Flags, and not to be asked again for so many seconds.
    FlagsThenPause(usize, u64),
    /// Flags after ten seconds.
    Late(usize),
    Unreachable,
    Missing,
    /// Not to be asked again for so many seconds.
    Limited(u64),
    /// Not to be asked again before so many seconds after the start.
    LimitedUntil(u64),
    Silence,
}

/// A source that answers what is written, and notes when it was asked.
#[derive(Debug)]
struct Scripted {
    answers: &'static [Answer],
    began: Instant,
    asked: Mutex<Vec<u64>>,
}

impl Scripted {
    fn new(answers: &'static [Answer]) -> Arc<Self> {
        Arc::new(Self {
            answers,
            began: Instant::now(),
            asked: Mutex::default(),
        })
    }

    /// When it was asked, in seconds since the start.
    fn asked(&self) -> Vec<u64> {
        self.asked.lock().unwrap().clone()
    }
}

impl Retriever for Scripted {
    fn retrieve<'a>(&'a self, previous: Option<&'a Revision>) -> Retrieval<'a> {
        let mut asked = self.asked.lock().unwrap();
        let answer = self.answers[asked.len().min(self.answers.len() - 1)];
        asked.push(self.began.elapsed().as_secs());
        let limited = |pause| Err(RetrieveError::new(ErrorKind::Unreachable, "too often").with_pause(Some(pause)));
        let seconds = Duration::from_secs;
        let content = move |count, pause| {
            let mut content = Content::new(flags(count).into(), None);
            content.revision = content.revision.with_pause(pause);
            Ok(Fetched::new(content, previous))
        };
        Box::pin(async move {
            match answer {
                Answer::Flags(count) => content(count, None),
                Answer::FlagsThenPause(count, pause) => content(count, Some(Pause::For(seconds(pause)))),
                Answer::Late(count) => {
                    sleep(seconds(10)).await;
                    content(count, None)
                }
                Answer::Unreachable => Err(RetrieveError::new(ErrorKind::Unreachable, "is away")),
                Answer::Missing => Err(RetrieveError::new(ErrorKind::NotFound, "no such file")),
                Answer::Limited(pause) => limited(Pause::For(seconds(pause))),
                Answer::LimitedUntil(end) => limited(Pause::Until(beginning() + seconds(end))),
                Answer::Silence => pending().await,
            }
        })
    }

    fn place(&self) -> String {
        "scripted".to_owned()
    }
}

/// When the test's clock begins.
fn beginning() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// A set that polls its sources every minute, after the test's clock.
async fn start(sources: &[&Arc<Scripted>]) -> FlagSet {
    let began = Instant::now();
    let sources = sources
        .iter()
        .map(|source| Source::new(Arc::clone(source) as Arc<dyn Retriever>, Format::Yaml));
    FlagSet::start(Options {
        polling_interval: Some(Duration::from_secs(60)),
        start_with_retriever_error: true,
        clock: Arc::new(move || beginning() + began.elapsed()),
        ..Options::new("test", sources.collect())
    })
    .await
    .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_source_is_asked_when_it_may_know_more() {
    use Answer::{Flags, FlagsThenPause, Limited, LimitedUntil, Missing, Unreachable};
    let cases: &[(&'static [Answer], &[u64])] = &[
        (&[Flags(1)], &[0, 60, 120, 180]),
        // one that cannot be reached is tried again soon, then ever later, and has its polls back when it answers
        (&[Unreachable, Flags(1)], &[0, 1, 60, 120, 180]),
        (
            &[Flags(1), Unreachable, Unreachable, Unreachable, Unreachable, Flags(2)],
            &[0, 60, 61, 63, 67, 75, 120, 180],
        ),
        // asking more often helps nobody
        (&[Flags(1), Missing, Flags(2)], &[0, 60, 120, 180]),
        // one that names a time is not asked before
        (&[Limited(90), Flags(1)], &[0, 90, 120, 180]),
        (&[Limited(10), Flags(1)], &[0, 10, 60, 120, 180]),
        (&[LimitedUntil(130), Flags(1)], &[0, 130, 180]),
        (&[FlagsThenPause(1, 130), Flags(2)], &[0, 180]),
        (&[Limited(0), Flags(1)], &[0, 1, 60, 120, 180]),
    ];
    for (answers, expected) in cases {
        let source = Scripted::new(answers);
        let set = start(&[&source]).await;
        sleep(Duration::from_secs(181)).await;
        assert_eq!(source.asked(), *expected, "{answers:?}");
        set.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_wants_to_be_left_alone_is_not_refreshed_by_force() {
    let (limited, other) = (
        Scripted::new(&[Answer::FlagsThenPause(1, 3600), Answer::Flags(2)]),
        Scripted::new(&[Answer::Flags(2), Answer::Flags(3)]),
    );
    let set = start(&[&limited, &other]).await;
    assert!(!set.refresh().await.refreshed);
    assert_eq!(served(&set), "f000=0 f001=1 f002=2", "the other one is");
    assert_eq!((limited.asked(), other.asked()), (vec![0], vec![0, 0]));
    let status = set.status();
    assert_eq!(status.sources[0].failure, None, "nothing is wrong with it");
    sleep(Duration::from_secs(3600)).await;
    assert!(set.refresh().await.refreshed);
    set.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_keeps_no_other_waiting() {
    let (hanging, other) = (
        Scripted::new(&[Answer::Flags(1), Answer::Silence]),
        Scripted::new(&[Answer::Flags(1), Answer::Flags(2), Answer::Flags(3)]),
    );
    let set = start(&[&hanging, &other]).await;
    sleep(Duration::from_secs(65)).await;
    assert_eq!(served(&set), "f000=0 f001=1");
    sleep(Duration::from_secs(60)).await;
    assert_eq!(served(&set), "f000=0 f001=1 f002=2");
    assert_eq!(hanging.asked(), [0, 60], "it is asked once at a time");
    let forced = timeout(Duration::from_secs(30), set.refresh()).await;
    assert!(forced.is_err(), "whoever asks for everything waits for everything");
    assert_eq!(
        hanging.asked(),
        [0, 60, 125],
        "and is not answered from what began before"
    );
    set.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_counts() {
    let late = Scripted::new(&[Answer::Flags(1), Answer::Late(2)]);
    let set = start(&[&late]).await;
    sleep(Duration::from_secs(65)).await;
    assert_eq!(served(&set), "f000=0");
    sleep(Duration::from_secs(6)).await;
    assert_eq!(served(&set), "f000=0 f001=1");
    set.stop().await;
}
