//! Hearing of changes as they are committed, through Postgres' `LISTEN`.

use std::future::poll_fn;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_postgres::AsyncMessage;

use super::Db;
use crate::chain::Chain;

/// Verdicts and other ends of `pending`: the payload lists upload ids, separated by commas.
pub const DECIDED: &str = "sluice_decided";
/// Uploads that a worker should look at now.
pub const DUE: &str = "sluice_due";
/// API keys that work for less long than they did, each by its id, and those whose operator has signed out.
pub const KEYS: &str = "sluice_keys";

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The connection is new: whatever was said before may have been missed.
    Anew,
    /// A notification's payload.
    Payload(String),
}

/// Of so many attempts in a row that fail, the first is logged.
const QUIET: u32 = 30;
/// A connection that was there for this long had not failed.
const LIVED: Duration = Duration::from_mins(1);
/// How long to wait before connecting again.
const PAUSE: Duration = Duration::from_secs(1);

/// Who hears of one channel.
struct Listener {
    channel: &'static str,
    heard: mpsc::UnboundedSender<Heard>,
}

impl Db {
    /// Listens on some channels, with one connection of their own, for as long as one of the receivers lives. A lost
    /// connection is made again.
    pub fn listen<const N: usize>(&self, channels: [&'static str; N]) -> [mpsc::UnboundedReceiver<Heard>; N] {
        let mut listeners = Vec::with_capacity(N);
        let receivers = channels.map(|channel| {
            let (heard, receiver) = mpsc::unbounded_channel();
            listeners.push(Listener { channel, heard });
            receiver
        });
        let db = self.clone();
        tokio::spawn(async move {
            let mut failures = 0;
            while !listeners.iter().all(|listener| listener.heard.is_closed()) {
                let begun = Instant::now();
                if let Err(error) = db.listen_once(&listeners).await {
                    // A connection that lived for a while begins a new row of failures with its own.
                    failures = if begun.elapsed() > LIVED { 1 } else { failures + 1 };
                    if failures % QUIET == 1 {
                        let channels = channels.join(", ");
                        tracing::warn!(error = %Chain(&error), failures, "no connection listens on {channels}; connecting again");
                    }
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        receivers
    }

    async fn listen_once(&self, listeners: &[Listener]) -> Result<(), tokio_postgres::Error> {
        let (client, mut connection) = self.config.connect(self.tls.clone()).await?;
        let listening = async {
            let listens = listeners.iter().map(|listener| format!("LISTEN {}", listener.channel));
            client.batch_execute(&listens.collect::<Vec<_>>().join("; ")).await?;
            for listener in listeners {
                let _ = listener.heard.send(Heard::Anew);
            }
            for listener in listeners {
                listener.heard.closed().await;
            }
            Ok(())
        };
        let driving = async {
            while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
                if let AsyncMessage::Notification(said) = message?
                    && let Some(listener) = listeners.iter().find(|listener| listener.channel == said.channel())
                {
                    let _ = listener.heard.send(Heard::Payload(said.payload().to_owned()));
                }
            }
            Ok(())
        };
        tokio::select! {
            ended = listening => ended,
            ended = driving => ended,
        }
    }
}
