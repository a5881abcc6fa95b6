//! `server.tls`: the files are read here, so that another certificate is another configuration.

use std::fs;
use std::path::Path;

use super::super::decode::Written;
use super::super::file::TlsFile;
use super::super::report::Report;
use super::super::tls::{ClientCertificates, Tls, TlsError, TlsMaterial, TlsVersion};
use super::{choice, is_set};

/// Reads the files and puts them together; `None` without a certificate.
pub(super) fn convert(file: Option<&TlsFile>, working_directory: &Path, report: &mut Report) -> Option<Tls> {
    let file = file?;
    let certificate = written(file.certificate.as_ref());
    let key = written(file.key.as_ref());
    let authorities = written(file.client_authorities.as_ref());
    let client_certificates = choice(
        written(file.client_auth.as_ref()),
        "way to treat clients",
        ClientCertificates::parse,
        ClientCertificates::NAMES,
        report,
    );
    let minimum_version = choice(
        written(file.minimum_version.as_ref()),
        "version of TLS that is safe",
        TlsVersion::parse,
        TlsVersion::NAMES,
        report,
    );
    let (certificate, key) = match (certificate, key) {
        (Some(certificate), Some(key)) => (certificate, key),
        (None, None) => {
            if let Some(Written { origin, path, .. }) = authorities {
                report.problem(origin, path, "needs certPath and keyPath beside it");
            }
            return None;
        }
        (Some(Written { origin, path, .. }), None) => {
            report.problem(origin, path, "needs keyPath beside it");
            return None;
        }
        (None, Some(Written { origin, path, .. })) => {
            report.problem(origin, path, "needs certPath beside it");
            return None;
        }
    };
    let mut read = |setting: &Written<Box<str>>| read(setting, working_directory, report);
    let contents = (read(certificate), read(key), authorities.map(read));
    let (Some(certificate_pem), Some(key_pem), Some(authorities_pem)) = (
        contents.0,
        contents.1,
        contents.2.map_or(Some(None), |content| content.map(Some)),
    ) else {
        return None;
    };
    let tls = Tls::new(&TlsMaterial {
        certificates: &certificate_pem,
        key: &key_pem,
        client_authorities: authorities_pem.as_deref(),
        client_certificates,
        minimum_version,
        monitoring: is_set(file.monitoring.as_ref()),
    });
    tls.inspect_err(|error| {
        let setting = match error {
            TlsError::Certificates(_) => certificate,
            TlsError::Key(_) | TlsError::Mismatch(_) => key,
            TlsError::ClientAuthorities(_) => authorities.unwrap_or(certificate),
        };
        report.problem(&setting.origin, &setting.path, error.to_string());
    })
    .ok()
}

/// A path that is not empty.
fn written(setting: Option<&Written<Box<str>>>) -> Option<&Written<Box<str>>> {
    setting.filter(|path| !path.value.is_empty())
}

/// The content of a file, which is also watched from now on.
fn read(setting: &Written<Box<str>>, working_directory: &Path, report: &mut Report) -> Option<Vec<u8>> {
    let path = working_directory.join(&*setting.value);
    report.depends_on(path.clone());
    fs::read(path)
        .inspect_err(|error| report.problem(&setting.origin, &setting.path, format!("cannot be read: {error}")))
        .ok()
}
