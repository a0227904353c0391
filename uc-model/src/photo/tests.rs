use proptest::prelude::*;

use super::*;

/// Red, green and blue bands of 16, 48 and 16 pixels by 48, as a baseline JPG.
fn bands() -> Vec<u8> {
    jpg(10, 6, |column| match column {
        0 | 1 => [250, 20, 20],
        8 | 9 => [20, 20, 250],
        _ => [30, 200, 60],
    })
}

/// A baseline JPG (ITU-T T.81) of so many blocks of 8 by 8 pixels, each of one colour: only the
/// first coefficient of a block is there.
fn jpg(columns: u8, rows: u8, color: impl Fn(u8) -> [u8; 3]) -> Vec<u8> {
    let mut file = vec![0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0];
    file.extend([8; 64]);
    file.extend([0xFF, 0xC0, 0, 17, 8, 0, rows * 8, 0, columns * 8, 3]);
    file.extend([1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]);
    // Twelve sizes of differences, of four bits each; one code that says "no more".
    file.extend([
        0xFF, 0xC4, 0, 31, 0x00, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
    file.extend(0..12);
    file.extend([
        0xFF, 0xC4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
    file.extend([0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0]);
    let (mut bits, mut before) = (Vec::new(), [0; 3]);
    for column in (0..rows).flat_map(|_| 0..columns) {
        let [r, g, b] = color(column).map(f64::from);
        let parts = [
            0.299 * r + 0.587 * g + 0.114 * b - 128.0,
            -0.1687 * r - 0.3313 * g + 0.5 * b,
            0.5 * r - 0.4187 * g - 0.0813 * b,
        ];
        for (part, before) in parts.iter().zip(&mut before) {
            let value = part.round() as i32;
            let difference = value - *before;
            *before = value;
            let size = 32 - difference.unsigned_abs().leading_zeros();
            let low = if difference < 0 {
                difference - 1
            } else {
                difference
            };
            bits.extend((0..4).rev().map(|bit| size >> bit & 1));
            bits.extend((0..size).rev().map(|bit| (low >> bit & 1) as u32));
            bits.push(0);
        }
    }
    bits.resize(bits.len().next_multiple_of(8), 1);
    for byte in bits.chunks(8) {
        let byte = byte.iter().fold(0, |byte, bit| byte << 1 | *bit) as u8;
        file.push(byte);
        file.extend((byte == 0xFF).then_some(0));
    }
    file.extend([0xFF, 0xD9]);
    file
}

fn png_of(width: u32, height: u32, color: png::ColorType, samples: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(samples).unwrap();
    writer.finish().unwrap();
    bytes
}

fn grey(width: u32, height: u32) -> Vec<u8> {
    let samples = vec![128; (width * height) as usize];
    png_of(width, height, png::ColorType::Grayscale, &samples)
}

/// The pixels of a photo that was made.
fn pixels(photo: &Photo) -> Vec<[u8; 3]> {
    let mut reader = png::Decoder::new(Cursor::new(photo.png()))
        .read_info()
        .unwrap();
    let info = reader.info();
    assert_eq!((info.width, info.height), (200, 200));
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut rgb).unwrap();
    rgb.as_chunks::<3>().0.to_vec()
}

/// A PNG's head that promises a size, and nothing behind it but what it takes to be asked.
fn promising(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = grey(40, 40);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let mut crc = !0_u32;
    for byte in &bytes[12..29] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    bytes[29..33].copy_from_slice(&(!crc).to_be_bytes());
    bytes
}

fn near(pixel: [u8; 3], wanted: [u8; 3]) -> bool {
    pixel.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) < 24)
}

#[test]
fn a_jpg_becomes_200_by_200_pixels_of_its_middle() {
    let photo = Photo::from_file(&bands()).unwrap();
    assert!(photo.png().len() < MAX_BYTES);
    let made = pixels(&photo);
    let middle = made[100 * 200 + 100];
    assert!(near(middle, [30, 200, 60]), "{middle:?}");
    let left = made[100 * 200 + 10];
    assert!(
        near(left, [30, 200, 60]),
        "the bands beside it are cut off: {left:?}"
    );
    let wide = jpg(20, 20, |column| if column < 10 { [0; 3] } else { [255; 3] });
    let made = pixels(&Photo::from_file(&wide).unwrap());
    assert!(near(made[10], [0; 3]) && near(made[190], [255; 3]));
}

#[test]
fn a_png_of_any_kind_becomes_a_photo() {
    let area = 40 * 60;
    for (color, pixel, expected) in [
        (png::ColorType::Grayscale, &[100][..], [100; 3]),
        (png::ColorType::Rgb, &[10, 20, 30], [10, 20, 30]),
        (png::ColorType::Rgba, &[10, 20, 30, 255], [10, 20, 30]),
        (png::ColorType::Rgba, &[10, 20, 30, 0], [255; 3]),
        (png::ColorType::GrayscaleAlpha, &[0, 128], [127; 3]),
    ] {
        let file = png_of(40, 60, color, &pixel.repeat(area));
        let made = pixels(&Photo::from_file(&file).unwrap());
        assert!(
            made.iter().all(|pixel| *pixel == expected),
            "{color:?} {:?}",
            made[0]
        );
    }
}

#[test]
fn what_shrinks_is_averaged() {
    let samples: Vec<u8> = (0..400 * 400)
        .map(|at| if at % 2 == 0 { 0 } else { 255 })
        .collect();
    let file = png_of(400, 400, png::ColorType::Grayscale, &samples);
    let made = pixels(&Photo::from_file(&file).unwrap());
    assert!(made.iter().all(|pixel| *pixel == [128; 3]), "{:?}", made[0]);
}

#[test]
fn a_photo_has_at_least_40_by_40_pixels() {
    assert_eq!(
        Photo::from_file(&grey(39, 40)),
        Err(PhotoError::TooSmall(39, 40))
    );
    assert_eq!(
        Photo::from_file(&grey(40, 39)),
        Err(PhotoError::TooSmall(40, 39))
    );
    assert!(Photo::from_file(&grey(40, 40)).is_ok());
}

#[test]
fn a_file_has_at_most_512_kilobytes() {
    let mut large = grey(40, 40);
    large.resize(512 * 1024 + 1, 0);
    let error = Photo::from_file(&large).unwrap_err();
    assert_eq!(error, PhotoError::TooManyBytes(512 * 1024 + 1));
    assert!(error.to_string().contains("513 kB"), "{error}");
    large.truncate(512 * 1024);
    assert!(
        Photo::from_file(&large).is_ok(),
        "what follows the end is ignored"
    );
}

#[test]
fn a_decompression_bomb_is_refused_by_its_head() {
    for (width, height) in [(16_001, 1000), (1_000_000, 1_000_000), (0x7FFF_FFFF, 40)] {
        let error = Photo::from_file(&promising(width, height));
        let promised = PhotoError::TooManyPixels(width as usize, height as usize);
        assert_eq!(error, Err(promised));
    }
    // The largest that is unpacked at all, with nothing in it: an error, not a crash.
    assert_eq!(
        Photo::from_file(&promising(4000, 4000)),
        Err(PhotoError::Damaged)
    );
    let mut bands = bands();
    let frame = bands
        .windows(2)
        .position(|pair| pair == [0xFF, 0xC0])
        .unwrap();
    bands[frame + 5..frame + 9].copy_from_slice(&[0x3E, 0x80, 0x3E, 0x80]);
    assert_eq!(
        Photo::from_file(&bands),
        Err(PhotoError::TooManyPixels(16_000, 16_000))
    );
}

#[test]
fn what_is_no_photo_is_refused() {
    for file in [&b"GIF89a"[..], b"", b"BM", b"<svg/>", b"\x89PNG"] {
        assert_eq!(Photo::from_file(file), Err(PhotoError::Format));
    }
    for file in [&bands()[..100], &grey(40, 40)[..40], b"\xFF\xD8\xFF"] {
        assert_eq!(Photo::from_file(file), Err(PhotoError::Damaged));
    }
}

#[test]
fn debug_shows_the_size_only() {
    let photo = Photo { png: vec![7; 9] };
    assert_eq!(format!("{photo:?}"), "Photo(9 bytes)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_files_give_an_error_or_a_photo(
        which in 0..2_usize,
        damage in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..12),
        cut in any::<u16>(),
    ) {
        let mut bytes = [bands(), grey(64, 48)][which].clone();
        for (at, value) in damage {
            let place = usize::from(at) % bytes.len();
            bytes[place] = value;
        }
        bytes.truncate(bytes.len() - usize::from(cut) % (bytes.len() / 2));
        if let Ok(photo) = Photo::from_file(&bytes) {
            prop_assert_eq!(pixels(&photo).len(), 200 * 200);
        }
    }
}
