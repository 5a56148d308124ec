//! Outcomes of a suite as JUnit XML, which continuous integration reads.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// The outcome of one test.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The suite that it belongs to; cases of one suite stand together.
    pub suite: String,
    /// What was tested: "BLEU of nllb at least 20".
    pub name: String,
    /// Wall-clock seconds that it took, where they are known.
    pub seconds: Option<f64>,
    /// Why it failed: the first line is the message, all lines are the details. None where it passed.
    pub failure: Option<String>,
}

/// JUnit XML of some outcomes. Suites stand in the order of their first cases; what XML cannot hold (control
/// characters) is left out of names and messages.
///
/// # Errors
/// Never, unless the writer of XML has a fault.
pub fn junit(name: &str, cases: &[Case]) -> Result<String, quick_junit::SerializeError> {
    let mut suites: Vec<TestSuite> = Vec::new();
    for case in cases {
        let suite = match suites.iter().position(|s| s.name.as_str() == case.suite) {
            Some(position) => &mut suites[position],
            None => {
                suites.push(TestSuite::new(case.suite.as_str()));
                suites.last_mut().expect("one was pushed")
            }
        };
        suite.add_test_case(test_case(case));
    }
    let mut report = Report::new(name);
    report.add_test_suites(suites);
    report.to_string()
}

fn test_case(case: &Case) -> TestCase {
    let status = match &case.failure {
        None => TestCaseStatus::success(),
        Some(failure) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status
                .set_message(failure.lines().next().unwrap_or_default())
                .set_type("bar")
                .set_description(failure.as_str());
            status
        }
    };
    let mut test_case = TestCase::new(case.name.as_str(), status);
    test_case.set_classname(case.suite.as_str());
    let seconds = case
        .seconds
        .and_then(|s| Duration::try_from_secs_f64(s).ok());
    if let Some(time) = seconds {
        test_case.set_time(time);
    }
    test_case
}
