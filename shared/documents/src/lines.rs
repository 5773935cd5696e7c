//! Text broken into lines of a width: between words, and within a word that is wider than the line.

use crate::face::{Face, Run};

/// Lines of at most `width` at this size, at least one.
pub(crate) fn broken(face: &Face, size: f32, text: &str, width: f32) -> Vec<Run> {
    let text = face.legible(text);
    let fits = |line: &str| face.shape(line).width * size <= width;
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if fits(&longer) {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        let mut pieces = pieces(word, &fits);
        line = pieces.pop().unwrap_or_default();
        lines.append(&mut pieces);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines.iter().map(|line| face.shape(line)).collect()
}

/// One line, shortened with an ellipsis where it is wider.
pub(crate) fn cut(face: &Face, size: f32, text: &str, width: f32) -> Run {
    let text = face.legible(text);
    let whole = face.shape(&text);
    if whole.width * size <= width {
        return whole;
    }
    let mut kept: Vec<char> = text.chars().collect();
    while kept.pop().is_some() {
        let shorter = face.shape(&format!("{}…", kept.iter().collect::<String>().trim_end()));
        if shorter.width * size <= width {
            return shorter;
        }
    }
    face.shape("…")
}

fn pieces(word: &str, fits: &impl Fn(&str) -> bool) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for character in word.chars() {
        piece.push(character);
        if piece.chars().nth(1).is_some() && !fits(&piece) {
            piece.pop();
            pieces.push(std::mem::replace(&mut piece, character.to_string()));
        }
    }
    pieces.push(piece);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::faces;
    use domain::receipt::Unprintable;
    use proptest::prelude::*;

    #[test]
    fn a_cut_line_ends_in_an_ellipsis() -> Result<(), Unprintable> {
        let face = &faces()?.regular;
        assert_eq!(cut(face, 10.0, "short", 100.0).text, "short");
        let shortened = cut(face, 10.0, &"long ".repeat(50), 100.0);
        assert!(shortened.text.ends_with("long…") || shortened.text.ends_with('…'));
        assert!(shortened.width * 10.0 <= 100.0);
        Ok(())
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_sticks_out(text in "[a-zA-Z0-9 äß]{0,200}", width in 20.0_f32..300.0) {
            let face = &faces().map_err(|error| TestCaseError::fail(error.to_string()))?.regular;
            let lines = broken(face, 10.0, &text, width);
            let without_spaces = |text: &str| text.replace(' ', "");
            let all: String = lines.iter().map(|line| line.text.as_str()).collect();
            prop_assert_eq!(without_spaces(&all), without_spaces(&text));
            for line in &lines {
                prop_assert!(line.width * 10.0 <= width || line.text.chars().count() == 1, "{}", line.text);
            }
        }
    }
}
