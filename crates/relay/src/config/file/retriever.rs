//! The options of retrievers of all kinds.

use super::super::decode::OptionTable;
use super::super::kinds;
use super::super::shape::{Field, Shape};

/// Options of a retriever.
#[derive(Clone, Default)]
pub(in super::super) struct RetrieverTable;

impl OptionTable for RetrieverTable {
    const FIELDS: &'static [Field] = &[
        text(&["kind"], "What kind of source it is.").picks(kinds::retrievers),
        text(
            &["path"],
            "The flag file; relative paths are of the working folder, or of the root of the repository.",
        ),
        text(
            &["glob"],
            "Which files of the folder are read, like `teams/*/*.yaml`; all files of flags at any depth unless it is written.",
        ),
        text(
            &["fileFormat"],
            "Format of this source, when it is not that of its flag set: `yaml`, `json` or `toml`.",
        ),
        text(&["url"], "Where the flags, the repository or the relay are.").url(),
        text(&["apiKey"], "Key of the relay that is followed; it picks the flag set.").secret(),
        text(&["method"], "Method of the request.").default("GET"),
        text(&["body"], "Body of the request.").secret(),
        Field::new(
            &["headers"],
            Shape::TextsMap,
            "Headers of the request: names with one value or a list of them.",
        )
        .secret(),
        integer(&["timeout"], "Milliseconds for the whole exchange.").default("10000"),
        text(
            &["clientCertPath"],
            "PEM file of the certificate to authenticate with; needs `clientKeyPath`.",
        ),
        text(&["clientKeyPath"], "PEM file of the key of that certificate."),
        text(
            &["caCertPath"],
            "PEM file of certificates that are trusted beside those of the system.",
        ),
        text(&["repositorySlug"], "The repository, like `owner/name`."),
        text(&["branch"], "The branch.").default("main"),
        text(
            &["ref"],
            "A branch, a tag or the id of a commit; the default branch of the repository unless it is written.",
        ),
        text(&["username"], "Who comes with the token.").default("git"),
        text(&["token"], "Token of the host.").secret(),
        text(
            &["sshKeyPath"],
            "File of a private key for ssh, instead of those that the system's program finds by itself.",
        ),
        text(
            &["sshKnownHostsPath"],
            "File of the keys of hosts that ssh trusts, instead of those of the user.",
        ),
        text(&["githubToken"], "Token of the host.")
            .deprecated("token")
            .secret(),
        text(&["baseUrl"], "Where the host's API is, when it is not the public one.").url(),
        text(&["bucket"], "The bucket."),
        text(&["item"], "Key of the object."),
        text(&["object"], "Name of the object."),
        text(&["configmap"], "Name of the ConfigMap."),
        text(&["namespace"], "Its namespace."),
        text(&["key"], "The key of its data."),
        text(
            &["serviceAccountPath"],
            "Folder with the token and the authority of the pod's service account.",
        )
        .default("/var/run/secrets/kubernetes.io/serviceaccount"),
        text(
            &["uri"],
            "Where the database is; a password in it is hidden wherever it is shown.",
        )
        .url(),
        text(&["database"], "Name of the database."),
        text(&["collection"], "Name of the collection."),
        switch(
            &["changeStream"],
            "Listens to the change stream of the collection; the server must be a replica set.",
        ),
        Field::new(
            &["redisOptions", "options"],
            Shape::Section(&[REDIS]),
            "How to connect; times are in milliseconds.",
        ),
        text(&["redisPrefix", "prefix"], "Beginning of the keys that hold flags."),
        text(&["accountName"], "Name of the storage account."),
        text(
            &["accountKey"],
            "Key of the storage account; without one the identity of the machine counts.",
        )
        .secret(),
        text(&["container"], "The container."),
        text(
            &["serviceUrl"],
            "Where the storage account is, when it is not at Azure's own place: an emulator, a sovereign cloud.",
        )
        .url(),
        text(&["table"], "Name of the table."),
        Field::new(
            &["columns"],
            Shape::TextMap,
            "What the columns are called, by the names that they have otherwise.",
        ),
        text(
            &["channel"],
            "Channel on which the database tells that flags changed; nothing is listened to unless it is written.",
        ),
        switch(
            &["keyspaceEvents"],
            "Listens to the server's notifications about keys; its `notify-keyspace-events` must hold `Kg$x`.",
        ),
    ];
}

/// How to connect to Redis.
pub(super) const REDIS: &[Field] = &[
    text(&["network"], "`tcp` or `unix`."),
    text(&["addr"], "Host and port."),
    text(&["clientName"], "What the connection is called."),
    integer(&["protocol"], "Version of the protocol: 2 or 3."),
    text(&["username"], "User."),
    text(&["password"], "Password.").secret(),
    integer(&["db"], "Number of the database."),
    integer(&["maxRetries"], "How often a command is tried again."),
    integer(&["minRetryBackoff"], "Least time between two tries."),
    integer(&["maxRetryBackoff"], "Most time between two tries."),
    integer(&["dialTimeout"], "Time to connect."),
    integer(&["readTimeout"], "Time to read."),
    integer(&["writeTimeout"], "Time to write."),
    switch(
        &["contextTimeoutEnabled"],
        "Lets the deadline of a round end a command.",
    ),
    switch(&["poolFIFO"], "Uses connections in turns."),
    integer(&["poolSize"], "How many connections there are at most."),
    integer(&["poolTimeout"], "Time to wait for a connection."),
    integer(&["minIdleConns"], "How many idle connections are kept at least."),
    integer(&["maxIdleConns"], "How many idle connections are kept at most."),
    integer(&["connMaxIdleTime"], "How long a connection may be idle."),
    integer(&["connMaxLifetime"], "How long a connection is used."),
    switch(&["tlsEnabled"], "Connects with TLS."),
    switch(
        &["disableIndentity"],
        "Does not tell the server which library asks. The spelling is GO Feature Flag's.",
    ),
    text(&["identitySuffix"], "Added to the name of the library."),
];

const fn text(names: &'static [&'static str], about: &'static str) -> Field {
    Field::new(names, Shape::Text, about)
}

const fn integer(names: &'static [&'static str], about: &'static str) -> Field {
    Field::new(names, Shape::Integer, about)
}

const fn switch(names: &'static [&'static str], about: &'static str) -> Field {
    Field::new(names, Shape::Bool, about)
}
