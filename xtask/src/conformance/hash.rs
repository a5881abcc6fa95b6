//! `hash.jsonl`: `{flag, key, fnv1a32, mod100000}`, the hash that puts a user into a bucket.

use flagstaff_engine::bucketing::Seed;
use serde::Deserialize;

use super::{Tally, Verdict};

#[derive(Deserialize)]
struct Row {
    flag: String,
    key: String,
    fnv1a32: u32,
    mod100000: u32,
}

pub(super) fn check(line: &str, _: &mut Tally) -> anyhow::Result<Verdict> {
    let row: Row = serde_json::from_str(line)?;
    let hash = Seed::new(&row.flag).hash(&row.key);
    let got = (hash, hash % 100_000);
    let want = (row.fnv1a32, row.mod100000);
    Ok(Verdict::of((got != want).then(|| {
        format!("{} {}: want {want:?}, got {got:?}", row.flag, row.key)
    })))
}
