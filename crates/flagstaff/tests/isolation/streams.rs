//! Whatever is edited, and wherever a reader says it was before, its stream tells of its own set.

use std::cell::RefCell;
use std::io;

use flagstaff_testkit::http::{Connection, Request};
use flagstaff_testkit::relay::Relay;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::{SETS, flags, name, secret, start};

/// Who reads what: a path, and the end of a key's name.
const READERS: [(&str, &str); 4] = [
    ("/stream/v1/sse/flag/change", "key"),
    ("/stream/v1/sse/flag/change", "client-key"),
    ("/stream/v1/ws/flag/change", "key"),
    ("/ws/v1/flag/change", "client-key"),
];

/// A stream that is read to the end of a case.
struct Reader {
    set: &'static str,
    connection: Connection,
    heard: String,
}

#[test]
fn no_stream_tells_what_belongs_to_another_set() {
    let relay = start();
    let editions = RefCell::new(0);
    // what readers may come back with, of all sets
    let ids = RefCell::new(vec!["0".to_owned()]);
    let mut runner = TestRunner::new(Config {
        cases: 12,
        failure_persistence: None,
        ..Config::default()
    });
    let cases = (
        vec(select(SETS.to_vec()), 0..6),
        vec(option::of(any::<Index>()), SETS.len() * READERS.len()),
    );
    let outcome = runner.run(&cases, |(edits, places)| {
        let places = places
            .iter()
            .map(|place| place.map(|place| place.get(&ids.borrow()).clone()));
        let mut readers = open(&relay, places.collect())?;
        // in the end every set changes, so that every reader hears something
        for set in edits.into_iter().chain(SETS) {
            *editions.borrow_mut() += 1;
            edit(&relay, set, *editions.borrow())?;
        }
        for reader in &mut readers {
            reader.read_to(
                *editions.borrow() - SETS.len()
                    + SETS.iter().position(|set| *set == reader.set).unwrap_or_default()
                    + 1,
            )?;
            reader.check()?;
            ids.borrow_mut().extend(reader.ids());
        }
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Opens a stream of each kind for each set; `places` are what they say they have seen.
fn open(relay: &Relay, places: Vec<Option<String>>) -> io::Result<Vec<Reader>> {
    let kinds = SETS
        .into_iter()
        .flat_map(|set| READERS.map(|(path, key)| (set, path, key)));
    let readers = kinds.zip(places).map(|((set, path, key), place)| {
        let mut request = Request::get(&format!("{path}?apiKey={set}-{key}"));
        if path.contains("/ws/") {
            request = request
                .header("Connection", "Upgrade")
                .header("Upgrade", "websocket")
                .header("Sec-WebSocket-Version", "13")
                .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        } else if let Some(place) = place {
            request = request.header("Last-Event-ID", &place);
        }
        let mut connection = relay.connect()?;
        connection.write(&request.to_bytes("localhost"))?;
        let head = connection.receive_head()?;
        assert!(
            [101, 200].contains(&head.status),
            "{request:?} is answered with {}",
            head.status
        );
        Ok(Reader {
            set,
            connection,
            heard: String::new(),
        })
    });
    readers.collect()
}

/// Changes the flags of a set.
fn edit(relay: &Relay, set: &str, edition: usize) -> Result<(), TestCaseError> {
    let (name, secret) = (name(set), secret(set));
    let text = format!(
        "{}{name}edition-{edition}:\n  variations: {{{secret}-on: {secret}-{edition}}}\n  defaultRule: {{variation: {secret}-on}}\n",
        flags(set)
    );
    relay.workspace().write(&format!("{set}.yaml"), &text)?;
    let refresh = Request::post(
        &format!("/admin/v1/retriever/refresh?flagset={set}"),
        &serde_json::json!({}),
    );
    let answer = relay.ask(&refresh.header("X-API-Key", "admin-key"));
    prop_assert_eq!(answer.json(), serde_json::json!({"refreshed": true}));
    Ok(())
}

impl Reader {
    /// Reads until an edition of its set was told.
    fn read_to(&mut self, edition: usize) -> io::Result<()> {
        let wanted = format!("\"added\":{{\"{}edition-{edition}\"", name(self.set));
        while !self.heard.contains(&wanted) {
            self.heard.push_str(&self.connection.line()?);
            self.heard.push('\n');
        }
        Ok(())
    }

    fn check(&self) -> Result<(), TestCaseError> {
        for set in SETS.into_iter().filter(|set| *set != self.set) {
            let (name, secret) = (name(set), secret(set));
            prop_assert!(
                !self.heard.contains(&name) && !self.heard.contains(&secret),
                "a reader of {} hears of {set}: {}",
                self.set,
                self.heard
            );
        }
        Ok(())
    }

    /// The places in the stream that it was told.
    fn ids(&self) -> Vec<String> {
        let ids = self.heard.lines().filter_map(|line| line.strip_prefix("id: "));
        ids.map(str::to_owned).collect()
    }
}
