//! `cargo xtask differential`: the same random requests to two servers that speak GO Feature Flag's protocol, and what they
//! answer differently.

mod catalogue;
mod comparison;
mod question;
mod server;

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use catalogue::Catalogue;
use comparison::Comparison;
use question::{Author, Kind};
use server::Server;

/// Which servers, and how much they are asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The server whose flags are asked about, like http://127.0.0.1:1031
    #[arg(long, value_name = "URL", value_parser = Server::parse)]
    left: Server,
    /// The server that is compared with it
    #[arg(long, value_name = "URL", value_parser = Server::parse)]
    right: Server,
    /// How many requests each of them gets
    #[arg(long, default_value_t = 1000)]
    count: usize,
    /// Chooses the requests: the same number and the same flags make the same requests
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The key that both servers ask for
    #[arg(long)]
    key: Option<String>,
    /// Compares the texts of errors too, not only whether there is one
    #[arg(long)]
    texts: bool,
    /// How many kinds of differences are shown
    #[arg(long, default_value_t = 20)]
    show: usize,
}

/// Differences that look the same.
struct Group {
    count: usize,
    example: String,
}

/// Asks both servers and prints what differs; `false` when something does.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let mut left = arguments.left.clone().connect(arguments.key.as_deref())?;
    let mut right = arguments.right.clone().connect(arguments.key.as_deref())?;
    let catalogue = Catalogue::discover(&mut left)?;
    println!(
        "{} flags and {} attributes in their queries, seed {}",
        catalogue.flags.len(),
        catalogue.attributes().count(),
        arguments.seed
    );
    ensure!(!catalogue.flags.is_empty(), "the left server has no flags to ask about");
    let comparison = Comparison::new(arguments.texts);
    let mut author = Author::new(&catalogue, arguments.seed);
    let mut asked: BTreeMap<Kind, (usize, usize)> = BTreeMap::new();
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for _ in 0..arguments.count {
        let question = author.write();
        let differences = comparison.differences(&left.ask(&question)?, &right.ask(&question)?);
        let (total, differing) = asked.entry(question.kind).or_default();
        *total += 1;
        *differing += usize::from(!differences.is_empty());
        for difference in differences {
            let group = format!("{:13} {}", question.kind.name(), difference.kind(&catalogue));
            let example = || Group {
                count: 0,
                example: format!("{question}\n    {difference}"),
            };
            groups.entry(group).or_insert_with(example).count += 1;
        }
    }
    print(&groups, arguments.show);
    let differing: usize = asked.values().map(|(_, differing)| differing).sum();
    let kinds = asked
        .iter()
        .map(|(kind, (total, differing))| format!("{} {differing} of {total}", kind.name()));
    println!(
        "{} requests, {differing} answered differently: {}",
        arguments.count,
        kinds.collect::<Vec<_>>().join(", ")
    );
    Ok(differing == 0)
}

/// Prints the commonest differences, each with a request that shows it.
fn print(groups: &BTreeMap<String, Group>, most: usize) {
    let mut sorted: Vec<_> = groups.iter().collect();
    sorted.sort_by_key(|(_, group)| std::cmp::Reverse(group.count));
    for (name, group) in sorted.iter().take(most) {
        println!("{:>6} x {name}\n    {}", group.count, group.example);
    }
    if sorted.len() > most {
        println!(
            "and {} more kinds of differences: --show tells how many are shown",
            sorted.len() - most
        );
    }
}
