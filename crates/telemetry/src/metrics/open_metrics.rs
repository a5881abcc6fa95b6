//! The text format of OpenMetrics, for the sake of exemplars: the older one cannot carry them.
//!
//! Every sample has the name that it has in the older format. OpenMetrics wants counters to end in `_total`, and no family to be
//! called like another one without that: what does not fit is of no known type here.

use std::fmt::{self, Write};
use std::time::UNIX_EPOCH;

use prometheus::proto::{Histogram, LabelPair, MetricFamily, MetricType};

use super::exemplars::{Duration, Exemplars};
use super::families::{FAMILIES, REQUEST_DURATION};

/// `Content-Type` of what is written.
pub const OPEN_METRICS_CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Writes all families, those of request durations with their exemplars.
pub(super) fn write(out: &mut String, metrics: &[MetricFamily], exemplars: &Exemplars) -> fmt::Result {
    for family in metrics {
        let name = family.name();
        let (family_name, kind) = match family.get_field_type() {
            MetricType::COUNTER => match name.strip_suffix("_total") {
                Some(stem) if FAMILIES.iter().all(|other| other.name != stem) => (stem, "counter"),
                _ => (name, "unknown"),
            },
            MetricType::GAUGE => (name, "gauge"),
            MetricType::HISTOGRAM => (name, "histogram"),
            MetricType::SUMMARY | MetricType::UNTYPED => (name, "unknown"),
        };
        writeln!(out, "# TYPE {family_name} {kind}")?;
        writeln!(out, "# HELP {family_name} {}", escaped(family.help()))?;
        for metric in family.get_metric() {
            let labels = metric.get_label();
            if family.get_field_type() == MetricType::HISTOGRAM {
                let exemplars = (name == REQUEST_DURATION.name).then_some(exemplars);
                histogram(out, name, labels, metric.get_histogram(), exemplars)?;
                continue;
            }
            let value = match family.get_field_type() {
                MetricType::COUNTER => metric.get_counter().get_value(),
                _ => metric.get_gauge().get_value(),
            };
            sample(out, name, labels, None)?;
            writeln!(out, "{}", Number(value))?;
        }
    }
    out.write_str("# EOF\n")
}

fn histogram(
    out: &mut String,
    name: &str,
    labels: &[LabelPair],
    histogram: &Histogram,
    exemplars: Option<&Exemplars>,
) -> fmt::Result {
    // labels are sorted by name, and those of the family by meaning
    let value = |name: &str| {
        labels
            .iter()
            .find(|label| label.name() == name)
            .map_or("", LabelPair::value)
    };
    let exemplars = exemplars.map(|exemplars| exemplars.of(["code", "method", "host", "url"].map(value)));
    let buckets = histogram.get_bucket();
    let bounded = buckets
        .iter()
        .map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()));
    let all = (f64::INFINITY, histogram.get_sample_count());
    for (index, (bound, count)) in bounded.chain([all]).enumerate() {
        sample(out, &format!("{name}_bucket"), labels, Some(bound))?;
        write!(out, "{count}")?;
        if let Some(exemplar) = exemplars.as_ref().and_then(|exemplars| exemplars.get(index)) {
            write_exemplar(out, &exemplar)?;
        }
        out.write_char('\n')?;
    }
    sample(out, &format!("{name}_sum"), labels, None)?;
    writeln!(out, "{}", Number(histogram.get_sample_sum()))?;
    sample(out, &format!("{name}_count"), labels, None)?;
    writeln!(out, "{}", histogram.get_sample_count())
}

/// `name{label="value"} `, with the bound of a bucket.
fn sample(out: &mut String, name: &str, labels: &[LabelPair], bound: Option<f64>) -> fmt::Result {
    out.write_str(name)?;
    let mut separator = '{';
    for label in labels {
        write!(out, "{separator}{}=\"{}\"", label.name(), escaped(label.value()))?;
        separator = ',';
    }
    if let Some(bound) = bound {
        write!(out, "{separator}le=\"{}\"", Bound(bound))?;
        separator = ',';
    }
    out.write_str(if separator == ',' { "} " } else { " " })
}

fn write_exemplar(out: &mut String, Duration { exemplar, seconds }: &Duration) -> fmt::Result {
    let span = exemplar.span;
    write!(
        out,
        " # {{trace_id=\"{}\",span_id=\"{}\"}} {}",
        span.trace,
        span.span,
        Number(*seconds)
    )?;
    match exemplar.at.duration_since(UNIX_EPOCH) {
        Ok(at) => write!(out, " {}.{:03}", at.as_secs(), at.subsec_millis()),
        Err(_) => Ok(()),
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            f64::INFINITY => f.write_str("+Inf"),
            f64::NEG_INFINITY => f.write_str("-Inf"),
            number => write!(f, "{number}"),
        }
    }
}

/// The bound of a bucket, which always has a point.
struct Bound(f64);

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_finite() {
            write!(f, "{:?}", self.0)
        } else {
            Number(self.0).fmt(f)
        }
    }
}
