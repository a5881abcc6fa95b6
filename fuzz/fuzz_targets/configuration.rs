//! Any bytes as the configuration file in each format, below any environment: it can be served, or is refused with reasons.

#![no_main]

use std::sync::LazyLock;

use flagstaff_relay::config::{self, Sources};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("there can be a folder"));

fuzz_target!(|input: (&str, &[u8])| {
    let (environment, file) = input;
    let variables = environment.lines().filter_map(|line| line.split_once('='));
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut sources = Sources {
        file: None,
        environment: variables.collect(),
        working_directory: FOLDER.path().to_owned(),
    };
    for extension in ["yaml", "json", "toml"] {
        let path = FOLDER.path().join("configuration").with_extension(extension);
        std::fs::write(&path, file).expect("the folder can be written");
        sources.file = Some(path);
        let checked = config::check(&sources);
        match config::load(&sources) {
            Ok(_) => assert!(checked.problems.is_empty(), "{:?}", checked.problems),
            Err(error) => {
                assert!(!error.to_string().is_empty());
                assert_eq!(checked.problems.len(), error.problems.len());
            }
        }
    }
});
