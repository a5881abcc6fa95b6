//! Kinds of failures.

/// What kind of failure it is, of a retriever, an exporter or a notifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The settings cannot work: a malformed address, a certificate that does not load.
    Settings,
    /// There is nothing at that place: no document, no bucket, no topic, no folder.
    NotFound,
    /// Credentials are missing, wrong or not sufficient.
    Denied,
    /// There was an answer, but no document; or what was sent was not taken.
    Refused,
    /// A document is larger than a flag file can be; or what was sent is larger than is taken, and a part of it may not be.
    TooLarge,
    /// It cannot be reached, or broke off.
    Unreachable,
    /// No complete answer within the time limit.
    TimedOut,
}
