//! What one delivery comes to: every record in it settled, or an answer that says why not.

use std::time::Duration;

use sluice_common::chain::Chain;
use sluice_common::db::timeline::Cause;
use sluice_common::domain::ObjectKey;

use crate::envelope::{self, ObjectEvent, Record};
use crate::queue::{Answer, Delivery};
use crate::settle::{SettleError, Settled, Settler};

/// How often an event may come whose upload is not there yet, before it is taken for one that never will be. A row is
/// committed before its grant is given away, so only a lagging replica or a restored backup could be behind.
const UNKNOWN_TIMES: u32 = 4;
/// How long such an event waits each time.
const UNKNOWN_WAIT: Duration = Duration::from_secs(5);

/// How often a message may be handed out. One that comes more often kills whoever takes it, or nobody can settle it; its
/// upload is left to the sweep. Below the queue's own limit, past which it would lie in the dead-letter queue.
pub(crate) const MOST_TIMES: u32 = 6;

/// Settles everything that a message speaks of.
pub async fn settle_delivery(settler: &Settler, delivery: &Delivery) -> Answer {
    if delivery.times > MOST_TIMES {
        return Answer::Never(format!("it was handed out {} times and never settled", delivery.times - 1));
    }
    let records = match envelope::parse(&delivery.body) {
        Ok(records) => records,
        Err(unreadable) => return Answer::Never(unreadable.to_string()),
    };
    let mut answer = Answer::Done;
    for record in records {
        answer = worse(answer, settle_record(settler, delivery, record).await);
    }
    answer
}

async fn settle_record(settler: &Settler, delivery: &Delivery, record: Record) -> Answer {
    match record {
        Record::Created(event) if event.bucket == settler.bucket() => settle_event(settler, delivery, event).await,
        // An event of another bucket is none of our business, and its name is never used in a request.
        Record::Created(_) => count("foreign"),
        Record::Ignored { .. } => count("ignored"),
        Record::Unreadable(unreadable) => Answer::Never(unreadable.to_string()),
    }
}

fn count(kind: &'static str) -> Answer {
    metrics::counter!("sluice_records_total", "kind" => kind).increment(1);
    Answer::Done
}

async fn settle_event(settler: &Settler, delivery: &Delivery, event: ObjectEvent) -> Answer {
    let happened_at = event.time.as_ref().and_then(|time| time.parse().ok());
    let cause = Cause::Event(delivery.message_id.clone(), happened_at);
    match settler.settle_event(&event, delivery.times, cause).await {
        Ok(Settled::UnknownUpload) if delivery.times >= UNKNOWN_TIMES => {
            Answer::Never("there is no upload of this object".to_owned())
        }
        Ok(Settled::Deadly) => Answer::Never("nobody has survived a look at its object".to_owned()),
        // The copy is recorded soon, or is found to be unwanted when its upload has ended otherwise.
        Ok(Settled::PromotionUnderWay) => Answer::Later(back_off(delivery.times)),
        Ok(Settled::UnknownUpload) => Answer::Later(UNKNOWN_WAIT),
        Ok(Settled::Foreign) => count("foreign"),
        Ok(settled) => {
            tracing::debug!(
                message.id = %delivery.message_id, event.name = %event.name, event.time = event.time,
                size_bytes = event.size, outcome = ?settled, "settled an event"
            );
            count("settled")
        }
        Err(error) => put_off(delivery, &event, &error),
    }
}

fn put_off(delivery: &Delivery, event: &ObjectEvent, error: &SettleError) -> Answer {
    let wait = back_off(delivery.times);
    tracing::warn!(
        error = %Chain(error), upload.id = ObjectKey::upload_id(&event.key).map(|id| id.to_string()),
        message.id = %delivery.message_id, times = delivery.times, wait_ms = wait.as_millis(),
        "could not settle an event; it comes again"
    );
    Answer::Later(wait)
}

/// Of two answers, the one that keeps the message longer.
fn worse(one: Answer, other: Answer) -> Answer {
    match (one, other) {
        // What can still be settled comes first: the unreadable part is reported when it is.
        (Answer::Later(one), Answer::Later(other)) => Answer::Later(one.max(other)),
        (Answer::Later(time), _) | (_, Answer::Later(time)) => Answer::Later(time),
        (Answer::Never(why), _) | (_, Answer::Never(why)) => Answer::Never(why),
        (Answer::Done, Answer::Done) => Answer::Done,
    }
}

/// 4 s at first, four times as long with each delivery, and 5 min at the most; up to half of it is left to chance, so that
/// what failed together does not come again together. In whole seconds, as the queue counts. All the deliveries that a
/// message may have take 5 to 11 minutes.
fn back_off(times: u32) -> Duration {
    let full = (1_u64 << (2 * times.clamp(1, 5))).min(300);
    Duration::from_secs(rand::random_range(full / 2..=full))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_message_is_kept_as_long_as_any_part_of_it_needs_it() {
        let later = |seconds| Answer::Later(Duration::from_secs(seconds));
        let never = || Answer::Never("why".to_owned());
        assert_eq!(worse(Answer::Done, Answer::Done), Answer::Done);
        assert_eq!(worse(Answer::Done, never()), never());
        assert_eq!(worse(never(), later(1)), later(1));
        assert_eq!(worse(later(1), Answer::Done), later(1));
        assert_eq!(worse(later(1), later(2)), later(2));
    }

    #[test]
    fn a_message_that_fails_again_waits_longer_but_never_for_ever() {
        for times in [0, 1, 2, 8, 9, 1000, u32::MAX] {
            let wait = back_off(times);
            assert!(wait >= Duration::from_secs(1) && wait <= Duration::from_mins(5), "{times}: {wait:?}");
        }
        assert!(back_off(8) > back_off(1));
        let first: HashSet<Duration> = (0..100).map(|_| back_off(1)).collect();
        assert_eq!(first.len(), 3, "what failed together comes again at different times");
    }
}
