//! The contract that every retriever passes, whatever stands behind it.

use std::future::Future;

use crate::{Content, ErrorKind, Fetched, Retriever, Revision};

/// A state of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State<'a> {
    /// It holds this text.
    Holds(&'a str),
    /// There is nothing.
    Gone,
    /// Credentials are not accepted.
    Refused,
    /// It breaks off, or what is there is no document.
    Broken,
    /// It does not answer within the retriever's time limit.
    Slow,
}

/// A source that a test can bring into any state.
pub trait Backend {
    /// The retriever of the source. Its time limit, if it has one, is short.
    fn retriever(&self) -> &dyn Retriever;

    /// Brings the source into a state; `false` when this kind of source cannot be in it.
    fn enter(&mut self, state: State<'_>) -> impl Future<Output = bool>;
}

/// Checks the contract: fetch, unchanged, changed, and every failure with the way back.
///
/// # Panics
///
/// When the retriever breaks it.
pub async fn check_contract(backend: &mut impl Backend) {
    assert!(
        backend.enter(State::Holds("a: 1\n")).await,
        "every source can hold a text"
    );
    let first = content(backend, None).await;
    assert_eq!(first.bytes(), "a: 1\n", "a first fetch yields what is there");
    let mut revision = unchanged(backend, &first.revision).await;
    assert_eq!(
        content(backend, None).await.bytes(),
        "a: 1\n",
        "without a previous revision there is always content"
    );

    for state in [State::Gone, State::Refused, State::Broken, State::Slow] {
        if !backend.enter(state).await {
            continue;
        }
        let error = backend
            .retriever()
            .retrieve(Some(&revision))
            .await
            .expect_err("a failing source yields no content");
        match state {
            State::Gone => assert_eq!(error.kind(), ErrorKind::NotFound, "{error}"),
            State::Refused => assert_eq!(error.kind(), ErrorKind::Denied, "{error}"),
            State::Slow => assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}"),
            State::Broken | State::Holds(_) => {}
        }
        assert!(!error.to_string().contains('\n'), "an error is one line: {error}");
        assert!(backend.enter(State::Holds("a: 1\n")).await);
        revision = unchanged(backend, &revision).await;
    }

    assert!(backend.enter(State::Holds("a: 2\n")).await);
    let second = content(backend, Some(&revision)).await;
    assert_eq!(second.bytes(), "a: 2\n", "a change is seen after failures, too");
    assert_ne!(second.revision, first.revision);
    unchanged(backend, &second.revision).await;
}

async fn content(backend: &impl Backend, previous: Option<&Revision>) -> Content {
    match backend.retriever().retrieve(previous).await {
        Ok(Fetched::Content(content)) => content,
        other => panic!("expected content, got {other:?}"),
    }
}

async fn unchanged(backend: &impl Backend, previous: &Revision) -> Revision {
    match backend.retriever().retrieve(Some(previous)).await {
        Ok(Fetched::Unchanged(revision)) => revision,
        other => panic!("expected no change, got {other:?}"),
    }
}
