//! For people: a line for each, and below it what is wrong and what to do.

use std::io::{self, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use flagstaff_relay::probe::{Outcome, Report, Subject};

const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const UNCLEAR: Style = AnsiColor::Yellow.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// Cells of a line, from the left.
type Line = [String; 5];

/// Writes the table and a summary.
pub(super) fn write(out: &mut impl Write, subject: Subject, file: Option<&str>, reports: &[Report]) -> io::Result<()> {
    if !reports.is_empty() {
        write_table(out, subject, reports)?;
    }
    let name = file.unwrap_or("configuration");
    writeln!(out, "{BOLD}{name}: {}{BOLD:#}", summary(subject, reports))
}

fn write_table(out: &mut impl Write, subject: Subject, reports: &[Report]) -> io::Result<()> {
    let title = match subject {
        Subject::Sources => "SOURCE",
        Subject::Exporters => "EXPORTER",
        Subject::Notifiers => "NOTIFIER",
    };
    let titles = ["FLAG SET", "KIND", title, "RESULT", "TIME"].map(str::to_owned);
    let lines: Vec<Line> = reports.iter().map(line).collect();
    let all = || lines.iter().chain([&titles]);
    let width = |column: usize| all().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3, 4].map(width);
    write_line(out, BOLD, &titles, &widths)?;
    for (line, report) in lines.iter().zip(reports) {
        let (style, about) = match &report.outcome {
            Outcome::Works(_) => (GOOD, None),
            Outcome::Unclear(why) => (UNCLEAR, Some(("note", why))),
            Outcome::Fails(error) => (BAD, Some(("error", error))),
        };
        write_line(out, style, line, &widths)?;
        if let Some((noun, text)) = about {
            writeln!(out, "  {style}{noun}{style:#}: {text}")?;
        }
        if let Some(hint) = &report.hint {
            writeln!(out, "  {BOLD}help{BOLD:#}: {hint}")?;
        }
    }
    writeln!(out)
}

/// The result is in a colour, and the time ends where its column ends.
fn write_line(out: &mut impl Write, style: Style, line: &Line, widths: &[usize; 5]) -> io::Result<()> {
    let [set, kind, target, result, time] = line;
    let [of_set, of_kind, of_target, of_result, of_time] = *widths;
    writeln!(
        out,
        "{set:of_set$}  {kind:of_kind$}  {target:of_target$}  {style}{result:of_result$}{style:#}  {time:>of_time$}"
    )
}

fn line(report: &Report) -> Line {
    let target = match &report.name {
        Some(name) => format!("{name} ({})", report.target),
        None => report.target.clone(),
    };
    let result = match &report.outcome {
        Outcome::Works(found) => found.clone(),
        Outcome::Unclear(_) => "unclear".to_owned(),
        Outcome::Fails(_) => "fails".to_owned(),
    };
    [
        report.flag_set.to_string(),
        report.kind.clone(),
        target,
        result,
        time(report.took),
    ]
}

fn time(took: Duration) -> String {
    if took < Duration::from_secs(1) {
        format!("{} ms", took.as_millis())
    } else {
        format!("{:.1} s", took.as_secs_f64())
    }
}

fn summary(subject: Subject, reports: &[Report]) -> String {
    let count = |wanted: fn(&Outcome) -> bool| reports.iter().filter(|report| wanted(&report.outcome)).count();
    let works = count(|outcome| matches!(outcome, Outcome::Works(_)));
    let unclear = count(|outcome| matches!(outcome, Outcome::Unclear(_)));
    let fails = count(|outcome| matches!(outcome, Outcome::Fails(_)));
    if reports.is_empty() {
        return format!("no {}", subject.name());
    }
    let parts = [
        (works, "works", "work"),
        (unclear, "is unclear", "are unclear"),
        (fails, "fails", "fail"),
    ];
    let parts = parts.into_iter().filter(|(count, ..)| *count > 0);
    let parts = parts.map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }));
    parts.collect::<Vec<_>>().join(", ")
}
