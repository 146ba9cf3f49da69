//! Where a page of a search ended, as an opaque text that fits no other search.
