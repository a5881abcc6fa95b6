//! Semantic versions, as queries compare them.

use std::borrow::Cow;
use std::cmp::Ordering;

/// A semantic version 2.0 whose build metadata is dropped: it takes no part in comparisons. Strict: three numbers without
/// leading zeros, no `v`, no spaces.
#[derive(Debug, Clone)]
pub struct Version<'a> {
    numbers: [u64; 3],
    /// Empty for a release.
    prerelease: Cow<'a, str>,
}

/// Why a text is no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// It does not look like one.
    #[error("not a semantic version: write three numbers, like 1.4.0")]
    Malformed,
    /// It looks like one, but a number in it needs more than 64 bits.
    #[error("a number of the version is too large: use at most 18446744073709551615")]
    TooLarge,
}

impl<'a> Version<'a> {
    /// Reads a version; allocates nothing.
    pub fn parse(text: &'a str) -> Result<Self, VersionError> {
        let mut rest = text.as_bytes();
        let mut fits = true;
        let mut numbers = [0; 3];
        for (index, number) in numbers.iter_mut().enumerate() {
            if index > 0 {
                rest = rest.strip_prefix(b".").ok_or(VersionError::Malformed)?;
            }
            let (value, after) = split_number(rest).ok_or(VersionError::Malformed)?;
            fits &= value.is_some();
            *number = value.unwrap_or_default();
            rest = after;
        }
        let mut prerelease = "";
        if let [b'-', after @ ..] = rest {
            let start = text.len() - after.len();
            let length = after.iter().position(|byte| *byte == b'+').unwrap_or(after.len());
            prerelease = &text[start..start + length];
            for identifier in prerelease.split('.') {
                if !is_identifier(identifier) {
                    return Err(VersionError::Malformed);
                }
                if is_numeric(identifier) {
                    let (value, _) = split_number(identifier.as_bytes()).ok_or(VersionError::Malformed)?;
                    fits &= value.is_some();
                }
            }
            rest = &after[length..];
        }
        let built = match rest {
            [] => true,
            [b'+', build @ ..] => text[text.len() - build.len()..].split('.').all(is_identifier),
            _ => false,
        };
        match (built, fits) {
            (false, _) => Err(VersionError::Malformed),
            (true, false) => Err(VersionError::TooLarge),
            (true, true) => Ok(Self {
                numbers,
                prerelease: Cow::Borrowed(prerelease),
            }),
        }
    }

    /// The same version, independent of the text it was read from.
    pub fn into_owned(self) -> Version<'static> {
        Version {
            numbers: self.numbers,
            prerelease: Cow::Owned(self.prerelease.into_owned()),
        }
    }

    /// Precedence as <https://semver.org/#spec-item-11> defines it; allocates nothing.
    pub fn precedence(&self, other: &Version<'_>) -> Ordering {
        self.numbers
            .cmp(&other.numbers)
            .then_with(|| match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_prereleases(&self.prerelease, &other.prerelease),
            })
    }
}

/// Identifier by identifier; of two that agree so far, the shorter one comes first.
fn compare_prereleases(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let (left, right) = match (left.next(), right.next()) {
            (Some(left), Some(right)) => (left, right),
            (left, right) => return left.is_some().cmp(&right.is_some()),
        };
        let ordering = match (is_numeric(left), is_numeric(right)) {
            // without leading zeros, the longer number is the larger one
            (true, true) => left.len().cmp(&right.len()).then_with(|| left.cmp(right)),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => left.cmp(right),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
}

/// The number that a text begins with (`None` when it needs more than 64 bits) and what follows it. No number has leading
/// zeros.
fn split_number(text: &[u8]) -> Option<(Option<u64>, &[u8])> {
    let mut value = Some(0_u64);
    let mut length = 0;
    while let Some(digit @ b'0'..=b'9') = text.get(length) {
        value = value.and_then(|value| value.checked_mul(10)?.checked_add(u64::from(digit - b'0')));
        length += 1;
    }
    let leading_zero = length > 1 && text[0] == b'0';
    (length > 0 && !leading_zero).then(|| (value, &text[length..]))
}

fn is_numeric(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strict_versions_are_read() {
        for text in [
            "0.0.0",
            "1.2.3",
            "1.2.3-rc.1",
            "1.2.3-0a.--",
            "1.2.3+001.b-1",
            "18446744073709551615.0.0",
        ] {
            assert!(Version::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "v1.2.3",
            " 1.2.3",
            "1.2.3 ",
            "01.2.3",
            "1.2.3-",
            "1.2.3-01",
            "1.2.3-a..b",
            "1.2.3+",
            "1.2.3-é",
            "-1.2.3",
            "1.+2.3",
        ] {
            assert_eq!(Version::parse(text).err(), Some(VersionError::Malformed), "{text}");
        }
        for text in ["18446744073709551616.0.0", "1.2.3-18446744073709551616"] {
            assert_eq!(Version::parse(text).err(), Some(VersionError::TooLarge), "{text}");
        }
    }

    #[test]
    fn precedence_is_that_of_semver() {
        let ascending = [
            "1.0.0-1",
            "1.0.0-2",
            "1.0.0-10",
            "1.0.0-10.a",
            "1.0.0-Alpha",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0",
            "1.0.1",
            "1.2.0",
            "1.10.0",
            "2.0.0-0",
        ];
        let versions: Vec<_> = ascending.iter().map(|text| Version::parse(text).unwrap()).collect();
        for (i, left) in versions.iter().enumerate() {
            for (j, right) in versions.iter().enumerate() {
                assert_eq!(left.precedence(right), i.cmp(&j), "{} {}", ascending[i], ascending[j]);
            }
        }
        let (left, right) = (Version::parse("1.0.0+a").unwrap(), Version::parse("1.0.0+b").unwrap());
        assert_eq!(left.precedence(&right), Ordering::Equal);
    }
}
