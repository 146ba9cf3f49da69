//! Carrying out a list of operations, and comparing what comes of each with the model.

use std::collections::HashSet;
use std::sync::Arc;

use sluice_common::domain::UploadId;
use sluice_worker::MOST_CUT_OFF;
use tokio::task::JoinHandle;

use super::bench::{BUCKET, Bench, QUEUE, STORE};
use super::hands::Hands;
use super::known::{File, Known};
use super::{Op, Seam, Side, Step, rest};
use crate::fake_aws::{FakeAws, Gate};
use crate::{files, soak};

/// A step that was begun and waits at a seam.
pub(super) struct Begun {
    worker: Hands,
    pub(super) step: Step,
    done: JoinHandle<()>,
    gate: Gate,
}

/// A list of operations being carried out.
pub(super) struct Run<'a> {
    pub(super) bench: &'a Bench,
    /// In seconds from the beginning.
    pub(super) now: u64,
    pub(super) uploads: Vec<(UploadId, Known)>,
    pub(super) begun: Vec<Begun>,
    /// How many steps had a worker that crashed.
    cut_off: usize,
    /// All keys in the bucket when it was last looked at.
    pub(super) keys: HashSet<String>,
    worker: Hands,
    /// The bodies of the events that came to the queue since it was last emptied.
    told: Vec<String>,
    /// The events that came to the queue at any time, by their numbers.
    pub(super) ever_told: HashSet<usize>,
    /// Whether something will go wrong with a coming request.
    armed: bool,
    files: u32,
}

/// Carries out these operations, brings everything to rest, and checks what must hold.
///
/// # Errors
/// A sentence saying what should not be so.
pub async fn check(bench: &mut Bench, ops: &[Op]) -> Result<(), String> {
    bench.clear().await;
    let mut run = Run::new(bench).await;
    for (place, op) in ops.iter().enumerate() {
        run.carry_out(*op).await.map_err(|why| format!("after operation {place}, {op:?}: {why}"))?;
    }
    rest::come_to_rest(&mut run).await.map_err(|why| format!("at rest: {why}"))
}

impl<'a> Run<'a> {
    async fn new(bench: &'a Bench) -> Self {
        let worker = bench.worker().await;
        let (uploads, told, keys) = (Vec::new(), Vec::new(), HashSet::new());
        Self {
            bench,
            now: 0,
            uploads,
            begun: Vec::new(),
            cut_off: 0,
            keys,
            worker,
            told,
            ever_told: HashSet::new(),
            armed: false,
            files: 0,
        }
    }

    pub(super) async fn carry_out(&mut self, op: Op) -> Result<(), String> {
        match op {
            Op::Declare { write_once } => self.declare(write_once).await,
            Op::Put { upload, right } => self.put(upload, right),
            Op::Tell { event } => self.tell(event),
            Op::Pass { seconds } => self.pass(seconds).await,
            Op::Hint { upload } => self.hint(upload).await,
            Op::Refuse(seam) | Op::LoseReply(seam) => self.arm(seam, matches!(op, Op::Refuse(_))),
            Op::Cancel { upload } => return self.cancel(upload).await,
            Op::Do(step) => return self.do_step(step).await,
            Op::Begin(step, seam, side) => return self.begin(step, seam, side).await,
            Op::Finish { worker } => return self.finish(worker).await,
            Op::Crash { worker } => return self.crash(worker).await,
        }
        self.look(None, None).await
    }

    async fn declare(&mut self, write_once: bool) {
        let (id, grant_key) = self.bench.declare(write_once).await;
        self.uploads.push((id, Known::new(grant_key, write_once, self.now + self.bench.finish_within())));
    }

    fn put(&mut self, upload: usize, right: bool) {
        let Some(place) = upload.checked_rem(self.uploads.len()) else { return };
        let known = &mut self.uploads[place].1;
        if known.write_once && self.bench.fake.object(BUCKET, &known.grant_key).is_some() {
            return;
        }
        self.files += 1;
        let bytes = file(self.files, right);
        let etag = soak::etag_of(&bytes);
        self.bench.fake.put_object(BUCKET, &known.grant_key, bytes);
        self.keys.insert(known.grant_key.clone());
        known.lies_there(Some(File { etag, right }));
    }

    pub(super) fn tell(&mut self, event: usize) {
        let events = self.bench.fake.bodies(STORE);
        if let Some(place) = event.checked_rem(events.len()) {
            self.bench.fake.send_message(QUEUE, &events[place]);
            self.told.push(events[place].to_string());
            self.ever_told.insert(place);
        }
    }

    async fn pass(&mut self, seconds: u32) {
        self.bench.pass(u64::from(seconds)).await;
        self.now += u64::from(seconds);
    }

    async fn hint(&mut self, upload: usize) {
        if let Some(place) = upload.checked_rem(self.uploads.len()) {
            self.bench.hint(self.uploads[place].0).await;
        }
    }

    fn arm(&mut self, seam: Seam, refuses: bool) {
        self.armed = true;
        let once = self.bench.fake.on(seam.op()).times(1);
        if refuses { once.answer(403, "AccessDenied") } else { once.drop_reply() }
    }

    /// Nothing goes wrong any more with requests to come.
    pub(super) fn disarm(&mut self) {
        self.armed = false;
        self.bench.fake.heal();
    }

    async fn cancel(&mut self, upload: usize) -> Result<(), String> {
        let Some(place) = upload.checked_rem(self.uploads.len()) else { return Ok(()) };
        let id = self.uploads[place].0;
        self.bench.cancel(id).await;
        self.look(None, Some(id)).await
    }

    /// With nothing going wrong, the model knows what comes of a step.
    async fn do_step(&mut self, step: Step) -> Result<(), String> {
        let must = if self.armed || self.may_be_deadly() { Vec::new() } else { self.must(step) };
        if step == Step::Sweep {
            self.bench.make_due().await;
        }
        self.worker.begin(step).await.map_err(|panic| panic.to_string())?;
        self.over(step);
        self.look(Some(step), None).await?;
        self.compare(&must)
    }

    /// Whether so many looks have not ended that a worker may leave an object alone. Whose looks they were is not known here.
    pub(super) fn may_be_deadly(&self) -> bool {
        self.cut_off + self.begun.len() >= usize::from(MOST_CUT_OFF.unsigned_abs())
    }

    /// The pending uploads that this step must look at, and what they must be then.
    fn must(&self, step: Step) -> Vec<(UploadId, &'static str)> {
        let looked_at = |known: &Known| match step {
            Step::Take => self.told.iter().any(|body| body.contains(&known.grant_key)),
            Step::Sweep => true,
            Step::CleanUp => false,
        };
        let pending = self.uploads.iter().filter(|(_, known)| known.seen.status == "pending" && looked_at(known));
        pending.map(|(id, known)| (*id, known.must_be(step, self.now))).collect()
    }

    fn compare(&self, must: &[(UploadId, &'static str)]) -> Result<(), String> {
        for (id, status) in must {
            let (_, known) = self.uploads.iter().find(|(other, _)| other == id).expect("it is known");
            let is = known.seen.status.as_str();
            // A step that was begun may come first with what it has seen; whether it might have has been checked.
            if is != *status && (self.begun.is_empty() || is == "pending") {
                return Err(format!("upload {id} is {is}, and must be {status}"));
            }
        }
        Ok(())
    }

    async fn begin(&mut self, step: Step, seam: Seam, side: Side) -> Result<(), String> {
        if self.begun.len() > 1 {
            self.finish(0).await?;
        }
        self.disarm();
        if step == Step::Sweep {
            self.bench.make_due().await;
        }
        let (fake, worker) = (&self.bench.fake, self.bench.worker().await);
        let once = fake.on(seam.op()).times(1);
        let gate = if side == Side::Before { once.hold() } else { once.hold_reply() };
        let there = reaches(Arc::clone(fake), seam, side);
        let mut done = worker.begin(step);
        let waits = tokio::select! {
            () = there => true,
            ended = &mut done => ended.map(|()| false).map_err(|panic| panic.to_string())?,
        };
        self.over(step);
        self.begun.extend(waits.then_some(Begun { worker, step, done, gate }));
        self.look(Some(step), None).await
    }

    /// What a step takes is taken, and nothing else goes wrong because of it.
    fn over(&mut self, step: Step) {
        if step == Step::Take {
            self.told.clear();
        }
        self.disarm();
    }

    pub(super) async fn finish(&mut self, worker: usize) -> Result<(), String> {
        let Some(Begun { worker, step, done, gate }) = self.pick(worker) else { return Ok(()) };
        gate.open();
        done.await.map_err(|panic| panic.to_string())?;
        drop(worker);
        self.look(Some(step), None).await
    }

    async fn crash(&mut self, worker: usize) -> Result<(), String> {
        let Some(Begun { worker, step, done, gate }) = self.pick(worker) else { return Ok(()) };
        self.cut_off += 1;
        let name = worker.name.clone();
        drop(worker);
        // When its task is gone, so are its connections, and its request is never carried out.
        let _ = done.await;
        drop(gate);
        self.bench.has_gone(&name).await;
        self.look(Some(step), None).await
    }

    fn pick(&mut self, worker: usize) -> Option<Begun> {
        Some(self.begun.remove(worker.checked_rem(self.begun.len())?))
    }
}

/// Waits until one more request gets to this side of the seam. What counts is how many there were when this is called.
fn reaches(fake: Arc<FakeAws>, seam: Seam, side: Side) -> impl Future<Output = ()> {
    let op = seam.op();
    let (seen, done) = (fake.count(op) + 1, fake.count_done(op) + 1);
    async move {
        match side {
            Side::Before => fake.seen(op, seen).await,
            Side::After => fake.done(op, done).await,
        }
    }
}

/// A file that there is only once, and whose size is its own: a picture, or what claims to be one.
fn file(number: u32, right: bool) -> Vec<u8> {
    let mut bytes = if right { files::png().bytes } else { files::script_as_png().bytes };
    bytes.extend(format!("{}\n", "#".repeat(number as usize)).bytes());
    bytes
}
