//! Where the objects of a bucket are.

use http::Uri;

use crate::OpenError;

/// A URL below which the objects are, or the bucket.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) url: String,
    /// Whether the URL is that of the bucket already.
    pub(super) holds_bucket: bool,
}

impl Endpoint {
    /// Amazon's own for a region. The bucket is part of the host name, unless its dots would not fit the certificate.
    pub(super) fn of_region(region: &str, bucket: &str, fips: bool, dual_stack: bool) -> Self {
        let service = if fips { "s3-fips" } else { "s3" };
        let dual_stack = if dual_stack { ".dualstack" } else { "" };
        let partition = if region.starts_with("cn-") { ".cn" } else { "" };
        let host = format!("{service}{dual_stack}.{region}.amazonaws.com{partition}");
        let holds_bucket = !bucket.contains('.');
        let url = if holds_bucket {
            format!("https://{bucket}.{host}")
        } else {
            format!("https://{host}")
        };
        Self { url, holds_bucket }
    }

    /// Somebody else's, with the bucket in the path or in front of the host name.
    pub(super) fn of_url(url: &str, bucket: &str, by_host: bool) -> Result<Self, OpenError> {
        let invalid = |problem: &str| OpenError::Invalid {
            name: "AWS_ENDPOINT_URL",
            problem: problem.to_owned(),
        };
        let parsed: Uri = url.parse().map_err(|_| invalid("is not a URL"))?;
        let (Some(scheme @ ("http" | "https")), Some(authority)) = (parsed.scheme_str(), parsed.authority()) else {
            return Err(invalid("must begin with http:// or https://"));
        };
        if authority.as_str().contains('@') {
            return Err(invalid("must not hold a user or a password"));
        }
        let path = parsed.path().trim_end_matches('/');
        let url = if by_host {
            format!("{scheme}://{bucket}.{authority}{path}")
        } else {
            format!("{scheme}://{authority}{path}")
        };
        Ok(Self {
            url,
            holds_bucket: by_host,
        })
    }

    /// Whether it is plain HTTP.
    pub(super) fn is_plain(&self) -> bool {
        self.url.starts_with("http://")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_have_their_hosts() {
        for (region, bucket, fips, dual_stack, expected) in [
            (
                "eu-west-1",
                "flags",
                false,
                false,
                "https://flags.s3.eu-west-1.amazonaws.com",
            ),
            (
                "eu-west-1",
                "flags.example",
                false,
                false,
                "https://s3.eu-west-1.amazonaws.com",
            ),
            (
                "cn-north-1",
                "flags",
                false,
                false,
                "https://flags.s3.cn-north-1.amazonaws.com.cn",
            ),
            (
                "us-east-1",
                "flags",
                true,
                true,
                "https://flags.s3-fips.dualstack.us-east-1.amazonaws.com",
            ),
        ] {
            let endpoint = Endpoint::of_region(region, bucket, fips, dual_stack);
            assert_eq!(endpoint.url, expected);
            assert_eq!(endpoint.holds_bucket, expected.contains("//flags."), "{expected}");
        }
    }

    #[test]
    fn other_endpoints_are_addressed_as_told() {
        for (url, by_host, expected) in [
            ("http://127.0.0.1:9000", false, "http://127.0.0.1:9000"),
            ("http://127.0.0.1:9000/", false, "http://127.0.0.1:9000"),
            ("https://minio.example/s3/", false, "https://minio.example/s3"),
            ("https://minio.example", true, "https://flags.minio.example"),
            (
                "minio.example",
                false,
                "AWS_ENDPOINT_URL must begin with http:// or https://",
            ),
            (
                "ftp://minio.example",
                false,
                "AWS_ENDPOINT_URL must begin with http:// or https://",
            ),
            (
                "http://user:secret@minio.example",
                false,
                "AWS_ENDPOINT_URL must not hold a user or a password",
            ),
            ("http://a b", false, "AWS_ENDPOINT_URL is not a URL"),
        ] {
            let endpoint = Endpoint::of_url(url, "flags", by_host);
            assert_eq!(
                endpoint.map_or_else(|error| error.to_string(), |endpoint| endpoint.url),
                expected
            );
        }
    }
}
