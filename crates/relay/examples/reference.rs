//! Prints the description of every setting as JSON; `cargo xtask docs` makes pages of it.

use std::io;

fn main() -> io::Result<()> {
    serde_json::to_writer(io::stdout(), &flagstaff_relay::config::reference::reference())?;
    Ok(())
}
