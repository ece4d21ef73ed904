//! Messages between containers: what one sent is paired with what another received, in the order of the queue.

use serde::{Serialize, Serializer};
use std::collections::{HashMap, VecDeque};

/// The most messages that are drawn, and that wait to be paired at one endpoint.
pub(crate) const MOST_MESSAGES: usize = 8000;
const MOST_WAITING: usize = 1024;

/// A message. The containers are indices of tracks. Written as an array, since there are many.
pub(crate) struct Message {
    pub(crate) from: usize,
    pub(crate) to: Option<usize>,
    pub(crate) to_uid: String,
    pub(crate) sent_us: u64,
    /// `None` if it was not received.
    pub(crate) received_us: Option<u64>,
    pub(crate) bytes: u32,
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { from, to: reader, to_uid, sent_us, received_us, bytes } = self;
        (from, reader, to_uid, sent_us, received_us, bytes).serialize(to)
    }
}

/// The reader's uid and endpoint.
type Queue = (String, u32);

#[derive(Default)]
pub(crate) struct Messages {
    pub(crate) drawn: Vec<Message>,
    pub(crate) not_drawn: u64,
    waiting: HashMap<Queue, VecDeque<Option<usize>>>,
    /// Received before the sender's call was reported: its thread was late.
    early: HashMap<Queue, VecDeque<(usize, u64)>>,
}

impl Messages {
    pub(crate) fn sent(&mut self, from: usize, queue: Queue, sent_us: u64, bytes: u32) {
        let received = self.early.get_mut(&queue).and_then(VecDeque::pop_front);
        let number = (self.drawn.len() < MOST_MESSAGES).then_some(self.drawn.len());
        if number.is_some() {
            self.drawn.push(Message {
                from,
                to: received.map(|(to, _)| to),
                to_uid: queue.0.clone(),
                sent_us,
                received_us: received.map(|(_, at)| at.max(sent_us)),
                bytes,
            });
        } else {
            self.not_drawn += 1;
        }
        if received.is_none() {
            let waiting = self.waiting.entry(queue).or_default();
            waiting.push_back(number);
            // A queue of a device is far shorter.
            if waiting.len() > MOST_WAITING {
                waiting.pop_front();
            }
        }
    }

    pub(crate) fn received(&mut self, to: usize, queue: Queue, at_us: u64) {
        match self.waiting.get_mut(&queue).and_then(VecDeque::pop_front) {
            Some(number) => {
                if let Some(message) = number.and_then(|number| self.drawn.get_mut(number)) {
                    message.to = Some(to);
                    message.received_us = Some(at_us.max(message.sent_us));
                }
            }
            None => {
                let early = self.early.entry(queue).or_default();
                early.push_back((to, at_us));
                if early.len() > MOST_WAITING {
                    early.pop_front();
                }
            }
        }
    }

    /// The container starts or stops: its queues are empty.
    pub(crate) fn cleared(&mut self, uid: &str) {
        self.waiting.retain(|(reader, _), _| reader != uid);
        self.early.retain(|(reader, _), _| reader != uid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_paired_in_order_whoever_is_reported_first() {
        let mut messages = Messages::default();
        let queue = || ("b".to_owned(), 1);
        messages.sent(0, queue(), 10, 1);
        messages.sent(0, queue(), 20, 2);
        messages.received(1, queue(), 25);
        messages.received(1, queue(), 30);
        messages.received(1, queue(), 35);
        messages.sent(0, queue(), 34, 3);
        let times: Vec<_> = messages.drawn.iter().map(|m| (m.sent_us, m.received_us, m.bytes)).collect();
        assert_eq!(times, [(10, Some(25), 1), (20, Some(30), 2), (34, Some(35), 3)]);
    }

    #[test]
    fn what_a_queue_lost_is_not_received_by_what_comes_after() {
        let mut messages = Messages::default();
        let queue = || ("b".to_owned(), 1);
        messages.sent(0, queue(), 10, 1);
        messages.cleared("b");
        messages.sent(0, queue(), 20, 2);
        messages.received(1, queue(), 25);
        assert_eq!(messages.drawn[0].received_us, None);
        assert_eq!(messages.drawn[1].received_us, Some(25));
    }

    #[test]
    fn memory_is_bounded() {
        let mut messages = Messages::default();
        for at in 0..20_000 {
            messages.sent(0, ("b".to_owned(), 1), at, 1);
        }
        assert_eq!(messages.drawn.len() as u64 + messages.not_drawn, 20_000);
        assert_eq!(messages.drawn.len(), MOST_MESSAGES);
        assert!(messages.waiting.values().all(|waiting| waiting.len() <= MOST_WAITING));
    }
}
