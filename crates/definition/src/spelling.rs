//! Which known name was probably meant.

/// Names longer than this are not compared: the cost grows with the product of the lengths.
const LONGEST: usize = 40;

/// The known name that is nearest to the written one, if it is near enough to be a slip of the pen. Case, hyphens and
/// underscores make no difference.
pub fn nearest<'k>(known: impl IntoIterator<Item = &'k str>, written: &str) -> Option<&'k str> {
    if written.len() > LONGEST {
        return None;
    }
    let letters = |text: &str| {
        text.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect::<Vec<_>>()
    };
    let written = letters(written);
    let (distance, known) = known
        .into_iter()
        .map(|known| (edit_distance(&letters(known), &written), known))
        .min()?;
    (distance <= 1.max(known.len() / 4)).then_some(known)
}

/// Insertions, deletions, changes and swaps of neighbours that make one of the other (optimal string alignment).
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(from != to)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *from == b[j - 1] && a[i - 1] == *to {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}
