//! A build without codings: bodies are sent as they are.

use std::io;

use super::Coding;

pub(super) const IS_BUILT: bool = false;

pub(super) fn encode(_: Coding, _: &[u8]) -> io::Result<Vec<u8>> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn gunzip(_: &[u8], _: usize) -> io::Result<Option<Vec<u8>>> {
    Err(io::ErrorKind::Unsupported.into())
}
