//! Metrics whose values are read when somebody asks, instead of being written along the way.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{CounterVec, GaugeVec, Registry};

use super::families::{Family, FamilyKind};

/// Registers families whose samples `read` adds at each scrape.
pub(super) fn register(
    registry: &Registry,
    families: &'static [&'static Family],
    read: impl Fn(&mut Samples) + Send + Sync + 'static,
) -> Result<(), prometheus::Error> {
    let descriptions = Samples::of(families)?.descriptions();
    registry.register(Box::new(Scraped {
        families,
        descriptions,
        read,
    }))
}

/// The samples of one scrape.
pub(super) struct Samples(Vec<Series>);

/// The samples of one family.
struct Series {
    name: &'static str,
    values: Values,
}

enum Values {
    Counters(CounterVec),
    Gauges(GaugeVec),
}

impl Samples {
    fn of(families: &[&Family]) -> Result<Self, prometheus::Error> {
        let series = families.iter().map(|family| {
            let values = match family.kind {
                FamilyKind::Counter => Values::Counters(CounterVec::new(family.options(), family.labels)?),
                FamilyKind::Gauge => Values::Gauges(GaugeVec::new(family.options(), family.labels)?),
                FamilyKind::Histogram(_) => {
                    let message = format!("{} is a histogram, which cannot be read", family.name);
                    return Err(prometheus::Error::Msg(message));
                }
            };
            Ok(Series {
                name: family.name,
                values,
            })
        });
        series.collect::<Result<_, _>>().map(Self)
    }

    /// Adds a sample of one of the families that were registered.
    pub(super) fn add(&mut self, family: &Family, labels: &[&str], value: f64) {
        match self.0.iter().find(|series| series.name == family.name) {
            Some(Series {
                values: Values::Counters(counters),
                ..
            }) => counters.with_label_values(labels).inc_by(value),
            Some(Series {
                values: Values::Gauges(gauges),
                ..
            }) => gauges.with_label_values(labels).set(value),
            None => debug_assert!(false, "{} is not among the families of this scrape", family.name),
        }
    }

    fn descriptions(&self) -> Vec<Desc> {
        let of = |series: &Series| match &series.values {
            Values::Counters(counters) => counters.desc().into_iter().cloned().collect::<Vec<_>>(),
            Values::Gauges(gauges) => gauges.desc().into_iter().cloned().collect(),
        };
        self.0.iter().flat_map(of).collect()
    }

    fn finish(&self) -> Vec<MetricFamily> {
        let of = |series: &Series| match &series.values {
            Values::Counters(counters) => counters.collect(),
            Values::Gauges(gauges) => gauges.collect(),
        };
        self.0.iter().flat_map(of).collect()
    }
}

struct Scraped<R> {
    families: &'static [&'static Family],
    descriptions: Vec<Desc>,
    read: R,
}

impl<R: Fn(&mut Samples) + Send + Sync> Collector for Scraped<R> {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let Ok(mut samples) = Samples::of(self.families) else {
            // they could be made when they were registered
            return Vec::new();
        };
        (self.read)(&mut samples);
        samples.finish()
    }
}
