//! Cuts a YAML file into its top-level entries without parsing it.

/// A piece of the text that begins with a key at the left margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Lines before it.
    pub(super) lines: u32,
}

/// The entries of a block mapping whose keys stand at the left margin; `None` when the text may be something else.
///
/// A chunk is only believed if it parses as one entry by itself. By induction over the chunks, the parser of the whole
/// text is then between two entries of the outermost mapping wherever a chunk ends: an open quote, bracket or block would
/// have made the chunk fail, an alias of another chunk's anchor too, and what could close the mapping or carry over from
/// one document to the next (markers, directives, lines that begin with an indicator) is refused here.
pub(super) fn yaml_entries(text: &str) -> Option<Vec<Chunk>> {
    let bytes = text.as_bytes();
    let mut chunks: Vec<Chunk> = Vec::new();
    let (mut start, mut lines, mut begun) = (0, 0, false);
    while start < bytes.len() {
        let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at + 1);
        let line = &bytes[start..end];
        match line[0] {
            b'\n' | b'#' => {}
            b'\r' if line == b"\r\n" => {}
            b' ' if !chunks.is_empty() => {}
            b' ' if line.trim_ascii().is_empty() || line.trim_ascii_start().starts_with(b"#") => {}
            // One marker may stand before the first entry.
            b'-' if !begun && chunks.is_empty() && line.trim_ascii_end() == b"---" => begun = true,
            b'.' if line.starts_with(b"...") => return None,
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'_'
            | b'$'
            | b'"'
            | b'\''
            | b'.'
            | b'/'
            | b'('
            | b'~'
            | 0x80.. => {
                if let Some(last) = chunks.last_mut() {
                    last.end = start;
                }
                chunks.push(Chunk {
                    start,
                    end: bytes.len(),
                    lines,
                });
            }
            _ => return None,
        }
        lines += 1;
        start = end;
    }
    // A carriage return alone is a line break too.
    let lone = memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n'));
    (!chunks.is_empty() && !lone).then_some(chunks)
}
