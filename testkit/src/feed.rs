//! A stream of uploads, as a client reads one.

use std::collections::VecDeque;

use serde_json::Value;

use crate::PATIENCE;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// The upload.
    pub upload: Value,
}

impl Event {
    /// The upload's id and the status it came to.
    pub fn told(&self) -> (String, String) {
        let text = |field: &str| self.upload[field].as_str().expect("a text").to_owned();
        (text("id"), text("status"))
    }
}

/// An open stream. It reads as EventSource does.
pub struct Feed {
    response: reqwest::Response,
    unread: String,
    events: VecDeque<Event>,
    /// The last id that the stream gave, with an event or without.
    pub last_id: String,
    /// How many comments came.
    pub comments: usize,
    /// Whether it was broken off: its server never said that it is over.
    pub is_cut_off: bool,
    /// How soon to come back, in milliseconds, if the stream said so.
    pub retry: Option<u32>,
}

impl Feed {
    pub(crate) fn new(response: reqwest::Response) -> Self {
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            response,
            unread: String::new(),
            events: VecDeque::new(),
            last_id: String::new(),
            comments: 0,
            is_cut_off: false,
            retry: None,
        }
    }

    /// Waits until the stream says something.
    pub async fn begun(&mut self) {
        let begun = tokio::time::timeout(PATIENCE, self.read()).await.expect("it says something");
        assert!(begun, "it ended at once");
    }

    /// The next event. None at the end of the stream.
    pub async fn next(&mut self) -> Option<Event> {
        let waiting = async {
            while self.events.is_empty() && self.read().await {}
            self.events.pop_front()
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("an event comes, or the end")
    }

    /// The next events, so many of them.
    pub async fn take(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < count {
            events.push(self.next().await.expect("the stream goes on"));
        }
        events
    }

    /// Reads what has come. Says whether the stream goes on.
    pub async fn read(&mut self) -> bool {
        let chunk = self.response.chunk().await;
        self.is_cut_off = chunk.is_err();
        let Ok(Some(chunk)) = chunk else { return false };
        self.unread.push_str(std::str::from_utf8(&chunk).expect("whole blocks come together"));
        while let Some((block, rest)) = self.unread.split_once("\n\n") {
            let (block, rest) = (block.to_owned(), rest.to_owned());
            self.unread = rest;
            self.understand(&block);
        }
        true
    }

    fn understand(&mut self, block: &str) {
        let mut upload = None;
        for line in block.lines() {
            match line.split_once(": ").unwrap_or((line, "")) {
                ("id", id) => id.clone_into(&mut self.last_id),
                ("event", name) => assert!(["upload", "change"].contains(&name), "{name}"),
                ("data", json) => upload = Some(serde_json::from_str(json).expect("JSON")),
                ("retry", after) => self.retry = Some(after.parse().expect("a number")),
                (":", _) => self.comments += 1,
                other => panic!("a line of its own kind: {other:?}"),
            }
        }
        self.events.extend(upload.map(|upload| Event { id: self.last_id.clone(), upload }));
    }
}
