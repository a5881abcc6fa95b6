use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use flagstaff_backend::Surroundings;
use serde_json::json;
use tokio::time::{advance, sleep};

use super::*;
use crate::Announcer;
use crate::testing::{Scripted, written};

/// Claims as replicas of one process see them; it may be out of order.
#[derive(Debug, Default)]
struct Blackboard {
    claims: Mutex<HashMap<String, (String, Instant)>>,
    trouble: Option<&'static str>,
}

impl Lock for Blackboard {
    fn claim<'a>(&'a self, subjects: &'a [String], lookback: Duration, owner: &'a str) -> Claiming<'a> {
        Box::pin(async move {
            match self.trouble {
                Some("hangs") => return std::future::pending().await,
                Some(trouble) => return Err(trouble.to_owned()),
                None => {}
            }
            let mut claims = self.claims.lock().unwrap();
            let mut claim = |subject: &String| {
                let held = claims.get(subject);
                let is_free = held.is_none_or(|(holder, at)| holder == owner || at.elapsed() >= lookback);
                if is_free {
                    claims.insert(subject.clone(), (owner.to_owned(), Instant::now()));
                }
                is_free
            };
            Ok(subjects.iter().map(&mut claim).collect())
        })
    }

    fn place(&self) -> String {
        "blackboard".to_owned()
    }
}

fn shared(blackboard: &Arc<Blackboard>) -> NotifierLock {
    NotifierLock {
        kind: "blackboard",
        options: Arc::default(),
        lock: Arc::<Blackboard>::clone(blackboard) as _,
    }
}

/// A replica: it polls, and tells a notifier of its own.
struct Replica {
    phase: u64,
    announcer: Announcer,
    notifier: Arc<Scripted>,
    known: &'static str,
    polled: Instant,
    /// How many of its messages were looked at.
    seen: usize,
}

impl Replica {
    fn new(phase: u64, blackboard: Option<&Arc<Blackboard>>) -> Self {
        let (announcer, notifier) = (Announcer::start(), Scripted::new(&[]));
        announcer.recruit(&[notifier.recipient("one")], blackboard.map(shared), None);
        Self {
            phase,
            announcer,
            notifier,
            known: "on",
            polled: Instant::now(),
            seen: 0,
        }
    }

    fn poll(&mut self, flag: &'static str) {
        if flag != self.known {
            self.announcer.tell(News {
                known_until: Some(self.polled),
                ..written(&format!("flag:{}>{flag}", self.known))
            });
        }
        self.known = flag;
        self.polled = Instant::now();
    }
}

/// What two replicas tell in two minutes that poll every ten seconds, at different moments, while a flag changes at some: the state
/// that was told, by the second.
async fn told(changes: &[(u64, &'static str)], blackboard: Option<&Arc<Blackboard>>) -> Vec<(u64, String)> {
    let mut replicas = [Replica::new(0, blackboard), Replica::new(5, blackboard)];
    let changes: BTreeMap<u64, &str> = changes.iter().copied().collect();
    let mut all = Vec::new();
    for second in 0..120 {
        let flag = changes.range(..=second).next_back().map_or("on", |(_, flag)| *flag);
        for replica in &mut replicas {
            if second % 10 == replica.phase {
                replica.poll(flag);
            }
            // whatever there is to do is done before time goes on
            sleep(Duration::from_millis(1)).await;
            let attempts = replica.notifier.attempts();
            for news in &attempts[replica.seen..] {
                let new = news.flags["flag"].new.clone().unwrap_or_default();
                all.push((second, String::from_utf8(new.to_vec()).unwrap()));
            }
            replica.seen = attempts.len();
        }
        advance(Duration::from_millis(998)).await;
    }
    all
}

#[tokio::test(start_paused = true)]
async fn one_of_two_replicas_tells_each_change_and_each_time() {
    for (changes, expected) in [
        // the first to see it tells it
        (&[(7, "off")][..], &[(10, "off")][..]),
        (&[(12, "off")], &[(15, "off")]),
        // on, off, on, off: each time
        (
            &[(12, "off"), (31, "on"), (57, "off")],
            &[(15, "off"), (35, "on"), (60, "off")],
        ),
        // as fast as polls can see it
        (
            &[(12, "off"), (22, "on"), (32, "off"), (42, "on")],
            &[(15, "off"), (25, "on"), (35, "off"), (45, "on")],
        ),
        // what only one of them sees is told as well
        (&[(12, "off"), (17, "on")], &[(15, "off"), (25, "on")]),
        // three states of which one replica sees two
        (&[(12, "off"), (17, "other")], &[(15, "off"), (20, "other")]),
        (&[], &[]),
    ] {
        let blackboard = Arc::default();
        let expected: Vec<_> = expected
            .iter()
            .map(|(second, flag)| (*second, (*flag).to_owned()))
            .collect();
        assert_eq!(told(changes, Some(&blackboard)).await, expected, "{changes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_lock_that_works_every_replica_tells() {
    let broken = |trouble| {
        Some(Arc::new(Blackboard {
            trouble: Some(trouble),
            ..Blackboard::default()
        }))
    };
    for blackboard in [None, broken("cannot connect"), broken("hangs")] {
        let told = told(&[(7, "off"), (67, "on")], blackboard.as_ref()).await;
        let flags: Vec<_> = told.iter().map(|(_, flag)| &**flag).collect();
        assert_eq!(flags, ["off", "off", "on", "on"], "{blackboard:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn claims_are_of_one_flag_set_and_one_flag() {
    let blackboard = Arc::default();
    let (one, other) = (Claimant::new(shared(&blackboard)), Claimant::new(shared(&blackboard)));
    assert_eq!(one.share(written("a:1>2 b:>1"), Some("x")).await, written("a:1>2 b:>1"));
    assert_eq!(other.share(written("a:1>2"), Some("y")).await, written("a:1>2"));
    assert_eq!(
        other.share(written("a:0>2 b:>2 c:>1 b2:>1"), Some("x")).await,
        written("b:>2 c:>1 b2:>1"),
        "what it was before does not matter"
    );
    advance(MEMORY).await;
    assert_eq!(other.share(written("a:1>2"), Some("x")).await, written("a:1>2"));
}

#[test]
fn kinds_are_known_or_told() {
    for (options, expected) in [
        (
            json!({"kind": "etcd"}),
            "kind \"etcd\" is not supported; known kinds: redis, postgresql",
        ),
        (
            json!({"kind": "redis"}),
            "no \"redisOptions.addr\" property found for kind \"redis\"",
        ),
        (
            json!({"kind": "postgresql"}),
            "no \"uri\" property found for kind \"postgresql\"",
        ),
    ] {
        let built = NotifierLock::build(options.as_object().unwrap(), &Surroundings::default());
        assert_eq!(built.unwrap_err().to_string(), expected);
    }
}
