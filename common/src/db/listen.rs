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

impl Db {
    /// Listens on a channel, with one connection of its own, for as long as the receiver lives. A lost connection is made
    /// again.
    pub fn listen(&self, channel: &'static str) -> mpsc::UnboundedReceiver<Heard> {
        let (heard, receiver) = mpsc::unbounded_channel();
        let db = self.clone();
        tokio::spawn(async move {
            let mut failures = 0;
            while !heard.is_closed() {
                let begun = Instant::now();
                if let Err(error) = db.listen_once(channel, &heard).await {
                    // A connection that lived for a while begins a new row of failures with its own.
                    failures = if begun.elapsed() > LIVED { 1 } else { failures + 1 };
                    if failures % QUIET == 1 {
                        tracing::warn!(error = %Chain(&error), failures, "no connection listens on {channel}; connecting again");
                    }
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        receiver
    }

    async fn listen_once(
        &self,
        channel: &str,
        heard: &mpsc::UnboundedSender<Heard>,
    ) -> Result<(), tokio_postgres::Error> {
        let (client, mut connection) = self.config.connect(self.tls.clone()).await?;
        let listening = async {
            client.batch_execute(&format!("LISTEN {channel}")).await?;
            let _ = heard.send(Heard::Anew);
            heard.closed().await;
            Ok(())
        };
        let driving = async {
            while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
                if let AsyncMessage::Notification(notification) = message? {
                    let _ = heard.send(Heard::Payload(notification.payload().to_owned()));
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
