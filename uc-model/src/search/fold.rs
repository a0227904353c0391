/// Folds a text so that what people take for the same becomes the same: case, accents, umlauts
/// and their transcriptions (`Müller`, `Mueller`, `muller`), `ß` and `ss`. Everything but letters
/// and digits becomes a space.
///
/// The fold of a text's beginning is a beginning of the text's fold: search by first letters
/// depends on it.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut drops_e = false;
    for c in text.chars().flat_map(char::to_lowercase) {
        if is_mark(c) {
            // A decomposed umlaut: its letter was written already, and the "e" is spoken for.
            drops_e = false;
            continue;
        }
        if c == 'e' && std::mem::take(&mut drops_e) {
            continue;
        }
        drops_e = matches!(c, 'a' | 'o' | 'u');
        match expansion(c) {
            "" if c.is_alphanumeric() => folded.push(c),
            "" => folded.push(' '),
            plain => folded.push_str(plain),
        }
    }
    folded
}

/// Combining diacritical marks (Unicode block U+0300 to U+036F).
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}')
}

/// The plain letters for a lower-case letter of Latin-1 and Latin Extended-A; empty where the
/// letter stays as it is.
fn expansion(c: char) -> &'static str {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'æ' => "a",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'œ' => "o",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        'þ' => "th",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn umlauts_and_their_transcriptions_are_the_same() {
        for (folded, same) in [
            (
                "muller",
                &["Müller", "MUELLER", "muller", "Mu\u{308}ller"][..],
            ),
            ("weiss", &["Weiß", "WEISS", "weiss", "WEIẞ"]),
            ("grossmann", &["Großmann", "Grossmann"]),
            ("jager", &["Jäger", "Jaeger", "JÄGER"]),
            ("oztурk", &["Öztурk"]),
            ("francois", &["François"]),
            ("lodz", &["Łódź"]),
            ("anna lena", &["Anna-Lena", "anna.lena"]),
            ("o neill", &["O'Neill"]),
        ] {
            for text in same {
                assert_eq!(fold(text), folded, "{text}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_beginning_folds_to_a_beginning(text in "[a-zäöüßéA-ZÄÖÜ \u{308}-]{0,20}.{0,5}", at in 0..25_usize) {
            let start: String = text.chars().take(at).collect();
            prop_assert!(fold(&text).starts_with(&fold(&start)), "{text:?} {start:?}");
        }
    }
}
