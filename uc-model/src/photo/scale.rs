/// An image of three bytes a pixel, row by row.
pub(super) struct Pixels {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Pixels {
    /// `None` where the bytes don't fit the size.
    pub(super) fn new(width: usize, height: usize, rgb: Vec<u8>) -> Option<Self> {
        let fits = width.checked_mul(height)?.checked_mul(3)? == rgb.len();
        (fits && !rgb.is_empty()).then_some(Self { width, height, rgb })
    }

    /// The middle square with `side` pixels a side. Each pixel is the mean of those of the
    /// original that it covers, so nothing is skipped when a large image becomes small; a small
    /// one becomes larger by repetition.
    pub(super) fn square(&self, side: usize) -> Vec<u8> {
        let edge = self.width.min(self.height);
        let (left, top) = ((self.width - edge) / 2, (self.height - edge) / 2);
        let span = |at: usize| {
            let begin = at * edge / side;
            begin..((at + 1) * edge / side).max(begin + 1)
        };
        let mut scaled = Vec::with_capacity(side * side * 3);
        for y in 0..side {
            for x in 0..side {
                let mut sums = [0_u64; 3];
                for row in span(y) {
                    let start = ((top + row) * self.width + left + span(x).start) * 3;
                    let covered = &self.rgb[start..start + span(x).len() * 3];
                    for pixel in covered.as_chunks::<3>().0 {
                        for (sum, value) in sums.iter_mut().zip(pixel) {
                            *sum += u64::from(*value);
                        }
                    }
                }
                let count = (span(x).len() * span(y).len()) as u64;
                scaled.extend(sums.map(|sum| ((sum + count / 2) / count) as u8));
            }
        }
        scaled
    }
}
