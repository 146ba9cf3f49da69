//! Looking at everything from outside, and whether what is seen may have come of what was seen before.

use std::collections::{HashMap, HashSet};

use sluice_common::domain::UploadId;

use super::Step;
use super::bench::BUCKET;
use super::known::{Happening, Seen};
use super::run::Run;
use crate::soak;

impl Run<'_> {
    /// Looks, after this step was done, or this upload taken back, or neither.
    ///
    /// # Errors
    /// A sentence saying what should not be so.
    pub(super) async fn look(&mut self, step: Option<Step>, taken_back: Option<UploadId>) -> Result<(), String> {
        // First the bucket: what is gone by then must have been unwanted in the database before.
        let keys: HashSet<String> = self.bench.fake.keys(BUCKET).into_iter().collect();
        let rows = self.bench.uploads().await;
        self.look_at_objects(&keys, &rows)?;
        let deadly = self.may_be_deadly();
        let steps: Vec<Step> = step.into_iter().chain(self.begun.iter().map(|begun| begun.step)).collect();
        for (id, known) in &mut self.uploads {
            let new = &rows[id];
            let happening = Happening { steps: &steps, taken_back: taken_back == Some(*id), deadly, now: self.now };
            let wrong = |why| format!("upload {id} became {new:?}, and {why}: {known:?}");
            known.may_become(new, happening).map_err(wrong)?;
            known.seen = new.clone();
            if self.begun.is_empty() {
                known.settle_down();
            }
        }
        Ok(())
    }

    /// What is gone was allowed to go, and what is confirmed is there as it was recorded.
    fn look_at_objects(&mut self, keys: &HashSet<String>, rows: &HashMap<UploadId, Seen>) -> Result<(), String> {
        let gone: Vec<&String> = self.keys.difference(keys).collect();
        for (id, known) in &mut self.uploads {
            let now = rows.get(id).ok_or_else(|| format!("upload {id} is gone"))?;
            let own = |key: &&&String| key.contains(&id.to_string());
            if let Some(key) = gone.iter().filter(own).find(|key| !known.may_lose(key, now)) {
                return Err(format!("the object {key} was deleted, and upload {id} is {now:?}"));
            }
            if known.there.is_some() && !keys.contains(&known.grant_key) {
                known.lies_there(None);
            }
            if now.status == "confirmed" {
                let object = self.bench.fake.object(BUCKET, now.object_key.as_deref().unwrap_or_default());
                let is = object.map(|object| (soak::etag_of(&object), object.len() as i64));
                if is != now.etag.clone().zip(now.size) {
                    return Err(format!("upload {id} is {now:?}, and its object is {is:?}"));
                }
            }
        }
        self.keys.clone_from(keys);
        Ok(())
    }
}
