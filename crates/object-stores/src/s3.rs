//! Buckets of S3, and of what speaks its protocol.
//!
//! Credentials, region and the files of profiles are found as every AWS program does: variables, shared files and `AWS_PROFILE`,
//! single sign-on, web identity, a process, the container's and the machine's role. `AWS_ENDPOINT_URL_S3` and `AWS_ENDPOINT_URL` name
//! another endpoint, plain `http` included; objects are then addressed by path, or by host name with
//! `AWS_VIRTUAL_HOSTED_STYLE_REQUEST=true`. Other variables of the object_store library hold too, like
//! `AWS_SKIP_SIGNATURE=true` for a public bucket.

use std::sync::Arc;
use std::time::Duration;

use flagstaff_cloud::aws;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{Certificate, ObjectStore};

use crate::{OpenError, Variables, client};

use credentials::Chain;
use endpoint::Endpoint;

mod credentials;
mod endpoint;

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Bucket {
    /// Its name.
    pub bucket: String,
    /// Time for a whole exchange.
    pub timeout: Duration,
}

impl S3Bucket {
    /// A bucket by its name, all else as by default.
    pub fn new(bucket: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            timeout: client::DEFAULT_TIMEOUT,
        }
    }

    /// Opens it. Reads the files of profiles and may ask the machine for its region; the bucket is not asked yet.
    ///
    /// # Errors
    /// When no region is known, or an endpoint is no URL.
    pub async fn open(&self, variables: Variables<'_>) -> Result<Arc<dyn ObjectStore>, OpenError> {
        let shared = aws::shared(variables).await?;
        let own_endpoint = aws::endpoint(variables, "S3").or_else(|| shared.endpoint_url().map(str::to_owned));
        let region = match shared.region() {
            Some(region) => region.to_string(),
            // what is not AWS mostly does not care
            None if own_endpoint.is_some() => "us-east-1".to_owned(),
            None => {
                return Err(OpenError::Missing(
                    "the region of the bucket is not known, set AWS_REGION",
                ));
            }
        };
        let endpoint = match own_endpoint {
            Some(url) => {
                let by_host = variables("AWS_VIRTUAL_HOSTED_STYLE_REQUEST").is_some_and(|value| is_on(&value));
                Endpoint::of_url(&url, &self.bucket, by_host)?
            }
            None => Endpoint::of_region(
                &region,
                &self.bucket,
                shared.use_fips().unwrap_or_default(),
                shared.use_dual_stack().unwrap_or_default(),
            ),
        };
        let mut options = client::options(self.timeout).with_allow_http(endpoint.is_plain());
        for certificate in trusted(variables).await? {
            options = options.with_root_certificate(certificate);
        }
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(&self.bucket)
            .with_region(region)
            .with_config(AmazonS3ConfigKey::S3Endpoint, &endpoint.url)
            .with_virtual_hosted_style_request(endpoint.holds_bucket)
            .with_client_options(options)
            .with_retry(client::no_retry());
        if let Some(chain) = shared.credentials_provider() {
            builder = builder.with_credentials(Arc::new(Chain::new(chain)));
        }
        let store = builder.build().map_err(|error| OpenError::Client(error.to_string()))?;
        Ok(Arc::new(store))
    }
}

/// The certificates of `AWS_CA_BUNDLE`, which count beside those of the system.
async fn trusted(variables: Variables<'_>) -> Result<Vec<Certificate>, OpenError> {
    let Some(pem) = aws::trusted(variables).await? else {
        return Ok(Vec::new());
    };
    Certificate::from_pem_bundle(&pem).map_err(|error| OpenError::Client(error.to_string()))
}

fn is_on(value: &str) -> bool {
    matches!(value.trim().to_ascii_lowercase().as_str(), "1" | "true" | "on" | "yes")
}
