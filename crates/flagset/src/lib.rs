//! One living flag set.
