//! The address of a client that may be behind proxies.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use http::header::{FORWARDED, HeaderName};

use crate::config::TrustedProxies;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// More proxies in a row than this are not believed.
const MAX_HOPS: usize = 32;

/// The address of the client: that of the other end of the connection, unless a trusted proxy is there. Then it is what that
/// proxy says, and so on through all trusted proxies; what others say is not believed.
///
/// When `X-Forwarded-For` and `Forwarded` lead to different clients, one of them was not written by the proxy, and neither counts.
pub(crate) fn client_address(proxies: &TrustedProxies, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
    if proxies.is_empty() || !proxies.trust(peer) {
        return peer;
    }
    let by_x_forwarded_for = follow(proxies, latest(headers, X_FORWARDED_FOR).map(address));
    let by_forwarded = follow(
        proxies,
        latest(headers, FORWARDED).map(|element| address(forwarded_for(element)?)),
    );
    match (by_x_forwarded_for, by_forwarded) {
        (Some(one), Some(other)) if one != other => peer,
        (one, other) => one.or(other).or(peer),
    }
}

/// Whom the proxy that is at the other end asks for, whoever that proxy is.
#[cfg(feature = "lambda")]
pub(crate) fn nearest_hop(headers: &HeaderMap) -> Option<IpAddr> {
    latest(headers, X_FORWARDED_FOR).next().and_then(address)
}

/// The elements of a list, the latest one first.
fn latest(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(name).into_iter().rev();
    lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','))
}

/// Goes through the hops, the latest one first, up to the first that is not trusted, or cannot be read.
fn follow(proxies: &TrustedProxies, hops: impl Iterator<Item = Option<IpAddr>>) -> Option<IpAddr> {
    let mut client = None;
    for hop in hops.take(MAX_HOPS) {
        let Some(hop) = hop else { break };
        client = Some(hop);
        if !proxies.trust(client) {
            break;
        }
    }
    client
}

/// The `for` of an element of `Forwarded`, without quotes.
fn forwarded_for(element: &[u8]) -> Option<&[u8]> {
    element.split(|byte| *byte == b';').find_map(|parameter| {
        let (name, value) = parameter.trim_ascii().split_at_checked("for=".len())?;
        let quoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
        name.eq_ignore_ascii_case(b"for=").then_some(quoted.unwrap_or(value))
    })
}

/// An address, with or without a port, IPv6 with or without brackets.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    bare.parse()
        .ok()
        .or_else(with_port)
        .map(|address: IpAddr| address.to_canonical())
}
