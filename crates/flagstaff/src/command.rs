//! The command line as it is typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  flagstaff relay --config goff-proxy.yaml   serve flags over HTTP
  flagstaff                                  the same; the configuration file is looked up
  flagstaff lint flags.yaml                  find what is wrong in a flag file, and where
  flagstaff evaluate --path flags.yaml --ctx '{\"targetingKey\": \"user-1\"}'
  flagstaff check sources                    fetch every source of a configuration once

Exit codes:
  0  done; the relay was stopped, or lint found warnings at most
  1  it failed: a relay that cannot serve, a flag file with errors, an unknown flag
  2  the command line is not understood";

const RELAY_EXAMPLES: &str = "\
Examples:
  flagstaff relay --config goff-proxy.yaml
  SERVER_PORT=8080 flagstaff relay --config goff-proxy.yaml
  flagstaff relay --check --config goff-proxy.yaml

The configuration file is GO Feature Flag's own. Without --config it is the first of
goff-proxy.yaml, goff-proxy.toml, goff-proxy.json and goff-proxy.yml in ./, /goff/ and
/etc/opt/goff/. Paths in it are relative to the working folder.

Exit codes:
  0  stopped by SIGINT or SIGTERM; with --check: it could serve
  1  it cannot serve
  2  the command line is not understood";

const EVALUATE_EXAMPLES: &str = "\
Examples:
  flagstaff evaluate --path flags.yaml
  flagstaff evaluate --path flags.yaml --flag new-checkout \\
    --ctx '{\"targetingKey\": \"user-1\", \"plan\": \"pro\"}'
  flagstaff evaluate --kind http --url https://example.com/flags.yaml \\
    --header 'Authorization: Bearer token'
  flagstaff evaluate --kind s3 --option bucket=flags --option item=flags.yaml
  flagstaff evaluate --relay-config goff-proxy.yaml --flag-set checkout

Sources of a relay's configuration are merged as the relay does it. Flags with errors are left out; what is wrong with them is printed to stderr.

Exit codes:
  0  evaluated
  1  the flags cannot be read, or the flag is unknown
  2  the command line is not understood";

const LINT_EXAMPLES: &str = "\
Examples:
  flagstaff lint flags.yaml
  flagstaff lint --format toml flags.toml
  flagstaff lint --output sarif flags.yaml > lint.sarif
  flagstaff lint --kind s3 --option bucket=flags --option item=flags.yaml
  flagstaff lint --relay-config goff-proxy.yaml

Without a file it is the first of flags.goff.yaml, flags.goff.toml, flags.goff.json and
flags.goff.yml in ./, /goff/ and /etc/opt/goff/. Every finding is explained in
docs/diagnostics.md.

Exit codes:
  0  no errors; there may be warnings
  1  errors, or flags that cannot be read
  2  the command line is not understood";

const CHECK_SOURCES_EXAMPLES: &str = "\
Examples:
  flagstaff check sources --config goff-proxy.yaml
  flagstaff check sources --config goff-proxy.yaml --output json

Sources are fetched, read and compiled as the relay does it. Flags with errors are counted;
`flagstaff lint --relay-config` shows them.

Exit codes:
  0  every source works
  1  one does not, or the configuration has mistakes
  2  the command line is not understood";

const CHECK_EXPORTERS_EXAMPLES: &str = "\
Examples:
  flagstaff check exporters --config goff-proxy.yaml
  flagstaff check exporters --config goff-proxy.yaml --send-test

The event that is sent has `flagstaff-check` as its key and its user.

Exit codes:
  0  no exporter fails
  1  one does, or the configuration has mistakes
  2  the command line is not understood";

const CHECK_NOTIFIERS_EXAMPLES: &str = "\
Examples:
  flagstaff check notifiers --config goff-proxy.yaml
  flagstaff check notifiers --config goff-proxy.yaml --send-test

What is sent says that a flag `flagstaff-check (a test, no flag changed)` is new. Without
--send-test only the host is contacted, since what is at the URL may take any request for news.

Exit codes:
  0  no notifier fails
  1  one does, or the configuration has mistakes
  2  the command line is not understood";

const KEY_NEW_EXAMPLES: &str = "\
Examples:
  flagstaff key new
  flagstaff key new --scope client --name web

The hash of a key that exists already: printf %s KEY | sha256sum

Exit codes:
  0  printed
  1  the system has no random numbers to give
  2  the command line is not understood";

/// A feature-flag platform in one binary: a relay that speaks OpenFeature (OFREP) and GO Feature Flag's own API, and tools for
/// flag files. Without a command it is the relay.
#[derive(Debug, Parser)]
#[command(
    name = "flagstaff",
    version,
    propagate_version = true,
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true
)]
pub(crate) struct Arguments {
    /// What to do; the relay when left out.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// The relay's own arguments.
    #[command(flatten)]
    pub(crate) relay: RelayArguments,
}

/// A command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serves flags over HTTP
    #[command(after_help = RELAY_EXAMPLES)]
    Relay(RelayArguments),
    /// Evaluates one flag or all flags of a flag file
    #[command(after_help = EVALUATE_EXAMPLES)]
    Evaluate(EvaluateArguments),
    /// Finds what is wrong in a flag file, and where
    #[command(after_help = LINT_EXAMPLES)]
    Lint(LintArguments),
    /// Contacts what a configuration names, and says what works
    Check {
        /// What to contact.
        #[command(subcommand)]
        command: CheckCommand,
    },
    /// Makes keys for the relay
    Key {
        /// What to do.
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Prints a completion script for a shell
    Completions(CompletionsArguments),
}

/// What is contacted.
#[derive(Debug, Subcommand)]
pub(crate) enum CheckCommand {
    /// Fetches every source of flags once
    #[command(after_help = CHECK_SOURCES_EXAMPLES)]
    Sources(CheckArguments),
    /// Looks whether exporters can be reached and let events in
    #[command(after_help = CHECK_EXPORTERS_EXAMPLES)]
    Exporters(SendingCheckArguments),
    /// Looks whether notifiers can be reached
    #[command(after_help = CHECK_NOTIFIERS_EXAMPLES)]
    Notifiers(SendingCheckArguments),
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Configuration file (goff-proxy.yaml); looked up as by the relay when left out
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Seconds that each of them may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: u64,
    /// How the result is shown
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = CheckOutput::Text)]
    pub(crate) output: CheckOutput,
}

/// Arguments of `check` for what can be sent something.
#[derive(Debug, Args)]
pub(crate) struct SendingCheckArguments {
    #[command(flatten)]
    pub(crate) check: CheckArguments,
    /// Sends something that says it is a test; otherwise nothing is written anywhere
    #[arg(long)]
    pub(crate) send_test: bool,
}

/// A command about keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Prints a random key, its hash and what to write into the configuration
    #[command(after_help = KEY_NEW_EXAMPLES)]
    New(KeyNewArguments),
}

/// Arguments of the relay.
#[derive(Debug, Args)]
pub(crate) struct RelayArguments {
    /// Configuration file (goff-proxy.yaml); given twice, the last one counts
    #[arg(long, value_name = "FILE", overrides_with = "config")]
    pub(crate) config: Option<PathBuf>,
    /// Prints what the configuration comes to, with the origin of each value, and everything that is wrong with it; does not
    /// serve
    #[arg(long)]
    pub(crate) check: bool,
    /// How --check prints
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = CheckOutput::Text, requires = "check")]
    pub(crate) output: CheckOutput,
}

/// How a check is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckOutput {
    /// For people: a line for each
    Text,
    /// One JSON document
    Json,
}

/// Arguments of `evaluate`. Names, shorthands and defaults are GO Feature Flag's.
#[derive(Debug, Args)]
pub(crate) struct EvaluateArguments {
    /// Where the flags are: the kind of a retriever
    #[arg(short, long, default_value = "file")]
    pub(crate) kind: String,
    /// Option of the retriever as in a configuration, like bucket=flags or redisOptions.addr=localhost:6379; may be given several
    /// times
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) option: Vec<String>,
    #[command(flatten)]
    pub(crate) relay: RelayConfigurationArguments,
    /// Flag file
    #[arg(short, long, value_name = "FILE", default_value = "", hide_default_value = true)]
    pub(crate) path: String,
    /// Old name of --path
    #[arg(short, long, value_name = "FILE", hide = true)]
    pub(crate) config: Option<String>,
    /// Format of the flags: yaml, json or toml
    #[arg(short, long, default_value = "yaml")]
    pub(crate) format: String,
    /// Key of the flag; all flags when left out
    #[arg(long, value_name = "KEY", default_value = "", hide_default_value = true)]
    pub(crate) flag: String,
    /// Evaluation context, a JSON object
    #[arg(long, value_name = "JSON", default_value = "{}")]
    pub(crate) ctx: String,
    /// Only shows the settings of the source as they were understood
    #[arg(long)]
    pub(crate) check_mode: bool,
    /// URL of the flags (http)
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) url: String,
    /// Method of the request (http)
    #[arg(long, default_value = "GET")]
    pub(crate) method: String,
    /// Body of the request (http)
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) body: String,
    /// Header of the request, NAME:VALUE or NAME=VALUE; may be given several times (http)
    #[arg(long, value_name = "HEADER")]
    pub(crate) header: Vec<String>,
    /// Milliseconds until the request is given up; 0 means 10 seconds (http)
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    pub(crate) timeout: u64,
}

/// Flags that a relay's configuration leads to.
#[derive(Debug, Args)]
pub(crate) struct RelayConfigurationArguments {
    /// Takes the flags from the sources of a relay's configuration (goff-proxy.yaml), all of them together
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kind", "option"])]
    pub(crate) relay_config: Option<PathBuf>,
    /// The flag set of that configuration, where there are several
    #[arg(long, value_name = "NAME", requires = "relay_config")]
    pub(crate) flag_set: Option<String>,
}

/// Arguments of `lint`.
#[derive(Debug, Args)]
pub(crate) struct LintArguments {
    /// Flag file
    #[arg(value_name = "FILE", conflicts_with_all = ["kind", "relay_config"])]
    pub(crate) file: Option<PathBuf>,
    /// Where the flags are that are in no file of this machine: the kind of a retriever
    #[arg(short, long)]
    pub(crate) kind: Option<String>,
    /// Option of the retriever as in a configuration, like bucket=flags; may be given several times
    #[arg(long, value_name = "NAME=VALUE", requires = "kind")]
    pub(crate) option: Vec<String>,
    #[command(flatten)]
    pub(crate) relay: RelayConfigurationArguments,
    /// Format of the file: yaml, json or toml
    #[arg(short, long, default_value = "yaml")]
    pub(crate) format: String,
    /// How findings are shown
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
}

/// How findings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people: with the place in the file
    Text,
    /// One JSON document
    Json,
    /// SARIF 2.1.0, for code hosts
    Sarif,
    /// GO Feature Flag's own lines: the first error of each flag
    Goff,
}

/// Arguments of `key new`.
#[derive(Debug, Args)]
pub(crate) struct KeyNewArguments {
    /// What the key may do
    #[arg(long, value_enum, default_value_t = KeyScope::Server)]
    pub(crate) scope: KeyScope,
    /// What the key is called in logs
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyScope {
    /// Evaluate, send events, learn which flags changed: for browsers and devices
    Client,
    /// Also read flags with their rules
    Server,
    /// Also administrate
    Admin,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}
