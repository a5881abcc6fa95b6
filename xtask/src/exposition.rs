//! What a relay tells of itself at `/metrics`.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

/// One line with a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample<'t> {
    /// Name of its family.
    pub(crate) name: &'t str,
    labels: BTreeMap<&'t str, &'t str>,
    /// The value.
    pub(crate) value: f64,
}

/// What became of the events of one exporter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Balance {
    /// Events that it was to deliver.
    pub(crate) accepted: u64,
    /// Events that its sink took.
    pub(crate) delivered: u64,
    /// Events that wait in memory.
    pub(crate) queued: u64,
    /// Events that wait on a disk.
    pub(crate) spooled: u64,
    /// Events that are in the file of those that no sink takes.
    pub(crate) dead_lettered: u64,
    /// Events that were given up, for any reason.
    pub(crate) dropped: u64,
}

impl<'t> Sample<'t> {
    /// The value of a label, escapes left as they are; empty where there is none.
    pub(crate) fn label(&self, name: &str) -> &'t str {
        self.labels.get(name).copied().unwrap_or_default()
    }

    fn read(line: &'t str) -> Option<Self> {
        let (described, value) = line.rsplit_once(' ')?;
        let (name, mut rest) = match described.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}')?),
            None => (described, ""),
        };
        let mut labels = BTreeMap::new();
        while !rest.is_empty() {
            let (label, text) = rest.split_once("=\"")?;
            let end = closing_quote(text)?;
            labels.insert(label, &text[..end]);
            rest = text[end + 1..].trim_start_matches(',');
        }
        Some(Self {
            name,
            labels,
            value: value.parse().ok()?,
        })
    }
}

impl Balance {
    /// Events that are still to be delivered.
    pub(crate) fn waiting(&self) -> u64 {
        self.queued + self.spooled
    }

    /// Whether every event is accounted for.
    pub(crate) fn is_even(&self) -> bool {
        self.accepted == self.delivered + self.waiting() + self.dead_lettered + self.dropped
    }
}

/// Every sample of a text in Prometheus' format.
pub(crate) fn samples(text: &str) -> Result<Vec<Sample<'_>>> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| Sample::read(line).with_context(|| format!("no sample: {line}")))
        .collect()
}

/// The balance of each exporter, by its name.
pub(crate) fn balances(text: &str) -> Result<BTreeMap<String, Balance>> {
    let mut balances: BTreeMap<String, Balance> = BTreeMap::new();
    for sample in samples(text)? {
        let Some(fate) = sample.name.strip_prefix("flagstaff_exporter_events_") else {
            continue;
        };
        let exporter = sample.label("exporter");
        ensure!(!exporter.is_empty(), "a sample of {} without an exporter", sample.name);
        let balance = balances.entry(exporter.to_owned()).or_default();
        let place = match fate {
            "accepted_total" => &mut balance.accepted,
            "delivered_total" => &mut balance.delivered,
            "queued" => &mut balance.queued,
            "spooled" => &mut balance.spooled,
            "dead_lettered_total" => &mut balance.dead_lettered,
            _ => &mut balance.dropped,
        };
        *place += sample.value as u64;
    }
    Ok(balances)
}

/// Where the first quote is that no backslash stands before.
fn closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_have_names_labels_and_values() {
        let text =
            "# HELP a_total about\n# TYPE a_total counter\na_total 3\nb{x=\"1\",place=\"a \\\"b\\\", c}\"} 0.5\n";
        let found = samples(text).expect("it is well formed");
        let found: Vec<_> = found.iter().map(|s| (s.name, s.label("place"), s.value)).collect();
        assert_eq!(found, [("a_total", "", 3.0), ("b", r#"a \"b\", c}"#, 0.5)]);
        assert!(samples("a b c").is_err());
    }

    #[test]
    fn a_balance_is_the_sum_of_what_became_of_events() {
        let text = "flagstaff_exporter_events_accepted_total{exporter=\"a\"} 15\n\
                    flagstaff_exporter_events_delivered_total{exporter=\"a\"} 5\n\
                    flagstaff_exporter_events_queued{exporter=\"a\"} 4\n\
                    flagstaff_exporter_events_spooled{exporter=\"a\"} 3\n\
                    flagstaff_exporter_events_dropped_total{exporter=\"a\",reason=\"overflow\"} 2\n\
                    flagstaff_exporter_events_dropped_total{exporter=\"a\",reason=\"shutdown\"} 1\n\
                    flagstaff_exporter_events_accepted_total{exporter=\"b\"} 1\n";
        let balances = balances(text).expect("it is well formed");
        assert_eq!((balances["a"].waiting(), balances["a"].dropped), (7, 3));
        assert_eq!((balances["a"].is_even(), balances["b"].is_even()), (true, false));
    }
}
