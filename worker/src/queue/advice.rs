//! Whether the queue is set up as a worker needs it. One that is not works, and loses what an operator hopes for in an outage.

use std::time::Duration;

use sluice_common::chain::Chain;

use super::{Manners, Queue};
use crate::deliver::MOST_TIMES;
use crate::times::Times;

/// Logs what is not as it should be.
pub async fn give(queue: &Queue, times: &Times) {
    match queue.manners().await {
        Ok(manners) => complaints(manners, times).iter().for_each(|complaint| tracing::warn!("{complaint}")),
        Err(error) => tracing::warn!(error = %Chain(&error), "could not ask how the queue is set up"),
    }
}

fn complaints(manners: Manners, times: &Times) -> Vec<String> {
    // When a slow message is hidden anew at the latest.
    let needed = times.still_at_it + times.still_at_it / 2;
    let shows_too_soon = (manners.hidden <= needed).then(|| {
        let (is, needed) = (manners.hidden.as_secs(), needed.max(Duration::from_secs(1)).as_secs());
        format!("the queue's VisibilityTimeout is {is} s; up to {needed} s a slow message comes twice: use 60 s")
    });
    let too_few = manners.most_times.filter(|most| *most <= u64::from(MOST_TIMES)).map(|most| {
        format!(
            "the queue's maxReceiveCount is {most}; up to {MOST_TIMES} messages go to the dead-letter queue in an outage: use 8"
        )
    });
    shows_too_soon.into_iter().chain(too_few).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_is_impatient_is_complained_of() {
        let complaints = |hidden, most_times| {
            complaints(Manners { hidden: Duration::from_secs(hidden), most_times }, &Times::default()).len()
        };
        assert_eq!([complaints(60, Some(8)), complaints(60, None), complaints(30, Some(8))], [0, 0, 1]);
        assert_eq!(complaints(45, Some(6)), 2);
    }
}
