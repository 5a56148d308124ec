//! Ctrl-C: the run ends within a decoding step, and no file is left half written.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::exit::Exit;

/// How long the run may take to end by itself, at the next step of the model.
const GRACE: Duration = Duration::from_secs(5);
/// How often it is looked at meanwhile.
const POLL: Duration = Duration::from_millis(20);

/// Whether the user asked to stop; shared between the run and the signal handler.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<State>);

#[derive(Debug, Default)]
struct State {
    raised: AtomicBool,
    /// Whether the run waits for input, which may never come.
    is_waiting: AtomicBool,
    /// The file that is being written under a temporary name.
    partial: Mutex<Option<PathBuf>>,
}

impl Interrupt {
    /// Listens for Ctrl-C and SIGTERM from now on.
    pub fn install() -> Result<Interrupt, ctrlc::Error> {
        let interrupt = Interrupt::default();
        let handler = interrupt.clone();
        ctrlc::set_handler(move || {
            handler.0.raised.store(true, Ordering::Relaxed);
            let raised = Instant::now();
            while raised.elapsed() < GRACE && !handler.0.is_waiting.load(Ordering::Relaxed) {
                std::thread::sleep(POLL);
            }
            // Still here. The lock is kept to the end, so that no new file is begun.
            let partial = handler
                .0
                .partial
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(path) = &*partial {
                let _ = std::fs::remove_file(path);
            }
            std::process::exit(Exit::Interrupted as i32);
        })?;
        Ok(interrupt)
    }

    /// Whether the user asked to stop.
    pub fn is_raised(&self) -> bool {
        self.0.raised.load(Ordering::Relaxed)
    }

    /// `Break` where the user asked to stop.
    pub fn check(&self) -> ControlFlow<()> {
        if self.is_raised() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Waits for input by `read`, during which the program may end at any moment.
    pub fn while_waiting<T>(&self, read: impl FnOnce() -> T) -> T {
        self.0.is_waiting.store(true, Ordering::Relaxed);
        let read = read();
        self.0.is_waiting.store(false, Ordering::Relaxed);
        read
    }

    /// Names the file that exists under a temporary name from now on, or that none does.
    pub fn set_partial(&self, path: Option<&Path>) {
        *self
            .0
            .partial
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = path.map(Path::to_owned);
    }
}
