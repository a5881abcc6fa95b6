//! Evaluates one kind of flag N times: `instructions KIND N [observed]`. Counted under callgrind by `cargo xtask instructions`,
//! which subtracts two runs of different N, so that only the evaluations remain.

use std::hint::black_box;

use flagstaff_engine::attribute::{Attribute, AttributeTable, Attributes, Operand};
use flagstaff_engine::flag::Subject;
use flagstaff_engine::observe::{Observer, Stage, Verdict};

#[path = "../tests/samples/mod.rs"]
mod samples;

/// Counts what it sees, to show what an observer costs that does something.
#[derive(Default)]
struct Count(usize);

impl Observer for Count {
    fn stage(&mut self, stage: Stage, verdict: Verdict) {
        black_box((stage, verdict));
        self.0 += 1;
    }

    fn comparison(&mut self, span: (u32, u32), operand: &Operand, attribute: Option<Attribute<'_>>, verdict: Verdict) {
        black_box((span, operand, attribute, verdict));
        self.0 += 1;
    }
}

#[expect(clippy::disallowed_methods, reason = "an example is its own little binary")]
fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let count: usize = arguments[2].parse().expect("a number");
    let mut table = AttributeTable::default();
    let mut flags = samples::flags(&mut table);
    flags.extend(samples::bulk(&mut table).into_iter().map(|flag| ("one_of_bulk", flag)));
    let (_, flag) = flags
        .iter()
        .find(|(name, _)| *name == arguments[1])
        .expect("a known kind");
    let context = samples::context();
    let attributes = Attributes::new(&context, None);
    let subject = Subject::new(&attributes, samples::times());
    if arguments.get(3).is_some_and(|word| word == "observed") {
        let mut observer = Count::default();
        for _ in 0..count {
            black_box(flag.evaluate(black_box(&subject), &mut observer));
        }
        black_box(observer.0);
        return;
    }
    for _ in 0..count {
        black_box(flag.evaluate(black_box(&subject), &mut ()));
    }
}
