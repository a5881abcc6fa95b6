use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{PostgresqlOptions, PostgresqlRetriever, query};
use crate::settings::{Settings, SettingsError};
use crate::{ErrorKind, Retriever, Surroundings};

/// The options of a configuration block, with these variables around.
fn options(
    written: &Value,
    flag_set: Option<&str>,
    variables: &[(&str, &str)],
) -> Result<PostgresqlOptions, SettingsError> {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let surroundings = Surroundings::new(variables).of_flag_set(flag_set.map(Into::into));
    let written = written.as_object().expect("options are an object");
    PostgresqlOptions::read(Settings::new("postgresql", written), &surroundings)
}

#[test]
fn a_connection_is_written_as_url_or_keywords() {
    let variables = [("PGHOST", "elsewhere"), ("PGPORT", "5433"), ("PGDATABASE", "other")];
    for (uri, place) in [
        (
            "postgresql://db.internal/flags",
            "postgresql://db.internal:5433/flags t",
        ),
        (
            "postgres://u:p%40@127.0.0.1:6000/a%20b?sslmode=disable",
            "postgresql://127.0.0.1:6000/a b t",
        ),
        ("postgres://[::1]/flags", "postgresql://[::1]:5433/flags t"),
        (
            "postgres:///flags?host=/run/postgresql",
            "postgresql:///run/postgresql:5433/flags t",
        ),
        (
            "postgres://%2Frun%2Fpostgresql/flags",
            "postgresql:///run/postgresql:5433/flags t",
        ),
        ("postgres://?user=u", "postgresql://elsewhere:5433/other t"),
        (
            "postgres://a/b?pool_max_conns=10&pool_min_conns=2&connect_timeout=5",
            "postgresql://a:5433/b t",
        ),
        (
            "host=db.internal dbname = flags  port=6000",
            "postgresql://db.internal:6000/flags t",
        ),
        (
            r"host=a dbname='it\'s a \\ b' user='' password = p",
            r"postgresql://a:5433/it's a \ b t",
        ),
        ("user=u pool_max_conns=3", "postgresql://elsewhere:5433/other t"),
    ] {
        let options = options(&json!({"uri": uri, "table": "t"}), None, &variables).unwrap();
        assert_eq!(options.place(), place, "{uri}");
    }
}

#[test]
fn options_are_checked_without_showing_them() {
    for (uri, problem) in [
        (
            "mysql://u:secret@a/b",
            "is neither a URL that begins with postgresql:// nor keywords like host=localhost dbname=flags",
        ),
        ("postgresql://u:secret@a:b/c", "is not a URL: invalid port number"),
        ("host='secret", "holds a quote that is not closed"),
        ("host=a,b password=secret", "names several hosts, write one"),
        (
            "host=a sslmode=secret",
            "holds a parameter that PostgreSQL does not accept: look at port, hostaddr and sslmode",
        ),
    ] {
        let error = options(&json!({"uri": uri, "table": "t"}), None, &[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("property \"uri\" of kind \"postgresql\" {problem}")
        );
    }
    let error = options(&json!({"uri": "host=a"}), None, &[]).unwrap_err();
    assert_eq!(error.to_string(), "no \"table\" property found for kind \"postgresql\"");
}

#[test]
fn only_a_flag_set_with_a_name_filters() {
    let all = options(&json!({"uri": "host=a", "table": "flags"}), None, &[]).unwrap();
    let written = json!({
        "uri": "host=a", "table": "team.\"flags\"", "columns": {"FLAG_NAME": "k\"; DROP", "flagset": "s", "config": "body"},
    });
    let one = options(&written, Some("one"), &[]).unwrap();
    for (options, selection) in [
        (
            all,
            r#"SELECT CAST("flag_name" AS text) AS name, CAST("config" AS text) AS config FROM "flags""#,
        ),
        (
            one,
            r#"SELECT CAST("k""; DROP" AS text) AS name, CAST("body" AS text) AS config FROM "team"."""flags""" WHERE CAST("s" AS text) = $1"#,
        ),
    ] {
        assert_eq!(
            query::rows(&options),
            format!("SELECT name, config FROM ({selection}) AS flags ORDER BY name, config")
        );
        assert!(query::summary(&options).ends_with(&format!(" FROM ({selection}) AS flags")));
    }
}

#[tokio::test]
async fn a_server_that_is_down_or_silent_is_told_without_secrets() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (silent_port, closed_port) = (silent.local_addr().unwrap().port(), closed.local_addr().unwrap().port());
    drop(closed);
    for (port, kind, text) in [
        (closed_port, ErrorKind::Unreachable, "cannot connect"),
        (
            silent_port,
            ErrorKind::TimedOut,
            "deadline exceeded: no complete answer within 200 ms",
        ),
    ] {
        let uri = format!("postgres://u:secret@127.0.0.1:{port}/flags");
        let options = options(&json!({"uri": uri, "table": "t", "timeout": 200}), None, &[]).unwrap();
        let retriever = PostgresqlRetriever::new(options);
        let error = retriever.retrieve(None).await.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (kind, true), "{error}");
        let expected = format!("{text} (place: postgresql://127.0.0.1:{port}/flags t)");
        assert!(error.to_string().starts_with(&expected), "{error}");
        assert!(
            !format!("{error} {error:?} {retriever:?}").contains("secret"),
            "{error:?}"
        );
    }
}
