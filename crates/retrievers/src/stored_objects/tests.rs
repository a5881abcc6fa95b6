//! What a server of our own can say and a real one would not at will. Real ones are asked by the integration tests.

use std::sync::Arc;

use flagstaff_testkit::flag_server::{Answer, FlagServer};
use serde_json::{Map, Value, json};

use crate::testing::{Backend, State, check_contract};
use crate::{Retriever, Surroundings, kinds};

/// A kind whose store is played by a server on this machine.
fn retriever(kind: &str, server: &FlagServer) -> Arc<dyn Retriever> {
    let (options, variables) = match kind {
        "s3" => (
            json!({"bucket": "flags", "item": "team/flags.yaml"}),
            vec![
                ("AWS_ENDPOINT_URL", server.url("")),
                ("AWS_REGION", "eu-west-1".to_owned()),
                ("AWS_ACCESS_KEY_ID", "AKID".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
            ],
        ),
        "googleStorage" => (
            json!({"bucket": "flags", "object": "team/flags.yaml"}),
            vec![("STORAGE_EMULATOR_HOST", server.address().to_string())],
        ),
        _ => (
            json!({
                "accountName": "acme", "accountKey": "c2VjcmV0", "container": "flags", "object": "team/flags.yaml",
                "serviceUrl": server.url("/acme"),
            }),
            Vec::new(),
        ),
    };
    let mut options = object(options);
    options.insert("kind".to_owned(), json!(kind));
    options.insert("timeout".to_owned(), json!(500));
    let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value));
    kinds::build(&options, &Surroundings::new(variables)).expect("the options are right")
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

struct StoreBackend {
    server: FlagServer,
    retriever: Arc<dyn Retriever>,
}

impl Backend for StoreBackend {
    fn retriever(&self) -> &dyn Retriever {
        &*self.retriever
    }

    async fn enter(&mut self, state: State<'_>) -> bool {
        let date = "Thu, 26 Nov 2026 10:00:00 GMT".to_owned();
        let full = |status, tag: &str, body: &str| {
            let headers = vec![("ETag", tag.to_owned()), ("Last-Modified", date.clone())];
            Answer::Full(status, headers, body.into())
        };
        self.server.answer(match state {
            State::Holds(text) if text.contains('1') => full(200, "\"1\"", text),
            State::Holds(text) => full(200, "\"2\"", text),
            State::Gone => full(404, "", "<Error><Code>NoSuchKey</Code></Error>"),
            State::Refused => full(403, "", "<Error><Code>InvalidAccessKeyId</Code></Error>"),
            State::Broken => Answer::Drop,
            State::Slow => Answer::Silence,
        });
        true
    }
}

#[tokio::test]
async fn passes_the_contract_of_retrievers() {
    for kind in ["s3", "googleStorage", "azureBlobStorage"] {
        let server = FlagServer::start().await;
        let retriever = retriever(kind, &server);
        check_contract(&mut StoreBackend { server, retriever }).await;
    }
}

#[tokio::test]
async fn stores_are_asked_in_their_own_way() {
    for (kind, line, authorization, place) in [
        (
            "s3",
            "GET /flags/team/flags.yaml",
            "AWS4-HMAC-SHA256 Credential=AKID/",
            "s3://flags/team/flags.yaml",
        ),
        (
            "googleStorage",
            "GET /flags/team%2Fflags%2Eyaml",
            "",
            "gs://flags/team/flags.yaml",
        ),
        (
            "azureBlobStorage",
            "GET /acme/flags/team/flags.yaml",
            "SharedKey acme:",
            "/acme/flags/team/flags.yaml",
        ),
    ] {
        let server = FlagServer::start().await;
        let retriever = retriever(kind, &server);
        assert!(retriever.place().ends_with(place), "{}", retriever.place());
        assert!(!format!("{retriever:?}").contains("c2VjcmV0"), "{retriever:?}");
        let headers = |status| {
            let date = "Thu, 26 Nov 2026 10:00:00 GMT".to_owned();
            Answer::Full(
                status,
                vec![("ETag", "\"1\"".to_owned()), ("Last-Modified", date)],
                b"a: 1".to_vec(),
            )
        };
        server.answer(headers(200));
        let first = retriever.retrieve(None).await.unwrap().revision().clone();
        server.answer(headers(304));
        retriever.retrieve(Some(&first)).await.unwrap();
        server.answer(headers(403));
        let error = retriever.retrieve(Some(&first)).await.unwrap_err().to_string();
        let requests = server.requests();
        assert_eq!(
            (requests[0].line.as_str(), requests[0].header("if-none-match")),
            (line, None)
        );
        assert_eq!(requests[1].header("if-none-match").as_deref(), Some("\"1\""), "{kind}");
        let sent = requests[0].header("authorization").unwrap_or_default();
        assert!(
            sent.starts_with(authorization) && sent.is_empty() == authorization.is_empty(),
            "{kind}: {sent}"
        );
        assert!(error.starts_with("not allowed to read the object (object: "), "{error}");
        assert!(error.ends_with("): the store answered with code 403"), "{error}");
    }
}

#[tokio::test]
async fn what_cannot_work_is_said_without_being_shown() {
    let azure = |name: &str, value: &str| {
        let mut options = json!({"kind": "azureBlobStorage", "accountName": "a", "container": "c", "object": "o"});
        options[name] = json!(value);
        options
    };
    for (options, expected) in [
        (
            json!({"kind": "s3", "bucket": "b", "item": "a//b"}),
            "property \"item\" of kind \"s3\" is not the name of an object",
        ),
        (
            azure("accountKey", "secret key"),
            "property \"accountKey\" of kind \"azureBlobStorage\" is not base64",
        ),
        (
            azure("serviceUrl", "127.0.0.1:10000"),
            "property \"serviceUrl\" of kind \"azureBlobStorage\" must begin with http:// or https://",
        ),
        (
            azure("serviceUrl", "http://u:secret@h/"),
            "property \"serviceUrl\" of kind \"azureBlobStorage\" must hold nothing but host, port and path",
        ),
    ] {
        let error = kinds::build(&object(options), &Surroundings::default())
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(expected) && !error.contains("secret"), "{error}");
    }
    let bucket = object(json!({"kind": "s3", "bucket": "b", "item": "i"}));
    let variables = [("AWS_ENDPOINT_URL".to_owned(), "minio".to_owned())];
    let retriever = kinds::build(&bucket, &Surroundings::new(variables)).unwrap();
    assert_eq!(
        retriever.retrieve(None).await.unwrap_err().to_string(),
        "AWS_ENDPOINT_URL must begin with http:// or https:// (object: s3://b/i)"
    );
}
