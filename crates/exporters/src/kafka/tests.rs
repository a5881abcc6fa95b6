use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use serde_json::{Value, json};

use super::configuration;
use crate::testing::{build, event};
use crate::{ErrorKind, Event};

type Cluster = MockCluster<'static, DefaultProducerContext>;

const TOPIC: &str = "evaluations";

fn cluster() -> Cluster {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 3, 1).unwrap();
    cluster
}

fn options(addresses: &str, config: &Value) -> Value {
    json!({"kind": "kafka", "kafka": {"topic": TOPIC, "addresses": [addresses], "config": config}})
}

/// Partition, key and value of so many records.
fn read(cluster: &Cluster, count: usize) -> Vec<(i32, String, String)> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", cluster.bootstrap_servers())
        .set("group.id", "test")
        .set("auto.offset.reset", "earliest")
        .create()
        .unwrap();
    consumer.subscribe(&[TOPIC]).unwrap();
    let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap().to_vec()).unwrap();
    let mut records = Vec::new();
    while records.len() < count {
        let record = consumer.iter().next().expect("it waits for a record").unwrap();
        records.push((record.partition(), text(record.key()), text(record.payload())));
    }
    records.sort();
    records
}

/// As sarama chooses it.
fn partition(key: &str) -> i32 {
    let hash = key.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    (hash.cast_signed() % 3).abs()
}

#[tokio::test]
async fn the_user_is_the_key_of_a_record() {
    let cluster = cluster();
    let exporter = build(&options(&cluster.bootstrap_servers(), &json!({})), &[]).unwrap();
    let users = ["jane", "bob", "käthe", "zoe", "", "6f1e"];
    let batch: Vec<Event> = users.into_iter().map(event).collect();
    let receipt = exporter.export(&batch).await.unwrap();
    assert!(receipt.again.is_empty() && receipt.refused.is_empty(), "{receipt:?}");
    let mut expected: Vec<_> = users
        .iter()
        .zip(&batch)
        .filter(|(user, _)| !user.is_empty())
        .map(|(user, event)| {
            let text = String::from_utf8(event.text().to_vec()).unwrap();
            (partition(user), (*user).to_owned(), text)
        })
        .collect();
    expected.sort();
    let mut records = read(&cluster, batch.len());
    // an empty key is anywhere
    records.retain(|(_, key, _)| !key.is_empty());
    assert_eq!(records, expected);
    assert_eq!(exporter.target(), format!("{TOPIC} at {}", cluster.bootstrap_servers()));
}

#[tokio::test]
async fn records_that_are_not_taken_are_named() {
    let cluster = cluster();
    let config = json!({"producer": {"maxMessageBytes": "2000"}});
    let exporter = build(&options(&cluster.bootstrap_servers(), &config), &[]).unwrap();
    let receipt = exporter
        .export(&[event("a"), event(&"x".repeat(2000)), event("b")])
        .await
        .unwrap();
    let refused: Vec<_> = receipt.refused.iter().map(|refusal| refusal.index).collect();
    assert_eq!((refused, receipt.again), (vec![1], vec![]));
    assert_eq!(read(&cluster, 2).len(), 2);

    cluster.request_errors(
        RDKafkaApiKey::Produce,
        &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED],
    );
    let error = exporter.export(&[event("a")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
}

#[tokio::test]
async fn a_broker_that_is_away_is_told_about() {
    let config = json!({"producer": {"timeout": "1s"}});
    let exporter = build(&options("127.0.0.1:1", &config), &[]).unwrap();
    let batch = [event("a")];
    let attempt = tokio::time::timeout(Duration::from_millis(200), exporter.export(&batch));
    assert!(attempt.await.is_err(), "it is tried for a while, and can be broken off");
}

#[test]
fn settings_of_sarama_count() {
    let client = |config: Value| {
        let options = json!({"kafka": {"config": config}});
        let settings = flagstaff_backend::Settings::new("kafka", options.as_object().unwrap());
        configuration::read(settings, &flagstaff_backend::Surroundings::default())
    };
    for (config, name, expected) in [
        (json!(null), "acks", Some("1")),
        (json!({}), "partitioner", Some("fnv1a_random")),
        (json!({}), "security.protocol", Some("plaintext")),
        (json!({"Producer": {"RequiredAcks": -1}}), "acks", Some("-1")),
        (json!({"producer": {"idempotent": true}}), "acks", Some("all")),
        (
            json!({"producer": {"compression": "zstd"}}),
            "compression.type",
            Some("zstd"),
        ),
        (
            json!({"producer": {"compressionLevel": -1000}}),
            "compression.level",
            None,
        ),
        (json!({"producer": {"return": {"successes": true}}}), "acks", Some("1")),
        (
            json!({"producer": {"retry": {"max": 7, "backoff": "1s"}}}),
            "message.send.max.retries",
            Some("7"),
        ),
        (
            json!({"producer": {"flush": {"frequency": "20ms"}}}),
            "linger.ms",
            Some("20"),
        ),
        (json!({"clientID": "relay"}), "client.id", Some("relay")),
        (
            json!({"net": {"dialTimeout": "2s"}}),
            "socket.connection.setup.timeout.ms",
            Some("2000"),
        ),
        (
            json!({"net.dialTimeout": "2s"}),
            "socket.connection.setup.timeout.ms",
            Some("2000"),
        ),
        (
            json!({"net": {"tls": {"enable": "true"}}}),
            "security.protocol",
            Some("ssl"),
        ),
        (
            json!({"net": {"tls": {"enable": true}}}),
            "ssl.ca.location",
            Some("probe"),
        ),
        (
            json!({"net": {"tls": {"enable": true, "config": {"insecureSkipVerify": true}}}}),
            "enable.ssl.certificate.verification",
            Some("false"),
        ),
        (
            json!({"net": {"sasl": {"enable": true}}}),
            "sasl.mechanism",
            Some("PLAIN"),
        ),
        (
            json!({"net": {"sasl": {"enable": true, "mechanism": "SCRAM-SHA-512", "user": "u", "password": "p"}}}),
            "sasl.password",
            Some("p"),
        ),
        (json!({"net": {"proxy": {"enable": false}}}), "acks", Some("1")),
        (json!({"nobody": "knows"}), "acks", Some("1")),
    ] {
        assert_eq!(client(config.clone()).unwrap().get(name), expected, "{config}");
    }
    for (config, expected) in [
        (
            json!("x"),
            "property \"kafka.config\" of kind \"kafka\" is not a map of settings",
        ),
        (
            json!({"net": {"proxy": {"enable": true}}}),
            "property \"kafka.config.net.proxy.enable\" of kind \"kafka\" cannot be honoured: brokers are not spoken to through a proxy",
        ),
        (
            json!({"net": {"sasl": {"enable": true, "mechanism": "GSSAPI"}}}),
            "property \"kafka.config.net.sasl.mechanism\" of kind \"kafka\" must be PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
        ),
        (
            json!({"producer": {"requiredAcks": 5}}),
            "property \"kafka.config.producer.requiredAcks\" of kind \"kafka\" must be -1 for all brokers, 0 or 1",
        ),
        (
            json!({"producer": {"maxMessageBytes": 1}}),
            "property \"kafka.config.producer.maxmessagebytes\" of kind \"kafka\" holds a value that the client does not take",
        ),
        (
            json!({"net": {"tls": {"caCertPath": "Cargo.toml"}}}),
            "property \"kafka.config.net.tls.caCertPath\" of kind \"kafka\" has no effect without net.tls.enable",
        ),
        (
            json!({"net": {"tls": {"enable": true, "clientKeyPath": "Cargo.toml"}}}),
            "property \"kafka.config.net.tls.clientCertPath\" of kind \"kafka\" and clientKeyPath belong together: write both or neither",
        ),
    ] {
        assert_eq!(client(config.clone()).unwrap_err().to_string(), expected, "{config}");
    }
}
