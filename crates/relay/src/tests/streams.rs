use std::task::Poll;

use crate::changes::Herald;
use crate::streams;
#[cfg(feature = "jwt")]
use crate::streams::hub::LANES;

use super::*;

const STREAM: &str = "GET /stream/v1/sse/flag/change";
const REFRESH: &str = "POST /admin/v1/retriever/refresh";
const ADMIN: [(&str, &str); 1] = [("x-api-key", "admin")];

/// A stream of events that a test reads.
pub(super) struct Events {
    status: u16,
    headers: HeaderMap,
    body: Content,
}

impl Relay {
    /// A relay that follows its flag sets.
    pub(super) async fn streaming(settings: &str) -> Self {
        let relay = Self::start(&format!("authorizedKeys: {{admin: [admin]}}\n{settings}")).await;
        let serving = relay.state.serving();
        for set in serving.flag_sets.all() {
            Herald::start(set, serving.flag_sets.are_named(), &relay.state);
        }
        relay
    }

    /// Serves other flags, and returns when they are served.
    pub(super) async fn edit(&self, flags: &str) {
        std::fs::write(self.folder.path().join("flags.yaml"), flags).unwrap();
        let line = format!("{REFRESH}?flagset=*");
        self.check(&line, &ADMIN, "", r#"200 {"refreshed":true}"#).await;
    }

    /// What happens of itself after a while.
    #[cfg(feature = "jwt")]
    pub(super) fn give_signs_of_life(&self) {
        for set in self.state.serving().flag_sets.started() {
            (0..LANES).for_each(|lane| set.hub.beat(lane));
        }
    }

    pub(super) async fn listen(&self, path: &str, headers: &[(&str, &str)]) -> Events {
        let (head, body) = self.send(path, headers, Bytes::new()).await.into_parts();
        Events {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        }
    }
}

impl Events {
    /// The next piece as it goes over the wire; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        let frame = self.body.frame().await?.unwrap();
        Some(String::from_utf8(frame.into_data().unwrap().into()).unwrap())
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }

    /// Whether something can be read without waiting.
    pub(super) async fn is_waiting(&mut self) -> bool {
        futures_util::poll!(std::pin::pin!(self.next())).is_ready()
    }

    /// Whether it has ended, which shows without waiting.
    pub(super) async fn has_ended(&mut self) -> bool {
        loop {
            match futures_util::poll!(std::pin::pin!(self.next())) {
                Poll::Ready(Some(_)) => {}
                Poll::Ready(None) => return true,
                Poll::Pending => return false,
            }
        }
    }

    /// The id and the data of the next message.
    pub(super) async fn message(&mut self) -> (u64, String) {
        loop {
            let event = self.next().await.expect("the stream goes on");
            if let Some((id, data)) = event.strip_prefix("id: ").and_then(|rest| rest.split_once("\ndata: ")) {
                return (id.parse().unwrap(), data.strip_suffix("\n\n").unwrap().to_owned());
            }
            assert!(matches!(&*event, ":\n\n") || event.starts_with("retry: "), "{event}");
        }
    }
}

/// One flag that serves a number.
pub(super) fn flag(value: u32) -> String {
    format!("f: {{variations: {{a: {value}}}, defaultRule: {{variation: a}}}}")
}

pub(super) fn updated(old: u32, new: u32) -> String {
    let value = |value| format!(r#"{{"variations":{{"a":{value}}},"defaultRule":{{"variation":"a"}}}}"#);
    format!(
        r#"{{"deleted":{{}},"added":{{}},"updated":{{"f":{{"old_value":{},"new_value":{}}}}}}}"#,
        value(old),
        value(new)
    )
}

const NOTHING: &str = r#"{"deleted":{},"added":{},"updated":{}}"#;

#[tokio::test]
async fn changes_are_told_in_order_with_growing_ids() {
    let relay = Relay::streaming("").await;
    relay.edit(&flag(0)).await;
    let mut events = relay.listen(STREAM, &[]).await;
    let header = |name: &str| events.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(events.status, 200);
    assert_eq!(header("content-type").as_deref(), Some("text/event-stream"));
    assert_eq!(header("cache-control").as_deref(), Some("no-cache"));
    assert_eq!(header("connection").as_deref(), Some("keep-alive"));
    let opening = events.next().await.unwrap();
    let (retry, id) = opening
        .split_once("\nid: ")
        .expect("the opening has an id to come back with");
    let retry: u64 = retry.strip_prefix("retry: ").unwrap().parse().unwrap();
    assert!((2250..=3750).contains(&retry), "{retry}");
    let mut last: u64 = id.trim_end().parse().unwrap();
    for value in 1..=3 {
        relay.edit(&flag(value)).await;
    }
    for value in 1..=3 {
        let (id, data) = events.message().await;
        assert_eq!(data, updated(value - 1, value));
        assert!(id > last, "{id} after {last}");
        last = id;
    }
}

#[tokio::test]
async fn who_comes_back_gets_what_it_missed() {
    let relay = Relay::streaming("").await;
    relay.edit(&flag(0)).await;
    let mut events = relay.listen(STREAM, &[]).await;
    let opening = events.next().await.unwrap();
    let first = opening.split_once("id: ").unwrap().1.trim_end().to_owned();
    for value in 1..=3 {
        relay.edit(&flag(value)).await;
    }
    let mut ids = vec![first];
    for _ in 1..=3 {
        ids.push(events.message().await.0.to_string());
    }
    for (known, id) in (0..).zip(&ids) {
        let mut events = relay.listen(STREAM, &[("last-event-id", id)]).await;
        for missed in known + 1..=3 {
            assert_eq!(events.message().await.1, updated(missed - 1, missed), "after {known}");
        }
        relay.edit(&flag(9)).await;
        assert_eq!(events.message().await.1, updated(3, 9), "nothing was told twice");
        relay.edit(&flag(3)).await;
    }
}

#[tokio::test]
async fn who_comes_back_from_elsewhere_is_to_fetch_everything() {
    let relay = Relay::streaming("").await;
    relay.edit(&flag(0)).await;
    for id in ["12", "0", "-3", "9223372036854775807"] {
        let mut events = relay.listen(STREAM, &[("last-event-id", id)]).await;
        let opening = events.next().await.unwrap();
        assert!(
            !opening.contains("id:"),
            "it keeps its id until it knows better: {opening}"
        );
        let (now, data) = events.message().await;
        assert_eq!(data, NOTHING, "{id}");
        let mut again = relay.listen(STREAM, &[("last-event-id", &now.to_string())]).await;
        relay.edit(&flag(1)).await;
        assert_eq!(events.message().await.1, updated(0, 1));
        assert_eq!(again.message().await.1, updated(0, 1));
        relay.edit(&flag(0)).await;
    }
    for id in ["abc", "1.5", "12 ", "9223372036854775808"] {
        let refused = relay.ask(STREAM, &[("last-event-id", id)], "").await;
        assert_eq!(
            (refused.status, &*refused.body),
            (400, "Last-Event-ID must be a number!\n"),
            "{id}"
        );
        assert_eq!(refused.header("cache-control"), "no-cache");
        assert_eq!(refused.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn who_is_slow_is_brought_up_to_date_with_one_message() {
    let relay = Relay::streaming("").await;
    let edit = |text: String| {
        let relay = &relay;
        async move { relay.edit(&format!("{FLAGS}{text}")).await }
    };
    let mut slow = relay.listen(STREAM, &[]).await;
    let mut quick = relay.listen(STREAM, &[]).await;
    slow.next().await;
    edit("gone: {variations: {a: 1}, defaultRule: {variation: a}}".to_owned()).await;
    quick.message().await;
    for value in 1..=100 {
        edit(flag(value)).await;
        quick.message().await;
    }
    let (id, data) = slow.message().await;
    let gone = r#""gone":{"variations":{"a":1},"defaultRule":{"variation":"a"}}"#;
    let added = r#""f":{"variations":{"a":100},"defaultRule":{"variation":"a"}}"#;
    assert_eq!(
        data,
        format!(r#"{{"deleted":{{{gone}}},"added":{{{added}}},"updated":{{}}}}"#),
        "what came and went is deleted, for somebody may know it"
    );
    edit(flag(0)).await;
    let (next, data) = slow.message().await;
    assert_eq!(data, updated(100, 0));
    assert!(next > id);
    let metrics = relay.ask("GET /metrics", &[], "").await.body;
    for line in [
        r#"flagstaff_streams_open{kind="sse"} 2"#,
        r#"flagstaff_streams_behind_total{kind="sse"} 1"#,
        r#"flagstaff_stream_messages_total{kind="sse"} 103"#,
    ] {
        assert!(
            metrics.lines().any(|known| known == line),
            "{line} is not in\n{metrics}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_broken_by_signs_of_life() {
    let relay = Relay::streaming("streams: {heartbeat: 4s}").await;
    let mut events = relay.listen(STREAM, &[]).await;
    events.next().await;
    let mut beats = Vec::new();
    for _ in 0..3 {
        assert_eq!(events.next().await.as_deref(), Some(":\n\n"));
        beats.push(tokio::time::Instant::now());
    }
    assert_eq!(beats[2] - beats[0], Duration::from_secs(8), "of tokio's paused clock");
}

#[tokio::test]
async fn too_many_are_asked_to_come_later() {
    let relay = Relay::streaming("streams: {maxOpen: 2}").await;
    let first = relay.listen(STREAM, &[]).await;
    let _second = relay.listen(STREAM, &[]).await;
    let refused = relay.ask(STREAM, &[], "").await;
    assert_eq!(
        (refused.status, refused.body.trim_end()),
        (503, r#"{"message":"too many streams are open, try again later"}"#)
    );
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((5..=20).contains(&seconds), "{seconds}");
    drop(first);
    assert_eq!(relay.listen(STREAM, &[]).await.status, 200);
}

#[tokio::test]
async fn streams_end_with_the_relay() {
    let relay = Relay::streaming("").await;
    let mut events = relay.listen(STREAM, &[]).await;
    events.next().await;
    let serving = relay.state.serving();
    let ended = async {
        while events.next().await.is_some() {}
        drop(events);
    };
    tokio::join!(streams::close(serving.flag_sets.started().map(|set| &*set.hub)), ended);
    let refused = relay.ask(STREAM, &[], "").await;
    assert_eq!(refused.status, 503);
}

#[tokio::test]
async fn streams_carry_the_set_of_their_key() {
    let settings = "flagsets:
  - {name: one, apiKeys: [first], retriever: FILE}
  - {name: other, apiKeys: [second], retriever: FILE, evaluationContextEnrichment: {a: 1}}
  - {name: gone, apiKeys: [third], retriever: {kind: file, path: missing.yaml}}";
    let relay = Relay::streaming(settings).await;
    let refused = r#"400 {"message":"no flag set associated to the API key"}"#;
    for key in ["third", "admin"] {
        relay.check(&format!("{STREAM}?apiKey={key}"), &[], "", refused).await;
    }
    relay.check(STREAM, &[], "", r#"401 {"message":"Unauthorized"}"#).await;
    let mut events = relay.listen(&format!("{STREAM}?apiKey=first&stream=other"), &[]).await;
    relay.edit(&flag(0)).await;
    assert!(events.message().await.1.contains(r#""added":{"f":"#));
}

#[tokio::test]
async fn browsers_learn_names_and_nothing_else() {
    let relay = Relay::streaming("apiKeys: [{key: web, scope: client}, back]").await;
    let mut web = relay.listen(&format!("{STREAM}?apiKey=web"), &[]).await;
    let mut back = relay.listen(&format!("{STREAM}?apiKey=back"), &[]).await;
    relay
        .edit(&FLAGS.replace("a: 1, b: 2", "a: 1, b: 3").replace("\non:", "\nother:"))
        .await;
    let (id, names) = web.message().await;
    assert_eq!(
        names,
        r#"{"deleted":{"on":{}},"added":{"other":{}},"updated":{"split":{}}}"#
    );
    let (same, whole) = back.message().await;
    assert_eq!(id, same);
    assert!(whole.contains(r#""new_value":{"variations":{"a":1,"b":3}"#), "{whole}");
}

/// Opens a stream with a key (none when it is empty), then edits the settings.
async fn check_edit(before: &str, key: &str, after: &str, ends: bool) {
    let relay = Relay::streaming(before).await;
    let line = match key {
        "" => STREAM.to_owned(),
        key => format!("{STREAM}?apiKey={key}"),
    };
    let mut events = relay.listen(&line, &[]).await;
    assert_eq!(events.status, 200);
    assert!(!events.has_ended().await);
    relay.configure(after);
    assert_eq!(events.has_ended().await, ends, "{key:?} of {before} after {after}");
}

#[tokio::test]
async fn streams_end_with_the_right_to_listen() {
    check_edit("apiKeys: [web, back]", "web", "apiKeys: [back]", true).await;
    check_edit("apiKeys: [web, back]", "back", "apiKeys: [back]", false).await;
    check_edit("apiKeys: [web]", "web", "apiKeys: [web, more]\nlogLevel: warn", false).await;
    let client = "apiKeys: [{key: web, scope: client}]";
    check_edit("apiKeys: [web]", "web", client, true).await;
    check_edit(client, "web", "apiKeys: [web]", false).await;
    check_edit("", "", "logLevel: warn", false).await;
    check_edit("", "", "apiKeys: [web]", true).await;
    let sets = "flagsets:
  - {name: one, apiKeys: [first], retriever: FILE}
  - {name: other, apiKeys: [second], retriever: FILE}";
    let added = sets.replace("[first]", "[first, third]");
    check_edit(sets, "first", &added, false).await;
    check_edit(&added, "third", sets, true).await;
    let moved = sets
        .replace("first", "?")
        .replace("second", "first")
        .replace('?', "second");
    check_edit(sets, "first", &moved, true).await;
}

#[tokio::test]
async fn a_stream_that_opens_while_its_key_goes_ends() {
    let relay = Relay::streaming("apiKeys: [web, back]").await;
    let mut events = relay.listen(&format!("{STREAM}?apiKey=web"), &[]).await;
    // nothing has been read yet
    relay.configure("apiKeys: [back]");
    assert!(events.next().await.unwrap().starts_with("retry: "));
    assert_eq!(events.next().await, None);
}
