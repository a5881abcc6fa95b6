use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use data_encoding::BASE64URL_NOPAD;
use flagstaff_testkit::flag_server::{Answer, FlagServer};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::streams::Events;
use super::{Log, NOW, Relay};

const EVALUATE: &str = "POST /ofrep/v1/evaluate/flags/on";
const CHANGE: &str = "GET /v1/flag/change";
const REFRESH: &str = "POST /admin/v1/retriever/refresh";
const CONTEXT: &str = r#"{"context":{}}"#;

/// Somebody who signs tokens.
struct Signer {
    id: &'static str,
    key: EncodingKey,
}

impl Signer {
    fn new(id: &'static str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let key = EncodingKey::from_ec_der(key.to_pkcs8v1().unwrap().as_ref());
        Self { id, key }
    }

    /// The public key as a JSON Web Key.
    fn public(&self) -> Value {
        let mut key = Jwk::from_encoding_key(&self.key, Algorithm::ES256).unwrap();
        key.common.key_id = Some(self.id.to_owned());
        serde_json::to_value(key).unwrap()
    }

    /// A token with these claims beside the usual ones; null leaves one out.
    fn token(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.id.to_owned());
        jsonwebtoken::encode(&header, &usual(claims), &self.key).unwrap()
    }
}

/// The claims of a token that is good for evaluations, with these changes.
fn usual(changes: &Value) -> Value {
    let mut claims =
        json!({"iss": "https://issuer", "aud": "flags", "sub": "app", "exp": NOW + 300, "scope": "client"});
    let members = claims.as_object_mut().unwrap();
    members.extend(changes.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    claims
}

/// A token with the usual claims that is put together by hand.
fn by_hand(header: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |part: &Value| BASE64URL_NOPAD.encode(part.to_string().as_bytes());
    let message = format!("{}.{}", part(header), part(&usual(&json!({}))));
    let signature = BASE64URL_NOPAD.encode(&sign(message.as_bytes()));
    format!("{message}.{signature}")
}

/// A set of public keys, as an issuer shows it.
fn key_set(keys: &[Value]) -> Answer {
    Answer::ok(json!({ "keys": keys }).to_string())
}

/// Settings under which tokens of an issuer are taken whose keys are there.
fn settings(server: &FlagServer, jwt: &str) -> String {
    let url = server.url("/keys");
    format!(
        "authentication: {{jwt: {{issuer: \"https://issuer\", audience: [flags, more], jwksUrl: \"{url}\"{jwt}}}}}\n"
    )
}

/// A relay under such settings and further ones.
async fn relay(server: &FlagServer, jwt: &str, further: &str) -> Relay {
    Relay::start(&format!("{}{further}", settings(server, jwt))).await
}

async fn check(relay: &Relay, line: &str, token: &str, expected: &str) {
    let bearer = format!("Bearer {token}");
    relay
        .check(line, &[("authorization", &bearer)], CONTEXT, expected)
        .await;
}

#[tokio::test]
async fn tokens_open_what_they_say() {
    let (server, signer) = (FlagServer::start().await, Signer::new("one"));
    server.answer(key_set(&[signer.public()]));
    let relay = relay(&server, "", "").await;
    let invalid = r#"401 {"message":"invalid token"}"#;
    let expired = r#"401 {"message":"the token has expired"}"#;
    let early = r#"401 {"message":"the token is not valid yet"}"#;
    let unprivileged = r#"403 {"message":"the token has no scope of this relay"}"#;
    for (claims, line, expected) in [
        (json!({}), EVALUATE, "200"),
        (json!({}), CHANGE, "403"),
        (json!({}), REFRESH, "401"),
        (json!({"scope": "openid server"}), CHANGE, "200"),
        (json!({"scope": "server client"}), CHANGE, "200"),
        (json!({"scope": ["profile", "admin"]}), REFRESH, "200"),
        (json!({"scope": "admin"}), EVALUATE, "200"),
        (json!({"scope": "openid"}), EVALUATE, unprivileged),
        (json!({"scope": null}), EVALUATE, unprivileged),
        (json!({"aud": ["other", "more"]}), EVALUATE, "200"),
        (json!({"aud": "other"}), EVALUATE, invalid),
        (json!({"aud": null}), EVALUATE, invalid),
        (json!({"iss": "https://other"}), EVALUATE, invalid),
        (json!({"iss": null}), EVALUATE, invalid),
        (json!({"exp": null}), EVALUATE, invalid),
        (json!({"exp": "soon"}), EVALUATE, invalid),
        (json!({"exp": NOW - 59}), EVALUATE, "200"),
        (json!({"exp": NOW - 60}), EVALUATE, expired),
        (json!({"nbf": NOW + 60}), EVALUATE, "200"),
        (json!({"nbf": NOW + 61}), EVALUATE, early),
        (json!({"sub": null}), EVALUATE, "200"),
    ] {
        let token = signer.token(&claims);
        // the second time it is remembered
        for _ in 0..2 {
            check(&relay, line, &token, expected).await;
        }
    }
    let token = signer.token(&json!({}));
    relay.check(EVALUATE, &[("x-api-key", &token)], CONTEXT, "200").await;
    relay
        .check(
            EVALUATE,
            &[
                ("authorization", "Bearer x"),
                ("authorization", &format!("Bearer {token}")),
            ],
            CONTEXT,
            "200",
        )
        .await;
    relay
        .check(
            EVALUATE,
            &[],
            CONTEXT,
            r#"401 {"message":"missing key in request header"}"#,
        )
        .await;
    check(&relay, EVALUATE, "no-token", r#"401 {"message":"invalid key"}"#).await;
}

#[tokio::test]
async fn only_the_issuer_signs_tokens() {
    let (server, signer, impostor) = (FlagServer::start().await, Signer::new("one"), Signer::new("one"));
    let public = signer.public();
    server.answer(key_set(std::slice::from_ref(&public)));
    let relay = relay(&server, "", "").await;
    let good = signer.token(&json!({}));
    let (head, signature) = good.rsplit_once('.').unwrap();
    let stronger = signer.token(&json!({"scope": "admin"}));
    let (stronger, _) = stronger.rsplit_once('.').unwrap();
    // what is public does as a secret for whoever does not look at the algorithm
    let secret = EncodingKey::from_secret(public["x"].as_str().unwrap().as_bytes());
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("one".to_owned());
    let symmetric = jsonwebtoken::encode(&header, &usual(&json!({})), &secret).unwrap();
    check(&relay, EVALUATE, &good, "200").await;
    for bad in [
        impostor.token(&json!({})),
        format!("{stronger}.{signature}"),
        format!("{head}."),
        format!("{head}.{}", "A".repeat(signature.len())),
        symmetric,
        by_hand(&json!({"alg": "none"}), |_| Vec::new()),
        by_hand(&json!({"alg": "RS256", "kid": "one"}), |_| vec![0; 256]),
        "eyJ.a.b".to_owned(),
        "eyJ..".to_owned(),
    ] {
        check(&relay, EVALUATE, &bad, r#"401 {"message":"invalid token"}"#).await;
    }
}

#[tokio::test]
async fn what_a_token_calls_critical_must_be_understood() {
    let (server, signer) = (FlagServer::start().await, Signer::new("one"));
    server.answer(key_set(&[signer.public()]));
    let relay = relay(&server, "", "").await;
    for (critical, expected) in [(None, "200"), (Some(vec!["exp".to_owned()]), "401")] {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some("one".to_owned());
        header.crit = critical;
        let token = jsonwebtoken::encode(&header, &usual(&json!({})), &signer.key).unwrap();
        check(&relay, EVALUATE, &token, expected).await;
    }
}

/// The public half of a key, from its DER form: `SEQUENCE { modulus INTEGER, exponent INTEGER }` of 2048 bits.
fn rsa_public(key: &RsaKeyPair) -> Value {
    let key = key.public_key().as_ref();
    let exponent = &key[key.len() - 3..];
    let modulus = &key[key.len() - 5 - 256..key.len() - 5];
    let number = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    json!({"kty": "RSA", "kid": "r", "use": "sig", "n": number(modulus), "e": number(exponent)})
}

#[tokio::test]
async fn keys_of_every_kind_are_understood_and_others_left_out() {
    let (server, signer) = (FlagServer::start().await, Signer::new("one"));
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let encrypting = Signer::new("two");
    let mut for_encryption = encrypting.public();
    for_encryption["use"] = json!("enc");
    let unknown = json!({"kty": "AKP", "kid": "x", "alg": "ML-DSA-44", "pub": "AA"});
    let symmetric = json!({"kty": "oct", "kid": "s", "k": "c2VjcmV0"});
    server.answer(key_set(&[
        unknown,
        symmetric,
        for_encryption,
        rsa_public(&rsa),
        signer.public(),
    ]));
    let relay = relay(&server, "", "").await;
    let sign = |message: &[u8]| {
        let mut signature = vec![0; rsa.public_modulus_len()];
        rsa.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .unwrap();
        signature
    };
    check(&relay, EVALUATE, &signer.token(&json!({})), "200").await;
    for (header, expected) in [
        (json!({"alg": "RS256", "kid": "r"}), "200"),
        (json!({"alg": "RS256"}), "200"),
        (json!({"alg": "PS256", "kid": "r"}), "401"),
        (json!({"alg": "RS256", "kid": "one"}), "401"),
    ] {
        check(&relay, EVALUATE, &by_hand(&header, sign), expected).await;
    }
    check(&relay, EVALUATE, &encrypting.token(&json!({})), "401").await;
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("s".to_owned());
    let symmetric = jsonwebtoken::encode(&header, &usual(&json!({})), &EncodingKey::from_secret(b"secret")).unwrap();
    check(&relay, EVALUATE, &symmetric, "401").await;
}

#[tokio::test]
async fn claims_may_have_other_names() {
    let (server, signer) = (FlagServer::start().await, Signer::new("one"));
    server.answer(key_set(&[signer.public()]));
    let jwt = ", scopeClaim: realm_access.roles, scopes: {flag-reader: server, \"flags:web\": client}, leeway: 0s";
    let other = relay(&server, jwt, "").await;
    for (claims, line, expected) in [
        (json!({"realm_access": {"roles": ["flag-reader"]}}), CHANGE, "200"),
        (json!({"realm_access": {"roles": ["flags:web"]}}), CHANGE, "403"),
        (json!({"realm_access.roles": "flag-reader"}), CHANGE, "200"),
        (json!({"realm_access": {"roles": ["admin"]}}), EVALUATE, "403"),
        (json!({"realm_access": "flag-reader"}), EVALUATE, "403"),
        (
            json!({"realm_access": {"roles": ["flags:web"]}, "exp": NOW}),
            EVALUATE,
            "401",
        ),
    ] {
        check(&other, line, &signer.token(&claims), expected).await;
    }
    let lenient = relay(&server, ", defaultScope: server", "").await;
    check(&lenient, CHANGE, &signer.token(&json!({"scope": null})), "200").await;
}

#[tokio::test]
async fn tokens_pick_flag_sets() {
    let (server, signer) = (FlagServer::start().await, Signer::new("one"));
    server.answer(key_set(&[signer.public()]));
    let sets = "flagsets:
  - {name: one, apiKeys: [first], retriever: FILE}
  - {name: two, apiKeys: [second], retriever: FILE}";
    let relay = relay(&server, "", sets).await;
    let none = r#"400 {"message":"error while getting flagset: flagset not found for API key"}"#;
    let one = format!("{REFRESH}?flagset=one");
    for (claims, line, expected) in [
        (json!({"flagset": "one"}), EVALUATE, "200"),
        (json!({"flagset": ["two"]}), EVALUATE, "200"),
        (json!({"flagset": ["one", "two"]}), EVALUATE, none),
        (json!({"flagset": "three"}), EVALUATE, none),
        (json!({}), EVALUATE, none),
        (json!({"scope": "admin"}), &*one, "200"),
        (json!({"scope": "admin", "flagset": "one"}), &one, "200"),
        (json!({"scope": "admin", "flagset": "two"}), &one, "403"),
        (json!({"scope": "admin", "flagset": "three"}), &one, "403"),
        (json!({"scope": "admin", "flagset": 1}), &one, "403"),
    ] {
        check(&relay, line, &signer.token(&claims), expected).await;
    }
}

#[tokio::test]
async fn a_remembered_token_expires_all_the_same() {
    let (server, signer) = (FlagServer::start().await, Signer::new("one"));
    server.answer(key_set(&[signer.public()]));
    let relay = relay(&server, "", "").await;
    let token = signer.token(&json!({"exp": NOW + 10}));
    check(&relay, EVALUATE, &token, "200").await;
    relay.advance(69);
    check(&relay, EVALUATE, &token, "200").await;
    relay.advance(1);
    check(&relay, EVALUATE, &token, r#"401 {"message":"the token has expired"}"#).await;
}

#[tokio::test]
async fn keys_are_rotated() {
    let (server, old, new) = (FlagServer::start().await, Signer::new("old"), Signer::new("new"));
    server.answer(key_set(&[old.public()]));
    let relay = relay(&server, "", "").await;
    let (first, second) = (old.token(&json!({})), new.token(&json!({})));
    check(&relay, EVALUATE, &first, "200").await;
    server.answer(key_set(&[new.public(), old.public()]));
    check(&relay, EVALUATE, &second, "200").await;
    check(&relay, EVALUATE, &first, "200").await;
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_changes_nothing() {
    for answer in [Answer::status(500), key_set(&[]), Answer::ok("<html>"), Answer::Drop] {
        let (server, signer) = (FlagServer::start().await, Signer::new("one"));
        server.answer(key_set(&[signer.public()]));
        let relay = relay(&server, "", "").await;
        check(&relay, EVALUATE, &signer.token(&json!({})), "200").await;
        server.answer(answer);
        server.requests();
        check(&relay, EVALUATE, &Signer::new("other").token(&json!({})), "401").await;
        assert!(!server.requests().is_empty(), "nobody asked for the other key");
        check(&relay, EVALUATE, &signer.token(&json!({"sub": "another"})), "200").await;
    }
}

#[tokio::test]
async fn a_key_that_is_taken_back_verifies_nothing_more() {
    let (server, old, new) = (FlagServer::start().await, Signer::new("old"), Signer::new("new"));
    server.answer(key_set(&[old.public()]));
    let relay = relay(&server, "", "").await;
    let token = old.token(&json!({}));
    check(&relay, EVALUATE, &token, "200").await;
    server.answer(key_set(&[new.public()]));
    check(&relay, EVALUATE, &new.token(&json!({})), "200").await;
    check(&relay, EVALUATE, &token, "401").await;
}

#[tokio::test]
async fn unknown_signers_have_the_issuer_asked_now_and_then_only() {
    let (server, signer, stranger) = (FlagServer::start().await, Signer::new("one"), Signer::new("stranger"));
    server.answer(key_set(&[signer.public()]));
    let relay = relay(&server, "", "").await;
    for id in 0..50 {
        check(&relay, EVALUATE, &stranger.token(&json!({ "jti": id })), "401").await;
    }
    let asked = server.requests().len();
    assert!((1..=10).contains(&asked), "{asked}");
    check(&relay, EVALUATE, &signer.token(&json!({})), "200").await;
}

#[tokio::test]
async fn without_keys_nobody_can_tell() {
    let (server, signer) = (FlagServer::start().await, Signer::new("one"));
    server.answer(Answer::status(500));
    let relay = relay(&server, "", "authorizedKeys: {evaluation: [key]}").await;
    check(&relay, EVALUATE, &signer.token(&json!({})), "503").await;
    check(&relay, EVALUATE, "key", "200").await;
    relay.check(EVALUATE, &[], CONTEXT, "401").await;
    server.answer(key_set(&[signer.public()]));
    check(&relay, EVALUATE, &signer.token(&json!({})), "200").await;
}

#[tokio::test]
async fn edits_of_the_issuer_count_and_others_keep_its_keys() {
    let (server, signer) = (FlagServer::start().await, Signer::new("one"));
    server.answer(key_set(&[signer.public()]));
    let relay = relay(&server, "", "").await;
    let token = signer.token(&json!({}));
    check(&relay, EVALUATE, &token, "200").await;
    server.answer(Answer::Drop);
    relay.configure(&format!("{}logLevel: warn", settings(&server, "")));
    check(&relay, EVALUATE, &token, "200").await;
    server.answer(key_set(&[signer.public()]));
    relay.configure(&settings(&server, "").replace("[flags, more]", "[more]"));
    check(&relay, EVALUATE, &token, "401").await;
    check(&relay, EVALUATE, &signer.token(&json!({"aud": "more"})), "200").await;
    relay.configure("authorizedKeys: {evaluation: [key]}");
    check(&relay, EVALUATE, &token, r#"401 {"message":"invalid key"}"#).await;
}

#[tokio::test]
async fn issuers_say_where_their_keys_are() {
    let (issuer, keys, signer) = (FlagServer::start().await, FlagServer::start().await, Signer::new("one"));
    keys.answer(key_set(&[signer.public()]));
    let name = issuer.url("");
    let token = signer.token(&json!({ "iss": name }));
    let discovering = format!("authentication: {{jwt: {{issuer: \"{name}\", audience: flags}}}}");
    for (described, expected) in [(name.as_str(), "200"), ("https://other", "503")] {
        let description = json!({"issuer": described, "jwks_uri": keys.url("/keys"), "more": 1});
        issuer.answer(Answer::ok(description.to_string()));
        let relay = Relay::start(&discovering).await;
        check(&relay, EVALUATE, &token, expected).await;
    }
    assert_eq!(issuer.requests()[0].line, "GET /.well-known/openid-configuration");
    assert_eq!(keys.requests()[0].line, "GET /keys");
}

#[tokio::test]
async fn logs_and_limits_know_tokens_by_their_subject() {
    let (server, signer) = (FlagServer::start().await, Signer::new("one"));
    server.answer(key_set(&[signer.public()]));
    let log = Log::begin();
    let limits = "server: {rateLimits: {perKey: {requests: 2, period: 24h}}}";
    let relay = relay(&server, "", limits).await;
    let tokens = [0, 1, 2].map(|id| signer.token(&json!({"scope": "admin", "sub": "night shift", "jti": id})));
    check(&relay, REFRESH, &tokens[0], "200").await;
    check(&relay, EVALUATE, &tokens[1], "200").await;
    check(&relay, EVALUATE, &tokens[2], "429").await;
    check(&relay, EVALUATE, &signer.token(&json!({"sub": "other"})), "200").await;
    let text = log.text();
    assert!(text.contains(r#""key":"night shift""#), "{text}");
    assert!(!text.contains("eyJ"), "{text}");
}

/// Opens both kinds of streams with a token.
async fn listen(relay: &Relay, token: &str) -> [Events; 2] {
    let bearer = format!("Bearer {token}");
    let bulk = "POST /ofrep/v1/evaluate/flags";
    let bulk = relay.ask(bulk, &[("authorization", &bearer)], CONTEXT).await.body;
    let bulk: Value = serde_json::from_str(&bulk).unwrap();
    let ofrep = bulk["eventStreams"][0]["endpoint"]["requestUri"].as_str().unwrap();
    let path = format!("/stream/v1/sse/flag/change?apiKey={token}");
    let mut streams = [
        relay.listen(&format!("GET {path}"), &[]).await,
        relay.listen(&format!("GET {ofrep}"), &[]).await,
    ];
    assert_eq!(ended(&mut streams).await, [false, false]);
    streams
}

async fn ended(streams: &mut [Events; 2]) -> [bool; 2] {
    let [first, second] = streams;
    [first.has_ended().await, second.has_ended().await]
}

#[tokio::test]
async fn streams_end_with_the_token_that_opened_them() {
    let standard = "ofrep: {dialect: standard}\n";
    let sets = "flagsets:
  - {name: one, apiKeys: [first], retriever: FILE}
  - {name: two, apiKeys: [second], retriever: FILE}";
    for (further, claims) in [("", json!({})), (sets, json!({"flagset": "two"}))] {
        let (server, signer) = (FlagServer::start().await, Signer::new("one"));
        server.answer(key_set(&[signer.public()]));
        let relay = relay(&server, "", &format!("{standard}{further}")).await;
        let mut streams = listen(&relay, &signer.token(&claims)).await;
        relay.configure(&format!("{}{standard}logLevel: warn\n{further}", settings(&server, "")));
        assert_eq!(ended(&mut streams).await, [false, false]);
        for (passed, over) in [(359, false), (1, true)] {
            relay.advance(passed);
            relay.give_signs_of_life();
            assert_eq!(ended(&mut streams).await, [over, over]);
        }
    }
    let (server, signer) = (FlagServer::start().await, Signer::new("one"));
    server.answer(key_set(&[signer.public()]));
    let relay = relay(&server, "", standard).await;
    let mut streams = listen(&relay, &signer.token(&json!({}))).await;
    relay.configure(&format!("{standard}authorizedKeys: {{evaluation: [key]}}"));
    assert_eq!(ended(&mut streams).await, [true, true], "its issuer is trusted no more");
}
