//! `cargo xtask bench`: the relay and a bare server that knows no flags, in turns, in one run. Figures of a machine vary from
//! minute to minute; the ratios of a run do not.

mod case;
mod events;
mod load;
mod server;
mod streams;
mod table;

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use flagstaff_testkit::relay::Workspace;

use crate::build::executable;
use case::Case;
use load::Load;
use server::Server;

/// What to measure, and how long.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    measurement: Option<Measurement>,
    /// Another server that speaks OFREP; `{port}` in its command becomes a free port, `{flags}` the path of the flag file
    #[arg(long = "peer", value_name = "NAME=COMMAND", value_parser = Peer::parse)]
    peers: Vec<Peer>,
    /// Seconds of load on a server, for each round of a case
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// How often each server has its turn
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// What is asked
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "static,split,query,bulk,unchanged"
    )]
    cases: Vec<Case>,
}

/// What else can be measured.
#[derive(Debug, clap::Subcommand)]
enum Measurement {
    /// Opens many streams of server-sent events, edits the flags, and prints when the last one was told, and what a stream weighs
    Streams(streams::Arguments),
    /// Puts load on a relay whose exporters hang, and prints what that costs, and what became of every event
    Events(events::Arguments),
}

/// A server of somebody else.
#[derive(Debug, Clone)]
struct Peer {
    name: String,
    command: String,
}

impl Peer {
    fn parse(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, command)) if !name.is_empty() && !command.trim().is_empty() => Ok(Self {
                name: name.to_owned(),
                command: command.to_owned(),
            }),
            _ => Err("write NAME=COMMAND, such as `goff=relay-proxy --config goff.yaml`".to_owned()),
        }
    }

    /// A shell understands quotes; `env` takes settings before the program. Both give way to the program.
    fn command(&self, workspace: &Workspace) -> Command {
        let flags = workspace.path(case::FLAG_FILE);
        let command = self
            .command
            .replace("{port}", &workspace.port().to_string())
            .replace("{flags}", &flags.display().to_string());
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("exec env {command}")]);
        shell
    }
}

/// The figures of one server on one case, one of each round.
struct Series {
    case: Case,
    server: usize,
    answer_bytes: usize,
    loads: Vec<Load>,
}

/// Measures and prints; `false` when a server failed to answer under load.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    match &arguments.measurement {
        None => run_load(arguments),
        Some(Measurement::Streams(arguments)) => streams::run(arguments),
        Some(Measurement::Events(arguments)) => events::run(arguments),
    }
}

fn run_load(arguments: &Arguments) -> Result<bool> {
    load::check_tool()?;
    let relay = executable(&["--package", "flagstaff"])?;
    let limit = executable(&["--package", "flagstaff-limit"])?;
    let servers = start(&relay, &limit, &arguments.peers)?;
    let mut measured = Vec::new();
    for &case in &arguments.cases {
        measured.extend(measure(&servers, case, arguments)?);
    }
    table::print_loads(&servers, &measured);
    table::print_servers(&servers);
    let failures: Vec<_> = measured
        .iter()
        .flat_map(|series| series.loads.iter().map(move |load| (series, load)))
        .filter_map(|(series, load)| Some((series, load.failures.as_ref()?)))
        .collect();
    for (series, failures) in &failures {
        println!("{} {}: {failures}", series.case.name(), servers[series.server].name());
    }
    Ok(failures.is_empty())
}

/// Starts everything. The bare server is the first, since ratios are to the first; a relay starts before it, since its bulk
/// answer is what the bare server sends. The relays are as people run them: with keys, metrics, and logs of level info.
fn start(relay: &Path, limit: &Path, peers: &[Peer]) -> Result<Vec<Server>> {
    let start = |name, flags, settings| start_relay(relay, name, flags, settings);
    let plain = start("flagstaff", case::FLAGS, "")?;
    let bulk = plain.ask(Case::Bulk)?.text();
    let limit = Server::start("limit", None, |workspace| {
        workspace.write("bulk.json", &bulk)?;
        let mut command = Command::new(limit);
        command.args(["--port", &workspace.port().to_string(), "--bulk", "bulk.json"]);
        Ok(command)
    })?;
    let mut servers = vec![limit, plain];
    servers.push(start("flagstaff, accesslog", case::FLAGS, "accessLog: all\n")?);
    servers.push(start("flagstaff, 10k flags", case::MANY_FLAGS, "")?);
    for peer in peers {
        servers.push(Server::start(&peer.name, Some(case::FLAGS), |workspace| {
            Ok(peer.command(workspace))
        })?);
    }
    Ok(servers)
}

/// Starts a relay as people run it.
fn start_relay(program: &Path, name: &str, flags: usize, settings: &str) -> Result<Server> {
    Server::start(name, Some(flags), |workspace| {
        let configuration = format!(
            "server: {{host: 127.0.0.1, port: {}}}\nhideBanner: true\nlogLevel: info\n\
             retriever: {{kind: file, path: {}}}\nauthorizedKeys: {{evaluation: [{}], admin: [{}]}}\n{settings}",
            workspace.port(),
            case::FLAG_FILE,
            case::KEY,
            case::ADMIN_KEY,
        );
        workspace.write("goff-proxy.yaml", &configuration)?;
        let mut command = Command::new(program);
        // the relay takes settings from the environment too
        command.args(["relay", "--config", "goff-proxy.yaml"]).env_clear();
        Ok(command)
    })
}

/// Puts one case to the servers that it is for, in turns.
fn measure(servers: &[Server], case: Case, arguments: &Arguments) -> Result<Vec<Series>> {
    let mut all = Vec::new();
    for (server, asked) in servers.iter().enumerate().filter(|(_, server)| server.is_asked(case)) {
        all.push(Series {
            case,
            server,
            answer_bytes: asked.ask(case)?.body.len(),
            loads: Vec::new(),
        });
    }
    for round in 1..=arguments.rounds {
        for series in &mut all {
            let server = &servers[series.server];
            eprintln!(
                "{} {}, round {round} of {}",
                case.name(),
                server.name(),
                arguments.rounds
            );
            series.loads.push(Load::put(server, case, arguments.seconds)?);
        }
    }
    Ok(all)
}
