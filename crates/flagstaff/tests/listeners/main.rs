//! How requests come in to the built program.

mod lambda;
mod sockets;
mod tls;

use std::process::Command;

use flagstaff_testkit::relay::Workspace;

const PROGRAM: &str = env!("CARGO_BIN_EXE_flagstaff");

const FLAGS: &str = "on: {variations: {a: true}, defaultRule: {variation: a}}\n";

/// A folder with flags and with these settings, in which 18031 stands for a free port.
fn workspace(settings: &str) -> Workspace {
    let workspace = Workspace::new().expect("there can be a folder");
    let settings = format!("hideBanner: true\nretriever: {{kind: file, path: flags.yaml}}\n{settings}");
    for (file, text) in [
        ("flags.yaml", FLAGS),
        ("goff-proxy.yaml", &workspace.with_port(&settings)),
    ] {
        workspace.write(file, text).expect("the folder can be written");
    }
    workspace
}

/// The command that starts a relay.
fn relay() -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["relay", "--config", "goff-proxy.yaml"]).env_clear();
    command
}

/// A start that comes to an end: its exit code, and what it said.
fn run(workspace: &Workspace) -> (Option<i32>, String) {
    let output = relay().current_dir(workspace.path(".")).output();
    let output = output.expect("the program can be run");
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}
