//! Settings that take effect at the next start only.

use crate::config::Settings;

/// Puts the settings in effect in place of those that cannot change while the relay runs. The answer names those that the
/// new configuration changes.
pub(super) fn keep(new: &mut Settings, current: &Settings) -> Vec<&'static str> {
    let mut changed = Vec::new();
    macro_rules! keep {
        ($($name:literal: $($field:ident).+;)*) => {
            $(if new.$($field).+ != current.$($field).+ {
                new.$($field).+ = current.$($field).+.clone();
                changed.push($name);
            })*
        };
    }
    keep! {
        "server.mode or server.port": server.mode;
        "server.host": server.host;
        "server.monitoringPort": server.monitoring_port;
        "server.drainTimeout": server.drain_timeout;
        "server.readinessGrace": server.readiness_grace;
        "swagger": swagger;
        "logFormat": logging.format;
        "enablePprof": enable_pprof;
        "disableVersionHeader": version_header;
        "otel": traces;
    }
    changed
}
