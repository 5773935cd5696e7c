//! Text to glyphs. The fonts cover Latin, Greek and Cyrillic with all their accents, and the signs of all currencies; what
//! they do not cover is shown as U+FFFD, as an archived document may hold no missing glyph.

use std::sync::LazyLock;

use domain::receipt::Unprintable;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::{Direction, UnicodeBuffer};

static REGULAR: &[u8] = include_bytes!("../fonts/NotoSans-Regular.ttf");
static SEMI_BOLD: &[u8] = include_bytes!("../fonts/NotoSans-SemiBold.ttf");

static FACES: LazyLock<Option<Faces>> =
    LazyLock::new(|| Some(Faces { regular: Face::load(REGULAR)?, semi_bold: Face::load(SEMI_BOLD)? }));

const REPLACEMENT: char = '\u{fffd}';

pub(crate) struct Faces {
    pub regular: Face,
    pub semi_bold: Face,
}

/// Both weights, parsed once a process.
pub(crate) fn faces() -> Result<&'static Faces, Unprintable> {
    FACES.as_ref().ok_or_else(|| Unprintable("a font cannot be read".to_owned()))
}

pub(crate) struct Face {
    pub font: Font,
    shaper: rustybuzz::Face<'static>,
}

/// One line of text as glyphs. Widths are of a font of size 1.
#[derive(Clone)]
pub(crate) struct Run {
    pub text: String,
    pub glyphs: Vec<KrillaGlyph>,
    pub width: f32,
}

impl Face {
    fn load(bytes: &'static [u8]) -> Option<Self> {
        Some(Self { font: Font::new(bytes.into(), 0)?, shaper: rustybuzz::Face::from_slice(bytes, 0)? })
    }

    /// `text` must be [`Face::legible`], so that every glyph is there.
    pub fn shape(&self, text: &str) -> Run {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        buffer.set_direction(Direction::LeftToRight);
        let shaped = rustybuzz::shape(&self.shaper, &[], buffer);
        let scale = 1.0 / self.font.units_per_em();
        let infos = shaped.glyph_infos();
        let ends = |cluster: u32| infos.iter().map(|info| info.cluster).filter(|other| *other > cluster).min();
        let mut width = 0.0;
        let mut glyphs = Vec::with_capacity(infos.len());
        for (info, position) in infos.iter().zip(shaped.glyph_positions()) {
            let end = ends(info.cluster).map_or(text.len(), |end| end as usize);
            let advance = position.x_advance as f32 * scale;
            width += advance;
            glyphs.push(KrillaGlyph::new(
                GlyphId::new(info.glyph_id),
                advance,
                position.x_offset as f32 * scale,
                position.y_offset as f32 * scale,
                position.y_advance as f32 * scale,
                info.cluster as usize..end,
                None,
            ));
        }
        Run { text: text.to_owned(), glyphs, width }
    }

    /// The text with only what can be seen: no marks that turn the direction or join characters, which could make it read
    /// as something else.
    pub fn legible(&self, text: &str) -> String {
        let seen = text.chars().filter(|c| !is_invisible(*c)).map(|c| if c.is_whitespace() { ' ' } else { c });
        seen.map(|c| if self.shaper.glyph_index(c).is_some() { c } else { REPLACEMENT }).collect()
    }
}

fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_merchants_write_is_covered() -> Result<(), Unprintable> {
        let faces = faces()?;
        for text in ["Łódź Çeşme Ångström Việt", "Ψάρια και πατάτες", "Пирожки їжа", "€ £ ¥ ₹ ₺ ₽ ₩ ₿ ₫ ₴ №"]
        {
            assert_eq!(faces.regular.legible(text), text);
            assert_eq!(faces.semi_bold.legible(text), text);
        }
        Ok(())
    }

    #[test]
    fn what_is_not_covered_is_marked_and_what_misleads_is_dropped() -> Result<(), Unprintable> {
        let face = &faces()?.regular;
        assert_eq!(face.legible("茶 tea"), "\u{fffd} tea");
        assert_eq!(face.legible("a\u{202e}b\u{200d}c\td"), "abcd");
        Ok(())
    }

    #[test]
    fn digits_are_of_one_width() -> Result<(), Unprintable> {
        let face = &faces()?.regular;
        for digit in '0'..='9' {
            assert_eq!(face.shape(&digit.to_string()).width, face.shape("0").width);
        }
        Ok(())
    }
}
