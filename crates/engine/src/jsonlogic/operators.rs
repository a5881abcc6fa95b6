//! What the operators do, by area.

pub(super) mod arithmetic;
pub(super) mod array;
pub(super) mod comparison;
pub(super) mod logic;
pub(super) mod string;
