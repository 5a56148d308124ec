//! `anubad models verify`.

use anubad::hub::{Hub, HubError, Verdict};
use clap::Args;

use super::progress::Transfer;
use crate::cli::args::Console;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print::{note, print};
use crate::cli::terminal;

/// Hash the files of models again
///
/// What is damaged is told and taken out of the cache, so that nothing uses it; `pull` brings it anew. The
/// exit code is then 4.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  anubad models verify                all that were pulled
  anubad models verify nllb-600m")]
pub struct VerifyVerb {
    /// Models; without any, all that were pulled
    #[arg(value_name = "MODEL")]
    models: Vec<String>,
}

pub fn run(verb: VerifyVerb, hub: &Hub, console: Console) -> Result<Exit, Failure> {
    let mut models = verb.models;
    if models.is_empty() {
        let lock = hub.installed()?;
        let named =
            |model: &anubad::hub::LockedModel| format!("{}@{}", model.repository, model.revision);
        models = lock.models.iter().map(named).collect();
    }
    if models.is_empty() {
        note(console, "no model was pulled yet");
    }
    let transfer = Transfer::begin(console)?;
    let mut exit = Exit::Done;
    for name in &models {
        let verified = verify(name, hub, &transfer)?;
        if let Ok(unchecked) = verified {
            let rest = match unchecked {
                0 => String::new(),
                n => format!(
                    ", but for {} that could not be checked",
                    terminal::count(n, "file")
                ),
            };
            print(&format!("{name}: good{rest}\n"))?;
        }
        exit = exit.max(verified.err().unwrap_or(Exit::Done));
    }
    Ok(exit)
}

/// Tells the files of a model that are not good; of a good one, how many could not be checked. Other models are looked
/// at in any case.
fn verify(name: &str, hub: &Hub, transfer: &Transfer) -> Result<Result<usize, Exit>, Failure> {
    let verified = hub.verify(name, &|event| transfer.on(event));
    let verified = match transfer.end(verified, "nothing was changed") {
        Err(failure) if failure.exit == Exit::Interrupted => return Err(failure),
        Err(failure) => {
            if let Some(error) = &failure.error {
                terminal::complain(format_args!("{}", terminal::with_causes(error)));
            }
            return Ok(Err(failure.exit));
        }
        Ok(verified) => verified,
    };
    let (mut exit, mut unchecked) = (Exit::Done, 0);
    for file in verified {
        let advice = format!("it was removed; run `anubad models pull {name}`");
        let error = match file.verdict {
            Verdict::Good => continue,
            Verdict::Damaged { expected, found } => HubError::Damaged {
                file: format!("{} of {name}", file.path),
                expected,
                found,
                advice,
            },
            Verdict::Missing => HubError::Incomplete {
                name: name.to_owned(),
                file: file.path,
            },
            Verdict::Unknown => {
                let path = &file.path;
                terminal::complain(format_args!(
                    "{path} of {name}: another program put it there without a checksum; not checked"
                ));
                unchecked += 1;
                continue;
            }
        };
        exit = Exit::Model;
        terminal::complain(format_args!("{error}"));
    }
    Ok(match exit {
        Exit::Done => Ok(unchecked),
        exit => Err(exit),
    })
}
