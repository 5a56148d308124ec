//! `anubad lexicon`: what the word list makes of a word, and what the model is shown of a sentence.

use std::io::{self, BufRead, BufWriter, IsTerminal, Read, Write};
use std::path::PathBuf;

use anubad::lexicon::{GlossedWord, Lexicon, Origin, Reading, romanise};
use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::exit::{Exit, Failure, OrExit, write_failure};
use super::terminal;

/// The longest line that is glossed, in bytes.
const LONGEST_LINE: u64 = 1 << 20;

/// Look into the word list that the model is shown
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  anubad lexicon lookup সেতুটির নদীতে
  anubad lexicon gloss 'মাঠে ৫টি মৌসুম চলছে।'")]
pub enum LexiconVerb {
    Lookup(LookupVerb),
    Gloss(GlossVerb),
}

/// Show how words are read: list, stem, endings, senses
///
/// The exit code is 1 where a word is not listed and thus spelt in Latin letters.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad lexicon lookup সেতুটির নদীতে
  anubad lexicon lookup --json --lexicon mine.tsv পদ্মা")]
pub struct LookupVerb {
    /// Bengali words
    #[arg(required = true)]
    words: Vec<String>,
    #[command(flatten)]
    shared: Shared,
}

/// Print the gloss of sentences, as the model is shown it
///
/// A sentence a line, from the arguments or from stdin.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad lexicon gloss 'মাঠে ৫টি মৌসুম চলছে।'
  anubad lexicon gloss --json < sentences.txt")]
pub struct GlossVerb {
    /// Sentences; without any, or for `-`, each line of stdin is one
    sentences: Vec<String>,
    #[command(flatten)]
    shared: Shared,
}

#[derive(Debug, Args)]
struct Shared {
    /// A word list of your own, asked before the embedded one: "word<TAB>English / other sense" a line
    #[arg(long, value_name = "FILE")]
    lexicon: Option<PathBuf>,
    /// JSON, one object a line
    #[arg(long)]
    json: bool,
}

impl Shared {
    fn lexicon(&self) -> Result<Lexicon, Failure> {
        let embedded = Lexicon::embedded();
        match &self.lexicon {
            Some(path) => embedded.with_user_entries(path).or_exit(Exit::Input),
            None => Ok(embedded),
        }
    }
}

/// Runs the verb.
pub fn run(verb: LexiconVerb) -> Result<Exit, Failure> {
    match verb {
        LexiconVerb::Lookup(verb) => lookup(verb),
        LexiconVerb::Gloss(verb) => gloss(verb),
    }
}

#[derive(Serialize)]
struct LookupLine<'a> {
    schema: u32,
    word: &'a str,
    gloss: String,
    #[serde(flatten)]
    reading: &'a Reading,
}

fn lookup(verb: LookupVerb) -> Result<Exit, Failure> {
    let lexicon = verb.shared.lexicon()?;
    let mut out = BufWriter::new(io::stdout());
    let mut exit = Exit::Done;
    for word in &verb.words {
        let reading = lexicon.lookup(word);
        let gloss = lexicon.gloss(word);
        if reading == Reading::Spelt {
            exit = Exit::NeedsLook;
        }
        let text = if verb.shared.json {
            json_line(&LookupLine {
                schema: 1,
                word,
                gloss,
                reading: &reading,
            })
        } else {
            entry(word, &gloss, &reading)
        };
        out.write_all(text.as_bytes()).map_err(stdout_failure)?;
    }
    out.flush().map_err(stdout_failure)?;
    Ok(exit)
}

/// A word and how it is read, for a reader.
fn entry(word: &str, gloss: &str, reading: &Reading) -> String {
    let word = terminal::one_line(word);
    let gloss = terminal::one_line(gloss);
    let mut lines = vec![word, format!("gloss    {gloss}")];
    match reading {
        Reading::Listed {
            origin,
            stem,
            endings,
            senses,
        } => {
            let list = match origin {
                Origin::User => "your list",
                Origin::Lexicon => "lexicon",
                Origin::Names => "names",
            };
            lines.push(format!("stem     {stem}"));
            if !endings.is_empty() {
                lines.push(format!("endings  -{}", endings.join(" -")));
            }
            lines.push(format!(
                "senses   {}",
                terminal::one_line(&senses.join(" / "))
            ));
            lines.push(format!("list     {list}"));
        }
        Reading::Number | Reading::AfterNumber => lines.push("number".to_owned()),
        Reading::Latin => lines.push("Latin letters, kept".to_owned()),
        Reading::Spelt => lines.push("not listed, spelt in Latin letters".to_owned()),
    }
    lines.join("\n  ") + "\n"
}

#[derive(Serialize)]
struct GlossLine<'a> {
    schema: u32,
    text: &'a str,
    gloss: String,
    words: Vec<SpeltWord>,
}

/// A word of a gloss, and how it would be spelt in Latin letters were it not listed.
#[derive(Serialize)]
struct SpeltWord {
    #[serde(flatten)]
    word: GlossedWord,
    spelling: String,
}

impl From<GlossedWord> for SpeltWord {
    fn from(word: GlossedWord) -> Self {
        let spelling = romanise(&word.form);
        Self { word, spelling }
    }
}

fn gloss(verb: GlossVerb) -> Result<Exit, Failure> {
    let from_stdin = verb.sentences.is_empty() || verb.sentences == ["-"];
    if verb.sentences.is_empty() && io::stdin().is_terminal() {
        return Err(Failure::new(
            Exit::Usage,
            anyhow!("nothing to gloss: name a sentence or pipe lines in"),
        ));
    }
    let lexicon = verb.shared.lexicon()?;
    let mut out = BufWriter::new(io::stdout());
    let mut write = |sentence: &str| {
        let gloss = lexicon.gloss(sentence);
        let text = if verb.shared.json {
            json_line(&GlossLine {
                schema: 1,
                text: sentence,
                gloss,
                words: lexicon
                    .gloss_words(sentence)
                    .into_iter()
                    .map(SpeltWord::from)
                    .collect(),
            })
        } else {
            terminal::one_line(&gloss) + "\n"
        };
        out.write_all(text.as_bytes()).map_err(stdout_failure)
    };
    if from_stdin {
        for line in Lines::new(io::stdin().lock()) {
            write(&line?)?;
        }
    } else {
        verb.sentences
            .iter()
            .try_for_each(|sentence| write(sentence))?;
    }
    out.flush().map_err(stdout_failure)?;
    Ok(Exit::Done)
}

/// Lines of UTF-8, none longer than [`LONGEST_LINE`].
struct Lines<R> {
    reader: R,
    number: usize,
}

impl<R: BufRead> Lines<R> {
    fn new(reader: R) -> Self {
        Lines { reader, number: 0 }
    }

    fn read(&mut self) -> anyhow::Result<Option<String>> {
        let mut bytes = Vec::new();
        self.number += 1;
        let read = self
            .reader
            .by_ref()
            .take(LONGEST_LINE + 1)
            .read_until(b'\n', &mut bytes)?;
        if read as u64 > LONGEST_LINE {
            return Err(anyhow!(
                "longer than {} MiB; a sentence a line is expected",
                LONGEST_LINE >> 20
            ));
        }
        let line = String::from_utf8(bytes).map_err(|e| {
            anyhow!(
                "not UTF-8 at byte {} of the line",
                e.utf8_error().valid_up_to()
            )
        })?;
        Ok((read > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned()))
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<String, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let number = self.number + 1;
        let line = self
            .read()
            .map_err(|e| e.context(format!("standard input, line {number}")));
        line.or_exit(Exit::Input).transpose()
    }
}

fn json_line(value: &impl Serialize) -> String {
    terminal::escape_json(&serde_json::to_string(value).expect("strings and numbers")) + "\n"
}

fn stdout_failure(error: io::Error) -> Failure {
    write_failure(error, "standard output")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_bounded_and_utf8() {
        let lines = |bytes: &[u8]| Lines::new(bytes).collect::<Result<Vec<_>, _>>();
        assert_eq!(
            lines("ক\r\nখ\n\nগ".as_bytes()).unwrap(),
            ["ক", "খ", "", "গ"]
        );
        let not_utf8 = lines(b"a\nb\xffc\n").unwrap_err();
        assert_eq!(not_utf8.exit, Exit::Input);
        let message = format!("{:#}", not_utf8.error.unwrap());
        assert_eq!(
            message,
            "standard input, line 2: not UTF-8 at byte 1 of the line"
        );
        assert!(lines(&vec![b'a'; LONGEST_LINE as usize + 1]).is_err());
    }
}
