use std::{fmt, io::Cursor};

use thiserror::Error;

mod scale;

use scale::Pixels;

/// Why a file is no photo of a user (PROF-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PhotoError {
    /// Larger than 512 kB.
    #[error("the photo may have at most 512 kB; this one has {} kB", .0.div_ceil(1024))]
    TooManyBytes(usize),
    /// Neither JPG nor PNG, by what is in the file.
    #[error("choose a photo in JPG or PNG format")]
    Format,
    /// Smaller than 40 by 40.
    #[error("the photo must have at least 40 by 40 pixels; this one has {0} by {1}")]
    TooSmall(usize, usize),
    /// More pixels than any photo of 512 kB needs.
    #[error("the photo has {0} by {1} pixels; save it with at most 16 million")]
    TooManyPixels(usize, usize),
    /// The file breaks off or contradicts itself.
    #[error("the photo is damaged; save it again or choose another one")]
    Damaged,
}

/// A user's photo: 200 by 200 pixels, made from a JPG or PNG without trusting it.
///
/// The middle square of the original is scaled. What else a file carries (place, camera, comment) is
/// gone.
#[derive(Clone, PartialEq, Eq)]
pub struct Photo {
    png: Vec<u8>,
}

impl Photo {
    /// Width and height, in pixels (the manual).
    pub const SIZE: usize = 200;

    /// Reads a JPG or PNG.
    ///
    /// Sizes are looked at before anything is unpacked: a file that would unpack to more than 16
    /// million pixels is refused at the cost of its head.
    ///
    /// # Errors
    /// See [`PhotoError`].
    pub fn from_file(bytes: &[u8]) -> Result<Self, PhotoError> {
        if bytes.len() > MAX_BYTES {
            return Err(PhotoError::TooManyBytes(bytes.len()));
        }
        let pixels = match bytes {
            [0xFF, 0xD8, 0xFF, ..] => jpeg(bytes)?,
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => png(bytes)?,
            _ => return Err(PhotoError::Format),
        };
        write(&pixels.square(Self::SIZE)).ok_or(PhotoError::Damaged)
    }

    /// The photo as a PNG file.
    pub fn png(&self) -> &[u8] {
        &self.png
    }
}

/// Shows the size.
impl fmt::Debug for Photo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Photo({} bytes)", self.png.len())
    }
}

fn check_size(width: usize, height: usize) -> Result<(), PhotoError> {
    if width < MIN_SIDE || height < MIN_SIDE {
        return Err(PhotoError::TooSmall(width, height));
    }
    match width.checked_mul(height) {
        Some(0..=MAX_PIXELS) => Ok(()),
        _ => Err(PhotoError::TooManyPixels(width, height)),
    }
}

fn jpeg(bytes: &[u8]) -> Result<Pixels, PhotoError> {
    use zune_jpeg::{
        JpegDecoder,
        zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
    };
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|_| PhotoError::Damaged)?;
    let (width, height) = decoder.dimensions().ok_or(PhotoError::Damaged)?;
    check_size(width, height)?;
    let rgb = decoder.decode().map_err(|_| PhotoError::Damaged)?;
    Pixels::new(width, height, rgb).ok_or(PhotoError::Damaged)
}

fn png(bytes: &[u8]) -> Result<Pixels, PhotoError> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    decoder.set_limits(png::Limits {
        bytes: MAX_PIXELS * 4,
    });
    let info = decoder
        .read_header_info()
        .map_err(|_| PhotoError::Damaged)?;
    let (width, height) = (info.width as usize, info.height as usize);
    check_size(width, height)?;
    let mut reader = decoder.read_info().map_err(|_| PhotoError::Damaged)?;
    let size = reader.output_buffer_size().ok_or(PhotoError::Damaged)?;
    let mut samples = vec![0; size];
    let frame = reader
        .next_frame(&mut samples)
        .map_err(|_| PhotoError::Damaged)?;
    samples.truncate(frame.buffer_size());
    let rgb = match frame.color_type {
        png::ColorType::Rgb => samples,
        png::ColorType::Rgba => on_white::<4>(&samples),
        png::ColorType::GrayscaleAlpha => on_white::<2>(&samples),
        png::ColorType::Grayscale => samples.iter().flat_map(|grey| [*grey; 3]).collect(),
        png::ColorType::Indexed => return Err(PhotoError::Damaged),
    };
    Pixels::new(width, height, rgb).ok_or(PhotoError::Damaged)
}

/// Pixels of `N` samples, the last one of which is how much they cover a white ground.
fn on_white<const N: usize>(samples: &[u8]) -> Vec<u8> {
    let cover = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        ((value * alpha + 255 * (255 - alpha)) / 255) as u8
    };
    let pixel = |pixel: &[u8; N]| {
        let (alpha, grey) = (pixel[N - 1], pixel[0]);
        match N {
            4 => [pixel[0], pixel[1], pixel[2]].map(|value| cover(value, alpha)),
            _ => [cover(grey, alpha); 3],
        }
    };
    samples.as_chunks::<N>().0.iter().flat_map(pixel).collect()
}

fn write(rgb: &[u8]) -> Option<Photo> {
    let mut bytes = Vec::new();
    let side = u32::try_from(Photo::SIZE).ok()?;
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(rgb).ok()?;
    writer.finish().ok()?;
    Some(Photo { png: bytes })
}

/// Largest file, in bytes (the manual: 512 kB).
const MAX_BYTES: usize = 512 * 1024;
/// Smallest side, in pixels (the manual).
const MIN_SIDE: usize = 40;
/// Most pixels that are unpacked (our choice: what a telephone's camera makes).
const MAX_PIXELS: usize = 16_000_000;

#[cfg(test)]
mod tests;
