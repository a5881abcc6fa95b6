//! Any bytes as the body of each request, and what is derived from a context.

#![no_main]

use flagstaff_engine::attribute::Attributes;
use flagstaff_protocol::request;
use libfuzzer_sys::fuzz_target;

/// How deep a body may be nested.
const DEPTH: usize = 256;

fuzz_target!(|body: &[u8]| {
    let ofrep = request::ofrep(body, DEPTH).ok().flatten();
    let own = request::evaluation(body, DEPTH).ok().and_then(|request| request.context);
    for context in ofrep.iter().chain(&own) {
        context.current_date_time();
        request::flag_list(context);
        let attributes = Attributes::new(context, None);
        for (name, attribute) in attributes.iter() {
            assert_eq!(attributes.get(name), Some(attribute), "{name}");
        }
    }
    let _ = request::configuration(body, DEPTH);
    let _ = request::collector(body, DEPTH);
});
