use super::*;

const EVALUATE: &str = "POST /ofrep/v1/evaluate/flags/on";
const CONTEXT: &str = r#"{"context":{}}"#;

/// The address that the access log shows for a request with these headers.
async fn logged_address(relay: &Relay, peer: Option<IpAddr>, headers: &[(&str, &str)]) -> String {
    let log = Log::begin();
    relay.send_from(peer, "GET /nothing", headers, Bytes::new()).await;
    let text = log.text();
    let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
    line["remote_ip"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn only_trusted_proxies_say_for_whom_they_ask() {
    let proxy = Some(IpAddr::from([10, 0, 0, 1]));
    let mapped = Some("::ffff:10.0.0.1".parse().unwrap());
    let stranger = CALLER.remote_ip;
    let trusted = "server: {trustedProxies: [10.0.0.0/8, \"2001:db8::1\", Unix]}";
    for (settings, peer, headers, expected) in [
        ("", proxy, &[("x-forwarded-for", "198.51.100.7")][..], "10.0.0.1"),
        (trusted, stranger, &[("x-forwarded-for", "198.51.100.7")], "192.0.2.1"),
        (trusted, proxy, &[], "10.0.0.1"),
        (trusted, proxy, &[("x-forwarded-for", "198.51.100.7")], "198.51.100.7"),
        (trusted, mapped, &[("x-forwarded-for", "198.51.100.7")], "198.51.100.7"),
        (trusted, None, &[("x-forwarded-for", "198.51.100.7")], "198.51.100.7"),
        (
            trusted,
            proxy,
            &[("x-forwarded-for", "1.1.1.1, 198.51.100.7")],
            "198.51.100.7",
        ),
        (
            trusted,
            proxy,
            &[("x-forwarded-for", "1.1.1.1, 198.51.100.7,10.9.9.9 , 2001:db8::1")],
            "198.51.100.7",
        ),
        (
            trusted,
            proxy,
            &[("x-forwarded-for", "198.51.100.7"), ("x-forwarded-for", "10.2.2.2")],
            "198.51.100.7",
        ),
        (trusted, proxy, &[("x-forwarded-for", "10.1.1.1, 10.2.2.2")], "10.1.1.1"),
        (
            trusted,
            proxy,
            &[("x-forwarded-for", "198.51.100.7:4711")],
            "198.51.100.7",
        ),
        (
            trusted,
            proxy,
            &[("x-forwarded-for", "[2001:db8::7]:4711")],
            "2001:db8::7",
        ),
        (
            trusted,
            proxy,
            &[("x-forwarded-for", "1.1.1.1, rubbish, 10.2.2.2")],
            "10.2.2.2",
        ),
        (trusted, proxy, &[("x-forwarded-for", "rubbish")], "10.0.0.1"),
        (trusted, proxy, &[("x-forwarded-for", "")], "10.0.0.1"),
        (
            trusted,
            proxy,
            &[(
                "forwarded",
                "for=1.1.1.1, For=\"[2001:db8::7]:4711\";proto=https;by=10.0.0.1",
            )],
            "2001:db8::7",
        ),
        (trusted, proxy, &[("forwarded", "for=1.1.1.1, proto=https")], "10.0.0.1"),
        (trusted, proxy, &[("forwarded", "for=_hidden, for=unknown")], "10.0.0.1"),
        (
            trusted,
            proxy,
            &[("forwarded", "for=198.51.100.7"), ("x-forwarded-for", "198.51.100.7")],
            "198.51.100.7",
        ),
        (
            trusted,
            proxy,
            &[("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "198.51.100.7")],
            "10.0.0.1",
        ),
    ] {
        let relay = Relay::start(settings).await;
        let shown = logged_address(&relay, peer, headers).await;
        assert_eq!(shown, expected, "{settings} {peer:?} {headers:?}");
    }
}

#[tokio::test]
async fn keys_are_limited_one_by_one() {
    let relay = Relay::start(
        "authorizedKeys: {evaluation: [one, other]}
server: {rateLimits: {perKey: {requests: 2, period: 24h}}}",
    )
    .await;
    let limited = r#"429 {"message":"Too Many Requests"}"#;
    for (key, expected) in [
        ("one", "200"),
        ("wrong", "401"),
        ("one", "200"),
        ("one", limited),
        ("other", "200"),
        ("wrong", "401"),
        ("one", limited),
    ] {
        relay.check(EVALUATE, &[("x-api-key", key)], CONTEXT, expected).await;
    }
    let answer = relay
        .ask(EVALUATE, &[("x-api-key", "one"), ("origin", "o")], CONTEXT)
        .await;
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((12 * 3600 - 600..=12 * 3600).contains(&wait), "{wait}");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let metrics = relay.ask("GET /metrics", &[], "").await.body;
    let line = r#"flagstaff_rate_limited_requests_total{limit="key"} 3"#;
    assert!(metrics.contains(line), "{metrics}");
}

#[tokio::test]
async fn addresses_are_limited_one_by_one() {
    let relay = Relay::start(
        "authorizedKeys: {evaluation: [good]}
server: {trustedProxies: [192.0.2.1], rateLimits: {perAddress: {requests: 1, period: 24h, burst: 2}}}",
    )
    .await;
    for (address, line, key, expected) in [
        ("198.51.100.7", EVALUATE, "good", "200"),
        ("198.51.100.7", EVALUATE, "wrong", "401"),
        ("198.51.100.7", EVALUATE, "good", "429"),
        ("198.51.100.7", "GET /nothing", "", "429"),
        ("198.51.100.7", "GET /health", "", "200"),
        ("198.51.100.7", "GET /metrics", "", "200"),
        ("198.51.100.7", "OPTIONS /v1/allflags", "", "204"),
        ("198.51.100.8", EVALUATE, "good", "200"),
        ("2001:db8:1:1::1", EVALUATE, "good", "200"),
        ("2001:db8:1:1:ffff::1", EVALUATE, "good", "200"),
        ("2001:db8:1:1::3", EVALUATE, "good", "429"),
        ("2001:db8:1:2::1", EVALUATE, "good", "200"),
    ] {
        let headers = [("x-forwarded-for", address), ("x-api-key", key)];
        relay.check(line, &headers, CONTEXT, expected).await;
    }
}

#[tokio::test]
async fn a_busy_crowd_limits_hardly_anybody_else() {
    let relay =
        Relay::start("server: {rateLimits: {perAddress: {requests: 1, period: 24h}}, trustedProxies: [192.0.2.1]}")
            .await;
    let ask = async |network: u8, host: u16| {
        let address = format!("{network}.0.{}.{}", host >> 8, host & 0xff);
        relay
            .ask(EVALUATE, &[("x-forwarded-for", &address)], CONTEXT)
            .await
            .status
    };
    let mut refused = 0;
    for host in 0..1000 {
        refused += u16::from(ask(10, host).await == 429);
        assert_eq!(ask(10, host).await, 429, "{host}");
    }
    for host in 0..1000 {
        refused += u16::from(ask(11, host).await == 429);
    }
    assert!(refused < 50, "{refused}");
}
