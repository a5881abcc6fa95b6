//! The operator's page: where it is, and who is told names.

use data_encoding::BASE64;

use super::{Answer, Relay};
use crate::config::{Origin, Problem};
use crate::route::Listener;

const SETTINGS: &str = "
authorizedKeys: {admin: [{key: admin-secret, name: on-call}]}
flagsets:
  - name: checkout
    apiKeys: [{key: checkout-secret, name: web-shop}, {key: own-secret, name: checkout-lead, scope: admin}]
    retriever: FILE
  - {name: search, apiKeys: [{key: search-secret, name: search-service}], retriever: FILE}
  - {name: mobile, apiKeys: [mobile-secret], retriever: {kind: file, path: missing.yaml}}
";

/// One good flag, and one that was never good.
const FLAGS: &str = "
good: {variations: {a: 1}, defaultRule: {variation: a}}
refused-flag: {variations: {a: 1}, defaultRule: {variation: b}}
";

async fn page(relay: &Relay, path: &str, headers: &[(&str, &str)]) -> Answer {
    relay
        .ask_on(Listener::Monitoring, &format!("GET {path}"), headers, "")
        .await
}

/// What a browser sends for a password.
fn basic(password: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("anybody:{password}").as_bytes()))
}

#[tokio::test]
async fn it_is_on_the_monitoring_listener_only() {
    let relay = Relay::start("").await;
    for path in ["/", "/page/style.css"] {
        relay
            .check(&format!("GET {path}"), &[], "", "404 {\"message\":\"Not Found\"}")
            .await;
        assert_eq!(page(&relay, path, &[]).await.status, 200);
    }
    for asset in flagstaff_dashboard::ASSETS {
        let found = page(&relay, &format!("/{}", asset.path), &[]).await;
        assert_eq!((found.status, found.header("content-type")), (200, asset.content_type));
    }
    for path in ["/page/", "/page/../page/style.css", "/page", "/index.html", "//"] {
        assert_eq!(page(&relay, path, &[]).await.status, 404, "{path}");
    }
    let found = page(&relay, "/", &[]).await;
    assert_eq!(found.header("content-type"), "text/html; charset=utf-8");
    assert!(
        found
            .header("content-security-policy")
            .starts_with("default-src 'none'")
    );
    assert!(found.body.contains("<html"));
    assert!(!page(&relay, "/?fragment", &[]).await.body.contains("<html"));
}

/// The headers of a caller, and the names that it is told.
type Caller<'c> = (&'c [(&'c str, &'c str)], &'c [&'c str]);

#[tokio::test]
async fn names_are_for_administrators() {
    let relay = Relay::with_flags(FLAGS, SETTINGS).await;
    relay.state.last_edit.refuse(vec![Problem {
        origin: Origin::File {
            file: "goff-proxy.yaml".into(),
            line: 3,
            column: 7,
        },
        path: "logLevel".to_owned(),
        message: "is wrong".to_owned(),
    }]);
    let everybody = [
        "not in effect",
        "checkout",
        "search",
        "mobile",
        "not started",
        "refused as written",
    ];
    let names = [
        "on-call",
        "web-shop",
        "checkout-lead",
        "search-service",
        "refused-flag",
        "flags.yaml",
        "b does not exist",
        "missing.yaml",
        "goff-proxy.yaml:3:7",
    ];
    let of_checkout = [
        "web-shop",
        "checkout-lead",
        "refused-flag",
        "flags.yaml",
        "b does not exist",
    ];
    let (admin, own, known) = (basic("admin-secret"), basic("own-secret"), basic("checkout-secret"));
    let callers: [Caller<'_>; 8] = [
        (&[], &[]),
        (&[("x-api-key", "admin-secret")], &names),
        (&[("authorization", "Bearer admin-secret")], &names),
        (&[("authorization", &admin)], &names),
        (&[("authorization", &own)], &of_checkout),
        (&[("authorization", &known)], &[]),
        (&[("authorization", "Basic ???")], &[]),
        (&[("x-api-key", "wrong")], &[]),
    ];
    for (headers, told) in callers {
        let found = page(&relay, "/", headers).await;
        assert_eq!(found.status, 200);
        for text in everybody {
            assert!(
                found.body.contains(text),
                "{headers:?}: {text} is missing\n{}",
                found.body
            );
        }
        for name in names {
            assert_eq!(
                found.body.contains(name),
                told.contains(&name),
                "{headers:?}: {name}\n{}",
                found.body
            );
        }
        assert!(!found.body.contains("secret"), "{headers:?}");
        let asked = page(&relay, "/?names", headers).await;
        let challenge = asked.header("www-authenticate");
        if told.is_empty() {
            assert_eq!((asked.status, &challenge[..6]), (401, "Basic "), "{headers:?}");
        } else {
            assert_eq!((asked.status, challenge), (200, ""), "{headers:?}");
        }
    }
}
