//! What the pages that look into repositories have in common.

pub mod links;
pub mod shown;
pub mod visit;

pub mod content;
pub mod errands;

#[cfg(test)]
pub mod sample;

pub mod preview;
pub mod text_difference;
pub mod text_lines;
