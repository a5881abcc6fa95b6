use std::time::Duration;

use tokio::time::Instant;

use super::{Announcer, Reading};
use crate::testing::Answer::{Fails, Hangs, Refuses, Takes};
use crate::testing::{Scripted, many, written};

/// More than anything here takes. Time does not pass by itself, it is skipped when everybody waits.
const LONG: Duration = Duration::from_secs(3600);

/// An announcer of one notifier.
fn announcer(notifier: &std::sync::Arc<Scripted>) -> Announcer {
    let announcer = Announcer::start();
    announcer.recruit(&[notifier.recipient("one")], None, None);
    announcer
}

fn reading(announcer: &Announcer) -> Reading {
    announcer.readings().remove(0)
}

/// Lets everybody do what can be done by now and within a time.
async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_told_again_with_what_came_meanwhile() {
    let notifier = Scripted::new(&[Fails, Fails, Takes]);
    let announcer = announcer(&notifier);
    announcer.tell(written("a:>1"));
    assert_eq!(notifier.told(1).await, [written("a:>1")]);
    let failed = reading(&announcer);
    assert_eq!(
        (failed.age, failed.error.as_deref()),
        (None, Some("not now (target: here)"))
    );
    announcer.tell(written("a:1>2 b:>1"));
    announcer.tell(written("b:1>"));
    let told = notifier.told(3).await;
    assert_eq!(told[1..], [written("a:>2"), written("a:>2")]);
    pass(LONG).await;
    let reading = reading(&announcer);
    assert_eq!(
        (
            reading.delivered,
            reading.errors,
            reading.lost,
            reading.pending,
            reading.failures
        ),
        (1, 2, 0, 0, 0)
    );
    assert!(reading.age.is_some() && reading.error.is_none(), "{reading:?}");
}

#[tokio::test(start_paused = true)]
async fn a_notifier_that_hangs_delays_nobody_and_is_told_again() {
    let (hanging, other) = (Scripted::new(&[Hangs]), Scripted::new(&[]));
    let announcer = Announcer::start();
    announcer.recruit(&[hanging.recipient("hanging"), other.recipient("other")], None, None);
    let began = Instant::now();
    for change in ["a:>1", "a:1>2", "a:2>3"] {
        announcer.tell(written(change));
        other.told(1).await;
    }
    other.told(2).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(hanging.attempts(), [written("a:>1")]);
    assert_eq!(hanging.told(2).await[1], written("a:>3"));
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_or_fails_too_often_is_given_up() {
    for (answers, attempts) in [(&[Refuses][..], 1), (&[Fails; 30], 10)] {
        let notifier = Scripted::new(answers);
        let announcer = announcer(&notifier);
        announcer.tell(written("a:>1"));
        pass(LONG).await;
        assert_eq!(notifier.attempts().len(), attempts);
        let reading = reading(&announcer);
        assert_eq!((reading.delivered, reading.lost, reading.pending), (0, 1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn hundreds_of_changes_are_one_message_while_one_is_sent() {
    let notifier = Scripted::new(&[Hangs]);
    let announcer = announcer(&notifier);
    announcer.tell(written("first:>1"));
    notifier.told(1).await;
    for flag in 0..300 {
        announcer.tell(written(&format!("flag-{flag}:>1")));
    }
    announcer.tell(written("first:1>"));
    let told = notifier.told(2).await;
    assert_eq!(told[1].flags.len(), 300);
    pass(LONG).await;
    assert_eq!(notifier.attempts().len(), 2);
    assert_eq!(reading(&announcer).pending, 0);
}

#[tokio::test(start_paused = true)]
async fn news_that_come_to_nothing_are_not_told() {
    let notifier = Scripted::new(&[Fails]);
    let announcer = announcer(&notifier);
    announcer.tell(written(""));
    announcer.tell(written("a:>1"));
    notifier.told(1).await;
    announcer.tell(written("a:1>"));
    pass(LONG).await;
    assert_eq!(notifier.attempts().len(), 1);
    assert_eq!(reading(&announcer).pending, 0);
}

#[tokio::test(start_paused = true)]
async fn what_waits_at_the_end_is_told_once() {
    for (answers, attempts, is_late) in [(&[][..], 1, false), (&[Hangs], 1, true)] {
        let notifier = Scripted::new(answers);
        let announcer = announcer(&notifier);
        announcer.tell(many(3));
        let (began, deadline) = (Instant::now(), Instant::now() + Duration::from_secs(3));
        announcer.finish(deadline).await;
        assert_eq!(notifier.attempts().len(), attempts, "{answers:?}");
        assert_eq!(began.elapsed() == Duration::from_secs(3), is_late, "{answers:?}");
        announcer.tell(many(1));
        pass(LONG).await;
        assert_eq!(notifier.attempts().len(), attempts, "it is over");
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_does_not_wait_for_a_pause() {
    let notifier = Scripted::new(&[Fails, Fails]);
    let announcer = announcer(&notifier);
    announcer.tell(written("a:>1"));
    notifier.told(1).await;
    announcer.tell(written("b:>1"));
    announcer.finish(Instant::now() + LONG).await;
    assert_eq!(notifier.attempts()[1..], [written("a:>1 b:>1")]);
}

#[tokio::test(start_paused = true)]
async fn an_edit_keeps_those_that_stay_and_lets_the_others_finish() {
    let [stays, goes, comes] = [&[Fails][..], &[Hangs], &[]].map(Scripted::new);
    let announcer = Announcer::start();
    announcer.recruit(&[goes.recipient("goes"), stays.recipient("stays")], None, None);
    announcer.tell(written("a:>1"));
    goes.told(1).await;
    stays.told(1).await;
    announcer.recruit(&[stays.recipient("stays"), comes.recipient("comes")], None, None);
    assert_eq!(announcer.readings()[0].failures, 1, "it goes on as it is");
    announcer.tell(written("b:>1"));
    pass(LONG).await;
    assert_eq!(stays.attempts().len(), 2);
    assert_eq!(stays.attempts()[1], written("a:>1 b:>1"));
    assert_eq!(comes.attempts(), [written("b:>1")]);
    assert_eq!(goes.attempts().len(), 1, "it hangs until nobody waits for it");
}
