//! What can happen to a pipeline.

use crate::fake_aws;

/// One thing that happens. Numbers of uploads and events are taken modulo how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// A client declares an upload, with a grant that can be used once or again and again.
    Declare {
        /// Whether once.
        write_once: bool,
    },
    /// A client sends a file, right or wrong. A second one is refused where the grant can be used once, as the store does.
    Put {
        /// Which upload.
        upload: usize,
        /// Whether it keeps what was promised.
        right: bool,
    },
    /// The store's event reaches the queue: for the first time, once more, early or late. One that never does is lost.
    Tell {
        /// Which event.
        event: usize,
    },
    /// A worker does a step, from beginning to end.
    Do(Step),
    /// Another worker begins a step, and gets as far as this request: just before it is carried out, or just after, when
    /// its answer is on the way. There are two such workers at the most; the first goes on when a third begins.
    Begin(Step, Seam, Side),
    /// Such a worker goes on, to the end.
    Finish {
        /// Which of them.
        worker: usize,
    },
    /// Such a worker is killed where it is.
    Crash {
        /// Which of them.
        worker: usize,
    },
    /// The next such request is refused.
    Refuse(Seam),
    /// The next such request is carried out, and its answer is lost.
    LoseReply(Seam),
    /// Time passes.
    Pass {
        /// In seconds.
        seconds: u32,
    },
    /// A client says that it has sent everything.
    Hint {
        /// Which upload.
        upload: usize,
    },
    /// A client takes an upload back, or deletes it.
    Cancel {
        /// Which upload.
        upload: usize,
    },
}

/// What a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Takes what the queue has, settles and answers it.
    Take,
    /// Looks at all that is due.
    Sweep,
    /// Deletes what nobody wants.
    CleanUp,
}

/// On which side of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It is not carried out yet.
    Before,
    /// It is, and its answer is on the way.
    After,
}

/// A request between the parts, at which things go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seam {
    /// The look at an object.
    Look,
    /// The copy to where an object stays.
    Copy,
    /// The answer to the queue.
    Answer,
    /// The deletion of objects.
    Delete,
}

impl Seam {
    pub(super) fn op(self) -> fake_aws::Op {
        match self {
            Self::Look => fake_aws::Op::GetObject,
            Self::Copy => fake_aws::Op::CopyObject,
            Self::Answer => fake_aws::Op::DeleteMessageBatch,
            Self::Delete => fake_aws::Op::DeleteObjects,
        }
    }
}
