//! The program's own figures, in the text form that Prometheus reads.
//!
//! A figure is registered once, by whoever knows it, and the handle is an atomic number: counting costs nanoseconds
//! and no lock. What is known elsewhere, such as the length of a queue, is asked for when somebody looks.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Something that only grows.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

/// Something that goes up and down.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicI64>);

/// The registry. A clone is another handle on the same one.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Mutex<BTreeMap<&'static str, Family>>>);

/// Figures of one name that differ in their labels.
#[derive(Clone, Debug)]
struct Family {
    help: &'static str,
    kind: Kind,
    /// By label text, such as `{status="200"}`.
    series: BTreeMap<String, Source>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
}

#[derive(Clone)]
enum Source {
    Counter(Counter),
    Gauge(Gauge),
    Asked(Arc<dyn Fn() -> f64 + Send + Sync>),
}

impl Counter {
    /// Counts one.
    pub fn increment(&self) {
        self.add(1);
    }

    /// Counts several.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// The count so far.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Gauge {
    /// Sets the value.
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Goes up by one.
    pub fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Goes down by one.
    pub fn decrement(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// The value.
    pub fn value(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Metrics {
    /// The counter with this name and these labels; the same one each time. Names follow Prometheus: letters, digits
    /// and underscores, `_total` at the end of a counter's.
    pub fn counter(&self, name: &'static str, help: &'static str, labels: &[(&str, &str)]) -> Counter {
        let found = self.register(name, help, Kind::Counter, labels, || Source::Counter(Counter::default()));
        match found {
            Source::Counter(counter) => counter,
            Source::Gauge(_) | Source::Asked(_) => {
                debug_assert!(false, "{name} is registered as something else");
                Counter::default()
            }
        }
    }

    /// The gauge with this name and these labels; the same one each time.
    pub fn gauge(&self, name: &'static str, help: &'static str, labels: &[(&str, &str)]) -> Gauge {
        match self.register(name, help, Kind::Gauge, labels, || Source::Gauge(Gauge::default())) {
            Source::Gauge(gauge) => gauge,
            Source::Counter(_) | Source::Asked(_) => {
                debug_assert!(false, "{name} is registered as something else");
                Gauge::default()
            }
        }
    }

    /// A gauge whose value is asked for when somebody looks. `ask` must not block.
    pub fn ask_gauge(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &[(&str, &str)],
        ask: impl Fn() -> f64 + Send + Sync + 'static,
    ) {
        self.register(name, help, Kind::Gauge, labels, || Source::Asked(Arc::new(ask)));
    }

    /// A counter that is kept elsewhere and asked for when somebody looks. `ask` must not block.
    pub fn ask_counter(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &[(&str, &str)],
        ask: impl Fn() -> u64 + Send + Sync + 'static,
    ) {
        self.register(name, help, Kind::Counter, labels, || Source::Asked(Arc::new(move || ask() as f64)));
    }

    fn register(
        &self,
        name: &'static str,
        help: &'static str,
        kind: Kind,
        labels: &[(&str, &str)],
        make: impl FnOnce() -> Source,
    ) -> Source {
        let mut families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let family = families.entry(name).or_insert_with(|| Family { help, kind, series: BTreeMap::new() });
        debug_assert_eq!(family.kind, kind, "{name} is registered as something else");
        family.series.entry(label_text(labels)).or_insert_with(make).clone()
    }

    /// Everything, as text.
    pub fn render(&self) -> String {
        // What is asked for may itself register something, so nothing is asked under the lock.
        let families: Vec<(&str, Family)> = {
            let families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            families.iter().map(|(name, family)| (*name, family.clone())).collect()
        };
        let mut text = String::new();
        for (name, Family { help, kind, series }) in families {
            let kind = match kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
            };
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (labels, source) in series {
                let _ = match source {
                    Source::Counter(counter) => writeln!(text, "{name}{labels} {}", counter.value()),
                    Source::Gauge(gauge) => writeln!(text, "{name}{labels} {}", gauge.value()),
                    Source::Asked(ask) => writeln!(text, "{name}{labels} {}", ask()),
                };
            }
        }
        text
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Counter(counter) => write!(f, "{}", counter.value()),
            Self::Gauge(gauge) => write!(f, "{}", gauge.value()),
            Self::Asked(_) => f.write_str("asked"),
        }
    }
}

/// `{queue="support",status="200"}`, or nothing.
fn label_text(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let mut text = String::from("{");
    for (at, (name, value)) in labels.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(text, "{comma}{name}=\"{value}\"");
    }
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_printed_as_prometheus_reads_them() {
        let metrics = Metrics::default();
        let calls =
            metrics.counter("hotline_calls_total", "Calls since the start.", &[("trunk", "car\"rier")]);
        calls.add(2);
        metrics
            .counter("hotline_calls_total", "Calls since the start.", &[("trunk", "car\"rier")])
            .increment();
        metrics.gauge("hotline_legs", "Legs just now.", &[]).set(-1);
        metrics.ask_gauge("hotline_queue_length", "Waiting.", &[], || 1.5);
        assert_eq!(
            metrics.render(),
            "# HELP hotline_calls_total Calls since the start.\n\
             # TYPE hotline_calls_total counter\n\
             hotline_calls_total{trunk=\"car\\\"rier\"} 3\n\
             # HELP hotline_legs Legs just now.\n\
             # TYPE hotline_legs gauge\n\
             hotline_legs -1\n\
             # HELP hotline_queue_length Waiting.\n\
             # TYPE hotline_queue_length gauge\n\
             hotline_queue_length 1.5\n"
        );
    }

    #[test]
    fn figures_that_register_figures_do_not_wait_for_each_other() {
        let metrics = Metrics::default();
        let inner = metrics.clone();
        metrics.ask_gauge("hotline_a", "A.", &[], move || {
            inner.counter("hotline_b_total", "B.", &[]).increment();
            1.0
        });
        assert!(metrics.render().contains("hotline_a 1\n"));
        assert!(metrics.render().contains("hotline_b_total 2\n"));
    }
}
