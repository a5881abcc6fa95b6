//! The contract that every retriever passes.
