//! What streams tell.

use std::collections::BTreeMap;

use utoipa::ToSchema;

use super::flag::FlagDefinition;

/// What is different since the message before, of the flag set of the key. A key for clients is told names only.
#[derive(ToSchema)]
pub(in super::super) struct FlagChanges {
    /// Flags that are gone.
    deleted: BTreeMap<String, FlagDefinition>,
    /// Flags that are new.
    added: BTreeMap<String, FlagDefinition>,
    /// Flags that are other ones than before.
    updated: BTreeMap<String, FlagUpdate>,
}

/// A flag that is another one than before.
#[derive(ToSchema)]
pub(in super::super) struct FlagUpdate {
    old_value: FlagDefinition,
    new_value: FlagDefinition,
}
