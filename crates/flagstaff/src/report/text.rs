//! For people: each finding with the line it is about and a caret under the place.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use flagstaff_definition::diagnostic::{Diagnostic, Severity};
use flagstaff_definition::span::Span;

use super::severity_name;
use crate::flag_file::FlagFile;

const BOLD: Style = Style::new().bold();
const FRAME: Style = AnsiColor::Blue.on_default().bold();

/// Longer lines are cut around the place.
const WIDTH: usize = 110;

/// Writes every finding and a summary.
pub(crate) fn write(out: &mut impl Write, file: &FlagFile) -> io::Result<()> {
    for found in &file.findings {
        write_finding(out, file, found)?;
    }
    let counts: Vec<_> = [Severity::Error, Severity::Warning, Severity::Info]
        .into_iter()
        .map(|severity| (file.count(severity), severity_name(severity)))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| plural(count, name))
        .collect();
    let counts = if counts.is_empty() {
        "no problems".to_owned()
    } else {
        counts.join(", ")
    };
    if file.unreadable {
        return writeln!(out, "{}: {counts}", file.name);
    }
    writeln!(
        out,
        "{}: {counts} in {}",
        file.name,
        plural(file.document.entries.len(), "flag")
    )
}

fn write_finding(out: &mut impl Write, file: &FlagFile, found: &Diagnostic) -> io::Result<()> {
    let style = style(found.severity);
    let (name, code) = (severity_name(found.severity), found.code.name());
    writeln!(out, "{style}{name}[{code}]{style:#}{BOLD}: {}{BOLD:#}", found.message)?;
    let subject = match (&found.flag, found.path.as_str()) {
        (None, _) => String::new(),
        (Some(flag), "") => format!("flag {flag}"),
        (Some(flag), path) => format!("flag {flag}, {path}"),
    };
    let Some(span) = found.span else {
        writeln!(
            out,
            "  {FRAME}-->{FRAME:#} {}{}{subject}",
            file.name,
            if subject.is_empty() { "" } else { ": " }
        )?;
        write_hint(out, found, 1)?;
        return writeln!(out);
    };
    let excerpt = Excerpt::around(&file.text, span);
    let margin = span.line.to_string().len();
    writeln!(
        out,
        "{:margin$}{FRAME}-->{FRAME:#} {}:{}:{}",
        "", file.name, span.line, span.column
    )?;
    writeln!(out, "{:margin$} {FRAME}|{FRAME:#}", "")?;
    writeln!(out, "{FRAME}{} |{FRAME:#} {}", span.line, excerpt.line)?;
    let marks = format!("{} {subject}", "^".repeat(excerpt.carets));
    writeln!(
        out,
        "{:margin$} {FRAME}|{FRAME:#} {}{style}{}{style:#}",
        "",
        excerpt.indent,
        marks.trim_end()
    )?;
    write_hint(out, found, margin)?;
    writeln!(out)
}

fn write_hint(out: &mut impl Write, found: &Diagnostic, margin: usize) -> io::Result<()> {
    match &found.hint {
        Some(hint) => writeln!(out, "{:margin$} {FRAME}={FRAME:#} {BOLD}help{BOLD:#}: {hint}", ""),
        None => Ok(()),
    }
}

fn style(severity: Severity) -> Style {
    let color = match severity {
        Severity::Error => AnsiColor::Red,
        Severity::Warning => AnsiColor::Yellow,
        Severity::Info => AnsiColor::Cyan,
    };
    color.on_default().bold()
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

/// A line of the file and where the carets go under it.
struct Excerpt {
    line: String,
    indent: String,
    carets: usize,
}

impl Excerpt {
    fn around(text: &str, span: Span) -> Self {
        let line: Vec<char> = text
            .lines()
            .nth(span.line as usize - 1)
            .unwrap_or_default()
            .chars()
            .collect();
        let column = (span.column as usize - 1).min(line.len());
        let range = text.get(span.start as usize..span.end as usize).unwrap_or_default();
        let length = range.lines().next().unwrap_or_default().chars().count();
        let first = column.saturating_sub(WIDTH / 2);
        let last = line.len().min(first + WIDTH);
        let shown = |from: usize, to: usize| line[from..to].iter().collect::<String>();
        let (before, after) = (
            if first > 0 { "…" } else { "" },
            if last < line.len() { "…" } else { "" },
        );
        let indent = line[first..column]
            .iter()
            .map(|&character| if character == '\t' { '\t' } else { ' ' });
        Self {
            line: format!("{before}{}{after}", shown(first, last)),
            indent: before.chars().map(|_| ' ').chain(indent).collect(),
            carets: length.clamp(1, (last - column).max(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, (start, end, line, column): (u32, u32, u32, u32), expected: &str) {
        let excerpt = Excerpt::around(
            text,
            Span {
                start,
                end,
                line,
                column,
            },
        );
        let got = format!("{}\n{}{}", excerpt.line, excerpt.indent, "^".repeat(excerpt.carets));
        assert_eq!(got, expected);
    }

    #[test]
    fn carets_stand_under_the_place() {
        check("a: 1\nbé: two\n", (10, 13, 2, 5), "bé: two\n    ^^^");
        check("\ta: {\n b}", (4, 8, 1, 5), "\ta: {\n\t   ^");
        check("a", (1, 1, 1, 2), "a\n ^");
        check("", (0, 0, 1, 1), "\n^");
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{}here{}", "x".repeat(300), "y".repeat(300));
        let excerpt = Excerpt::around(
            &text,
            Span {
                start: 300,
                end: 304,
                line: 1,
                column: 301,
            },
        );
        assert_eq!(excerpt.line.chars().count(), WIDTH + 2);
        let before = excerpt.indent.chars().count();
        assert_eq!(
            excerpt
                .line
                .chars()
                .skip(before)
                .take(excerpt.carets)
                .collect::<String>(),
            "here"
        );
    }
}
