//! Names of output files, from ids that anybody may have written.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

use super::terminal;

/// Longest name without its extension, in bytes: with extension and number within the 255 of file systems.
const LONGEST: usize = 120;

/// Endings of input files, which the output has no use for.
const INPUT_EXTENSIONS: [&str; 7] = ["txt", "text", "md", "markdown", "jsonl", "ndjson", "json"];

/// Names that Windows gives to devices, in any folder and with any extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The names given so far in one folder.
#[derive(Debug, Default)]
pub struct FileNames {
    given: HashSet<String>,
}

impl FileNames {
    /// A name that no other article has: the last part of its id, made safe, numbered from 2 where
    /// it was given before. Names that differ only in case or encoding count as the same.
    pub fn name(&mut self, id: &str, extension: &str) -> String {
        let stem = stem(id);
        let numbered = (2..).map(|n| format!("{stem}-{n}"));
        let free = std::iter::once(stem.clone())
            .chain(numbered)
            .find(|name| self.given.insert(name.to_lowercase().nfc().collect()))
            .expect("numbers do not end");
        format!("{free}.{extension}")
    }
}

/// The last part of an id as a file name: no path, no control, nothing that a shell or a file system
/// reads in its own way.
fn stem(id: &str) -> String {
    if id == "-" {
        return "stdin".to_owned();
    }
    let last = id
        .rsplit(['/', '\\'])
        .find(|part| !part.is_empty())
        .unwrap_or("");
    let last = match last.rsplit_once('.') {
        Some((stem, end)) if INPUT_EXTENSIONS.contains(&end.to_lowercase().as_str()) => stem,
        _ => last,
    };
    let special = |c: char| {
        c.is_whitespace() || terminal::is_control(c) || ":*?\"<>|'`$&;!#%{}()[]~^".contains(c)
    };
    let stem: String = last
        .char_indices()
        .take_while(|(at, c)| at + c.len_utf8() <= LONGEST)
        .map(|(_, c)| if special(c) { '-' } else { c })
        .collect();
    let stem = stem.trim_matches(['.', '-']);
    match stem {
        "" => "article".to_owned(),
        _ if is_device(stem) => format!("article-{stem}"),
        _ => stem.to_owned(),
    }
}

fn is_device(stem: &str) -> bool {
    let name = stem.split('.').next().unwrap_or(stem).to_lowercase();
    let port = |kind| {
        name.strip_prefix(kind)
            .is_some_and(|n: &str| n.len() == 1 && n != "0" && n.parse::<u8>().is_ok())
    };
    DEVICES.contains(&name.as_str()) || port("com") || port("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_leaves_the_folder_or_hides() {
        for id in [
            "../../etc/passwd",
            "/etc/passwd",
            "..\\..\\passwd",
            "passwd/",
            "./passwd",
            "...passwd",
        ] {
            assert_eq!(FileNames::default().name(id, "md"), "passwd.md", "{id}");
        }
        for id in ["", "..", "/", ".", "\u{1b}\u{202e}", "-/-"] {
            assert_eq!(FileNames::default().name(id, "md"), "article.md", "{id:?}");
        }
    }

    #[test]
    fn endings_of_inputs_go_and_dots_of_ids_stay() {
        let mut names = FileNames::default();
        assert_eq!(names.name("news/সংবাদ ১.TXT", "md"), "সংবাদ-১.md");
        assert_eq!(names.name("v1.5", "json"), "v1.5.json");
        assert_eq!(names.name("-", "txt"), "stdin.txt");
        assert_eq!(
            names.name("https://example.org/a?id=7&x", "txt"),
            "a-id=7-x.txt"
        );
        assert_eq!(names.name("con.txt", "txt"), "article-con.txt");
        assert_eq!(names.name("COM1", "txt"), "article-COM1.txt");
    }

    #[test]
    fn no_two_articles_share_a_file() {
        let mut names = FileNames::default();
        let given: Vec<String> = ["a/x.txt", "b/X.md", "c/x", "x-2"]
            .iter()
            .map(|id| names.name(id, "md"))
            .collect();
        assert_eq!(given, ["x.md", "X-2.md", "x-3.md", "x-2-2.md"]);
        // য় as one code point and as two.
        assert_eq!(names.name("\u{09df}", "md"), "\u{09df}.md");
        assert_eq!(
            names.name("\u{09af}\u{09bc}", "md"),
            "\u{09af}\u{09bc}-2.md"
        );
    }

    #[test]
    fn long_ids_are_cut_between_letters() {
        let name = FileNames::default().name(&"ক".repeat(500), "md");
        assert_eq!(name, format!("{}.md", "ক".repeat(40)));
    }
}
