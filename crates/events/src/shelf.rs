//! The events that somebody has still to read, and how far each reader is. Plain data: no clock, no locks, no tasks.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use crate::Event;
use crate::counts::{Counts, Loss};

/// Events in their order, numbered without gaps, and the readers that follow them. An event leaves when all have read it.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// Number of the first event.
    first: u64,
    events: VecDeque<Event>,
    bytes: usize,
    readers: Vec<Reader>,
    /// How often a reader has taken or settled something.
    steps: u64,
}

/// How far a reader is.
#[derive(Debug)]
struct Reader {
    name: Arc<str>,
    /// Number of the next event that it takes.
    next: u64,
    /// What it took and has not settled yet, under its numbers.
    held: Vec<(u64, Event)>,
    held_bytes: usize,
    counts: Arc<Counts>,
}

/// What a reader can take.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// These events; they stay with the reader until it settles them.
    Events(Vec<Event>),
    /// The next events are no longer here: from this number up to that one, exclusively.
    Elsewhere(u64, u64),
}

impl Shelf {
    /// A shelf whose first event will have this number.
    pub(crate) fn starting_at(first: u64) -> Self {
        Self {
            first,
            ..Self::default()
        }
    }

    /// Number of the first event that is here.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// Number that the next event will have.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.events.len() as u64
    }

    /// Bytes of everything that is here or in the hands of a reader.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes + self.readers.iter().map(|reader| reader.held_bytes).sum::<usize>()
    }

    /// How often a reader has taken something new or settled something.
    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }

    /// Appends events; how many bytes they take.
    pub(crate) fn append(&mut self, events: impl Iterator<Item = Event>) -> usize {
        let (mut count, mut bytes) = (0, 0);
        for event in events {
            count += 1;
            bytes += event.size();
            if !self.readers.is_empty() {
                self.events.push_back(event);
            }
        }
        if self.readers.is_empty() {
            // nobody will ever ask for them
            self.first += count;
            return bytes;
        }
        self.bytes += bytes;
        for reader in &self.readers {
            reader.counts.accept(count);
        }
        bytes
    }

    /// Lets a reader follow from a number on; its counters. One that is known goes on where it was.
    pub(crate) fn join(&mut self, name: &Arc<str>, from: u64) -> Arc<Counts> {
        if let Some(reader) = self.reader(name) {
            return Arc::clone(&reader.counts);
        }
        let counts = Arc::new(Counts::default());
        counts.accept(self.end() - from);
        self.readers.push(Reader {
            name: Arc::clone(name),
            next: from,
            held: Vec::new(),
            held_bytes: 0,
            counts: Arc::clone(&counts),
        });
        counts
    }

    /// Lets a reader go; how many events it has not settled.
    pub(crate) fn leave(&mut self, name: &str) -> u64 {
        let left = self.pending(name);
        self.readers.retain(|reader| *reader.name != *name);
        self.trim();
        left
    }

    /// How many events a reader has not settled: those that it holds and those that it has not taken.
    pub(crate) fn pending(&self, name: &str) -> u64 {
        let end = self.end();
        self.reader(name)
            .map_or(0, |reader| reader.held.len() as u64 + (end - reader.next))
    }

    /// How many of them are not in memory.
    pub(crate) fn elsewhere(&self, name: &str) -> u64 {
        self.reader(name)
            .map_or(0, |reader| self.first.saturating_sub(reader.next))
    }

    /// From which number on a reader would have to read again after a crash.
    pub(crate) fn settled(&self) -> impl Iterator<Item = (&Arc<str>, u64)> {
        self.readers.iter().map(|reader| {
            let held = reader.held.first().map(|(number, _)| *number);
            (&reader.name, held.unwrap_or(reader.next))
        })
    }

    /// The number that the slowest reader takes next.
    pub(crate) fn slowest(&self) -> u64 {
        let next = self.readers.iter().map(|reader| reader.next);
        next.min().unwrap_or_else(|| self.end())
    }

    /// The next events of a reader, at most so many and so many bytes, but at least one if there is one. What it holds already
    /// comes first.
    pub(crate) fn take(&mut self, name: &str, events: usize, bytes: usize) -> Taken {
        let first = self.first;
        let Some(reader) = self.readers.iter_mut().find(|reader| *reader.name == *name) else {
            return Taken::Events(Vec::new());
        };
        if reader.held.is_empty() {
            if reader.next < first {
                return Taken::Elsewhere(reader.next, first.min(reader.next + events as u64));
            }
            let there = self.events.range((reader.next - first) as usize..);
            let taken = fitting(there, events, bytes);
            let next = reader.next + taken.len() as u64;
            self.steps += u64::from(!taken.is_empty());
            reader.hold(taken, next);
        }
        let batch = fitting(reader.held.iter().map(|(_, event)| event), events, bytes);
        self.trim();
        Taken::Events(batch)
    }

    /// Gives a reader what was found elsewhere, in answer to [`Taken::Elsewhere`]: all that there is of these numbers.
    pub(crate) fn give(&mut self, name: &str, from: u64, to: u64, events: Vec<Event>) {
        let Some(reader) = self.readers.iter_mut().find(|reader| *reader.name == *name) else {
            return;
        };
        // it may have lost them meanwhile
        if reader.next == from && reader.held.is_empty() {
            reader.counts.lose(Loss::Spool, (to - from) - events.len() as u64);
            reader.hold(events, to);
        }
    }

    /// A reader is done with the first `count` events that it holds, but for those at these places.
    pub(crate) fn settle(&mut self, name: &str, count: usize, again: &[usize]) {
        let Some(reader) = self.readers.iter_mut().find(|reader| *reader.name == *name) else {
            return;
        };
        self.steps += u64::from(count > again.len());
        let again: HashSet<usize> = again.iter().copied().collect();
        let mut place = 0;
        reader.held.retain(|_| {
            let keep = place >= count || again.contains(&place);
            place += 1;
            keep
        });
        if !again.is_empty() {
            for (_, event) in &mut reader.held {
                *event = event.unpacked();
            }
        }
        reader.held_bytes = reader.held.iter().map(|(_, event)| event.size()).sum();
        if reader.held.is_empty() {
            reader.held = Vec::new();
        }
    }

    /// What readers have taken and not settled, under its numbers.
    pub(crate) fn held(&self) -> impl Iterator<Item = &(u64, Event)> {
        self.readers.iter().flat_map(|reader| &reader.held)
    }

    /// Nobody reads any more; what was not settled is lost.
    pub(crate) fn abandon(&mut self, loss: Loss) {
        let end = self.end();
        self.skip_to(end, loss);
        for reader in &mut self.readers {
            reader.counts.lose(loss, reader.held.len() as u64);
            reader.held = Vec::new();
            reader.held_bytes = 0;
        }
        self.trim();
    }

    /// So many events never came this far.
    pub(crate) fn miss(&self, events: u64) {
        for reader in &self.readers {
            reader.counts.accept(events);
            reader.counts.lose(Loss::Overrun, events);
        }
    }

    /// The number of the first event after those that take up so many bytes.
    pub(crate) fn number_after(&self, bytes: usize) -> u64 {
        let mut sum = 0;
        let taken = self.events.iter().take_while(|event| {
            let is_needed = sum < bytes;
            sum += event.size();
            is_needed
        });
        self.first + taken.count() as u64
    }

    /// Makes room: the readers that are farthest behind lose their oldest events, until everything takes no more than `bytes`
    /// or nothing is left that could be lost.
    pub(crate) fn forget(&mut self, bytes: usize) {
        let excess = self.bytes().saturating_sub(bytes);
        if excess == 0 {
            return;
        }
        self.skip_to(self.number_after(excess), Loss::Overflow);
        self.trim();
    }

    /// Lets the events below a number go. Readers that have not taken them will be told that they are elsewhere.
    pub(crate) fn unload(&mut self, until: u64) {
        while self.first < until
            && let Some(event) = self.events.pop_front()
        {
            self.bytes -= event.size();
            self.first += 1;
        }
    }

    /// The events from a number on, as long as they are here.
    pub(crate) fn from(&self, number: u64) -> impl Iterator<Item = (u64, &Event)> {
        let skipped = number.saturating_sub(self.first) as usize;
        let there = self.events.iter().enumerate().skip(skipped);
        there.map(|(place, event)| (self.first + place as u64, event))
    }

    /// Readers that have not taken events below this number lose them.
    pub(crate) fn skip_to(&mut self, number: u64, loss: Loss) {
        for reader in &mut self.readers {
            if reader.next < number {
                reader.counts.lose(loss, number - reader.next);
                reader.next = number;
            }
        }
    }

    fn reader(&self, name: &str) -> Option<&Reader> {
        self.readers.iter().find(|reader| *reader.name == *name)
    }

    /// Lets events go that all have taken.
    fn trim(&mut self) {
        self.unload(self.slowest());
    }
}

impl Reader {
    /// Takes the events that come before a number.
    fn hold(&mut self, events: Vec<Event>, next: u64) {
        self.held_bytes = events.iter().map(Event::size).sum();
        let first = next - events.len() as u64;
        self.held = (first..).zip(events).collect();
        self.next = next;
    }
}

/// As many of the first events as fit, but at least one.
fn fitting<'e>(events: impl Iterator<Item = &'e Event>, count: usize, bytes: usize) -> Vec<Event> {
    let mut sum = 0;
    let fits = |(place, event): &(usize, &Event)| {
        sum += event.text().len();
        *place == 0 || (*place < count && sum <= bytes)
    };
    events
        .enumerate()
        .take_while(fits)
        .map(|(_, event)| event.clone())
        .collect()
}
