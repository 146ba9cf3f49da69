//! The model: what is known of an upload from outside, and what may and must become of it. No I/O, no clock.

use super::Step;

/// An upload as its row shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) status: String,
    pub(super) object_key: Option<String>,
    /// The etag of the object that was judged, in its quotes.
    pub(super) etag: Option<String>,
    /// Its size, in bytes.
    pub(super) size: Option<i64>,
}

/// A file that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub(super) etag: String,
    pub(super) right: bool,
}

/// What is known of an upload.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) grant_key: String,
    pub(super) write_once: bool,
    /// In seconds of the model's time.
    pub(super) deadline: u64,
    /// What lies under its grant's key now.
    pub(super) there: Option<File>,
    /// What lay there at any time since the step began that is under way: `None` for nothing.
    pub(super) lay_there: Vec<Option<File>>,
    pub(super) seen: Seen,
}

/// What is happening while a change is seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Happening<'a> {
    /// The steps that are under way: the one that was just done, and those that were begun.
    pub(super) steps: &'a [Step],
    /// Whether this upload's client has just taken it back.
    pub(super) taken_back: bool,
    /// Whether so many looks had not ended that a worker may take an object for one that nobody survives.
    pub(super) deadly: bool,
    pub(super) now: u64,
}

impl Happening<'_> {
    fn settles(&self) -> bool {
        self.steps.iter().any(|step| *step != Step::CleanUp)
    }
}

impl Known {
    /// One that was just declared.
    pub(super) fn new(grant_key: String, write_once: bool, deadline: u64) -> Self {
        let seen = Seen { status: "pending".to_owned(), object_key: None, etag: None, size: None };
        Self { grant_key, write_once, deadline, there: None, lay_there: vec![None], seen }
    }

    /// Whether what is seen of it now may have come of what was seen before.
    ///
    /// # Errors
    /// A sentence saying why not.
    pub(super) fn may_become(&self, new: &Seen, happening: Happening<'_>) -> Result<(), String> {
        if *new == self.seen {
            return Ok(());
        }
        match (self.seen.status.as_str(), new.status.as_str()) {
            ("pending", "confirmed") => self.may_be_judged(new, happening, true),
            ("pending", "rejected") => self.may_be_judged(new, happening, false),
            ("pending", "expired") => self.may_expire(happening),
            ("pending", "canceled") | ("confirmed", "deleted") if happening.taken_back => Ok(()),
            // Two steps: a worker under way came first.
            ("pending", "deleted") if happening.taken_back => self.may_be_judged(new, happening, true),
            _ => Err("that is no step that an upload takes".to_owned()),
        }
    }

    /// A verdict is about one object that lay there, and is the right one.
    fn may_be_judged(&self, new: &Seen, happening: Happening<'_>, accepted: bool) -> Result<(), String> {
        if !happening.settles() {
            return Err("nobody was looking".to_owned());
        }
        match self.lay_there.iter().flatten().find(|file| Some(&file.etag) == new.etag.as_ref()) {
            None => Err("that did not lie there".to_owned()),
            Some(file) if file.right != accepted => Err("that is the wrong verdict".to_owned()),
            Some(_) if accepted && self.write_once != (new.object_key.as_ref() == Some(&self.grant_key)) => {
                Err("a confirmed object stays where no grant can write any more".to_owned())
            }
            Some(_) => Ok(()),
        }
    }

    /// Only a sweep expires, only after the deadline, and only where nothing was that could be looked at.
    fn may_expire(&self, happening: Happening<'_>) -> Result<(), String> {
        if !happening.steps.contains(&Step::Sweep) {
            Err("nobody was sweeping".to_owned())
        } else if happening.now < self.deadline {
            Err("its deadline has not passed".to_owned())
        } else if !happening.deadly && self.lay_there.iter().all(Option::is_some) {
            Err("its object was there all the time".to_owned())
        } else {
            Ok(())
        }
    }

    /// What it must be once it has been looked at, with nothing going wrong.
    pub(super) fn must_be(&self, by: Step, now: u64) -> &'static str {
        match &self.there {
            Some(file) if file.right => "confirmed",
            Some(_) => "rejected",
            None if by == Step::Sweep && now >= self.deadline => "expired",
            None => "pending",
        }
    }

    /// Whether the object under this key may go, with the upload as it is now. What it waits for or has confirmed may not.
    pub(super) fn may_lose(&self, key: &str, now: &Seen) -> bool {
        match now.status.as_str() {
            "pending" => key != self.grant_key,
            "confirmed" => now.object_key.as_deref() != Some(key),
            _ => true,
        }
    }

    /// Something is there from now on, or nothing.
    pub(super) fn lies_there(&mut self, file: Option<File>) {
        self.there = file;
        self.lay_there.push(self.there.clone());
    }

    /// Nothing is under way any more: only what is there now counts from here on.
    pub(super) fn settle_down(&mut self) {
        self.lay_there = vec![self.there.clone()];
    }
}
