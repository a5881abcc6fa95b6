//! PostgreSQL: what people write about a database.

use std::fmt;

use flagstaff_backend::{Settings, SettingsError, Surroundings};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use url::{Url, form_urlencoded};

/// Parameters of a connection that are understood, with the variable of PostgreSQL that stands in for one that is not written.
const PARAMETERS: &[(&str, &str)] = &[
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("dbname", "PGDATABASE"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("application_name", "PGAPPNAME"),
    ("options", "PGOPTIONS"),
    ("statement-cache-capacity", ""),
];

/// Reads the property `uri`: a URL (`postgresql://user:password@host/database?sslmode=require`) or keywords (`host=a dbname=b`), with
/// the parameters of libpq; unknown ones, like those of pools, are left alone. What it does not say is taken from the variables of
/// PostgreSQL (`PGHOST`, `PGPASSWORD`, ...) and from the password file.
pub fn read(settings: &Settings<'_>, surroundings: &Surroundings) -> Result<PgConnectOptions, SettingsError> {
    let uri = settings.required("uri")?;
    connection(&uri, surroundings).map_err(|problem| settings.invalid("uri", problem))
}

/// Where a table is, without user and password.
pub fn place(connection: &PgConnectOptions, table: &str) -> String {
    let host = match connection.get_socket() {
        Some(socket) => socket.display().to_string(),
        None if connection.get_host().contains(':') => format!("[{}]", connection.get_host()),
        None => connection.get_host().to_owned(),
    };
    let database = connection.get_database().unwrap_or_else(|| connection.get_username());
    format!("postgresql://{host}:{}/{database} {table}", connection.get_port())
}

/// A name as an identifier, whatever it holds.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text of somebody else's, for one line of a log.
#[derive(Debug)]
pub struct OneLine(String);

impl OneLine {
    /// The text of something.
    pub fn of(text: &impl fmt::Display) -> Self {
        Self(text.to_string())
    }
}

impl fmt::Display for OneLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.0.lines();
        f.write_str(lines.next().unwrap_or_default())?;
        lines.try_for_each(|line| write!(f, " {}", line.trim()))
    }
}

impl std::error::Error for OneLine {}

/// Reads a connection in either form. What is wrong is told without showing it.
fn connection(uri: &str, surroundings: &Surroundings) -> Result<PgConnectOptions, String> {
    let written = if uri.starts_with("postgres://") || uri.starts_with("postgresql://") {
        url_parameters(uri)?
    } else {
        keyword_parameters(uri)?
    };
    // Of what is known, everything goes through sqlx's own reader: it would show what it does not know in the log.
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, variable) in PARAMETERS {
        let mut values = written.iter().rev().filter(|(known, _)| known == name);
        let value = values.next().map(|(_, value)| &**value);
        if let Some(value) = value.or_else(|| surroundings.variable(variable)) {
            if *name == "host" && value.contains(',') {
                return Err("names several hosts, write one".to_owned());
            }
            query.append_pair(name, value);
        }
    }
    let options: PgConnectOptions = format!("postgresql://?{}", query.finish())
        .parse()
        .map_err(|_| "holds a parameter that PostgreSQL does not accept: look at port, hostaddr and sslmode")?;
    Ok(options.disable_statement_logging())
}

/// Parameters with their values.
type Parameters = Vec<(String, String)>;

/// `postgresql://user:password@host:port/database?name=value&...`
fn url_parameters(uri: &str) -> Result<Parameters, String> {
    let url = Url::parse(uri).map_err(|error| format!("is not a URL: {error}"))?;
    let mut parameters = Parameters::new();
    let mut part = |name: &str, value: &str| {
        if !value.is_empty() {
            let decoded = percent_encoding::percent_decode_str(value).decode_utf8();
            let decoded = decoded.map_err(|_| format!("holds a {name} that is not UTF-8"))?;
            parameters.push((name.to_owned(), decoded.into_owned()));
        }
        Ok::<_, String>(())
    };
    let host = url.host_str().unwrap_or_default();
    part("host", host.trim_start_matches('[').trim_end_matches(']'))?;
    part("port", &url.port().map(|port| port.to_string()).unwrap_or_default())?;
    part("user", url.username())?;
    part("password", url.password().unwrap_or_default())?;
    part("dbname", url.path().trim_start_matches('/'))?;
    parameters.extend(
        url.query_pairs()
            .map(|(name, value)| (name.into_owned(), value.into_owned())),
    );
    Ok(parameters)
}

/// `name=value name='a value'`, with `\` before quotes and backslashes.
fn keyword_parameters(text: &str) -> Result<Parameters, String> {
    let mut parameters = Parameters::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest
            .split_once('=')
            .ok_or("is neither a URL that begins with postgresql:// nor keywords like host=localhost dbname=flags")?;
        let mut value = String::new();
        let after = after.trim_start();
        let quoted = after.starts_with('\'');
        let mut characters = after[usize::from(quoted)..].chars();
        let mut closed = !quoted;
        while let Some(character) = characters.next() {
            match character {
                '\\' => value.extend(characters.next()),
                '\'' if quoted => {
                    closed = true;
                    break;
                }
                space if !quoted && space.is_whitespace() => break,
                other => value.push(other),
            }
        }
        if !closed {
            return Err("holds a quote that is not closed".to_owned());
        }
        parameters.push((name.trim().to_owned(), value));
        rest = characters.as_str().trim_start();
    }
    Ok(parameters)
}
