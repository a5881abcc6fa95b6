//! How long a start and a reload take, from the text of a file to the swap of the snapshot.
//!
//! `cargo bench -p flagstaff-flagset`

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use divan::Bencher;
use flagstaff_definition::format::Format;
use flagstaff_flagset::{FlagSet, Options, Source};
use flagstaff_retrievers::{Content, Fetched, Retrieval, Retriever, Revision};
use tokio::runtime::Runtime;

fn main() {
    divan::main();
}

const COUNT: usize = 10_000;

/// A third static, a third split, a third with a query of several terms, 2.2 MB. `edition` changes the first `edited` flags.
fn flags(edition: usize, edited: usize) -> String {
    (0..COUNT).fold(String::new(), |mut text, number| {
        let owner = number % 40;
        let _ = writeln!(
            text,
            "flag-{number:05}:\n  variations: {{enabled: true, disabled: false}}\n  \
             metadata: {{description: flag {number} of the bench, owner: team-{owner}}}"
        );
        if number % 3 == 2 {
            text.push_str(
                "  targeting:\n    - name: some\n      query: (country eq \"FR\" and plan in [\"pro\", \"enterprise\"]) or \
                 (email ew \"@example.com\" and age ge 18)\n      variation: enabled\n",
            );
        }
        if number % 3 == 1 {
            text.push_str("  defaultRule: {percentage: {enabled: 30, disabled: 70}}\n");
        } else {
            text.push_str("  defaultRule: {variation: enabled}\n");
        }
        if number < edited {
            let _ = writeln!(text, "  version: {edition}");
        }
        text
    })
}

#[derive(Debug, Default)]
struct Memory(Mutex<String>);

impl Retriever for Memory {
    fn retrieve<'a>(&'a self, previous: Option<&'a Revision>) -> Retrieval<'a> {
        let text = self.0.lock().expect("no bench panics with the text").clone();
        Box::pin(async move { Ok(Fetched::new(Content::new(text.into(), None), previous)) })
    }

    fn place(&self) -> String {
        "memory".to_owned()
    }
}

fn start(runtime: &Runtime, memory: &Arc<Memory>) -> FlagSet {
    let retriever: Arc<dyn Retriever> = Arc::clone(memory) as Arc<dyn Retriever>;
    let options = Options::new("bench", vec![Source::new(retriever, Format::Yaml)]);
    runtime
        .block_on(FlagSet::start(options))
        .expect("the flags of the bench are good")
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("a runtime can be built")
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn first_load(bencher: Bencher<'_, '_>) {
    let (runtime, memory) = (runtime(), Arc::new(Memory(Mutex::new(flags(0, 1)))));
    bencher.bench_local(|| start(&runtime, &memory));
}

#[divan::bench(sample_count = 20, sample_size = 1, args = [0, 1, COUNT])]
fn reload_with_edits(bencher: Bencher<'_, '_>, edited: usize) {
    let (runtime, memory) = (runtime(), Arc::new(Memory(Mutex::new(flags(0, edited)))));
    let set = start(&runtime, &memory);
    let edition = AtomicUsize::new(1);
    bencher
        .with_inputs(|| {
            let edition = edition.fetch_add(1, Ordering::Relaxed);
            // Without an edited flag it is a comment that changes.
            let text = flags(edition, edited) + &format!("# edition {edition}\n");
            *memory.0.lock().expect("no bench panics with the text") = text;
        })
        .bench_local_values(|()| assert!(runtime.block_on(set.refresh()).refreshed));
}
