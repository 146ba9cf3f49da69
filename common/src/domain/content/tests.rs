//! What is told of bytes written here; whole files are the corpus's.

use super::*;
