//! What language models are asked: the templates in `prompts/`, filled, in the form that a model is used to.

mod chat;

use minijinja::{Environment, Error, ErrorKind, Value, context};

pub use chat::{ChatTemplate, ChatTemplateError};

use crate::tokenizer::Part;

/// How a model is prompted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Prompting {
    /// It continues a text: the form that the model in the program was trained on, with the gloss of a sentence, and
    /// the one for any model that was not trained to converse.
    #[default]
    Completion,
    /// It answers a message.
    Chat(ChatTemplate),
    /// It reads the text itself, after a prefix that tells the task, if it needs one: an encoder-decoder.
    Source {
        /// The prefix, blanks included.
        prefix: String,
    },
}

impl Prompting {
    /// What of a model's text is its answer: all but the reasoning of one that converses.
    pub fn answer<'a>(&self, text: &'a str) -> &'a str {
        match self {
            Prompting::Chat(_) => chat::without_reasoning(text),
            Prompting::Completion | Prompting::Source { .. } => text,
        }
    }
}

/// Templates, parsed once.
pub struct Prompts(Environment<'static>);

impl Prompts {
    /// Parses the program's templates.
    pub fn new() -> Result<Self, Error> {
        let mut environment = Environment::new();
        for (name, source) in [
            ("translate", include_str!("../../prompts/translate.j2")),
            ("brief", include_str!("../../prompts/brief.j2")),
            (
                "translate_instruct",
                include_str!("../../prompts/translate_instruct.j2"),
            ),
            (
                "brief_instruct",
                include_str!("../../prompts/brief_instruct.j2"),
            ),
        ] {
            environment.add_template(name, source)?;
        }
        Ok(Prompts(environment))
    }

    /// Asks for the English of one sentence, `gloss` its words in English one by one.
    ///
    /// # Errors
    /// Never, unless a template is malformed.
    pub fn translate(
        &self,
        prompting: &Prompting,
        text: &str,
        gloss: &str,
    ) -> Result<Vec<Part>, Error> {
        let filled = |name: &str| self.fill(name, context! { text, gloss });
        Ok(match prompting {
            Prompting::Completion => vec![Part::Text(filled("translate")?)],
            Prompting::Chat(chat) => match chat.translation(text) {
                Some(parts) => parts,
                None => chat.message(&filled("translate_instruct")?),
            },
            Prompting::Source { prefix } => vec![Part::Text(format!("{prefix}{text}"))],
        })
    }

    /// Asks for a brief of an English article, in about so many sentences.
    ///
    /// # Errors
    /// If the model takes nothing but sentences to translate.
    pub fn brief(
        &self,
        prompting: &Prompting,
        title: &str,
        paragraphs: &[String],
        sentences: usize,
    ) -> Result<Vec<Part>, Error> {
        let filled = |name: &str| {
            self.fill(
                name,
                context! { title, paragraphs => paragraphs.to_vec(), sentences },
            )
        };
        match prompting {
            Prompting::Completion => Ok(vec![Part::Text(filled("brief")?)]),
            Prompting::Chat(chat) if chat.translation("").is_some() => Err(Error::new(
                ErrorKind::InvalidOperation,
                "the model is one that translates and does nothing else",
            )),
            Prompting::Chat(chat) => Ok(chat.message(&filled("brief_instruct")?)),
            Prompting::Source { prefix } => {
                let article = paragraphs.join(" ");
                Ok(vec![Part::Text(format!("{prefix}{article}"))])
            }
        }
    }

    fn fill(&self, name: &str, values: Value) -> Result<String, Error> {
        self.0.get_template(name)?.render(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(parts: &[Part]) -> String {
        let texts = parts.iter().map(|part| match part {
            Part::Markup(text) | Part::Text(text) => text.as_str(),
        });
        texts.collect()
    }

    #[test]
    fn a_completion_is_text_and_a_chat_a_message_in_its_markup() {
        let prompts = Prompts::new().unwrap();
        let article = ["The river rose.".to_owned(), "Five died.".to_owned()];
        let completion = prompts.brief(&Prompting::Completion, "Flood", &article, 2);
        assert_eq!(
            completion.unwrap(),
            [Part::Text(
                "Article: Flood\nThe river rose.\nFive died.\nBrief:".to_owned()
            )]
        );
        let chat = ChatTemplate::new("[{{ messages[0].content }}]", "", "").unwrap();
        let chat = Prompting::Chat(chat);
        let asked = text(&prompts.brief(&chat, "Flood", &article, 2).unwrap());
        assert!(asked.starts_with("[Summarize") && asked.contains("in 2 sentences of"));
        assert!(asked.contains("\n\nTitle: Flood\n\nArticle:\nThe river rose.\nFive died."));
        assert!(asked.ends_with("Five died.]"), "{asked}");
        let untitled = text(&prompts.brief(&chat, "", &article, 1).unwrap());
        assert!(untitled.contains("in one sentence of") && !untitled.contains("Title"));
        let glossed = text(
            &prompts
                .translate(&chat, "বৃষ্টি হবে", "rain will-be")
                .unwrap(),
        );
        assert!(glossed.contains("reads: rain will-be\n") && glossed.ends_with("বৃষ্টি হবে]"));
        let plain = text(&prompts.translate(&chat, "বৃষ্টি হবে", "").unwrap());
        assert!(!plain.contains("reads"), "{plain}");
    }
}
