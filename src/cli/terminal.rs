//! What we know of the terminal, and what may be sent to it: articles are hostile, and a terminal obeys.

use std::borrow::Cow;
use std::fmt::{Arguments, Display};
use std::io::{self, IsTerminal, Write};

use anubad::translate::Severity;
use clap::builder::styling::{AnsiColor, Style};

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless the environment says otherwise (`NO_COLOR`, `CLICOLOR`, `TERM=dumb`).
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The styles of the text format; all of them empty where there is no colour.
#[derive(Debug, Clone, Copy, Default)]
pub struct Styles {
    /// Headlines and headings.
    pub heading: Style,
    /// Numbers of sentences, names of articles, what was set apart.
    pub dim: Style,
    /// Findings that are warnings.
    pub warning: Style,
    /// Findings that are errors.
    pub error: Style,
}

impl Styles {
    /// The styles for standard output.
    pub fn for_stdout(color: Color) -> Styles {
        if !Styles::is_on(color) {
            return Styles::default();
        }
        Styles {
            heading: Style::new().bold(),
            dim: Style::new().dimmed(),
            warning: AnsiColor::Yellow.on_default(),
            error: AnsiColor::Red.on_default().bold(),
        }
    }

    /// Whether standard output is to be styled.
    pub fn is_on(color: Color) -> bool {
        match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
            }
        }
    }

    /// The style of findings of a severity.
    pub fn of(&self, severity: Severity) -> Style {
        match severity {
            Severity::Warning => self.warning,
            Severity::Error => self.error,
        }
    }
}

/// Text in a style, which ends with it.
pub fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// The width of the terminal that standard output is, if it is one.
pub fn stdout_width() -> Option<usize> {
    io::stdout()
        .is_terminal()
        .then(|| textwrap::termwidth().max(20))
}

/// One line on stderr about something that went wrong. A closed stderr is nobody's loss.
pub fn complain(message: Arguments) {
    let message = message.to_string();
    let _ = writeln!(io::stderr(), "anubad: {}", one_line(&message));
}

/// An error and its causes on one line; a cause that an error above it has told already is left out.
pub fn with_causes(error: &anyhow::Error) -> String {
    error
        .chain()
        .skip(1)
        .fold(error.to_string(), |told, cause| {
            let cause = cause.to_string();
            if told.contains(&cause) {
                told
            } else {
                format!("{told}: {cause}")
            }
        })
}

/// "1 article", "2 articles".
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Text without the characters that command a terminal or reorder what stands around them: C0 and C1
/// controls other than newline and tab, and the bidirectional controls of Unicode (which could show
/// `35` as `53`). Joiners (ZWJ, ZWNJ) spell Bengali and stay.
pub fn safe(text: &str) -> Cow<'_, str> {
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(is_control, ""))
}

/// [`safe`] text on one line.
pub fn one_line(text: &str) -> String {
    let breaks = |c| matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}');
    safe(&text.replace(breaks, " ")).into_owned()
}

/// JSON with the characters that [`safe`] takes away written as `\u` escapes. serde_json does so with
/// C0 controls; C1 and bidirectional controls are no better, and stand in strings only.
pub fn escape_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        match is_control(c) {
            true => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => escaped.push(c),
        }
    }
    escaped
}

/// Whether [`safe`] takes the character away.
pub fn is_control(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t') || is_bidi_control(c)
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_to_the_terminal_are_taken_away() {
        assert_eq!(safe("a\u{1b}[31mb\u{7}c\u{9b}2Jd\u{7f}\r"), "a[31mbc2Jd");
        assert_eq!(safe("৩৫\u{202e}৫৩\u{2066}x\u{200f}"), "৩৫৫৩x");
    }

    #[test]
    fn line_ends_and_joiners_stay() {
        let text = "র\u{200d}্যাব\nক\u{200c}খ\tগ";
        assert!(matches!(safe(text), Cow::Borrowed(_)));
        assert_eq!(safe(text), text);
    }

    #[test]
    fn one_line_is_one_line() {
        assert_eq!(one_line("a\nb\r\nc\u{2028}d"), "a b  c d");
    }

    #[test]
    fn causes_are_told_once() {
        let cause = || std::io::Error::other("disk on fire");
        let told = anyhow::Error::new(cause()).context("a.txt: cannot be read: disk on fire");
        assert_eq!(with_causes(&told), "a.txt: cannot be read: disk on fire");
        let untold = anyhow::Error::new(cause()).context("a.txt");
        assert_eq!(with_causes(&untold), "a.txt: disk on fire");
    }

    #[test]
    fn no_colour_is_no_escape() {
        assert_eq!(paint(Styles::for_stdout(Color::Never).error, "x"), "x");
        assert_eq!(
            paint(Styles::for_stdout(Color::Always).heading, "x"),
            "\u{1b}[1mx\u{1b}[0m"
        );
    }
}
