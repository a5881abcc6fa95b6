//! What every source and every sink has to keep, whatever its kind.

pub(crate) mod edition;
pub(crate) mod retriever;
