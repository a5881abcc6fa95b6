//! The hook by which those who keep flags tell that they changed.

use super::*;

const HOOK: &str = "POST /hooks/v1/refresh/default";

/// The HMAC-SHA256 of the body `this is a test` under the key `secret`.
const SIGNATURE: &str = "08abbecc4779c9260cc85a017eb9db8babb5308a614cc9f13a4b9976af6b7cee";

/// How often the source of the only flag set was fetched.
fn fetches(relay: &Relay) -> u64 {
    let serving = relay.state.serving();
    let live = serving.flag_sets.all()[0].live.as_ref().unwrap();
    live.flags.status().sources[0].fetches.attempts
}

/// Waits until the source was fetched so often; only a failure waits long.
async fn fetched(relay: &Relay, times: u64) {
    let waiting = async {
        while fetches(relay) < times {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    assert!(waited.is_ok(), "fetched {} times and not {times}", fetches(relay));
}

#[tokio::test]
async fn whoever_knows_the_secret_has_the_flags_fetched() {
    let relay = Relay::start("refreshHookSecret: secret").await;
    let (signed, signed_as_bitbucket) = (
        format!("sha256={SIGNATURE}"),
        format!("sha256={}", SIGNATURE.to_uppercase()),
    );
    let unsigned = "401 the signature does not fit the body and the secret";
    for (headers, body) in [
        (&[][..], "this is a test"),
        (&[("x-hub-signature-256", &*signed)], "this is a test!"),
        (&[("x-hub-signature-256", SIGNATURE)], "this is a test"),
        (&[("x-hub-signature-256", "sha256=08ab")], "this is a test"),
        (&[("x-hub-signature-256", "sha256=")], ""),
        (&[("x-hub-signature-256", "sha256=zz")], "this is a test"),
        (
            &[("x-hub-signature-256", "sha256=08ab"), ("x-gitlab-token", "secret")],
            "this is a test",
        ),
        (&[("x-gitlab-token", "secre")], ""),
        (&[("x-gitlab-token", "")], ""),
    ] {
        let answer = relay.ask(HOOK, headers, body).await;
        assert!(
            answer.status == 401 && answer.body.contains(&unsigned[4..]),
            "{headers:?}: {}",
            answer.body
        );
    }
    assert_eq!(fetches(&relay), 1, "nobody else has");
    let log = Log::begin();
    for (times, headers, body) in [
        (2, ("x-hub-signature-256", &*signed), "this is a test"),
        (3, ("x-hub-signature", &*signed_as_bitbucket), "this is a test"),
        (4, ("x-gitlab-token", "secret"), "anything"),
    ] {
        relay.check(HOOK, &[headers], body, "202 {\"accepted\":true}").await;
        fetched(&relay, times).await;
        assert_eq!(fetches(&relay), times);
    }
    let log = log.text();
    assert!(
        log.contains("\"outcome\":\"accepted\"") && !log.contains("secret"),
        "{log}"
    );
}

#[tokio::test]
async fn a_hook_is_there_where_there_is_a_secret() {
    let signed = [("x-gitlab-token", "secret")];
    let relay = Relay::start("").await;
    relay.check(HOOK, &signed, "", "404").await;
    let relay = Relay::start("refreshHookSecret: secret").await;
    relay.check("GET /hooks/v1/refresh/default", &signed, "", "405").await;
    for path in ["/hooks/v1/refresh/other", "/hooks/v1/refresh/", "/hooks/v1/refresh"] {
        relay.check(&format!("POST {path}"), &signed, "", "404").await;
    }
    let settings = load(relay.folder.path(), "refreshHookSecret: secret");
    assert!(!format!("{settings:?}").contains("\"secret\""), "{settings:?}");
}
