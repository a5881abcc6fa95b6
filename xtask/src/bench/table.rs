//! The figures, as tables.

use std::time::Duration;

use super::Series;
use super::server::Server;

/// Prints the median of each series, and what it is to the first server's.
pub(crate) fn print_loads(servers: &[Server], measured: &[Series]) {
    println!(
        "{:9} {:20} {:>11} {:>7} {:>8} {:>7} {:>7}",
        "case", "server", "requests/s", "ratio", "p99 ms", "ratio", "bytes"
    );
    for case in measured.chunk_by(|one, other| one.case == other.case) {
        let (first_rate, first_p99) = medians(&case[0]);
        for series in case {
            let (rate, p99) = medians(series);
            println!(
                "{:9} {:20} {rate:>11.0} {:>7.3} {:>8.2} {:>7.2} {:>7}",
                series.case.name(),
                servers[series.server].name(),
                rate / first_rate,
                p99 * 1000.0,
                p99 / first_p99,
                series.answer_bytes,
            );
        }
    }
}

/// Prints how soon each server answered, and what memory it takes.
pub(crate) fn print_servers(servers: &[Server]) {
    println!(
        "\n{:20} {:>9} {:>11} {:>14}",
        "server", "start ms", "MB at rest", "MB after load"
    );
    for server in servers {
        println!(
            "{:20} {:>9.1} {:>11} {:>14}",
            server.name(),
            milliseconds(server.started_after()),
            megabytes(server.memory_at_rest()),
            megabytes(server.memory()),
        );
    }
}

/// Requests per second, and the seconds of p99.
fn medians(series: &Series) -> (f64, f64) {
    let loads = &series.loads;
    (
        median(loads.iter().map(|load| load.rate)),
        median(loads.iter().map(|load| load.p99.as_secs_f64())),
    )
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 0 {
        f64::midpoint(values[middle - 1], values[middle])
    } else {
        values[middle]
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn megabytes(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "-".to_owned(), |bytes| format!("{:.1}", bytes as f64 / 1e6))
}
