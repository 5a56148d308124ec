//! Prompts of language models: the templates in `prompts/`, filled.

use minijinja::{Environment, Error, context};

/// Templates, parsed once.
pub struct Prompts(Environment<'static>);

impl Prompts {
    /// Parses the program's templates.
    pub fn new() -> Result<Self, Error> {
        let mut environment = Environment::new();
        environment.add_template("translate", include_str!("../prompts/translate.j2"))?;
        environment.add_template("brief", include_str!("../prompts/brief.j2"))?;
        Ok(Prompts(environment))
    }

    /// Asks for the English of one sentence, `gloss` its words in English one by one.
    pub fn translate(&self, text: &str, gloss: &str) -> Result<String, Error> {
        self.0
            .get_template("translate")?
            .render(context! { text, gloss })
    }

    /// Asks for a brief of an English article.
    pub fn brief(&self, title: &str, paragraphs: Vec<String>) -> Result<String, Error> {
        self.0
            .get_template("brief")?
            .render(context! { title, paragraphs })
    }
}
