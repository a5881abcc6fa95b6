//! AWS: variables, shared files and `AWS_PROFILE`, single sign-on, web identity, a process, the container's and the machine's role.

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

pub use aws_config::SdkConfig;

use crate::{AccountError, Variables};

/// What all AWS programs of this machine share: region, credentials, endpoints. The variables that were passed in come first.
///
/// Reads the files of profiles and may ask the machine for its region; credentials are looked for when they are needed.
///
/// # Errors
/// When `AWS_CA_BUNDLE` names a file that cannot be used.
pub async fn shared(variables: Variables<'_>) -> Result<SdkConfig, AccountError> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if let Some(region) = variables("AWS_REGION").or_else(|| variables("AWS_DEFAULT_REGION")) {
        loader = loader.region(Region::new(region));
    }
    if let (Some(id), Some(secret)) = (variables("AWS_ACCESS_KEY_ID"), variables("AWS_SECRET_ACCESS_KEY")) {
        let token = variables("AWS_SESSION_TOKEN");
        loader = loader.credentials_provider(Credentials::new(id, secret, token, None, "environment"));
    }
    if let Some(pem) = trusted(variables).await? {
        let trust = TrustStore::default().with_pem_certificate(pem);
        let context = TlsContext::builder().with_trust_store(trust).build();
        let context = context.map_err(|error| invalid(format!("cannot be used: {error}")))?;
        let client = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::rustls(CryptoMode::AwsLc))
            .tls_context(context);
        loader = loader.http_client(client.build_https());
    }
    Ok(loader.load().await)
}

/// Where a service is, if it is not where AWS has it: `AWS_ENDPOINT_URL_` and the name of the service in capitals, or
/// `AWS_ENDPOINT_URL` for all services.
pub fn endpoint(variables: Variables<'_>, service: &str) -> Option<String> {
    variables(&format!("AWS_ENDPOINT_URL_{service}")).or_else(|| variables("AWS_ENDPOINT_URL"))
}

/// The certificates of `AWS_CA_BUNDLE` as PEM, which count beside those of the system.
///
/// # Errors
/// When the file cannot be read, or holds something else.
pub async fn trusted(variables: Variables<'_>) -> Result<Option<Vec<u8>>, AccountError> {
    let Some(path) = variables("AWS_CA_BUNDLE").filter(|path| !path.is_empty()) else {
        return Ok(None);
    };
    let pem = tokio::fs::read(path)
        .await
        .map_err(|error| invalid(format!("names a file that cannot be read: {error}")))?;
    if is_trust_anchors(&pem) {
        Ok(Some(pem))
    } else {
        Err(invalid("names a file that holds no PEM certificates".to_owned()))
    }
}

/// Clients take what they are given for certificates and panic otherwise.
fn is_trust_anchors(pem: &[u8]) -> bool {
    let mut roots = RootCertStore::empty();
    let are_good = CertificateDer::pem_slice_iter(pem)
        .all(|certificate| certificate.is_ok_and(|certificate| roots.add(certificate).is_ok()));
    are_good && !roots.is_empty()
}

fn invalid(problem: String) -> AccountError {
    AccountError {
        name: "AWS_CA_BUNDLE",
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_holds_no_certificates_is_told_about() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bundle.pem");
        let asked = |name: &str| (name == "AWS_CA_BUNDLE").then(|| file.display().to_string());
        let problem = async || trusted(&asked).await.map_err(|error| error.to_string());
        assert_eq!(
            problem().await.unwrap_err(),
            "AWS_CA_BUNDLE names a file that cannot be read: No such file or directory (os error 2)"
        );
        for text in [
            "",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "-----BEGIN",
        ] {
            std::fs::write(&file, text).unwrap();
            let expected = "AWS_CA_BUNDLE names a file that holds no PEM certificates";
            assert_eq!(problem().await.unwrap_err(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_service_may_have_an_endpoint_of_its_own() {
        let asked = |name: &str| match name {
            "AWS_ENDPOINT_URL" => Some("http://all".to_owned()),
            "AWS_ENDPOINT_URL_SQS" => Some("http://sqs".to_owned()),
            _ => None,
        };
        assert_eq!(endpoint(&asked, "SQS").as_deref(), Some("http://sqs"));
        assert_eq!(endpoint(&asked, "KINESIS").as_deref(), Some("http://all"));
        assert_eq!(endpoint(&|_| None, "KINESIS"), None);
    }
}
