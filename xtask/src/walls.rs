//! `cargo xtask walls`: who may know whom. `ARCHITECTURE.md` says why.

use std::path::Path;
use std::process::Command;

use anyhow::Context;

use crate::metadata::{Metadata, Package, cargo};

/// Every room and the rooms that it may use. A new room is entered here.
const ROOMS: &[(&str, &[&str])] = &[
    ("flagstaff-definition", &[]),
    ("flagstaff-engine", &["flagstaff-definition"]),
    ("flagstaff-protocol", &["flagstaff-definition", "flagstaff-engine"]),
    ("flagstaff-backend", &[]),
    ("flagstaff-cloud", &[]),
    ("flagstaff-databases", &["flagstaff-backend"]),
    ("flagstaff-events", &["flagstaff-backend"]),
    (
        "flagstaff-exporters",
        &[
            "flagstaff-backend",
            "flagstaff-cloud",
            "flagstaff-events",
            "flagstaff-object-stores",
            "flagstaff-telemetry",
        ],
    ),
    (
        "flagstaff-notifiers",
        &[
            "flagstaff-backend",
            "flagstaff-databases",
            "flagstaff-definition",
            "flagstaff-engine",
            "flagstaff-protocol",
        ],
    ),
    ("flagstaff-object-stores", &["flagstaff-cloud"]),
    (
        "flagstaff-retrievers",
        &["flagstaff-backend", "flagstaff-databases", "flagstaff-object-stores"],
    ),
    ("flagstaff-telemetry", &[]),
    ("flagstaff-dashboard", &[]),
    (
        "flagstaff-flagset",
        &[
            "flagstaff-backend",
            "flagstaff-definition",
            "flagstaff-engine",
            "flagstaff-protocol",
            "flagstaff-retrievers",
        ],
    ),
    (
        "flagstaff-relay",
        &[
            "flagstaff-backend",
            "flagstaff-dashboard",
            "flagstaff-definition",
            "flagstaff-engine",
            "flagstaff-events",
            "flagstaff-exporters",
            "flagstaff-flagset",
            "flagstaff-notifiers",
            "flagstaff-protocol",
            "flagstaff-retrievers",
            "flagstaff-telemetry",
        ],
    ),
    (
        "flagstaff",
        &[
            "flagstaff-definition",
            "flagstaff-engine",
            "flagstaff-flagset",
            "flagstaff-protocol",
            "flagstaff-relay",
            "flagstaff-retrievers",
            "flagstaff-telemetry",
        ],
    ),
    ("flagstaff-limit", &[]),
    ("flagstaff-testkit", &["flagstaff-engine"]),
    (
        "flagstaff-integration",
        &[
            "flagstaff-backend",
            "flagstaff-definition",
            "flagstaff-events",
            "flagstaff-exporters",
            "flagstaff-flagset",
            "flagstaff-notifiers",
            "flagstaff-retrievers",
            "flagstaff-telemetry",
            "flagstaff-testkit",
        ],
    ),
    (
        "xtask",
        &[
            "flagstaff-definition",
            "flagstaff-engine",
            "flagstaff-protocol",
            "flagstaff-telemetry",
            "flagstaff-testkit",
        ],
    ),
];

/// Rooms that are pure: whatever they are built from knows no network, files, clock, logs or threads.
const PURE: &[&str] = &["flagstaff-definition", "flagstaff-engine", "flagstaff-protocol"];

/// What nothing below a pure room may be.
const IMPURE: &[&str] = &[
    "async-std",
    "axum",
    "getrandom",
    "hyper",
    "jiff",
    "log",
    "notify",
    "rand",
    "reqwest",
    "tokio",
    "tracing",
];

/// Crates that some rooms alone may name, since they are those rooms' business.
const OWNED: &[(&str, &[&str])] = &[
    ("axum", &["flagstaff-limit"]),
    ("hyper", &["flagstaff-relay"]),
    ("object_store", &["flagstaff-object-stores"]),
    ("notify", &["flagstaff-retrievers"]),
    ("opentelemetry", &["flagstaff-telemetry"]),
    ("opentelemetry_sdk", &["flagstaff-telemetry"]),
    (
        "reqwest",
        &[
            "flagstaff-exporters",
            "flagstaff-notifiers",
            "flagstaff-retrievers",
            "flagstaff-telemetry",
        ],
    ),
];

/// Checks every wall and prints each breach.
pub(crate) fn run() -> anyhow::Result<bool> {
    let metadata = Metadata::read()?;
    let mut breaches = Vec::new();
    for member in metadata.members() {
        check_rooms(member, &mut breaches);
        check_owned(member, &mut breaches);
    }
    for room in PURE {
        let tree = cargo(&[
            "tree",
            "--package",
            room,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--all-features",
            "--locked",
        ])?;
        let names = tree.lines().filter_map(|line| line.split(' ').next());
        let mut found: Vec<_> = names.filter(|name| IMPURE.contains(name)).collect();
        found.sort_unstable();
        found.dedup();
        breaches.extend(
            found
                .iter()
                .map(|name| format!("{room} is pure, and is built from {name}")),
        );
    }
    check_wasm(&mut breaches)?;
    breaches.iter().for_each(|breach| println!("wall: {breach}"));
    println!("{} rooms, {} breaches", ROOMS.len(), breaches.len());
    Ok(breaches.is_empty())
}

/// Whether a room uses only the rooms below it. Tests may use any.
fn check_rooms(member: &Package, breaches: &mut Vec<String>) {
    let Some((_, below)) = ROOMS.iter().find(|(name, _)| *name == member.name) else {
        breaches.push(format!(
            "{} is not in the list of rooms: enter it in xtask/src/walls.rs",
            member.name
        ));
        return;
    };
    let used = member
        .dependencies
        .iter()
        .filter(|used| used.path.is_some() && used.kind.as_deref() != Some("dev"));
    for used in used.filter(|used| !below.contains(&&*used.name)) {
        breaches.push(format!("{} must not use {}", member.name, used.name));
    }
}

fn check_owned(member: &Package, breaches: &mut Vec<String>) {
    for used in member.dependencies.iter().filter(|used| used.kind.is_none()) {
        if let Some((_, owners)) = OWNED
            .iter()
            .find(|(name, owners)| *name == used.name && !owners.contains(&&*member.name))
        {
            breaches.push(format!(
                "{} must not use {}: that is for {}",
                member.name,
                used.name,
                owners.join(" and ")
            ));
        }
    }
}

/// Builds the pure rooms for a target without a system, where the toolchain has it.
fn check_wasm(breaches: &mut Vec<String>) -> anyhow::Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let sysroot = Command::new("rustc")
        .args(["--print", "sysroot"])
        .output()
        .context("cannot run rustc")?;
    let sysroot = String::from_utf8_lossy(&sysroot.stdout).trim().to_owned();
    if !Path::new(&sysroot).join("lib/rustlib").join(TARGET).exists() {
        println!("NOT CHECKED: the pure rooms build for {TARGET} (rustup target add {TARGET})");
        return Ok(());
    }
    for room in PURE {
        if let Err(error) = cargo(&["check", "--quiet", "--package", room, "--target", TARGET, "--locked"]) {
            breaches.push(format!("{room} does not build for {TARGET}: {error:#}"));
        }
    }
    Ok(())
}
