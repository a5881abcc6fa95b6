//! Prints the OpenAPI document of a relay with the usual settings; `cargo xtask docs` keeps it under `docs/`.

fn main() {
    print!(
        "{}",
        flagstaff_relay::openapi::document(&["http://localhost:1031".to_owned()])
    );
}
