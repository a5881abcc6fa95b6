//! What lint and flagset refuse or warn about.
