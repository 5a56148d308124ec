//! What is done about a request that failed: told, or made again after a pause.

use std::ops::ControlFlow;
use std::time::{Duration, Instant, SystemTime};

use super::error::HubError;
use super::{Event, OnEvent};

/// Failures in a row before we give up.
const ATTEMPTS: u32 = 5;
/// The pause after the first failure; it doubles.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest pause that a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// How often the user's wish to stop is looked at during a pause.
const POLL: Duration = Duration::from_millis(50);

/// A failed request: what to tell, and whether it is worth another try.
pub(super) struct Failure {
    error: HubError,
    retry: Retry,
}

enum Retry {
    Never,
    Soon,
    /// The server said when.
    After(Duration),
}

impl Failure {
    /// One that another try would not mend.
    pub(super) fn never(error: HubError) -> Failure {
        Failure {
            error,
            retry: Retry::Never,
        }
    }

    /// One that another try may mend.
    pub(super) fn soon(error: HubError) -> Failure {
        Failure {
            error,
            retry: Retry::Soon,
        }
    }

    /// One that another try may mend after the time that the server asked for, if it did and we have it.
    pub(super) fn after(error: HubError, asked: Option<Duration>) -> Failure {
        let retry = match asked {
            None => Retry::Soon,
            Some(time) if time <= LONGEST_PAUSE => Retry::After(time),
            Some(_) => Retry::Never,
        };
        Failure { error, retry }
    }
}

impl From<HubError> for Failure {
    fn from(error: HubError) -> Failure {
        Failure::never(error)
    }
}

/// How often something failed in a row.
#[derive(Default)]
pub(super) struct Patience {
    failures: u32,
}

impl Patience {
    /// Waits before another try, or gives the error back where there is to be none.
    pub(super) fn wait(&mut self, failure: Failure, on: &OnEvent) -> Result<(), HubError> {
        self.failures += 1;
        let after = match failure.retry {
            Retry::Never => return Err(failure.error),
            _ if self.failures >= ATTEMPTS => return Err(failure.error),
            Retry::After(pause) => pause,
            Retry::Soon => PAUSE * 2u32.pow(self.failures - 1) + jitter(),
        };
        // What the user could do is told with the last failure.
        let reason = match &failure.error {
            HubError::Unreachable { host, reason } => format!("{host} cannot be reached: {reason}"),
            error => error.to_string(),
        };
        let began = Instant::now();
        let retry = Event::Retry {
            reason: &reason,
            after,
        };
        stop(on(retry))?;
        pause(after.saturating_sub(began.elapsed()), on)
    }

    /// Something came: the next failure is the first again.
    pub(super) fn renew(&mut self) {
        self.failures = 0;
    }

    /// Tries until it works or is not worth more tries.
    pub(super) fn until<T>(
        on: &OnEvent,
        mut attempt: impl FnMut() -> Result<T, Failure>,
    ) -> Result<T, HubError> {
        let mut patience = Patience::default();
        loop {
            match attempt() {
                Ok(value) => return Ok(value),
                Err(failure) => patience.wait(failure, on)?,
            }
        }
    }
}

/// The user's wish as an error.
pub(super) fn stop(flow: ControlFlow<()>) -> Result<(), HubError> {
    match flow {
        ControlFlow::Break(()) => Err(HubError::Interrupted),
        ControlFlow::Continue(()) => Ok(()),
    }
}

/// Waits, unless the user asks to stop.
pub(super) fn pause(time: Duration, on: &OnEvent) -> Result<(), HubError> {
    let end = Instant::now() + time;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        stop(on(Event::Tick))?;
        std::thread::sleep(left.min(POLL));
    }
    Ok(())
}

/// So that processes that failed together do not come back together.
fn jitter() -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Duration::from_millis(now.map_or(0, |now| u64::from(now.subsec_nanos()) % 250))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_of_an_hour_is_told_and_not_slept() {
        let hour = Failure::after(HubError::Interrupted, Some(Duration::from_secs(3600)));
        let mut patience = Patience::default();
        assert!(patience.wait(hour, &|_| ControlFlow::Continue(())).is_err());
    }

    #[test]
    fn patience_ends() {
        let mut patience = Patience { failures: 4 };
        let failure = || Failure::soon(HubError::Interrupted);
        assert!(
            patience
                .wait(failure(), &|_| ControlFlow::Continue(()))
                .is_err()
        );
        patience.renew();
        assert!(
            patience
                .wait(failure(), &|_| ControlFlow::Continue(()))
                .is_ok()
        );
    }
}
