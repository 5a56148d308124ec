//! Texts in, texts out: a model from wherever it is, with its tokenizer, the way it is asked and the search its makers
//! mean, on all the cores it was given.

mod bergamot;
mod config;
mod explain;
mod generator;
mod open;

pub use config::GenerationConfig;
pub use explain::ExplainedToken;
pub use generator::{GenerateError, Generated, Generator, GeneratorOptions, Prompt, Search};
pub use open::{ModelSource, OpenError, Resources, Use};
