//! The audit log: who administrated what.

use std::net::IpAddr;

/// Something that an administrator did, or was refused.
#[derive(Debug, Clone, Copy)]
pub struct AuditRecord<'a> {
    /// What it was, like `refresh`.
    pub action: &'a str,
    /// Name of the key. Never the key.
    pub key: &'a str,
    /// Names of the flag sets it was about, separated by commas.
    pub flag_sets: &'a str,
    /// What came of it.
    pub outcome: &'a str,
    /// Address of the caller; none on a Unix socket.
    pub remote_ip: Option<IpAddr>,
}

impl AuditRecord<'_> {
    /// Writes the line.
    pub fn log(&self) {
        tracing::info!(
            target: "flagstaff::audit",
            action = self.action,
            key = self.key,
            flagsets = self.flag_sets,
            outcome = self.outcome,
            remote_ip = self.remote_ip.map(tracing::field::display),
            "administration"
        );
    }
}
