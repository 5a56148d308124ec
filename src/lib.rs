//! Bengali news, in English: articles in, checked translations and briefs with citations out.
//!
//! Data goes one way, and the modules stand in that order:
//! [`article`] → [`text`] → [`lexicon`] → [`model`] → [`decode`] → [`generate`] → [`translate`] → [`summarize`].
//! Beside them: [`hub`], where models come from, [`tokenizer`], and [`prompts`], what language models are asked;
//! [`kernel`] and [`shortlist`], what makes models fast; and [`eval`], which scores what came out.

#![warn(missing_docs)]

pub mod article;
mod bytes;
pub mod decode;
pub mod eval;
mod files;
pub mod generate;
pub mod hub;
pub mod kernel;
pub mod lexicon;
pub mod model;
pub mod prompts;
pub mod shortlist;
pub mod summarize;
pub mod text;
pub mod tokenizer;
pub mod translate;
mod workers;
