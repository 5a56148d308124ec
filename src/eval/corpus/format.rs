//! The formats of files that have all sides of a test set.

use std::path::Path;
use std::str::FromStr;

use super::EvalError;
use super::file::wrong;

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Fields divided by tabs, named by the first line.
    Tsv,
    /// A JSON object a line.
    JsonLines,
    /// XML of WMT since 2021: `<dataset>` with `<doc>`, `<src>`, `<ref>`, `<hyp>`.
    WmtXml,
    /// Translation Memory eXchange 1.4.
    Tmx,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 4] = [Format::Tsv, Format::JsonLines, Format::WmtXml, Format::Tmx];

    /// How it is written on the command line, which is also the ending of its files.
    pub fn name(self) -> &'static str {
        match self {
            Format::Tsv => "tsv",
            Format::JsonLines => "jsonl",
            Format::WmtXml => "xml",
            Format::Tmx => "tmx",
        }
    }

    /// The format that a file has by its ending; a `.gz` behind it is of no matter.
    ///
    /// # Errors
    /// [`EvalError::File`] if the ending is none of a format.
    pub fn of_path(path: &Path) -> Result<Format, EvalError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        ending.parse().map_err(|_| {
            let message = "has none of the endings .tsv, .jsonl, .xml and .tmx; name its format";
            wrong(path, message)
        })
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Format, String> {
        match name.to_ascii_lowercase().as_str() {
            "tsv" => Ok(Format::Tsv),
            "jsonl" | "ndjson" => Ok(Format::JsonLines),
            "xml" => Ok(Format::WmtXml),
            "tmx" => Ok(Format::Tmx),
            _ => Err(format!(
                "{name:?} is none of the formats tsv, jsonl, xml and tmx"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_known_by_its_ending() {
        let of = |path: &str| Format::of_path(Path::new(path)).ok();
        for format in Format::ALL {
            assert_eq!(of(&format!("a.b/x.{}", format.name())), Some(format));
            assert_eq!(format.name().parse(), Ok(format));
        }
        assert_eq!(of("x.TSV"), Some(Format::Tsv));
        assert_eq!(of("x.ndjson.gz"), Some(Format::JsonLines));
        for other in ["x", "x.txt", "tsv", ".gz", "x.gz", "a.tsv/x", ""] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
