//! The queue between requests and the collector.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::super::Batches;
use crate::metrics::Spans;

/// Takes the spans that ended and hands them to a task that sends them. Never waits: what finds the queue full is lost.
///
/// The kit's own processor blocks the thread that flushes it, for as long as a collector that does not answer may take, and
/// does not tell how many spans it lost.
#[derive(Debug, Clone)]
pub(super) struct Outbox {
    queue: mpsc::Sender<SpanData>,
    spans: Spans,
    delivery: Arc<Mutex<Option<Delivery>>>,
}

/// The task that sends, and how to end it.
#[derive(Debug)]
struct Delivery {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Outbox {
    /// Starts to send to `place`.
    pub(super) fn start<E: SpanExporter + 'static>(exporter: E, place: String, batches: Batches, spans: Spans) -> Self {
        let (queue, waiting) = mpsc::channel(batches.queue.max(1));
        let (stop, stopped) = oneshot::channel();
        let courier = Courier {
            exporter,
            place,
            batches,
            spans: spans.clone(),
            failing: false,
        };
        let task = tokio::spawn(courier.deliver(waiting, stopped));
        Self {
            queue,
            spans,
            delivery: Arc::new(Mutex::new(Some(Delivery { stop, task }))),
        }
    }

    /// Sends what waits, for at most this long.
    pub(super) async fn close(&self, deadline: Duration) {
        let delivery = self.delivery.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Delivery { stop, mut task }) = delivery else {
            return;
        };
        // it fails when the task has ended by itself
        let _ = stop.send(());
        match timeout(deadline, &mut task).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "sending traces ended badly"),
            Err(_) => {
                task.abort();
                tracing::warn!(?deadline, "the collector does not answer: the last traces are lost");
            }
        }
    }
}

impl SpanProcessor for Outbox {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.queue.try_send(span).is_err() {
            self.spans.lost.inc();
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// What the task works with.
struct Courier<E> {
    exporter: E,
    /// Where it sends, for the log.
    place: String,
    batches: Batches,
    spans: Spans,
    /// Whether the last batch was lost.
    failing: bool,
}

impl<E: SpanExporter> Courier<E> {
    /// Sends batches until it is told to stop, and then what is left.
    async fn deliver(mut self, mut waiting: mpsc::Receiver<SpanData>, mut stop: oneshot::Receiver<()>) {
        let size = self.batches.size.max(1);
        let mut due = interval(self.batches.delay.max(Duration::from_millis(1)));
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch = Vec::new();
        loop {
            let room = size - batch.len();
            tokio::select! {
                biased;
                _ = &mut stop => break,
                _ = due.tick() => {}
                received = waiting.recv_many(&mut batch, room) => match received {
                    0 => break,
                    _ if batch.len() < size => continue,
                    _ => {}
                },
            }
            self.send(std::mem::take(&mut batch)).await;
        }
        waiting.close();
        while let Some(span) = waiting.recv().await {
            batch.push(span);
            if batch.len() == size {
                self.send(std::mem::take(&mut batch)).await;
            }
        }
        self.send(batch).await;
        let _ = self.exporter.shutdown();
    }

    /// Sends a batch. A collector that is away is told about once, and once when it is back.
    async fn send(&mut self, batch: Vec<SpanData>) {
        if batch.is_empty() {
            return;
        }
        let spans = batch.len() as u64;
        let limit = self.batches.timeout;
        let sent = timeout(limit, self.exporter.export(batch)).await;
        match sent.unwrap_or(Err(OTelSdkError::Timeout(limit))) {
            Ok(()) => {
                self.spans.sent.inc_by(spans);
                if std::mem::take(&mut self.failing) {
                    tracing::info!(collector = self.place, "traces are sent again");
                }
            }
            Err(error) => {
                self.spans.lost.inc_by(spans);
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::warn!(
                        collector = self.place,
                        %error,
                        "cannot send traces, they are lost until the collector is back: see flagstaff_spans_total"
                    );
                }
            }
        }
    }
}
