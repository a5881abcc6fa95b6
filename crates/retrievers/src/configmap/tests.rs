use std::fs;

use flagstaff_testkit::flag_server::{Answer, FlagServer, certificate};
use serde_json::json;
use tempfile::TempDir;

use super::{ConfigMapOptions, ConfigMapRetriever};
use crate::settings::Settings;
use crate::{ErrorKind, Fetched, Retriever, Surroundings};

/// A pod beside an API server.
struct Pod {
    server: FlagServer,
    account: TempDir,
    retriever: ConfigMapRetriever,
}

impl Pod {
    async fn new() -> Self {
        let server = FlagServer::start_tls(false).await;
        let account = tempfile::tempdir().unwrap();
        fs::copy(certificate("authority.pem"), account.path().join("ca.crt")).unwrap();
        let address = server.address();
        let variables = [
            ("KUBERNETES_SERVICE_HOST", address.ip().to_string()),
            ("KUBERNETES_SERVICE_PORT", address.port().to_string()),
        ];
        let retriever = retriever(&account, &variables);
        let pod = Self {
            server,
            account,
            retriever,
        };
        pod.issue("first-token");
        pod
    }

    fn issue(&self, token: &str) {
        fs::write(self.account.path().join("token"), format!("{token}\n")).unwrap();
    }

    fn holds(&self, version: &str, text: &str) {
        let object = json!({"metadata": {"resourceVersion": version}, "data": {"flags.yaml": text}});
        self.server.answer(Answer::ok(object.to_string()));
    }

    /// What was asked since last time: token and path, and whether it was only for metadata.
    fn asked(&self) -> Vec<(String, bool)> {
        let requests = self.server.requests();
        let asked = requests.iter().map(|request| {
            let token = request.header("authorization").unwrap_or_default();
            let accept = request.header("accept").unwrap_or_default();
            (
                format!("{token} {}", request.line),
                accept.contains("PartialObjectMetadata"),
            )
        });
        asked.collect()
    }
}

fn retriever(account: &TempDir, variables: &[(&str, String)]) -> ConfigMapRetriever {
    let written = json!({
        "configmap": "feature flags", "namespace": "team/a", "key": "flags.yaml", "timeout": 2000,
        "serviceAccountPath": account.path(),
    });
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    let settings = Settings::new("configmap", written.as_object().expect("options are an object"));
    ConfigMapRetriever::new(ConfigMapOptions::read(settings, &Surroundings::new(variables)).unwrap())
}

const PATH: &str = "GET /api/v1/namespaces/team%2Fa/configmaps/feature%20flags";

#[tokio::test]
async fn only_metadata_are_asked_for_until_there_is_another_version() {
    let pod = Pod::new().await;
    pod.holds("7", "a: 1\n");
    let Ok(Fetched::Content(first)) = pod.retriever.retrieve(None).await else {
        panic!("a first fetch yields what is there")
    };
    assert_eq!(first.bytes(), "a: 1\n");
    assert_eq!(pod.asked(), [(format!("Bearer first-token {PATH}"), false)]);

    pod.issue("second-token");
    let again = pod.retriever.retrieve(Some(&first.revision)).await;
    assert!(matches!(again, Ok(Fetched::Unchanged(_))), "{again:?}");
    assert_eq!(
        pod.asked(),
        [(format!("Bearer second-token {PATH}"), true)],
        "a token that was renewed is used at once"
    );

    pod.holds("8", "a: 2\n");
    let Ok(Fetched::Content(second)) = pod.retriever.retrieve(Some(&first.revision)).await else {
        panic!("another version is another content")
    };
    assert_eq!(second.bytes(), "a: 2\n");
    assert_eq!(
        pod.asked().iter().map(|(_, metadata)| *metadata).collect::<Vec<_>>(),
        [true, false]
    );

    pod.holds("9", "a: 2\n");
    let relabelled = pod.retriever.retrieve(Some(&second.revision)).await.unwrap();
    assert!(
        matches!(&relabelled, Fetched::Unchanged(revision) if revision.token() == Some("9")),
        "{relabelled:?}"
    );
}

#[tokio::test]
async fn errors_tell_the_cause_and_no_secret() {
    let pod = Pod::new().await;
    let missing = json!({"metadata": {}, "binaryData": {"flags.yaml": "YQ=="}}).to_string();
    for (answer, kind, text) in [
        (
            Answer::ok(missing),
            ErrorKind::NotFound,
            "key flags.yaml not existing in config map feature flags.team/a",
        ),
        (Answer::status(404), ErrorKind::NotFound, "no such ConfigMap"),
        (
            Answer::status(401),
            ErrorKind::Denied,
            "the API server does not accept the token of the service account",
        ),
        (
            Answer::status(403),
            ErrorKind::Denied,
            "the service account may not read the ConfigMap",
        ),
        (
            Answer::status(500),
            ErrorKind::Unreachable,
            "the API server cannot answer",
        ),
        (Answer::Drop, ErrorKind::Unreachable, "cannot reach the API server"),
        (
            Answer::ok("<html>"),
            ErrorKind::Refused,
            "the API server answered with something else than JSON",
        ),
        (
            Answer::Silence,
            ErrorKind::TimedOut,
            "deadline exceeded: no complete answer within 2000 ms",
        ),
    ] {
        pod.server.answer(answer);
        let error = pod.retriever.retrieve(None).await.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (kind, true), "{error}");
        assert!(error.to_string().starts_with(text), "{error}");
        assert!(
            !format!("{error} {error:?} {:?}", pod.retriever).contains("first-token"),
            "{error:?}"
        );
    }
    fs::remove_file(pod.account.path().join("token")).unwrap();
    let error = pod.retriever.retrieve(None).await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot read the service account of the pod"),
        "{error}"
    );
}

#[tokio::test]
async fn outside_of_a_cluster_there_is_nobody_to_ask() {
    let account = tempfile::tempdir().unwrap();
    let retriever = retriever(&account, &[]);
    assert!(retriever.changes().is_none());
    let error = retriever.retrieve(None).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "not inside of a Kubernetes cluster: KUBERNETES_SERVICE_HOST is not set (place: configmap team/a/feature flags flags.yaml)"
    );
}
