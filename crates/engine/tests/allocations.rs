//! An evaluation allocates nothing.

mod samples;

use flagstaff_engine::attribute::{AttributeTable, Attributes, ResolvedAttributes};
use flagstaff_engine::flag::Subject;

#[test]
fn no_kind_of_flag_allocates() {
    for (name, flag) in samples::flags(&mut AttributeTable::default()) {
        let context = samples::context();
        let attributes = Attributes::new(&context, None);
        let subject = Subject::new(&attributes, samples::times());
        let counted = allocation_counter::measure(|| {
            std::hint::black_box(flag.evaluate(std::hint::black_box(&subject), &mut ()));
        });
        assert_eq!(counted.count_total, 0, "{name}");
    }
}

#[test]
fn nor_does_a_bulk_evaluation_beyond_its_resolved_attributes() {
    let mut table = AttributeTable::default();
    let flags = samples::bulk(&mut table);
    let context = samples::context();
    let resolved = ResolvedAttributes::new(Attributes::new(&context, None), &table);
    let subject = Subject::new(&resolved, samples::times());
    let counted = allocation_counter::measure(|| {
        for flag in &flags {
            std::hint::black_box(flag.evaluate(&subject, &mut ()));
        }
    });
    assert_eq!(counted.count_total, 0);
}

/// The counter itself must be able to see an allocation, or the tests above prove nothing.
#[test]
fn the_counter_counts() {
    let counted = allocation_counter::measure(|| drop(std::hint::black_box(vec![1u8])));
    assert_eq!(counted.count_total, 1);
}
