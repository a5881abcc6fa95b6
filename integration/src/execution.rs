//! Programs that are run to their end.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A failing program may have written a lot, of which the end is shown.
const LINES: usize = 12;

/// Runs a program that has to succeed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    output(command).map(drop)
}

/// What a program prints, which has to succeed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    answer(command, "")
}

/// What a program prints when it is given a text.
pub(crate) fn answer(command: &mut Command, text: &str) -> Result<String> {
    let name = command.get_program().display().to_string();
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot run {name}"))?;
    let mut input = child.stdin.take().context("a program has an input")?;
    // one that ends early says itself why
    let _ = input.write_all(text.as_bytes());
    drop(input);
    let done = child.wait_with_output().with_context(|| format!("cannot run {name}"))?;
    let printed = String::from_utf8_lossy(&done.stdout).into_owned();
    if done.status.success() {
        return Ok(printed);
    }
    let said = printed + &String::from_utf8_lossy(&done.stderr);
    let lines: Vec<_> = said.lines().collect();
    let end = lines[lines.len().saturating_sub(LINES)..].join("\n");
    bail!("{name} failed with {}:\n{end}", done.status)
}
