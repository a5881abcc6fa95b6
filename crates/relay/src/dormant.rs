//! A future that hardly ever has something to say.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// Polls a future only when that one has asked for it. A task that waits for several things otherwise polls all of them
/// whenever one is ready, and looking at a timer and a shared signal with each request costs as much as reading its head.
pub(crate) struct Dormant<F> {
    future: F,
    alarm: Arc<Alarm>,
    /// The alarm, as the future sees it.
    waker: Waker,
    /// The task, as it was seen last.
    task: Option<Waker>,
}

/// Passes a wake-up on to the task, and remembers whom it was for.
struct Alarm {
    rung: AtomicBool,
    task: AtomicWaker,
}

impl<F: Future + Unpin> Dormant<F> {
    pub(crate) fn new(future: F) -> Self {
        let alarm = Arc::new(Alarm {
            rung: AtomicBool::new(true),
            task: AtomicWaker::new(),
        });
        Self {
            future,
            waker: Waker::from(Arc::clone(&alarm)),
            alarm,
            task: None,
        }
    }
}

impl<F: Future + Unpin> Future for Dormant<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        // a task keeps its waker, so it is a new one once
        let is_known = this.task.as_ref().is_some_and(|task| task.will_wake(context.waker()));
        if is_known && !this.alarm.rung.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        // what rings after this is heard, what rang before it is seen
        this.alarm.task.register(context.waker());
        if !is_known {
            this.task = Some(context.waker().clone());
        }
        if this.alarm.rung.swap(false, Ordering::AcqRel) {
            return Pin::new(&mut this.future).poll(&mut Context::from_waker(&this.waker));
        }
        Poll::Pending
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        self.task.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::AtomicUsize;

    use futures_util::FutureExt;
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn is_polled_when_it_was_woken_and_not_otherwise() {
        let (notify, polls) = (Notify::new(), AtomicUsize::new(0));
        let mut told = Box::pin(notify.notified());
        let counted = poll_fn(|context| {
            polls.fetch_add(1, Ordering::Relaxed);
            told.poll_unpin(context)
        });
        let mut dormant = Dormant::new(counted);
        for _ in 0..10 {
            assert!(futures_util::poll!(&mut dormant).is_pending());
        }
        assert_eq!(polls.load(Ordering::Relaxed), 1);
        notify.notify_one();
        dormant.await;
        assert_eq!(polls.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn wakes_the_task_that_polled_it_last() {
        let notify = Arc::new(Notify::new());
        let told = Arc::clone(&notify);
        let mut dormant = Dormant::new(Box::pin(async move { told.notified().await }));
        assert!(futures_util::poll!(&mut dormant).is_pending());
        let moved = tokio::spawn(dormant);
        tokio::task::yield_now().await;
        notify.notify_one();
        moved.await.expect("it ends");
    }
}
