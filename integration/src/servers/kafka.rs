//! Apache Kafka: one node that is broker and controller, without encryption, with SASL, over TLS, and with both.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::execution::{output, run};
use crate::package::{Cache, Installed, Package, Recipe};
use crate::server::{Launch, Server, free_port, is_listening};
use crate::trust::Trust;

pub(crate) const PACKAGE: Package = Package {
    name: "kafka",
    version: "4.3.1",
    recipe: Recipe::Maven(&[
        "org.apache.kafka:kafka_2.13:4.3.1",
        "org.apache.kafka:kafka-tools:4.3.1",
        "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",
    ]),
    minutes: 0,
};

/// Who may log in.
pub(crate) const USER: &str = "relay";

/// Their password.
pub(crate) const PASSWORD: &str = "kafka-secret-22d9";

/// A broker that keeps what it stores over its death.
#[derive(Debug)]
pub(crate) struct Kafka {
    pub(crate) server: Server,
    /// Without encryption and without a password.
    pub(crate) port: u16,
    /// TLS, with a password by SCRAM.
    pub(crate) guarded_port: u16,
    installed: Installed,
}

impl Kafka {
    pub(crate) fn start(cache: &Cache, folder: &Path, trust: &Trust) -> Result<Self> {
        let installed = cache.need(&PACKAGE)?;
        let [port, guarded_port, controller] = [free_port()?, free_port()?, free_port()?];
        let identity = folder.join("kafka.pem");
        let pem = |path: &PathBuf| fs::read_to_string(path);
        fs::write(
            &identity,
            pem(&trust.server.key)? + &pem(&trust.server.certificate)? + &pem(&trust.authority)?,
        )?;
        let properties = folder.join("kafka.properties");
        let text = PROPERTIES
            .replace("GUARDED_PORT", &guarded_port.to_string())
            .replace("CONTROLPORT", &controller.to_string())
            .replace("PORT", &port.to_string())
            .replace("DATA", &folder.join("kafka-data").display().to_string())
            .replace("IDENTITY", &identity.display().to_string())
            .replace("AUTHORITY", &trust.authority.display().to_string());
        fs::write(&properties, text)?;
        let logging = folder.join("log4j2.xml");
        fs::write(&logging, LOGGING)?;
        let user = format!("SCRAM-SHA-512=[name={USER},password={PASSWORD}]");
        run(installed
            .command("kafka.tools.StorageTool")
            .args([
                "format",
                "--standalone",
                "-t",
                "MkU3OEVBNTcwNTJENDM2Qg",
                "--add-scram",
                &user,
                "-c",
            ])
            .arg(&properties))
        .context("cannot format Kafka's storage")?;
        let program = installed.clone();
        let command = move || {
            let options = format!(
                "-Xmx512m -XX:+UseSerialGC -Dlog4j2.configurationFile={}",
                logging.display()
            );
            let mut command = program.command("kafka.Kafka");
            command.env("JDK_JAVA_OPTIONS", options).arg(&properties);
            command
        };
        let launch = Launch {
            command: Box::new(command),
            // it listens when it is ready
            ready: Box::new(move || is_listening(port)),
        };
        Ok(Self {
            server: Server::start("kafka", folder, launch)?,
            port,
            guarded_port,
            installed,
        })
    }

    /// Makes a topic, unless there is one.
    pub(crate) fn make(&self, topic: &str) -> Result<()> {
        run(self
            .installed
            .command("org.apache.kafka.tools.TopicCommand")
            .args(["--bootstrap-server", &format!("127.0.0.1:{}", self.port)])
            .args(["--create", "--if-not-exists", "--partitions", "3", "--topic", topic]))
    }

    /// Reads a topic from its beginning with Kafka's own consumer: a key, a tab and a value in each line.
    pub(crate) fn read(&self, topic: &str) -> Result<String> {
        output(
            self.installed
                .command("org.apache.kafka.tools.consumer.ConsoleConsumer")
                // that nothing more comes is an error to it, which it would print among the messages
                .env("JDK_JAVA_OPTIONS", "-Dorg.apache.logging.log4j.level=OFF")
                .args(["--bootstrap-server", &format!("127.0.0.1:{}", self.port)])
                .args(["--topic", topic, "--from-beginning", "--timeout-ms", "5000"])
                .args(["--formatter-property", "print.key=true"]),
        )
    }
}

const PROPERTIES: &str = "\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:CONTROLPORT
controller.listener.names=CONTROL
listeners=PLAIN://127.0.0.1:PORT,GUARDED://127.0.0.1:GUARDED_PORT,CONTROL://127.0.0.1:CONTROLPORT
advertised.listeners=PLAIN://127.0.0.1:PORT,GUARDED://127.0.0.1:GUARDED_PORT
listener.security.protocol.map=PLAIN:PLAINTEXT,GUARDED:SASL_SSL,CONTROL:PLAINTEXT
inter.broker.listener.name=PLAIN
log.dirs=DATA
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.guarded.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location=IDENTITY
ssl.truststore.type=PEM
ssl.truststore.location=AUTHORITY
";

const LOGGING: &str = r#"<Configuration><Appenders><Console name="out"><PatternLayout pattern="%d %p %m%n"/></Console></Appenders>
<Loggers><Root level="warn"><AppenderRef ref="out"/></Root></Loggers></Configuration>"#;
