//! Time and allocations of one evaluation of each kind, of a bulk of 350, and of compiling.

use divan::{AllocProfiler, Bencher, black_box};
use flagstaff_engine::attribute::{AttributeTable, Attributes, ResolvedAttributes};
use flagstaff_engine::flag::{Flag, Subject};

#[path = "../tests/samples/mod.rs"]
mod samples;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

const KINDS: [&str; 7] = [
    "static",
    "split",
    "six_terms",
    "jsonlogic",
    "progressive",
    "scheduled",
    "list_of_100k",
];

#[divan::bench(args = KINDS)]
fn one(bencher: Bencher<'_, '_>, kind: &str) {
    let flags = samples::flags(&mut AttributeTable::default());
    let (_, flag) = flags.iter().find(|(name, _)| *name == kind).expect("a known kind");
    let context = samples::context();
    let attributes = Attributes::new(&context, None);
    let subject = Subject::new(&attributes, samples::times());
    bencher.bench_local(|| flag.evaluate(black_box(&subject), &mut ()).index);
}

#[divan::bench]
fn bulk_of_350(bencher: Bencher<'_, '_>) {
    let mut table = AttributeTable::default();
    let flags = samples::bulk(&mut table);
    let context = samples::context();
    bencher.bench_local(|| {
        let resolved = ResolvedAttributes::new(Attributes::new(black_box(&context), None), &table);
        let subject = Subject::new(&resolved, samples::times());
        flags
            .iter()
            .map(|flag| flag.evaluate(&subject, &mut ()).index)
            .sum::<usize>()
    });
}

#[divan::bench(sample_count = 10)]
fn compile_10_000(bencher: Bencher<'_, '_>) {
    let definitions: Vec<_> = samples::bulk(&mut AttributeTable::default())
        .iter()
        .cycle()
        .take(10_000)
        .map(|flag| flag.definition().clone())
        .collect();
    bencher.bench_local(|| {
        let mut table = AttributeTable::default();
        definitions
            .iter()
            .map(|definition| Flag::compile("flag", definition, &mut table))
            .collect::<Vec<_>>()
    });
}
