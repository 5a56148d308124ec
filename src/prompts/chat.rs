//! Chat templates: how a model that converses wants a message to be marked up.
//!
//! A template is a program in Jinja that comes with the model. It is run once, when the model is loaded, on a message
//! that is a mark; what it puts before and after the mark is kept. So the texts of articles never go through it, and
//! no text can pass for markup.

use std::io::{self, Write};

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, Value, context};
use minijinja_contrib::pycompat::unknown_method_callback;
use thiserror::Error as ThisError;

use crate::tokenizer::Part;

/// Stands for the message. Letters and digits, so that no filter changes it.
const MARK: &str = "TheMessageStandsHere7f3a";
/// Bytes of a template, and of what it writes, at most.
const LONGEST_TEMPLATE: usize = 1 << 18;
const LONGEST_OUTPUT: usize = 1 << 16;
/// Instructions that a template may take.
const FUEL: u64 = 200_000;
/// What models put around their reasoning (Qwen 3, DeepSeek-R1, SmolLM3).
const THINKING: &str = "<think>";
const THOUGHT: &str = "</think>";

/// What a message is surrounded with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatTemplate {
    message: Frame,
    /// Around a sentence to translate, where the template asks for languages and writes the instruction itself.
    translation: Option<Frame>,
}

/// What a template puts before and after a message.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Frame {
    before: String,
    after: String,
}

/// Why a chat template cannot be used.
#[derive(Debug, ThisError)]
pub enum ChatTemplateError {
    /// It does not parse, fails, or does too much.
    #[error("the model's chat template cannot be used: {0}")]
    Template(#[from] Error),
    /// It is longer than any is.
    #[error("the model's chat template is longer than {LONGEST_TEMPLATE} bytes")]
    TooLong,
    /// It leaves the message out or repeats it.
    #[error("the model's chat template has a message {0} times in the prompt")]
    NotOnce(usize),
}

impl ChatTemplate {
    /// Runs a template: Jinja as `transformers` has it, with Python's methods of strings, lists and mappings.
    /// `start` and `end`: how the tokens that begin and end a sequence are spelled.
    ///
    /// The conversation is one message of the user; reasoning before the answer is turned off (`enable_thinking`), and
    /// where the template begins it nevertheless, it is ended at once: a brief has no room for it. A template that asks
    /// for the date gets the same one always, so that answers do not depend on the day.
    ///
    /// # Errors
    /// If the template is malformed, refuses the message, loops, or does not have the message in the prompt once.
    pub fn new(source: &str, start: &str, end: &str) -> Result<Self, ChatTemplateError> {
        if source.len() > LONGEST_TEMPLATE {
            return Err(ChatTemplateError::TooLong);
        }
        let run = |content: Value| frame(source, content, start, end);
        // TranslateGemma: a message names its languages.
        if source.contains("source_lang_code") {
            let text = context! {
                type => "text", source_lang_code => "bn", target_lang_code => "en", text => MARK,
            };
            let translation = run(Value::from(vec![text]))?;
            return Ok(ChatTemplate {
                message: translation.clone(),
                translation: Some(translation),
            });
        }
        Ok(ChatTemplate {
            message: run(Value::from(MARK))?,
            translation: None,
        })
    }

    /// The prompt that has the model answer a message.
    pub fn message(&self, message: &str) -> Vec<Part> {
        self.message.around(message)
    }

    /// The prompt that has the model translate a sentence, where its template is made for that.
    pub fn translation(&self, sentence: &str) -> Option<Vec<Part>> {
        Some(self.translation.as_ref()?.around(sentence))
    }
}

impl Frame {
    fn around(&self, text: &str) -> Vec<Part> {
        vec![
            Part::Markup(self.before.clone()),
            Part::Text(text.trim().to_owned()),
            Part::Markup(self.after.clone()),
        ]
    }
}

fn frame(source: &str, content: Value, start: &str, end: &str) -> Result<Frame, ChatTemplateError> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()?;
    environment.set_syntax(syntax);
    environment.set_fuel(Some(FUEL));
    environment.set_unknown_method_callback(unknown_method_callback);
    environment.add_function(
        "raise_exception",
        |reason: String| -> Result<Value, Error> {
            Err(Error::new(ErrorKind::InvalidOperation, reason))
        },
    );
    environment.add_function("strftime_now", some_day);
    let template = environment.template_from_str(source)?;
    let mut output = Bounded(Vec::new());
    let values = context! {
        messages => vec![context! { role => "user", content }],
        bos_token => start,
        eos_token => end,
        add_generation_prompt => true,
        enable_thinking => false,
        date_string => some_day("%d %b %Y"),
    };
    template.render_captured_to(values, &mut output)?;
    let output = String::from_utf8_lossy(&output.0);
    match output.split(MARK).collect::<Vec<_>>().as_slice() {
        [before, after] => Ok(Frame {
            before: (*before).to_owned(),
            after: match after.rsplit_once(THINKING) {
                Some((_, rest)) if !rest.contains(THOUGHT) => {
                    format!("{}\n\n{THOUGHT}\n\n", after.trim_end())
                }
                _ => (*after).to_owned(),
            },
        }),
        parts => Err(ChatTemplateError::NotOnce(parts.len() - 1)),
    }
}

/// What a model wrote without its reasoning, which comes first: nothing if the reasoning did not end.
pub fn without_reasoning(text: &str) -> &str {
    match text.rsplit_once(THOUGHT) {
        Some((_, answer)) => answer.trim(),
        None if text.trim_start().starts_with(THINKING) => "",
        None => text,
    }
}

/// The day that templates are told: 26 July 2024, which those of Llama 3 have themselves where nobody tells them.
fn some_day(format: &str) -> String {
    let parts = [("%d", "26"), ("%m", "07"), ("%Y", "2024"), ("%y", "24")];
    let names = [
        ("%b", "Jul"),
        ("%B", "July"),
        ("%a", "Fri"),
        ("%A", "Friday"),
    ];
    let time = [("%H", "12"), ("%M", "00"), ("%S", "00")];
    let all = parts.iter().chain(&names).chain(&time);
    all.fold(format.to_owned(), |text, (code, value)| {
        text.replace(code, value)
    })
}

/// Takes so many bytes and no more.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST_OUTPUT {
            return Err(io::Error::other("it writes too much"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(source: &str) -> Result<(String, String), ChatTemplateError> {
        let template = ChatTemplate::new(source, "<s>", "</s>")?;
        let parts = template.message("  say 7 ");
        match parts.as_slice() {
            [Part::Markup(before), Part::Text(text), Part::Markup(after)] => {
                assert_eq!(text, "say 7");
                Ok((before.clone(), after.clone()))
            }
            parts => panic!("{parts:?}"),
        }
    }

    fn framed(before: &str, after: &str) -> (String, String) {
        (before.to_owned(), after.to_owned())
    }

    #[test]
    fn templates_of_common_models_work() {
        let chatml = "{% for message in messages %}\n    {%- if loop.first and messages[0]['role'] != 'system' %}
        {{- '<|im_start|>system\nBe brief.<|im_end|>\n' }}\n    {%- endif %}
    {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}\n{%- endfor %}
{%- if add_generation_prompt %}\n    {{- '<|im_start|>assistant\n' }}\n{%- endif %}";
        assert_eq!(
            prompt(chatml).unwrap(),
            framed(
                "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n",
                "<|im_end|>\n<|im_start|>assistant\n"
            )
        );
        let gemma = "{{ bos_token }}{%- if messages[0]['role'] == 'system' -%}{{ raise_exception('no') }}{%- endif -%}
{%- for message in messages -%}{%- if (message['role'] == 'assistant') -%}{%- set role = 'model' -%}{%- else -%}
{%- set role = message['role'] -%}{%- endif -%}{{ '<start_of_turn>' + role + '\n' }}
{%- if message['content'] is string -%}{{ message['content'] | trim }}{%- endif -%}{{ '<end_of_turn>\n' }}{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<start_of_turn>model\n' }}{%- endif -%}";
        assert_eq!(
            prompt(gemma).unwrap(),
            framed(
                "<s><start_of_turn>user\n",
                "<end_of_turn>\n<start_of_turn>model\n"
            )
        );
        let thinking = "{%- set ns = namespace(last=0) %}{%- for m in messages[::-1] %}{%- if m.role == 'user' and not
(m.content.startswith('<t>') and m.content.endswith('</t>')) %}{%- set ns.last = loop.index0 %}{%- endif %}{% endfor %}
{{- messages[ns.last].content.split('</think>')[-1].lstrip('\n') }}{% if enable_thinking is defined and
enable_thinking is false %}{{ '<think>\n\n</think>\n\n' }}{% endif %}";
        assert_eq!(
            prompt(thinking).unwrap(),
            framed("", "<think>\n\n</think>\n\n")
        );
        let dated = "{{ strftime_now('%d %b %Y') }}|{{ date_string }}|{{ messages[0].content }}";
        assert_eq!(
            prompt(dated).unwrap(),
            framed("26 Jul 2024|26 Jul 2024|", "")
        );
    }

    #[test]
    fn reasoning_is_turned_off_or_ended() {
        let turn = "{%- for m in messages %}{{- '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}
{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}";
        let ended = framed(
            "<|im_start|>user\n",
            "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
        );
        // The switch decides between a block that is open and one that is empty.
        let switched = "{%- if enable_thinking is defined and enable_thinking is false %}
{{- '<think>\n\n</think>\n\n' }}{%- else %}{{- '<think>\n' }}{%- endif %}{%- endif %}";
        assert_eq!(prompt(&format!("{turn}{switched}")).unwrap(), ended);
        // There is no switch.
        let always = "{{- '<think>\n' }}{%- endif %}";
        assert_eq!(prompt(&format!("{turn}{always}")).unwrap(), ended);
    }

    #[test]
    fn reasoning_is_no_part_of_an_answer() {
        for (text, answer) in [
            ("Five died.", "Five died."),
            (
                "<think>\nFive or six?\n</think>\n\nFive died.",
                "Five died.",
            ),
            // The prompt began it.
            ("Five or six?\n</think>\nFive died.", "Five died."),
            ("<think></think><think>Hm.</think> Five died.", "Five died."),
            ("<think>\nFive or six? I think that", ""),
            ("\n <think>", ""),
            ("<think>Hm.</think>", ""),
            ("", ""),
        ] {
            assert_eq!(without_reasoning(text), answer, "{text:?}");
        }
    }

    #[test]
    fn a_template_for_translation_names_the_languages() {
        let source = "{% if messages[0].content is string %}{{ raise_exception('a list') }}{% endif %}
{%- set c = messages[0].content[0] -%}Translate {{ c.source_lang_code }} to {{ c.target_lang_code }}:
{{ c.text }}<e>";
        let template = ChatTemplate::new(source, "", "").unwrap();
        assert_eq!(
            template.translation("ভাত").unwrap(),
            [
                Part::Markup("Translate bn to en:\n".to_owned()),
                Part::Text("ভাত".to_owned()),
                Part::Markup("<e>".to_owned()),
            ]
        );
    }

    #[test]
    fn hostile_templates_are_errors() {
        for source in [
            "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
            "{% for a in range(20000) %}{{ 'all work and no play' }}{% endfor %}",
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            "{{ 'a' * 1000000000000 }}",
            "{{ raise_exception('no') }}",
            "{% if %}",
            "{% include '/etc/passwd' %}",
            "no message",
            "{{ messages[0].content }}{{ messages[0].content }}",
        ] {
            assert!(ChatTemplate::new(source, "", "").is_err(), "{source}");
        }
        assert!(ChatTemplate::new(&" ".repeat(LONGEST_TEMPLATE + 1), "", "").is_err());
    }
}
