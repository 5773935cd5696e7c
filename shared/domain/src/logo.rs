//! The picture on a tenant's receipts. What it comes to is read from its headers before anything decodes it: a few
//! kilobytes can claim to be gigabytes of pixels.

use crate::field::Invalid;
use crate::file::{ContentType, File, FileStatus};

/// A logo has at most so many bytes: each receipt carries it.
pub const LOGO_BYTES_MAX: u32 = 512 * 1024;
/// What a logo may come to when it is decoded. Its worker has 256 MiB and holds a picture more than once.
pub const LOGO_DECODED_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// A compressed colour profile is unpacked as well, to about a thousand times its length at most.
const PROFILE_BYTES_MAX: usize = 16 * 1024;

/// An image file whose headers were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Logo {
    Png(Checked),
    Jpeg(Checked),
}

/// Made by [`Logo::of`] alone, so that nothing else is ever decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked(Vec<u8>);

impl Checked {
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Logo {
    /// Why a file is no logo: the receipt would be made without it.
    pub fn check(file: &File) -> Result<(), Invalid> {
        if file.status != FileStatus::Ready {
            return Err(Invalid::new("not_ready", "must be of a file that is ready"));
        }
        if !matches!(file.content_type, ContentType::Png | ContentType::Jpeg) {
            return Err(wrong_type());
        }
        if file.size.bytes() > LOGO_BYTES_MAX {
            return Err(Invalid::new("too_large", format!("must be of a file of at most {LOGO_BYTES_MAX} bytes")));
        }
        Ok(())
    }

    /// The same of what the file holds.
    pub fn of(content_type: ContentType, bytes: Vec<u8>) -> Result<Self, Invalid> {
        let unreadable = || Invalid::new("unreadable", "must be of a picture that can be read");
        match content_type {
            ContentType::Png => {
                png(&bytes).ok_or_else(unreadable)?.check()?;
                Ok(Self::Png(Checked(bytes)))
            }
            ContentType::Jpeg => {
                let picture = jpeg(&bytes).ok_or_else(unreadable)?;
                // CMYK, which archived documents take with a profile of their own alone.
                if picture.bytes_per_pixel > 3 {
                    return Err(Invalid::new("wrong_type", "must be of a picture in RGB or shades of grey"));
                }
                picture.check()?;
                Ok(Self::Jpeg(Checked(bytes)))
            }
            ContentType::Pdf | ContentType::Webp | ContentType::Csv | ContentType::Text => Err(wrong_type()),
        }
    }
}

fn wrong_type() -> Invalid {
    Invalid::new("wrong_type", "must be of a file that is image/png or image/jpeg")
}

/// What the headers of a picture say.
struct Picture {
    width: u32,
    height: u32,
    bytes_per_pixel: u32,
    profile_bytes: usize,
}

impl Picture {
    fn check(&self) -> Result<(), Invalid> {
        let Self { width, height, bytes_per_pixel, profile_bytes } = *self;
        if width == 0 || height == 0 {
            return Err(Invalid::new("unreadable", "must be of a picture with pixels"));
        }
        let decoded = u64::from(width).saturating_mul(u64::from(height)).saturating_mul(u64::from(bytes_per_pixel));
        if decoded > LOGO_DECODED_BYTES_MAX {
            let most = format!("must be of a picture of at most {LOGO_DECODED_BYTES_MAX} bytes when it is decoded");
            return Err(Invalid::new("too_large", most));
        }
        if profile_bytes > PROFILE_BYTES_MAX {
            let most = format!("must be of a picture with a colour profile of at most {PROFILE_BYTES_MAX} bytes");
            return Err(Invalid::new("too_large", most));
        }
        Ok(())
    }
}

/// <https://www.w3.org/TR/png-3/#11IHDR>: the first chunk, always of the same length.
fn png(bytes: &[u8]) -> Option<Picture> {
    let (kind, header, mut rest) = chunk(bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?)?;
    if kind != b"IHDR" || header.len() != 13 {
        return None;
    }
    let (width, header) = header.split_first_chunk()?;
    let (height, header) = header.split_first_chunk()?;
    let [depth, colour, ..] = *header else { return None };
    // Decoders write out palettes, and transparency wherever there is some.
    let channels = match colour {
        0 | 4 => 2,
        2 | 3 | 6 => 4,
        _ => return None,
    };
    let bytes_per_channel = if depth > 8 { 2 } else { 1 };
    let mut profile_bytes = 0;
    while let Some((kind, data, after)) = chunk(rest) {
        if kind == b"iCCP" {
            profile_bytes = profile_bytes.max(data.len());
        }
        rest = after;
    }
    let (width, height) = (u32::from_be_bytes(*width), u32::from_be_bytes(*height));
    Some(Picture { width, height, bytes_per_pixel: channels * bytes_per_channel, profile_bytes })
}

/// Its kind, what it holds, and what comes after it.
fn chunk(bytes: &[u8]) -> Option<(&[u8; 4], &[u8], &[u8])> {
    const CHECKSUM_LEN: usize = 4;
    let (length, rest) = bytes.split_first_chunk()?;
    let (kind, rest) = rest.split_first_chunk()?;
    let (data, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some((kind, data, rest.get(CHECKSUM_LEN..)?))
}

/// <https://www.w3.org/Graphics/JPEG/itu-t81.pdf>, B.1 and B.2.2: segments up to the one that begins the frame.
fn jpeg(bytes: &[u8]) -> Option<Picture> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    while let [0xff, marker, segment @ ..] = rest {
        if *marker == 0xff {
            // A marker may be filled up to its place.
            rest = rest.get(1..)?;
            continue;
        }
        let length = usize::from(u16::from_be_bytes(*segment.first_chunk()?));
        let (segment, after) = segment.split_at_checked(length)?;
        let begins_frame = matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
        if begins_frame {
            let [_, _, _, high, low, wide, narrow, components, ..] = *segment else { return None };
            let (height, width) = (u16::from_be_bytes([high, low]), u16::from_be_bytes([wide, narrow]));
            let (width, height, bytes_per_pixel) = (width.into(), height.into(), components.into());
            return Some(Picture { width, height, bytes_per_pixel, profile_bytes: 0 });
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk_of(kind: &[u8], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).expect("a length").to_be_bytes();
        [length.as_slice(), kind, data, &[0; 4]].concat()
    }

    /// A PNG as far as its headers go.
    fn png_of(width: u32, height: u32, depth: u8, colour: u8) -> Vec<u8> {
        let header = [width.to_be_bytes().as_slice(), &height.to_be_bytes(), &[depth, colour, 0, 0, 0]].concat();
        [b"\x89PNG\r\n\x1a\n".as_slice(), &chunk_of(b"IHDR", &header)].concat()
    }

    /// A JPEG with a comment, as far as its headers go.
    fn jpeg_of(width: u16, height: u16, components: u8) -> Vec<u8> {
        let ([high, low], [wide, narrow]) = (height.to_be_bytes(), width.to_be_bytes());
        let comment = [0xff, 0xd8, 0xff, 0xfe, 0, 4, b'h', b'i'];
        let frame = [0xff, 0xff, 0xc2, 0, 8, 8, high, low, wide, narrow, components];
        [comment.as_slice(), &frame].concat()
    }

    fn code(content_type: ContentType, bytes: Vec<u8>) -> Option<&'static str> {
        Logo::of(content_type, bytes).err().map(|invalid| invalid.code)
    }

    #[test]
    fn a_picture_is_refused_for_what_it_would_decode_to() {
        for (width, height, depth, colour, expected) in [
            (1, 1, 1, 0, None),
            (2_048, 2_048, 8, 6, None),
            (2_049, 2_048, 8, 6, Some("too_large")),
            // 470 KB of zeros, and 480 MB of pixels.
            (11_000, 11_000, 8, 6, Some("too_large")),
            (4_000, 4_000, 16, 6, Some("too_large")),
            (2_048, 2_048, 16, 2, Some("too_large")),
            // A palette is written out.
            (2_049, 2_048, 1, 3, Some("too_large")),
            (4_096, 2_048, 8, 4, None),
            (4_096, 2_048, 1, 0, None),
            (4_097, 2_048, 1, 0, Some("too_large")),
            (u32::MAX, u32::MAX, 16, 6, Some("too_large")),
            (0, 9, 8, 6, Some("unreadable")),
            (9, 0, 8, 6, Some("unreadable")),
            (9, 9, 8, 5, Some("unreadable")),
        ] {
            let found = code(ContentType::Png, png_of(width, height, depth, colour));
            assert_eq!(found, expected, "{width} x {height}, {depth} bits of colour {colour}");
        }
        for (width, height, components, expected) in [
            (2_000, 2_000, 3, None),
            (4_096, 4_096, 1, None),
            (4_097, 4_096, 1, Some("too_large")),
            (u16::MAX, u16::MAX, 3, Some("too_large")),
            (0, 9, 3, Some("unreadable")),
            (9, 9, 4, Some("wrong_type")),
        ] {
            let found = code(ContentType::Jpeg, jpeg_of(width, height, components));
            assert_eq!(found, expected, "{width} x {height} x {components}");
        }
    }

    #[test]
    fn a_colour_profile_is_not_unpacked_beyond_measure() {
        let with =
            |profile: &[u8]| [png_of(9, 9, 8, 6), chunk_of(b"pHYs", &[0; 9]), chunk_of(b"iCCP", profile)].concat();
        assert_eq!(code(ContentType::Png, with(&[0; PROFILE_BYTES_MAX])), None);
        assert_eq!(code(ContentType::Png, with(&[0; PROFILE_BYTES_MAX + 1])), Some("too_large"));
    }

    #[test]
    fn what_has_no_headers_is_no_picture() {
        let (png, jpeg) = (png_of(9, 9, 8, 6), jpeg_of(9, 9, 3));
        for len in 0..png.len() {
            assert_eq!(code(ContentType::Png, png[..len].to_vec()), Some("unreadable"), "{len} bytes of PNG");
        }
        for len in 0..jpeg.len() {
            assert_eq!(code(ContentType::Jpeg, jpeg[..len].to_vec()), Some("unreadable"), "{len} bytes of JPEG");
        }
        assert_eq!(code(ContentType::Jpeg, png.clone()), Some("unreadable"));
        assert_eq!(code(ContentType::Png, jpeg), Some("unreadable"));
        assert_eq!(code(ContentType::Webp, png), Some("wrong_type"));
    }
}
