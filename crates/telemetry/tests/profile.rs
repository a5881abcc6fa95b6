//! Profiles of a process that is busy.

#![cfg(feature = "profile")]

use std::hint::black_box;
use std::io::Read;

use flagstaff_telemetry::profile::{Profile, ProfileError};
use pprof::protos::{self, Message};

#[test]
fn a_profile_names_what_is_busy() {
    for round in 0..2 {
        let profile = Profile::start().expect("nobody else takes one");
        assert!(matches!(Profile::start(), Err(ProfileError::Busy)));
        burn();
        let bytes = profile.finish().expect("what was sampled can be read");
        let mut decompressed = Vec::new();
        let mut decoder = flate2::read::GzDecoder::new(&*bytes);
        decoder.read_to_end(&mut decompressed).expect("it is gzipped");
        let profile = protos::Profile::parse_from_bytes(&decompressed).expect("it is a profile");
        let text = |index: i64| &*profile.string_table[index as usize];
        let kinds = profile.sample_type.iter();
        let kinds: Vec<_> = kinds.map(|kind| (text(kind.ty), text(kind.unit))).collect();
        assert_eq!(kinds, [("samples", "count"), ("cpu", "nanoseconds")]);
        // a location stands for the function of the same number
        let name = |location: u64| text(profile.function[location as usize - 1].name);
        let stacks = profile.sample.iter().map(|sample| &sample.location_id);
        let stacks: Vec<Vec<_>> = stacks
            .map(|stack| stack.iter().map(|frame| name(*frame)).collect())
            .collect();
        assert!(
            stacks.iter().flatten().any(|frame| frame.contains("burn")),
            "{round}: {stacks:?}"
        );
        for stack in stacks {
            assert!(
                !stack.iter().any(|frame| frame.contains("perf_signal_handler")),
                "{stack:?}"
            );
            assert!(!stack[0].contains("trace_unsynchronized"), "{stack:?}");
        }
    }
}

/// Keeps a processor busy for some samples.
#[inline(never)]
fn burn() {
    let mut sum = 0_u64;
    for number in 0..60_000_000_u64 {
        sum = black_box(sum.wrapping_mul(31).wrapping_add(number));
    }
    black_box(sum);
}
